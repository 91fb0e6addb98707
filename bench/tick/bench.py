"""Ticks at 10 Hz and echoes over a game's socket while the engine runs flat out, against the same with the engine idle.

A real `troupe up` with its world and weights; the load is 8 stories without pause over its /v1/chat/completions. How late a tick is
says the server's own histogram; an echo is a call over the socket, each at its own moment, seen by a client on the same cores.
"""
import time

from harness import histogram
from harness.calls import story
from harness.figures import compare, compare_tail, median
from harness.open_loop import Stories
from harness.place import BenchError, setup
from harness.rounds import interleave
from harness.troupe import Socket, Up

MODEL = "smollm2-135m"
STORIES, STORY_TOKENS = 8, 400  # of 8 slots
FOR_S, ECHO_EVERY_S, SETTLE_S = 5, 0.05, 0.5
TICKS = "troupe_timeline_tick_lateness_seconds"
IDLE = "the engine idle"
TARGETS = ("troupe",)


def echoes(socket):
    begin, out = time.monotonic(), []
    for number in range(int(FOR_S / ECHO_EVERY_S)):
        at = begin + number * ECHO_EVERY_S
        time.sleep(max(0, at - time.monotonic()))
        socket.call("time.Get", {})
        out.append(1000 * (time.monotonic() - at))
    return out


def watched(up, socket):
    before = histogram.buckets(up.get("/metrics"), TICKS)
    came = echoes(socket)
    ticks = histogram.between(before, histogram.buckets(up.get("/metrics"), TICKS))
    if not ticks or not ticks[float("inf")]:
        raise BenchError("the server told of no ticks")
    return {"echo": [came], "ticks": [ticks], "tick": 1000 * histogram.quantile(ticks, 0.99)}


def run(tell):
    with Up(f"models.only: {MODEL}\nmodels.dir: {setup()['models_dir']}\n") as up:
        socket = Socket(up.port, "bench")

        def flat_out(number):
            stories = Stories(up.port, [{**story(f"tick {number} {i}", STORY_TOKENS), "model": "bronze"} for i in range(STORIES)])
            try:
                time.sleep(SETTLE_S)
                found = watched(up, socket)
                if not all(stories.events):
                    raise BenchError("not every story was told")
                return {**found, "events": sum(stories.events) / FOR_S}
            finally:
                stories.stop()

        def idle(_):
            time.sleep(SETTLE_S)
            return watched(up, socket)

        found = interleave({"flat out": flat_out, IDLE: idle}, tell=tell)
        socket.close()
    return rows_of(found["flat out"], found[IDLE])


def together(rounds):
    return {bound: sum(ticks[bound] for ticks in rounds) for bound in rounds[0]}


def rows_of(busy, idle):
    late = {"ours": 1000 * histogram.quantile(together(busy["ticks"]), 0.99), "peer": 1000 * histogram.quantile(together(idle["ticks"]), 0.99)}
    tick = compare("tick.late_p99", "ms", "lower", [late["ours"]], [late["peer"]], IDLE, "ours < 5")
    return [
        {**tick, "runs": len(busy["tick"]), "ticks": sum(ticks[float("inf")] for ticks in busy["ticks"]),
         "worst_run": max(busy["tick"]), "tokens_per_s": median(busy["events"])},
        compare_tail("tick.echo_p99", "ms", 0.99, busy["echo"], idle["echo"], IDLE, "ours < 10"),
        compare_tail("tick.echo_p50", "ms", 0.5, busy["echo"], idle["echo"], IDLE),
    ]
