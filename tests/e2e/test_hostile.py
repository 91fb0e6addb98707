"""The binary as a hostile client and a failing disk meet it: it stays up, says what is lost, and keeps its files to itself."""
import json
import os
import shutil
import signal
import subprocess

from rig import Failed, Place, Server, check
from socket_client import Socket


def frames(server: Server) -> None:
    """One frame or request used to end the server, or to stop it for seconds."""
    name = "x" * (44 * 1024)
    for bytes_ in (b'{"%s":1}' % name.encode(), b'{"hello":{"cursor":"%s"}}' % (b"(" * 44_000), b"[" * 60_000):
        socket = Socket(server, "anna")
        socket.send(1, bytes_)
        try:
            socket.receive()
        except ConnectionError:
            pass
    refused = server.call("weather.Forecast", {"region": "harbour", "hours": "(" * 200_000})
    check(refused["error"]["reason"] == "rpc.bad_json", "a long text where a number belongs is refused")
    properties = {f"p{i}": {"pattern": "^(a{1,30}b{1,%d}){1,30}$" % (i % 29 + 1)} for i in range(900)}
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties": properties}}}
    refused = server.post("/v1/chat/completions", {"model": "silver", "messages": [{"role": "user", "content": "a"}], "response_format": schema})
    check(refused["status"] == 400, f"a schema of many large patterns is refused: {refused}")
    torn = Socket(server, "bert")
    torn.send(2, b"\x0a\x03\x12\x01\xff")
    server.wait(.1)
    check(server.ready()["ready"], "the server is still there")


def modes(server: Server) -> None:
    open_ = [f"{path}: {path.stat().st_mode & 0o777:o}" for path in [server.data, *server.data.rglob("*")] if path.stat().st_mode & 0o077]
    check(not open_, f"nothing in the data folder is for others ({open_})")


def refused(server: Server, what: str) -> str:
    done = subprocess.run(server.command(), capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode != 0 and "--accept-loss" in done.stderr and "ready" not in done.stdout, f"{what}: no start ({done.stderr.strip()[:160]})")
    return done.stderr


def damage(server: Server) -> None:
    """Acknowledged, then lost: the start says so, of the world and of what worlds share, and goes on only where it is told to."""
    for i in range(60):
        server.call("state.Put", {"kind": "note", "id": f"n{i}", "document": {"text": "x" * 500}})
    server.call("settings.SetFlag", {"flag": {"flag": "map", "on": True}})
    server.kill(signal.SIGKILL)
    kept = server.data.with_name("kept")
    shutil.copytree(server.data, kept)

    def put_back() -> None:
        shutil.rmtree(server.data)
        shutil.copytree(kept, server.data)

    world, shared = next((server.data / "worlds").glob("*.db")), server.data / "troupe.db"
    for database in (world, shared):
        log = database.with_name(database.name + "-wal")
        flipped = bytearray(log.read_bytes())
        flipped[len(flipped) // 2] ^= 4
        log.write_bytes(flipped)
        said = refused(server, f"a flipped bit in {log.name}")
        check("were acknowledged" in said, "and what is missing is said")
        check(log.read_bytes() == bytes(flipped), "what could still be saved is as it was")
        put_back()
        for path in database.parent.glob(database.name + "*"):
            path.unlink()
        database.touch()
        refused(server, f"an empty {database.name} in the place of a used one")
        put_back()
    server.start()
    check(server.call("state.Get", {"kind": "note", "id": "n59"}).get("version") == "1", "put back, everything is there")
    server.kill(signal.SIGKILL)
    put_back()
    os.truncate(f"{world}-wal", os.path.getsize(f"{world}-wal") // 2)
    refused(server, "half of the log")
    server.flags = (*server.flags, "--accept-loss")
    server.start()
    check(server.ready()["ready"], "with --accept-loss it goes on with what is there")


def test(place: Place) -> None:
    server = Server(place, {"log.level": "info"}, flags=("--no-models", "--log", "json"))
    frames(server)
    modes(server)
    damage(server)
    for line in place.said().splitlines():
        try:
            json.loads(line)
        except ValueError:
            raise Failed(f"every line of the log is JSON, not {line!r}") from None
    check(True, "every line of the log is JSON")
