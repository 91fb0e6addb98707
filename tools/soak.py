#!/usr/bin/env python3
"""What `make test` does a few times, in full: soak.py [PART...] runs every test with the label `repeats` under TROUPE_SOAK=1,
then the long runs that are no tests (tests/e2e/test_hundred_days.py, test_load.py). PART is a piece of a test's name; nothing = all.

A test has no time limit here; each ends by itself. Output goes to build/soak/NAME.log, a line per test to the screen.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
LOGS = ROOT / "build" / "soak"
LONG = ("hundred_days", "load")


def repeating() -> list[tuple[str, list[str], dict[str, str]]]:
    """Name, command and environment of each test that repeats."""
    listed = subprocess.run(["ctest", "--test-dir", str(BUILD), "--show-only=json-v1"], capture_output=True, text=True, check=True).stdout
    found = []
    for test in json.loads(listed)["tests"]:
        properties = {entry["name"]: entry["value"] for entry in test["properties"]}
        if "repeats" in properties.get("LABELS", []):
            found.append((test["name"], test["command"], dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []) if "=" in pair)))
    return found


def main() -> int:
    if not (BUILD / "build.ninja").exists():
        print("soak: build/release is not there; run `make test` first", file=sys.stderr)
        return 2
    tests = repeating()
    environment = tests[0][2] if tests else {}
    for long in LONG:
        tests.append((f"troupe_{long}", [sys.executable, "-B", "tests/e2e/run.py", long, "--troupe", "build/troupe"], environment))
    parts = sys.argv[1:]
    wanted = [test for test in tests if not parts or any(part in test[0] for part in parts)]
    if not wanted:
        print(f"soak: no such part; there are {', '.join(test[0] for test in tests)}", file=sys.stderr)
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    failed = 0
    for number, (name, command, environment) in enumerate(wanted, 1):
        print(f"[{number}/{len(wanted)}] {name}: running; build/soak/{name}.log", flush=True)
        began = time.monotonic()
        with open(LOGS / f"{name}.log", "w") as log:
            code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment, "TROUPE_SOAK": "1"}, stdout=log, stderr=log,
                                  check=False).returncode
        failed += code != 0
        print(f"[{number}/{len(wanted)}] {name}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
