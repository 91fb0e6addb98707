#!/usr/bin/env python3
"""One fuzz target for its time: run.py PROGRAM SEEDS WORK. What it finds beside the seeds is kept in WORK/corpus by long runs only,
so that a short run is the same each time; an input that breaks something is left in WORK, with its stack in the output."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SHORT, LONG = 20, 3600


def main() -> int:
    program, seeds, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    soaks = os.environ.get("TROUPE_SOAK") == "1"
    seconds = int(os.environ.get("TROUPE_FUZZ_SECONDS") or (LONG if soaks else SHORT))
    if not any(seeds.iterdir()):
        print(f"fuzz: {seeds} holds no seeds")
        return 1
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        corpus = work / "corpus" if soaks else pathlib.Path(fresh)
        corpus.mkdir(exist_ok=True)
        for old in work.glob("*-*"):
            old.unlink()
        # Ten seconds for one input, on a machine that is busy: what takes longer costs more than its size.
        command = [program, f"-max_total_time={seconds}", "-seed=13", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536",
                   "-print_final_stats=1", f"-artifact_prefix={work}/", str(corpus), str(seeds)]
        symbolizer = shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer") or ""
        code = subprocess.run(command, check=False, env={**os.environ, "ASAN_OPTIONS": f"external_symbolizer_path={symbolizer}",
                                                        "UBSAN_OPTIONS": f"print_stacktrace=1:external_symbolizer_path={symbolizer}"}).returncode
    found = sorted(path.name for path in work.glob("*-*"))
    if found:
        print(f"fuzz: {work} has {', '.join(found)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
