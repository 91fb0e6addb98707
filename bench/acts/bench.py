"""Deeds that people are asked for in words: how many of the wished ones are found, and how many are done that nobody wished.

The rules of src/talk on the 355 lines of lines.jsonl, four worlds, each line also in small letters without marks and with one typing error. Beside
the rules with the vectors of the embedding model stand the rules by words alone.
"""
import collections
import dataclasses
import json
import subprocess
import tempfile

from acts import people
from harness import place
from harness.figures import compare, median

MODEL = "minilm-l6-v2"
BARE = "the rules by words alone"
VARIANTS = {"as written": str, "small letters, no marks": people.lower, "one typing error": people.typed}
UNWISHED_LEFT, WISHED_DONE = 0.95, 0.8


@dataclasses.dataclass
class Found:
    counts: dict  # variant -> Count
    kinds: dict   # kind -> Count, as written
    ms: list


def ask(lines, change, weights):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for line in lines:
            world, person = line.person.split("/")
            file.write(json.dumps({"world": world, "person": person, "kind": line.kind, "line": change(line.text), "want": line.want}) + "\n")
        file.flush()
        command = [place.BUILD / "bench" / "bench_acts", people.HERE / "worlds.yaml", file.name]
        if weights:
            command += ["--weights", weights, "--model", MODEL, "--cache", place.ROOT / "build" / "acts-vectors.bin"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise place.BenchError(f"bench_acts: {done.stderr.strip()[-500:]}")
    return [json.loads(row) for row in done.stdout.splitlines()]


def measure(lines, weights, tell, show=None):
    found = Found({}, collections.defaultdict(people.Count), [])
    for variant, change in VARIANTS.items():
        tell(variant)
        count = found.counts[variant] = people.Count()
        for row in ask(lines, change, weights):
            count.add(row["want"], row["did"])
            if variant == "as written":
                found.kinds[row["kind"]].add(row["want"], row["did"])
                found.ms.append(row["ms"])
                if show and row["want"] != row["did"]:
                    show(row)
    return found


def run(tell):
    lines = people.load_lines()
    ours = measure(lines, place.weights(MODEL), tell)
    bare = measure(lines, None, tell)
    rows = []
    for variant in VARIANTS:
        asked = variant == "as written"
        for name, goal in (("unwished_left", UNWISHED_LEFT), ("wished_done", WISHED_DONE), ("precision", None)):
            row = compare(f"acts.{name}, {variant}", "share", "higher", [getattr(ours.counts[variant], name)],
                          getattr(bare.counts[variant], name), BARE, f"ours >= {goal}" if asked and goal else None)
            rows.append(row)
    rows[0]["kinds"] = {kind: vars(count) for kind, count in sorted(ours.kinds.items())}
    rows.append(compare("acts.ms", "ms", "lower", [median(ours.ms)], median(bare.ms), BARE))
    return rows
