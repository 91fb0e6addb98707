"""An idle world (nobody connected, default models loaded) takes under 2 % of one core.

Processor time is not wall time: a loaded machine makes this test slower, not redder. Two costs are measured apart and added:
what runs all the time (ticks, clock, commits), the least of some times of doing nothing, since what happens once is not what runs
all the time, and a neighbour on the same machine doubles what a wakeup costs; and what people think and do by themselves, in some
game hours, which at the world's own speed are as many minutes. Hour by hour, so that models have time to answer."""
import statistics

from rig import Place, Server, check, cpu_seconds, footprint

WINDOW_SECONDS, WINDOWS = 15, 5
GAME_HOURS = 10
SHARE_MAX = .02


def settle(server: Server, quiet_s: float) -> None:
    """Until the engine has nothing to do: it has embedded what people know, and answered what was asked."""
    quiet = 0
    for _ in range(480):
        before = cpu_seconds(server.process.pid, "engine")
        server.wait(.25)
        quiet = quiet + .25 if cpu_seconds(server.process.pid, "engine") == before else 0
        if quiet >= quiet_s:
            return
    check(False, "the engine comes to rest within two minutes")


def learns(server: Server) -> None:
    """Until lines are understood by meaning: what a start makes once is no cost of being idle."""
    for _ in range(480):
        if 'troupe_npc_by_meaning{world="lanternfall"} 1' in server.get("/metrics").decode():
            return
        server.wait(.25)
    check(False, "vectors of all that can be asked are made within two minutes")


def asked(server: Server) -> dict:
    """Requests to the gold tier's model so far, by what came of them."""
    lines = server.get("/metrics").decode().splitlines()
    return {line.split('outcome="')[1].split('"')[0]: float(line.split()[-1]) for line in lines
            if line.startswith("troupe_router_requests_total") and 'tier="gold"' in line and 'model="reflex"' not in line}


def test(place: Place) -> None:
    server = Server(place, models="")
    pid = server.process.pid
    check(server.ready()["dependencies"]["models"]["status"] == "ok", "the default models are loaded")
    check(len(server.call("npc.List", {})["npcs"]) >= 8, "eight people or more live here")
    scale = server.call("time.Get", {})["scale"]
    learns(server)
    settle(server, 2)

    windows, engine_windows = [], []
    for _ in range(WINDOWS):
        before, engine = cpu_seconds(pid), cpu_seconds(pid, "engine")
        server.wait(WINDOW_SECONDS)
        engine_windows.append((cpu_seconds(pid, "engine") - engine) / WINDOW_SECONDS)
        windows.append((cpu_seconds(pid) - before) / WINDOW_SECONDS - engine_windows[-1])
    always = min(windows)

    before, asked_before = cpu_seconds(pid), asked(server)
    for _ in range(GAME_HOURS):
        server.call("time.Advance", {"by_ms": 3_600_000})
        settle(server, .5)
    living = (cpu_seconds(pid) - before) / (GAME_HOURS * 3600 / scale)
    decided = server.call("events.History", {"type": "NpcDecided", "limit": 1000})["events"]
    check(len(decided) > 50, f"people went on with their lives: {len(decided)} decisions in {GAME_HOURS} game hours")
    asked_after = asked(server)
    # On a loaded machine the answers come too late to be acted on; they were worked at all the same.
    check(sum(asked_after.values()) > sum(asked_before.values()), f"a model was asked meanwhile: {asked_before}, {asked_after}")

    share = always + living
    check(share < SHARE_MAX, f"idle takes {100 * share:.2f} % of a core: {100 * always:.2f} all the time (of "
                             f"{', '.join(f'{100 * w:.2f}' for w in windows)}; engine {100 * statistics.mean(engine_windows):.2f} beside it), "
                             f"{100 * living:.2f} for living ({footprint(pid)})")
