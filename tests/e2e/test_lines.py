"""A world is saved, branched at a past moment and rolled back, while it lives and over a kill: what is undone nobody remembers, and each line
can be replayed."""
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import time

from rig import Place, Server, check
from socket_client import Socket


def check_export(server: Server, call) -> None:
    """A world goes into a file, and another comes out of it; what is wrong with a file is said, and leaves nothing behind."""
    call("time.Pause", {})
    said = server.run("world", "export", "moor", "--world", "lanternfall")
    file = server.data / "exports" / "moor.world"
    check(str(file) in said and "events from" in said and file.exists(), f"a world is one file: {said.strip()}")
    check("file_exists" in call("worlds.Export", {"world": "lanternfall", "file": "moor"})["error"]["reason"], "which is not written over")
    server.run("world", "import", "moor", "twin")

    def shape(world: str) -> tuple:
        events = call("events.History", {"limit": 1000, "after_sequence": 0}, world)["events"]
        memories = call("npc.Mind", {"npc": "marta"}, world)["memories"]
        clock = {key: call("time.Get", {}, world)[key] for key in ("now_ms", "paused")}
        return ([(e["sequence"], e["type"], e["subject"], e["at_ms"], e["wall_ms"]) for e in events], [m["text"] for m in memories],
                call("state.Get", {"kind": "crate", "id": "c1"}, world)["document"], clock)

    check(shape("twin") == shape("lanternfall"), f"out of it comes the same world, {len(shape('twin')[0])} events of it looked at")
    check(call("world.Verify", {}, "twin")["problem"] == "", "which is intact")
    call("time.Resume", {}, "twin")
    check("text" in call("npc.Talk", {"npc": "marta", "player": "anna", "text": "Hello?"}, "twin"), "and lives on")
    call("time.Resume", {})

    def spoil(name: str, sql: str) -> None:
        copy = server.data / "exports" / f"{name}.world"
        shutil.copy(file, copy)
        with contextlib.closing(sqlite3.connect(copy)) as database, database:
            database.execute(sql)

    spoil("changed", "update inputs set payload = x'00' where sequence = 2")
    spoil("shorter", "delete from inputs where sequence = (select max(sequence) from inputs)")
    spoil("halved", "delete from export")
    spoil("newer", "update export set format = 2")
    spoil("strange", "update packs set path = '../../evil.yaml' where path = 'world.yaml'")
    (server.data / "exports" / "nothing.world").write_bytes(file.read_bytes()[:3000])
    for name, reason in (("changed", "log.damaged"), ("shorter", "log.damaged"), ("halved", "worlds.bad_file"), ("newer", "worlds.newer_file"),
                         ("strange", "replay.pack_refused"), ("nothing", "worlds.bad_file"), ("absent", "worlds.no_file"),
                         ("../moor", "worlds.bad_name")):
        refused = call("worlds.Import", {"file": name, "name": "never"})
        check(refused.get("error", {}).get("reason") == reason, f"a file that is {name} is refused: {refused.get('error', refused)}")
    check("never" not in [one["name"] for one in server.call("worlds.List", {})["worlds"]], "and nothing is half-done")
    check(sorted(one.suffix for one in (server.data / "exports").iterdir()) == [".world"] * 7, "and the folder holds the files alone")
    check(not list(server.data.glob("worlds/never*")) and not list(server.data.rglob("*.half*")), "not in the data folder either")
    server.call("worlds.Delete", {"name": "twin"})


