"""Ten simulated days leave memory, threads and open files flat. Reflex only: models have their own bounds."""
from rig import Place, Server, check, footprint

DAY_MS = 86_400_000
SCALE_A_DAY_A_SECOND = 86_400
GROWTH_KIB_MAX = 4096


def test(place: Place) -> None:
    server = Server(place, flags=["--no-models"])
    pid = server.process.pid
    start = int(server.call("time.Get", {})["now_ms"])
    server.call("time.SetScale", {"scale": SCALE_A_DAY_A_SECOND})

    def day(count: int) -> dict:
        server.wait_until(f"day {count} has passed", lambda: int(server.call("time.Get", {})["now_ms"]) >= start + count * DAY_MS, 120)
        return footprint(pid)

    second, tenth = day(2), day(10)
    check(tenth["threads"] <= second["threads"], f"no more threads than before: {second['threads']}, {tenth['threads']}")
    # A request's connection may still be closing.
    server.wait_until("no more open files than before", lambda: footprint(pid)["files"] <= second["files"])
    grown = tenth["rss"] - second["rss"]
    check(grown < GROWTH_KIB_MAX, f"memory grew by {grown} KiB from day 2 to day 10 ({second['rss']} to {tenth['rss']})")
    decided = server.call("events.Stats", {})
    check("NpcDecided" in str(decided), "and people were alive meanwhile")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
