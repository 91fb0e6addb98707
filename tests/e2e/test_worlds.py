"""Two packs and a created world in one server, by HTTP and by socket: apart from each other, asleep, awake, gone."""
import json
import signal
import subprocess

from rig import Place, Server, check
from socket_client import Socket


def test(place: Place, begin=Server) -> None:
    flags = ("--no-models", "--world", "worlds/lanternfall", "--world", "tests/packs/minimal")
    server = begin(place, flags=flags)

    def call(world: str, method: str, body: dict) -> dict:
        return server.call(method, body, **{"X-Troupe-World": world})

    listed = server.call("worlds.List", {})["worlds"]
    check([(one["name"], one["state"]) for one in listed] == [("lanternfall", "awake"), ("ferry", "awake")],
          f"a world of each pack: {listed}")
    check(server.call("time.Get", {})["error"]["reason"] == "world.unnamed", "where there are several, none named is an error")
    check(call("fery", "time.Get", {})["error"]["message"].endswith("did you mean 'ferry'?"), "an unknown one gets a hint")
    check("error" not in server.call("settings.List", {}), "what all worlds share needs no name")

    created = server.call("worlds.Create", {"name": "shard-2", "pack": "lanternfall", "seed": 99})
    check(created["state"] == "awake" and int(created["seed"]) == 99, f"a third one begins: {created}")
    call("lanternfall", "time.Advance", {"by_ms": 36_000_000})
    here, there = (int(call(world, "time.Get", {})["now_ms"]) for world in ("lanternfall", "shard-2"))
    check(here - there > 30_000_000, "each has its own time")
    call("shard-2", "npc.Remember", {"npc": "marta", "memories": [{"text": "A whale came in."}]})
    recalled = {world: [m["text"] for m in call(world, "npc.Recall", {"npc": "marta", "query": "whale"})["memories"]]
                for world in ("lanternfall", "shard-2")}
    check("A whale came in." in recalled["shard-2"] and "A whale came in." not in recalled["lanternfall"], "and its own minds")

    socket = Socket(server, "anna", "shard-2")
    check(socket.welcome["world"] == "shard-2", "a socket names its world in hello")
    call("shard-2", "time.SetScale", {"scale": 0})
    slept = server.call("worlds.Sleep", {"name": "shard-2"})
    check(slept["state"] == "asleep" and int(slept["sequence"]) > 0, f"it falls asleep: {slept}")
    check(socket.receive()["goaway"]["reason"] == "world", "who is in it is told to leave")
    before = {one["name"]: one for one in server.call("worlds.List", {})["worlds"]}
    check(before["shard-2"]["state"] == "asleep" and before["lanternfall"]["state"] == "awake", "the others are awake")

    woken = call("shard-2", "time.Get", {})
    check(int(woken["now_ms"]) >= there and float(woken["scale"]) == 0, f"it wakes when it is asked, as it was: {woken}")
    server.call("worlds.Sleep", {"name": "shard-2"})
    server.kill(signal.SIGKILL)
    server.start()
    after = {one["name"]: one["state"] for one in server.call("worlds.List", {})["worlds"]}
    check(after == {"lanternfall": "awake", "ferry": "awake", "shard-2": "asleep"}, f"kill -9 changes nothing of it: {after}")
    check(call("shard-2", "world.Verify", {})["problem"] == "", "its log is intact")
    check("shard-2" in server.run("status", "--world", "shard-2"), "status lists the worlds")
    server.call("worlds.Sleep", {"name": "shard-2"})
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")
    replay = subprocess.run([place.troupe, "world", "replay", "--name", "shard-2", "--data", str(server.data), "--json"],
                            capture_output=True, text=True, timeout=120)
    check(replay.returncode == 0 and json.loads(replay.stdout)["same"], f"a replay of it agrees: {replay.stdout} {replay.stderr}")
    server.start()
    check(server.call("worlds.Delete", {"name": "ferry"})["error"]["reason"] == "worlds.started_with", "a pack's own world stays")
    check("error" not in server.call("worlds.Delete", {"name": "shard-2"}), "a created one goes")
    check(not list((server.data / "worlds").glob("shard-2*")), "with its files")
    check(call("shard-2", "time.Get", {})["error"]["reason"] == "world.unknown", "and is known no more")
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")
