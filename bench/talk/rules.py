#!/usr/bin/env python3
"""What the rules of src/talk alone answer (no server, no language model), judged: rules.py WORLD... [--lines FILE] [--weights GGUF] [-v].

WORLD names a file of lines/ and its pack; --lines FILE takes other lines of that world. Without --weights the vectors are made of words.
"""
import argparse
import collections
import dataclasses
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import judge  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/bench/bench_talk_rules"


def answers(folder, lines, options):
    command = [PROGRAM, folder, lines]
    if options.weights:
        command += ["--weights", options.weights, "--cache", ROOT / "build/talk-vectors.bin"]
    for pair in options.set:
        command += ["--set", pair]
    if options.language:
        command += ["--language", options.language]
    if options.clock:
        command += ["--clock", options.clock]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    return {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}


@dataclasses.dataclass(frozen=True)
class Judged:
    line: judge.Line
    said: dict
    faults: list


def judged(world, options, folder=None, path=None):
    """Each line of a world with what was said to it, and what is wrong with that."""
    folder = folder or judge.pack(world)
    path = path or judge.LINES / f"{world}.jsonl"
    said = answers(folder, path, options)
    out = []
    for line in [judge.of(json.loads(row)) for row in path.read_text(encoding="utf-8").splitlines()]:
        row = said[line.id]
        now = judge.Now(row["phase"], row["season"], row["weather"])
        out.append(Judged(line, row, judge.faults(line, row["text"], now, judge.person(folder, line.npc)["name"])))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="+")
    parser.add_argument("--lines")
    parser.add_argument("--pack")
    parser.add_argument("--weights")
    parser.add_argument("--language", help="a language file that is not built in")
    parser.add_argument("--clock")
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE: a limit to try, such as slot_say=.5 or out=.4")
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    for world in options.worlds:
        kinds, ways, times = collections.defaultdict(list), collections.defaultdict(list), []
        for one in judged(world, options, options.pack and pathlib.Path(options.pack), options.lines and pathlib.Path(options.lines)):
            line, row, found = one.line, one.said, one.faults
            kinds[line.kind].append(not found)
            ways[row["way"]].append(not found)
            times.append(row["ms"])
            if found or options.v:
                print(f"{'bad' if found else 'ok '} {line.id} {line.kind:9} {line.npc:8} {line.line[:90]!r} -> {row['text'][:140]!r} [{row['way']}] {row['why']} | {row['second']} {found}")
        flat = [good for row in kinds.values() for good in row]
        share = lambda rows: f"{sum(rows) / len(rows):.3f} of {len(rows)}"
        print(f"{world}: {share(flat)}; ms p50 {sorted(times)[len(times) // 2]:.1f}")
        print("  by kind: " + ", ".join(f"{kind} {sum(rows)}/{len(rows)}" for kind, rows in sorted(kinds.items())))
        print("  by way: " + ", ".join(f"{way} {share(rows)}" for way, rows in sorted(ways.items())))


if __name__ == "__main__":
    main()
