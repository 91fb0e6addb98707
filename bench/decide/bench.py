"""What the router decides of one request, with 100 engines to choose from and 1,000 requests waiting.

The whole of the policy: is there money, which engine would be in time, a place in its line, who of those who wait is next, and
the money held and settled. Beside it the same with one engine and nobody waiting.
"""
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

ENGINES, WAITING, COUNT = 100, 1000, 20000


def run(tell):
    with Program("decide") as ours:
        found = interleave({"crowd": lambda _: ours.ask("decisions", ENGINES, WAITING, COUNT),
                            "one engine": lambda _: ours.ask("decisions", 1, 1, COUNT)}, tell=tell)
    return [compare(f"decide.{figure}", "us", "lower", found["crowd"][f"{figure}_us"], found["one engine"][f"{figure}_us"],
                    "one engine, nobody waiting (the floor)", "ours < 20") for figure in ("median", "p99")]
