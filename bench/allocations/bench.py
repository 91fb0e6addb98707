"""How often a week's forecast and 1,000 reflex decisions ask for memory; the goal and the limit are never."""
from harness.figures import compare
from harness.place import BenchError
from harness.program import Program
from harness.rounds import interleave


def run(tell):
    with Program("allocations") as ours:
        if ours.ask("control")["count"] != [2]:
            raise BenchError("the counter of allocations does not count")
        found = interleave({path: lambda _, path=path: ours.ask(path) for path in ("forecast", "reflex")}, tell=tell)
    return [compare(f"allocations.{path}", "allocations", "lower", found[path]["count"], 0.0, "limit", "ours <= 0") for path in found]
