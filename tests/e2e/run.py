#!/usr/bin/env python3
"""Drives build/troupe from outside: run.py PART --troupe BINARY [--shots DIR]. A part is a file test_PART.py here."""
import argparse
import contextlib
import importlib
import pathlib
import signal
import sys
import tempfile

from rig import Failed, Place


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=sorted(f.stem.removeprefix("test_") for f in pathlib.Path(__file__).parent.glob("test_*.py")))
    parser.add_argument("--troupe", required=True)
    parser.add_argument("--shots", default="build/shots")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that servers and mounts are taken down
    test = importlib.import_module("test_" + options.part).test
    with tempfile.TemporaryDirectory(prefix="troupe-e2e-", ignore_cleanup_errors=True) as folder:
        place = None
        try:
            with contextlib.ExitStack() as stack:
                place = Place(options.troupe, pathlib.Path(folder), stack, options.shots)
                test(place)
        except Failed as failed:
            log = place.said().splitlines()[-40:] if place else []
            sys.exit("\n".join([*log, f"FAILED: {failed}"]))


if __name__ == "__main__":
    main()
