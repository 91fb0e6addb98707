"""A server whose rooms are in PostgreSQL: it talks and remembers, over kill -9 of the server and of the database; while the
database is away it says so at once, and it goes on by itself; worlds are made, branched, rolled back and deleted as with files."""
import json
import os
import pathlib
import signal
import subprocess
import sys

from rig import Place, Server, Writers, check, memories_of

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from postgres_server import PostgresServer  # noqa: E402

UNAVAILABLE = 503


def said_by(place: Place, *words: str) -> tuple[int, str]:
    done = subprocess.run([place.troupe, *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr.strip()


def heard(server: Server) -> list[str]:
    talks = server.call("npc.Mind", {"npc": "marta"})["conversations"]
    return [line["text"] for talk in talks if talk["with"] == "anna" for line in talk["lines"]]


def talk(server: Server, text: str) -> dict:
    return server.call("npc.Talk", {"npc": "marta", "player": "anna", "text": text})


def schemas(database: PostgresServer) -> list[str]:
    return [name for name in database.sql("select nspname from pg_namespace where nspname like 'troupe%' order by 1").split("\n") if name]


def check_refusals(place: Place, database: PostgresServer) -> None:
    status, said = said_by(place, "up", "--no-models", "--data", str(place.folder / "other"), "--db", database.url)
    check(status == 1 and "in use by" in said and "troupe_shared" in said and said.count("\n") == 0,
          f"a second server on the same database is refused in a line: {said}")
    secret = database.url.replace("troupe@", "troupe:hunter2@")
    status, said = said_by(place, "up", "--no-models", "--data", str(place.folder / "other"), "--db", secret)
    check(status == 2 and "passfile" in said and "hunter2" not in said, f"a password does not stand in an address: {said}")
    status, said = said_by(place, "up", "--no-models", "--data", str(place.folder / "other"), "--db", "postgresql://troupe@127.0.0.1:1/x")
    check(status == 1 and "127.0.0.1" in said and said.count("\n") == 0, f"where nobody listens is a line, too: {said}")


def check_away(place: Place, server: Server, database: PostgresServer, how: str) -> None:
    before = memories_of(server)
    since = len(place.said())
    {"stop": database.stop, "kill": database.kill}[how]()
    refused = talk(server, "Are you there?")
    check(refused.get("status") == UNAVAILABLE and refused["error"]["reason"].startswith("db."),
          f"{how}: while the database is away a talk is refused: {refused.get('error', refused)}")
    server.wait_until(f"{how}: the server says that it is not ready",
                      lambda: server.ready()["dependencies"]["world"]["status"] != "ok")
    world = server.ready()["dependencies"]["world"]
    check("database" in world["message"], f"and why: {world['message']}")
    lines = [line for line in place.said(since).splitlines() if "lanternfall: writes are refused" in line]
    check(len(lines) == 1, f"{how}: one line in the log: {lines}")
    server.wait(3)
    database.start()
    server.wait_until(f"{how}: it goes on by itself", lambda: "text" in talk(server, "And now?"))
    check(server.ready()["ready"], f"{how}: and is ready")
    check(before and before <= memories_of(server), f"{how}: all {len(before)} memories of before are there")
    check(server.call("world.Verify", {})["problem"] == "", f"{how}: every table and the log are intact")


def check_worlds(server: Server, database: PostgresServer) -> None:
    def call(world: str, method: str, body: dict) -> dict:
        return server.call(method, body, **{"X-Troupe-World": world})

    created = server.call("worlds.Create", {"name": "shard-2", "pack": "lanternfall", "seed": 99})
    check(created.get("state") == "awake" and "troupe_shard-2" in schemas(database), f"a world is created, with its schema: {created}")
    call("shard-2", "state.Put", {"kind": "crate", "id": "c1", "document": {"weight": 3}})
    server.run("world", "save", "before", "--world", "shard-2")
    call("shard-2", "state.Put", {"kind": "crate", "id": "c1", "version": 1, "document": {"weight": 9}})
    server.run("world", "branch", "before", "what-if", "--world", "shard-2")
    check(call("what-if", "state.Get", {"kind": "crate", "id": "c1"})["document"] == {"weight": 3}, "a branch is as it was then")
    rolled = server.call("worlds.Rollback", {"world": "shard-2", "to": "before"})
    check("troupe_shard-2@2" in schemas(database), f"rolled back, the present is another line: {rolled}")
    check(call("shard-2", "state.Get", {"kind": "crate", "id": "c1"})["document"] == {"weight": 3}, "as it was before")
    server.call("worlds.Sleep", {"name": "shard-2"})
    check(call("shard-2", "state.Get", {"kind": "crate", "id": "c1"})["document"] == {"weight": 3}, "it sleeps and wakes")
    for name in ("shard-2", "what-if"):
        check("error" not in server.call("worlds.Delete", {"name": name}), f"{name} is deleted")
    check(schemas(database) == ["troupe_lanternfall", "troupe_shared"], f"with its schemas: {schemas(database)}")


def test(place: Place) -> None:
    database = PostgresServer(os.environ["TROUPE_POSTGRES_DIR"])
    place.stack.callback(database.remove)
    database.start()
    server = Server(place, {"db": database.url}, flags=["--no-models"])
    check(schemas(database) == ["troupe_lanternfall", "troupe_shared"], "a room is a schema")
    check(not list(server.data.rglob("*.db")), "and no file")
    reply = talk(server, "Good morning! I am from the Hollow Isles.")
    check(bool(reply.get("text")), f"marta answers: {reply.get('text')}")
    server.kill(signal.SIGKILL)
    server.start()
    check("Good morning! I am from the Hollow Isles." in heard(server) and reply["text"] in heard(server),
          "after kill -9 of the server she remembers")
    check_refusals(place, database)
    check_away(place, server, database, "stop")
    check_away(place, server, database, "kill")

    writers = Writers(3)
    for round_ in range(1, 4):
        writers.start(server)
        server.wait(1)
        database.kill()
        writers.join()
        database.start()
        server.wait_until(f"kill {round_} of the database under load: it goes on by itself", lambda: "text" in talk(server, "Hello?"))
        lost = writers.lost(server)
        check(not lost, f"all {writers.acknowledged()} acknowledged writes are there (lost: {lost[:5]})")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")

    check_worlds(server, database)
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")
    replay = subprocess.run([place.troupe, "world", "replay", "--db", database.url, "--data", str(server.data), "--json"],
                            capture_output=True, text=True, timeout=240)
    check(replay.returncode == 0 and json.loads(replay.stdout)["same"],
          f"lived through again in a file, it is the same: {replay.stdout} {replay.stderr}")
