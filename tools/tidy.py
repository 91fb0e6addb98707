#!/usr/bin/env python3
"""What the compiler cannot see: tidy.py lists every line of the tree that breaks a rule of the house, one a line.

The arrows between rooms, who may read a clock or start a thread, where heavy headers may be seen, what may not be committed; and
guards that the list of mutations knows and the sources do not.
Exits 1 when anything was found.
"""
import pathlib
import re
import subprocess
import sys

import mutate

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX = 500

# A room may include itself and these. Longest folder first; `*` stands for one folder name.
ARROWS = {
    "src/base": [],
    "src/rt": ["base"],
    "src/ports": ["base", "rt"],
    "src/moderation": ["base"],
    "src/pack": ["base", "moderation"],
    "src/talk": ["base", "pack"],
    "src/schema": ["base"],
    "src/inference": ["base", "rt", "ports"],
    "src/host": ["base", "rt", "ports", "moderation", "troupe"],
    "src/services/*": ["base", "rt", "ports", "moderation", "schema", "inference", "host", "pack", "talk", "troupe"],
    "src/adapters/*": ["base", "rt", "ports", "schema", "inference"],
    "src/edge": ["base", "rt", "ports", "schema", "host", "troupe"],
    "src/cli": ["base", "rt", "ports", "host", "pack", "troupe"],
}
OURS = ("base", "rt", "ports", "moderation", "schema", "inference", "host", "pack", "talk", "services", "adapters", "edge", "cli", "app", "troupe")

# pattern, what is wrong, folders where it is right (prefixes), which files it concerns
RULES = [
    (r"(system|steady|high_resolution)_clock::now|\bgettimeofday\(|\bclock_gettime\(|[^_\w]time\((nullptr|NULL|0)\)",
     "a clock outside of rt: take it from Turn or rt::Env", ("src/rt", "src/adapters", "src/cli", "bench", "tools"), "code"),
    (r"std::random_device|\bsrand\(|[^_\w]rand\(\)|mt19937", "randomness outside of rt: use rt::Draw", ("src/rt", "bench"), "code"),
    (r"std::(j?thread|async)\b", "a thread outside of rt: use rt::Pool", ("src/rt", "src/adapters", "src/cli", "bench", "tools"), "code"),
    (r"std::(exp2?|expm1|log(2|10|1p)?|pow|sinh?|cosh?|tanh?|a(sin|cos|tan2?)|hypot|cbrt)f?\(",
     "libm's last bits differ between machines and may become history: use base/steady.h",
     ("src/base", "src/rt", "src/adapters", "src/inference", "src/edge", "src/cli", "src/ports", "src/schema", "bench", "tools"), "code"),
    (r"asio::detached", "detached swallows exceptions: use rt::Group::spawn", (), "any"),
    (r"#include <boost/beast", "Beast belongs into the stream files of the edge and its own compilation", ("src/edge/beast.cpp", "src/edge/http_stream.cpp", "src/edge/ws_stream.cpp"), "any"),
    (r"#include <(spdlog|nlohmann/json\.hpp)", "spdlog and nlohmann belong into .cpp files", ("src/cli",), "header"),
    (r"std::w?regex|#include <regex>", "std::regex recurses for each character: one long text from outside ends the process", ("tests/world/pack_edits.h",), "any"),
    (r"json_util\.h|JsonStringToMessage|MessageToJsonString", "JSON and messages: host/json.h, which is strict and names the field", ("src/host/json_test.cpp",), "any"),
    (r"\b[Jj]son::(parse|accept)\(", "JSON from outside is read by parse_json (base/json.h)", ("src/cli", "bench", "tests", "src/schema", "src/services/models", "src/services/state/state_rules.cpp", "src/services/state/state_pack.cpp"), "code"),
    (r"\b(TODO|FIXME|XXX)\b", "unfinished work: finish it or file an issue", (), "any"),
    (r"GTEST_SKIP|DISABLED_|\btest\.skip\(|pytest\.skip", "a test that is skipped has failed", (), "any"),
    (r"std::this_thread::sleep|\busleep\(|time\.sleep\(", "tests wait for the thing itself, or use the virtual clock", (), "test"),
]


def arrow_of(path: str):
    folder = str(pathlib.PurePosixPath(path).parent)
    for room, may in ARROWS.items():
        pattern = re.escape(room).replace(r"\*", r"[^/]+")
        found = re.match(pattern + r"(?=/|$)", folder)
        if found:
            return found.group(0), may
    return None


def problems_of(path: str, text: str):
    lines = text.splitlines()
    # (cmake/precompiled.h is what the compiler reads first, and included by nobody.)
    is_header, is_test = path.endswith(".h") and not path.startswith("cmake/"), path.startswith("tests/") or re.search(r"_(test|suite|rig|fixture|upstream)\.", path)
    if len(lines) > LINES_MAX:
        yield 1, f"{len(lines)} lines: split it by theme ({LINES_MAX} at most)"
    if is_header and "#pragma once" not in lines[:3]:
        yield 1, "a header begins with #pragma once"
    room = arrow_of(path)
    for number, line in enumerate(lines, 1):
        for pattern, what, right_in, kind in RULES:
            if path.startswith(right_in) or not re.search(pattern, line):
                continue
            if kind == "any" or (kind == "header" and is_header and not is_test) or (kind == "test" and is_test) or (kind == "code" and not is_test):
                yield number, what
        included = re.match(r'#include [<"](\w+)/([\w/]*)', line)
        if not (room and included and included[1] in OURS) or is_test:
            continue
        target = f"src/{included[1]}/{included[2]}"
        if not target.startswith(room[0] + "/") and included[1] not in room[1]:
            yield number, f"{room[0]} may not include {included[1]}"


def main() -> int:
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.cpp", "*.h", "*.py", "*.ts", "*.tsx", "*.mjs"],
                           cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = 0
    for path in sorted(files):
        if path == "tools/tidy.py" or not (ROOT / path).exists():
            continue
        for number, what in problems_of(path, (ROOT / path).read_text(encoding="utf-8")):
            print(f"{path}:{number}: {what}")
            found += 1
    for guard in mutate.missing():
        print(f"tests/mutations.toml: {guard['what']}: {guard['file']} has no such line any more")
        found += 1
    print(f"{len(files)} files, {found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
