"""Gold choices while 16 bronze stories run without pause, same weights: against llama-server, SMG before it, ourselves first in, first out.

Choices come by Poisson, as many as take SHARE of the machine when it does nothing else; the same moments and scenes for every side, and
they count from the moment they were due. Met: answered within DEADLINE_MS. llama-server and we have 8 slots; a second llama-server has one for every story and 4 more, so that nobody queues.
"""
import json

from harness import place
from harness.calls import choice, poisson, story
from harness.figures import compare, compare_tail, median
from harness.gateways import Gateway
from harness.llama import Server
from harness.open_loop import play
from harness.pictures import distribution
from harness.place import BenchError
from harness.program import Program
from harness.rounds import interleave

MODEL, CONTEXT = "smollm2-135m", 2048
STORIES, STORY_TOKENS, SLOTS, SLOTS_FOR_ALL = 16, 24, 8, 20
SHARE, FROM_MS, FOR_MS = 0.3, 500, 6000  # the stories begin at 0
DEADLINE_MS = 500
TARGETS = ("bench_load",)
FIFO, SERVER, SMG, WIDE = "ourselves, first in, first out", "llama-server", "SMG, llama-server", "llama-server, 20 slots"


def script(number, rate):
    choices = [choice(f"{number} {i}", at, DEADLINE_MS) for i, at in enumerate(poisson(rate, FROM_MS, FOR_MS, number))]
    return choices + [story(f"{number} {i}", STORY_TOKENS) for i in range(STORIES)]


def run(tell):
    weights = place.weights(MODEL)
    with Program("load", weights) as ours, Program("load", weights, "order=arrival") as fifo, \
            Server(weights, parallel=SLOTS, context=CONTEXT) as server, Server(weights, parallel=SLOTS_FOR_ALL, context=CONTEXT) as wide, \
            Gateway("smg", server.port) as smg:
        counted = {}
        alone = median([ours.ask("play", json.dumps({"calls": [choice(f"alone {i}", 0, 60_000)]}))["ms"][0] for i in range(7)])
        rate = 1000 * SHARE / alone
        tell(f"a choice alone takes {alone:.0f} ms: {rate:.1f} of them a second")

        def we(program):
            def of_round(number):
                # How long each takes is the question, so the engine does not know when it is too late.
                calls = [{key: value for key, value in call.items() if key != "deadline"} for call in script(number, rate)]
                came = program.ask("play", json.dumps({"calls": calls, "for_ms": FOR_MS}))
                answers = len(calls) - STORIES
                counted[number] = came["prompt_tokens"][:answers]
                return {"ms": [came["ms"][:answers]], "stories": 1000 * came["written"][0] / came["took_ms"][0]}
            return of_round

        def they(port):
            def of_round(number):
                came = play(port, script(number, rate), FOR_MS)
                if counted.setdefault(number, came.tokens) != came.tokens and all(came.tokens):
                    raise BenchError("the two sides read different prompts")
                return {"ms": [came.ms], "stories": came.written_per_s}
            return of_round

        sides = {"ours": we(ours), FIFO: we(fifo), SERVER: they(server.port), SMG: they(smg.port), WIDE: they(wide.port)}
        return rows_of(interleave(sides, tell=tell))


def met(runs):
    return [sum(ms <= DEADLINE_MS for ms in run) / len(run) for run in runs]


def mean(values):
    return [sum(values) / len(values)]


def rows_of(found):
    ours, rows = found["ours"]["ms"], []
    for peer in (SERVER, SMG, WIDE, FIFO):
        theirs = found[peer]["ms"]
        rows.append({**compare_tail(f"gold_under_load.p99, {peer}", "ms", 0.99, ours, theirs, peer,
                                    "ratio >= 10" if peer == SERVER else None),
                     "side": peer, "ours_ms": sorted(sum(ours, [])), "peer_ms": sorted(sum(theirs, []))})
        rows.append(compare_tail(f"gold_under_load.p50, {peer}", "ms", 0.5, ours, theirs, peer))
        rows.append(compare(f"gold_under_load.met, {peer}", "share", "higher", mean(met(ours)), mean(met(theirs)), peer,
                            "ours >= 0.99" if peer == SERVER else None))
        rows.append(compare(f"gold_under_load.stories, {peer}", "tokens/s", "higher", found["ours"]["stories"],
                            found[peer]["stories"], peer))
    return rows


def picture(rows):
    tails = [row for row in rows if "peer_ms" in row]
    series = {"ours": tails[0]["ours_ms"], **{row["side"]: row["peer_ms"] for row in tails}}
    return distribution("Gold choices while 16 stories are written", "ms from the moment that a choice was due, logarithmic", series,
                        DEADLINE_MS)
