#!/usr/bin/env python3
"""Benchmarks: run.py [--all | NAME] [--json]. NAME: foundation (durable writes against one commit per write, bus, index)."""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ["foundation"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.name and options.name not in NAMES:
        print(f"troupe: no benchmark '{options.name}'; there is: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    build = ROOT / "build" / "release"
    subprocess.run(["cmake", "--build", str(build), "--target", "foundation_bench"], check=True, stdout=subprocess.DEVNULL)
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    lines = subprocess.run([str(build / "bench" / "foundation" / "foundation_bench"), str(out)], check=True,
                           capture_output=True, text=True).stdout
    (out / "foundation.json").write_text(lines)
    if options.json:
        print(lines, end="")
        return 0
    print(f"{'benchmark':28}{'ours':>12}{'peer':>12}  {'unit':6}{'ratio':>8}  peer")
    for row in map(json.loads, lines.splitlines()):
        print(f"{row['name']:28}{row['ours']:>12}{row['peer']:>12}  {row['unit']:6}{row['ratio']:>8}  {row['peer_name']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
