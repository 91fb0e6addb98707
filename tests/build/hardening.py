#!/usr/bin/env python3
"""Reads the binary: is what a bug could use to run somebody's bytes as hard as the toolchain makes it?"""
import re
import subprocess
import sys


def read(*words) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def problems(binary):
    header, dynamic, segments = read("readelf", "-hW", binary), read("readelf", "-dW", binary), read("readelf", "-lW", binary)
    symbols = read("nm", "-DC", binary)
    if not re.search(r"Type: +DYN", header) or not re.search(r"FLAGS_1.*\bPIE\b", dynamic):
        yield "it is not position independent: its addresses are the same in each run"
    if "GNU_RELRO" not in segments or not re.search(r"\(FLAGS\).*BIND_NOW|FLAGS_1.*\bNOW\b", dynamic):
        yield "RELRO is not full: the table of outside functions can be written"
    stack = re.search(r"GNU_STACK.*? (R\w*) ", segments)
    if not stack or "E" in stack[1]:
        yield "the stack can be executed"
    if re.search(r"LOAD .* RWE ", segments):
        yield "a segment can be written and executed"
    if re.search(r"R(UN)?PATH", dynamic):
        yield "it looks for libraries in a folder of its own"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if not re.search(r"__(mem|str|sn?printf|read|recv)\w*_chk\b", symbols):
        yield "no _FORTIFY_SOURCE"
    if "std::__glibcxx_assert_fail" not in symbols:
        yield "no _GLIBCXX_ASSERTIONS"


def main() -> int:
    found = list(problems(sys.argv[1]))
    for problem in found:
        print(f"hardening: {problem}")
    print(f"{sys.argv[1]}: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
