"""From publish to the handler on the bus of one process, with 50 other listeners.

Beside it what the least possible costs: one post of the same bytes.
"""
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

EVENTS = 100_000


def run(tell):
    with Program("bus") as ours:
        found = interleave({"bus": lambda _: ours.ask("publish", EVENTS), "post": lambda _: ours.ask("post", EVENTS)}, tell=tell)
    return [compare("bus.publish_to_handler", "us", "lower", found["bus"]["us"], found["post"]["us"], "a bare post (the floor)",
                    "ours < 2")]
