"""A full disk: writes are refused with one clear error, reading goes on, and it recovers by itself when room is made."""
import subprocess

from disk import Disk
from rig import Place, Server, check

DOCUMENT = {"text": "x" * 20_000}


def test(place: Place) -> None:
    disk = Disk(place, "ext4", 32)
    server = Server(place, data=disk.path / "data", flags=["--no-models"])
    stored = []

    def put() -> dict:
        key = f"d{len(stored)}"
        reply = server.call("state.Put", {"kind": "note", "id": key, "document": {"number": len(stored), **DOCUMENT}})
        if "error" not in reply:
            stored.append(key)
        return reply

    def holds_all() -> bool:
        return all(server.call("state.Get", {"kind": "note", "id": key})["document"]["number"] == number
                   for number, key in enumerate(stored))

    for _ in range(30):
        put()
    check(len(stored) == 30, "documents are stored while there is room")
    check(server.ready()["ready"], "/readyz is ready")

    filler = disk.fill()
    reply = put()
    for _ in range(2000):  # the log's file may have room inside
        if "error" in reply:
            break
        reply = put()
    error = reply.get("error", {})
    check(error.get("code") == "unavailable" and reply["status"] == 503, f"a write on the full disk is refused: {reply}")
    check(error["reason"] == "db.full" and "no room" in error["message"], f"with the reason: {error['message']}")
    check(int(reply["retry_after"]) >= 1, "and says when to try again")
    talk = server.call("npc.Talk", {"npc": "marta", "text": "Good morning!", "player": "anna"})
    check(talk["error"]["reason"] == "db.full", "talking is refused for the same reason, at once")

    ready = server.ready()
    check(not ready["ready"] and ready["dependencies"]["world"]["status"] == "failed"
          and ready["dependencies"]["world"]["reason"] == "db.full", "/readyz says that the world cannot be written")
    stood = server.call("time.Get", {})["now_ms"]
    check(len(server.call("npc.List", {})["npcs"]) >= 8 and holds_all(), "reading goes on")
    server.wait(2.5)
    check(int(server.call("time.Get", {})["now_ms"]) <= int(stood), "time stands still")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
    refusals = [line for line in place.said().splitlines() if "writes are refused" in line]
    check(len(refusals) == 1, f"the log says it once: {refusals}")

    refused = subprocess.run(server.command(), capture_output=True, text=True, timeout=60)
    check(refused.returncode == 1 and len(refused.stderr.strip().splitlines()) == 1,
          f"a second server on the same data is refused in one line: {refused.stderr.strip()}")

    filler.unlink()
    server.wait_until("it is ready again when room is made", lambda: server.ready()["ready"])
    check(holds_all(), f"nothing acknowledged is lost ({len(stored)} documents)")
    check("error" not in put(), "writes are accepted again")
    server.wait_until("time goes on", lambda: int(server.call("time.Get", {})["now_ms"]) > int(stood))
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")

    # Once more, and this time it is killed while there is no room.
    filler = disk.fill()
    while "error" not in put():
        pass
    server.process.kill()
    server.process.wait()
    refused = subprocess.run(server.command(), capture_output=True, text=True, timeout=60)
    lines = refused.stderr.strip().splitlines()
    check(refused.returncode == 1 and len(lines) == 1 and "no room left" in lines[0],
          f"a start on a full disk ends in one line that says so ({refused.returncode}): {refused.stderr.strip()}")
    filler.unlink()
    server.start()
    check(holds_all() and server.call("world.Verify", {})["problem"] == "", "after a kill and with room, all is there")
