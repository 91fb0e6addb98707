"""How long gold waits for a step in progress: silver prompts without pause, gold arrives; against the same without pre-emption.

A gold choice comes every half second, give or take, so that it meets silver at work and not another gold. The wait is from the call
to the beginning of its first step. Thrown away is the share of the steps' time that was stopped.
"""
import json
import random

from harness import place
from harness.calls import choice, talk
from harness.figures import compare, compare_tail
from harness.program import Program
from harness.rounds import interleave

MODELS = ("qwen2.5-coder-0.5b",)  # who answers gold, see src/app/engines.cpp
READERS, RUMOURS = 4, 8  # about 200 tokens to read each, as a player's line with what it reminds of
FROM_MS, EVERY_MS, FOR_MS = 600, 500, 8600
TARGETS = ("bench_load",)
NO_STOP = "no pre-emption"


def script(number):
    draw = random.Random(number)
    moments = [FROM_MS + EVERY_MS * i + draw.uniform(0, 0.3 * EVERY_MS) for i in range((FOR_MS - FROM_MS) // EVERY_MS)]
    calls = [choice(f"preempt {number} {i}", at, 2000) for i, at in enumerate(moments)]
    for i in range(READERS):
        reader = talk(f"preempt {number} {i}", 0, 0, RUMOURS, 1)
        del reader["deadline"]
        # What changes comes first, so that no part of the prompt is known.
        calls.append({**reader, "again": True, "fresh": True})
    return calls


def run(tell):
    rows = []
    for model in MODELS:
        weights = place.weights(model)
        with Program("load", weights) as ours, Program("load", weights, "gold_wait_ms=3600000") as patient:
            rows += of_model(model, ours, patient, lambda text, model=model: tell(f"{model}: {text}"))
    return rows


def of_model(model, ours, patient, tell):
    def side(program):
        def of_round(number):
            calls = script(number)
            came = program.ask("play", json.dumps({"calls": calls, "for_ms": FOR_MS}))
            golds = len(calls) - READERS
            return {"wait": [came["wait_ms"][:golds]], "ms": [came["ms"][:golds]], "met": [came["met"][:golds]],
                    "thrown": came["preempted_us"][0] / came["busy_us"][0], "read": came["computed"]}
        return of_round

    found = interleave({"ours": side(ours), NO_STOP: side(patient)}, tell=tell)
    mine, peer = found["ours"], found[NO_STOP]

    def share(runs):
        return [sum(run) / len(run) for run in runs]

    return [
        compare_tail(f"preempt.wait_p99.{model}", "ms", 0.99, mine["wait"], peer["wait"], NO_STOP, "ours <= 10"),
        compare_tail(f"preempt.wait_p50.{model}", "ms", 0.5, mine["wait"], peer["wait"], NO_STOP),
        compare_tail(f"preempt.choice_p99.{model}", "ms", 0.99, mine["ms"], peer["ms"], NO_STOP),
        compare(f"preempt.met.{model}", "share", "higher", share(mine["met"]), share(peer["met"]), NO_STOP),
        compare(f"preempt.thrown_away.{model}", "share", "lower", mine["thrown"], 0.05, "the limit", "ours < 0.05"),
        compare(f"preempt.tokens_computed.{model}", "tokens/run", "higher", mine["read"], peer["read"], NO_STOP),
    ]
