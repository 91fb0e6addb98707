#!/usr/bin/env python3
"""Takes one guard away after the other (tests/mutations.toml) and runs the tests that must notice.

  tools/mutate.py              all of them, in the release build: a quarter of an hour on 2 cores
  tools/mutate.py moderation   those whose name or file contains the word

Leaves the sources as they were. Exits 1 when a test did not notice.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
TEST_S = 120


def guards():
    return tomllib.loads((ROOT / "tests" / "mutations.toml").read_text(encoding="utf-8"))["guard"]


def missing():
    """Guards that are not where the list says."""
    return [g for g in guards() if not (ROOT / g["file"]).exists() or g["is"] not in (ROOT / g["file"]).read_text(encoding="utf-8")]


def built(target):
    done = subprocess.run(["cmake", "--build", str(BUILD), "--target", target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0, done.stdout


def tried(guard):
    """What became of it: caught, survived, or why it could not be tried."""
    fine, said = built(guard["test"])
    if not fine:
        return "does not build: " + next((line for line in said.splitlines() if "error:" in line), said[-200:])
    try:
        # By ctest, which knows where weights and servers are.
        run = subprocess.run(["ctest", "--test-dir", str(BUILD), "-R", f"^{guard['test']}$", "--output-on-failure", "--no-tests=error"],
                             env={**os.environ, "GTEST_FILTER": guard["filter"], "GTEST_BRIEF": "1"}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=TEST_S, check=False)
    except subprocess.TimeoutExpired:
        return "caught: it hangs"
    if run.returncode == 0:
        return "survived"
    failed = [line.split()[3].rstrip(",") for line in run.stdout.splitlines() if line.startswith("[  FAILED  ]") and "." in line]
    return "caught by " + ", ".join(dict.fromkeys(failed)) if failed else "caught: it dies"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("word", nargs="?", default="", help="of a guard's name or file")
    word = parser.parse_args().word
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wanted = [g for g in guards() if word in g["what"] or word in g["file"]]
    programs = {path.name for path in BUILD.rglob("troupe_*_test") if path.is_file()}
    bad = 0
    for number, guard in enumerate(wanted, 1):
        path = ROOT / guard["file"]
        source = path.read_text(encoding="utf-8")
        if guard["is"] not in source:
            verdict = "not found"
        elif guard["test"] not in programs:
            verdict = f"no {guard['test']} in {BUILD}: make test builds it"
        else:
            try:
                path.write_text(source.replace(guard["is"], guard["becomes"], 1), encoding="utf-8")
                verdict = tried(guard)
            finally:
                path.write_text(source, encoding="utf-8")
        bad += not verdict.startswith("caught")
        print(f"{number}/{len(wanted)} {guard['what']}: {verdict}", flush=True)
    for test in sorted({g["test"] for g in wanted} & programs):
        built(test)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
