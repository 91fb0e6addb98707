"""A hundred game days alone at high scale. For `make soak`, not for ctest.

It asks for what an operator asks for after a weekend: no crash, memory where it was after the first tenth, a database that grows by
little, and a world that is still lively. The figures are printed whatever comes of it."""
import collections
import math
import pathlib

from rig import Place, Server, check, footprint

DAY_MS = 86_400_000
DAYS = 100
SCALE = 14_400  # six real seconds a game day
MEMORY_SHARE_MAX = .15
DATABASE_MB_A_DAY_MAX = 2
VERB_SHARE_MAX = 1 / 3
ENTROPY_BITS_MIN = 2.5


def database_mb(server: Server) -> float:
    return sum(path.stat().st_size for path in pathlib.Path(server.data).rglob("*.db*")) / 1e6


def deeds_of(server: Server) -> collections.Counter:
    """How often each verb was done, from the log."""
    deeds, after = collections.Counter(), 0
    while True:
        page = server.call("events.History", {"type": "VerbExecuted", "after_sequence": after, "limit": 1000})
        events = page["events"]
        if not events:
            return deeds
        deeds.update(event["payload"]["action"]["verb"] for event in events)
        after = int(events[-1]["sequence"])


def entropy_bits(counts: collections.Counter) -> float:
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values()) if total else 0


def test(place: Place) -> None:
    server = Server(place, data=place.folder / "alone", flags=["--no-models"])
    pid, start = server.process.pid, int(server.call("time.Get", {})["now_ms"])
    server.call("time.SetScale", {"scale": SCALE})

    def until(day: int) -> None:
        server.wait_until(f"day {day} has passed", lambda: int(server.call("time.Get", {})["now_ms"]) >= start + day * DAY_MS, 7200)

    until(DAYS // 10)
    # Read before it is measured, both times: pages of a thousand events leave the allocator larger once.
    early = deeds_of(server)
    memory, disk = footprint(pid)["rss"], database_mb(server)
    until(DAYS)
    deeds = deeds_of(server)
    memory_end, disk_end = footprint(pid)["rss"], database_mb(server)
    late = deeds - early
    print(f"deeds of {DAYS} days: {deeds.most_common()}", flush=True)
    a_day = (disk_end - disk) / (DAYS - DAYS // 10)
    verb, count = late.most_common(1)[0]
    check(abs(memory_end - memory) <= MEMORY_SHARE_MAX * memory, f"memory after a tenth {memory} KiB, at the end {memory_end}")
    check(a_day < DATABASE_MB_A_DAY_MAX, f"the database grew by {a_day:.2f} MB a game day ({disk:.1f} to {disk_end:.1f})")
    check(count <= VERB_SHARE_MAX * sum(late.values()), f"no verb above a third: {verb} {count} of {sum(late.values())}")
    check(entropy_bits(late) >= ENTROPY_BITS_MIN, f"deeds are various: {entropy_bits(late):.2f} bits")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
    server.end()