def test(place: Place) -> None:
    server = Server(place, flags=("--no-models",))

    def call(method: str, body: dict, world: str = "lanternfall") -> dict:
        return server.call(method, body, **{"X-Troupe-World": world})

    def whales(world: str = "lanternfall") -> bool:
        return any("whale" in m["text"] for m in call("npc.Recall", {"npc": "marta", "query": "whale"}, world)["memories"])

    call("time.Advance", {"by_ms": 36_000_000})
    call("state.Put", {"kind": "crate", "id": "c1", "document": {"weight": 3}})
    check("before the whale" in server.run("world", "save", "before the whale"), "a moment gets a name")
    saved = int(server.call("worlds.Lines", {})["lines"][0]["at_ms"])
    call("npc.Remember", {"npc": "marta", "memories": [{"text": "A whale came in."}]})
    call("state.Put", {"kind": "crate", "id": "c1", "version": 1, "document": {"weight": 9}})
    call("time.Advance", {"by_ms": 36_000_000})
    check(whales(), "marta remembers what came after it")
    later = int(call("world.Get", {})["sequence"])

    server.run("world", "branch", "before the whale", "what-if")
    check(not whales("what-if") and whales(), "in a branch she does not, and here she does")
    check(call("state.Get", {"kind": "crate", "id": "c1"}, "what-if")["document"] == {"weight": 3}, "a document is as it was")
    then = int(call("time.Get", {}, "what-if")["now_ms"])
    check(0 <= then - saved < 600_000, f"and it is the hour of then: {then} for {saved}")

    socket = Socket(server, "anna", "lanternfall")
    rolled = server.call("worlds.Rollback", {"world": "lanternfall", "to": "before the whale"})
    check([(line["name"], line["label"], line["current"]) for line in rolled["lines"]]
          == [("main", "before the whale", True), ("main", "", False), ("main-2", "", True)], f"the old line is kept: {rolled}")
    check(socket.receive()["goaway"]["message"] == "this world was rolled back", "who is in it is told")
    check(not whales(), "nobody remembers what was undone")
    history = [int(event["sequence"]) for event in call("events.History", {"limit": 1000, "after_sequence": 0})["events"]]
    check(max(history) < later, "history shows the present line only")
    check(call("world.Verify", {})["problem"] == "", "and is intact")

    old = Socket(server, "anna", "lanternfall", cursor=later - 100, line="main")
    check(old.welcome["resume_reason"] in ("rolled_back", "ahead") and not old.welcome["resumed"], "a cursor of the old line is none of this one")
    call("time.Pause", {})
    call("time.Schedule", {"id": "boat", "at_ms": then + 90_000_000, "name": "boat"})
    server.run("world", "save", "the boat is due", "--world", "lanternfall")
    call("time.Unschedule", {"id": "boat"})
    server.call("worlds.Rollback", {"world": "lanternfall", "to": "the boat is due"})
    check("error" not in call("time.Unschedule", {"id": "boat"}), "what made no event is part of a saved moment, too")
    check(call("time.Get", {})["paused"], "a paused world is paused")
    call("time.Resume", {})
    same = Socket(server, "anna", "lanternfall")
    again = Socket(server, "anna", "lanternfall", cursor=int(same.welcome["cursor"]), line=same.welcome["line"])
    check(again.welcome["resumed"] and again.welcome["line"] == "main-3", f"a cursor of this line is: {again.welcome}")
    wall = [int(event["wall_ms"]) for event in call("events.History", {"limit": 10})["events"]]
    check(all(abs(ms / 1000 - time.time()) < 3600 for ms in wall), f"and events say when they were: {wall}")

    check_export(server, call)
    server.kill(signal.SIGKILL)
    server.start()
    check(not whales() and not whales("what-if"), "kill -9 brings nothing back")
    call("npc.Remember", {"npc": "marta", "memories": [{"text": "A seal came in."}]})
    back = server.call("worlds.Rollback", {"world": "lanternfall", "to": str(later)})
    check(back.get("error", {}).get("reason") == "worlds.unknown_moment", f"a moment that this line has not come to: {back}")
    check(server.call("worlds.Branch", {"world": "lanternfall", "from": "befor the whale", "name": "x"})["error"]["message"].endswith(
        "did you mean 'before the whale'?"), "a typing error gets a hint")
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")
    for name in ("", "lanternfall", "lanternfall@2", "what-if"):
        replay = subprocess.run([place.troupe, "world", "replay", *(("--name", name) if name else ()), "--data", str(server.data), "--json"],
                                capture_output=True, text=True, timeout=120)
        check(replay.returncode == 0 and json.loads(replay.stdout)["same"], f"a replay of {name} agrees: {replay.stdout} {replay.stderr}")
