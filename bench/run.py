#!/usr/bin/env python3
"""Benchmarks, each beside its peer in the same run. One folder here is one benchmark: its bench.py says what it compares.

  bench/run.py --all            every benchmark; one table at the end
  bench/run.py shared_prefix    one of them
  bench/run.py bus --json       one JSON object a line
  bench/run.py choose --picture  and a picture of it for docs/benchmarks (of a benchmark that draws one)

  bench/run.py --keep           runs nothing: what build/bench holds takes its place in docs/benchmarks/results.json and ratios.svg
  bench/run.py preempt --smoke  one short round that says nothing but that it runs; not kept

Results are kept in build/bench/<name>.json. Exit status 1 when one could not be run; a missed goal is a result.
"""
import argparse
import importlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import figures, pictures, place, rounds  # noqa: E402


def names():
    return sorted(folder.parent.name for folder in (place.ROOT / "bench").glob("*/bench.py"))


def module(name):
    return importlib.import_module(f"{name}.bench")


def about():
    return "\n".join(f"  {name:{max(map(len, names()))}}  {module(name).__doc__.splitlines()[0]}" for name in names())


class Progress:
    """One moving line on a terminal, a line per benchmark without one."""

    def __init__(self):
        self.moves = sys.stderr.isatty()

    def say(self, text):
        print(f"\r\033[K{text}" if self.moves else text, file=sys.stderr, flush=True)

    def move(self, text):
        if self.moves:
            print(f"\r\033[K{text[:100]}", end="", file=sys.stderr, flush=True)


def build(wanted):
    programs = {f"bench_{name}" for name in wanted if (place.ROOT / "bench" / name / f"{name}.cpp").exists()}
    programs |= {target for name in wanted for target in getattr(module(name), "TARGETS", ())}
    if programs:
        done = subprocess.run(["cmake", "--build", str(place.BUILD), "--target", *sorted(programs)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise place.BenchError(f"the programs do not build:\n{done.stdout[-2000:]}")


def on_setups_python():
    """Goes on with the Python that set-up made: PyYAML is in it."""
    python = place.setup().get("python", "")
    if os.path.exists(python) and pathlib.Path(python).parent.parent != pathlib.Path(sys.prefix):
        os.execv(python, [python, *sys.argv])


def draw(name, rows):
    picture = place.ROOT / "docs" / "benchmarks" / f"{name}.svg"
    picture.write_text(module(name).picture(rows), encoding="utf-8")
    return picture


def keep():
    """The newest results of every benchmark, without the single values; of one that was not run since, those that were kept."""
    folder = place.ROOT / "docs" / "benchmarks"
    kept = folder / "results.json"
    before = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()] if kept.exists() else []
    rows = []
    for name in names():
        path = place.OUT / f"{name}.json"
        if not path.exists():
            rows += [row for row in before if row["name"].split(".")[0] == name]
            continue
        day = time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))
        for line in path.read_text(encoding="utf-8").splitlines():
            row = {key: value for key, value in json.loads(line).items() if not (isinstance(value, list) and len(value) > 5)}
            rows.append({**row, "date": day})
    kept.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    (folder / "ratios.svg").write_text(pictures.ratios("Times better than the peer or the limit", rows), encoding="utf-8")
    print(f"bench: {len(rows)} results kept in {folder}", file=sys.stderr)


def run_one(name, progress):
    began = time.monotonic()
    progress.say(f"bench: {name}: {module(name).__doc__.splitlines()[0]}")
    rows = [{**row, "machine": place.machine()} for row in module(name).run(lambda text: progress.move(f"bench: {name}: {text}"))]
    if not rounds.form.smoke:
        (place.OUT / f"{name}.json").write_text("".join(figures.line(row) + "\n" for row in rows), encoding="utf-8")
    progress.say(f"bench: {name}: done in {time.monotonic() - began:.0f} s")
    return rows


def run_all(wanted, as_json, pictures, progress):
    place.OUT.mkdir(parents=True, exist_ok=True)
    rows, failed = [], False
    for name in wanted:
        try:
            found = run_one(name, progress)
            if pictures and hasattr(module(name), "picture"):
                progress.say(f"bench: {name}: {draw(name, found)}")
        except place.BenchError as error:
            progress.say(f"troupe: bench {name}: {error}")
            failed = True
            continue
        rows += found
        if as_json:
            print("\n".join(map(figures.line, found)), flush=True)
    if rows and not as_json:
        print(f"{figures.table(rows)}\n\non {place.machine()}; a ratio above 1 means that Troupe is better")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"benchmarks:\n{about()}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="every benchmark; so does no NAME")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--picture", action="store_true", help="write docs/benchmarks/NAME.svg too, where there is one to draw")
    parser.add_argument("--smoke", action="store_true", help="one round, not kept")
    parser.add_argument("--keep", action="store_true", help="keep what was measured in docs/benchmarks; runs nothing")
    options = parser.parse_args()
    if options.keep:
        keep()
        return 0
    rounds.form.smoke = options.smoke
    if options.name and options.name not in names():
        print(f"troupe: {figures.unknown(options.name, names())}", file=sys.stderr)
        return 2
    wanted = [options.name] if options.name else names()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that no peer is left running
    try:
        on_setups_python()
        build(wanted)
        return run_all(wanted, options.json, options.picture, Progress())
    except place.BenchError as error:
        print(f"troupe: bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
