"""1.5 times what fits, with deadlines of a second to many: against first in, first out, and earliest deadline first without dropping.

What fits: all calls of a round at once and without deadlines take T; then they come at random moments within T / 1.5. Met: answered
in time, with a choice, or with a text that ends at a sentence where it was cut short for lack of time (all sides cut so). Wasted:
tokens computed for calls that were not met, and in steps that were stopped.
"""
import json
import random

from harness import place
from harness.calls import choice, talk
from harness.figures import compare
from harness.pictures import bars
from harness.program import Program
from harness.rounds import interleave

MODEL, OVERLOAD = "smollm2-135m", 1.5
GOLD, SILVER, BRONZE = 10, 5, 4
TARGETS = ("bench_load",)
FIFO, EDF = "first in, first out", "earliest deadline, no dropping"


def mix(number):
    """The calls of a round in random order, without moments."""
    draw = random.Random(number)
    calls = [choice(f"over {number} {i}", 0, draw.uniform(200, 500)) for i in range(GOLD)]
    calls += [talk(f"over {number} {i}", 0, draw.uniform(1500, 4000), 6, 24) for i in range(SILVER)]
    calls += [talk(f"over {number} b{i}", 0, draw.uniform(3000, 6000), 12, 40, "bronze") for i in range(BRONZE)]
    draw.shuffle(calls)
    return calls


def at_moments(calls, within_ms, seed):
    """Anywhere within that time: what a Poisson process does when it is known how many came."""
    draw = random.Random(f"moments {seed}")
    moments = sorted(draw.uniform(0, within_ms) for _ in calls)
    return [{**call, "at": at} for call, at in zip(calls, moments)]


def run(tell):
    weights = place.weights(MODEL)
    with Program("load", weights) as ours, Program("load", weights, "order=arrival") as fifo, \
            Program("load", weights, "order=deadline") as edf, Program("load", weights, "order=arrival") as meter:
        fits = {}

        def side(program):
            def of_round(number):
                if number not in fits:
                    calls = [{key: value for key, value in call.items() if key != "deadline"} for call in mix(f"{number} fits")]
                    fits[number] = meter.ask("play", json.dumps({"calls": calls}))["busy_us"][0] / 1000
                calls = at_moments(mix(number), fits[number] / OVERLOAD, number)
                came = program.ask("play", json.dumps({"calls": calls}))
                good = [met and usable for met, usable in zip(came["met"], came["usable"])]
                whole = [met and uncut for met, uncut in zip(came["met"], came["whole"])]
                share = {tier: [ok for ok, call in zip(good, calls) if call["tier"] == tier] for tier in ("gold", "silver", "bronze")}
                return {"met": sum(good) / len(good), "whole": sum(whole) / len(whole), "wasted": (came["computed"][0] - came["useful"][0]) / came["computed"][0],
                        **{tier: sum(values) / len(values) for tier, values in share.items()}}
            return of_round

        return rows_of(interleave({"ours": side(ours), FIFO: side(fifo), EDF: side(edf)}, tell=tell))


def rows_of(found):
    ours, rows = found["ours"], []
    for peer in (FIFO, EDF):
        rows.append(compare(f"overload.met, {peer}", "share", "higher", ours["met"], found[peer]["met"], peer, "ratio > 1"))
        rows.append(compare(f"overload.wasted, {peer}", "share", "lower", ours["wasted"], found[peer]["wasted"], peer, "ratio >= 2"))
        rows.append(compare(f"overload.whole, {peer}", "share", "higher", ours["whole"], found[peer]["whole"], peer))
        for tier in ("gold", "silver", "bronze"):
            rows.append(compare(f"overload.met.{tier}, {peer}", "share", "higher", ours[tier], found[peer][tier], peer))
    return rows


def picture(rows):
    by_name = {row["name"]: row for row in rows}

    def of(figure):
        first = by_name[f"{figure}, {FIFO}"]
        return {"ours": first["ours"], FIFO: first["peer"], EDF: by_name[f"{figure}, {EDF}"]["peer"]}

    met = {f"{tier} met": of(f"overload.met.{tier}") for tier in ("gold", "silver", "bronze")}
    return bars("1.5 times what fits", {"met": of("overload.met"), **met, "tokens wasted": of("overload.wasted")})
