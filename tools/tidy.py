#!/usr/bin/env python3
"""What the compiler cannot see: tidy.py lists every line of the tree that breaks a rule of the house, one a line.

The arrows between rooms, who may read a clock or start a thread, where heavy headers may be seen, what may not be committed; and
guards that the list of mutations knows and the sources do not; types that share a name; verbs of a world, and sentences for prompts, that stand in code.
Exits 1 when anything was found.
"""
import functools
import itertools
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
    "src/adapters/bus_nats": ["base", "rt", "ports", "troupe"],  # errors travel as troupe.v1.Error
    "src/adapters/*": ["base", "rt", "ports", "schema", "inference"],
    "src/edge": ["base", "rt", "ports", "schema", "host", "troupe"],
    "src/cli": ["base", "rt", "ports", "host", "pack", "talk", "troupe"],
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
    (r"(?i)\b(create table|alter table|insert into|delete from|update \w+ set)\b", "SQL outside of host and adapters: state is a Table<Record>",
     ("src/host", "src/adapters", "src/ports", "src/services/router/router_purse.cpp", "src/cli", "bench", "tests", "tools"), "code"),
    (r"\b(TODO|FIXME|XXX)\b", "unfinished work: finish it or file an issue", (), "any"),
    (r"GTEST_SKIP|DISABLED_|\btest\.skip\(|pytest\.skip", "a test that is skipped has failed", (), "any"),
    (r"std::this_thread::sleep|\busleep\(|time\.sleep\(", "tests wait for the thing itself, or use the virtual clock", (), "test"),
]

# The verbs of the world that comes with the server, and where their ids may stand as literals: as words of something else.
VERBS = "worlds/lanternfall/verbs.yaml"
VERB_WORDS = {  # file: which (a pattern), as what
    "src/services/capabilities/verb_text.cpp": (r"\w+", "words of English, for the third person"),
    "src/pack/kinds.h": ("give|tell|rest", "effects and a nature"),
    "src/pack/pack_reference.cpp": ("give|tell", "effects"),
    "src/pack/pack_names.cpp": ("guard", "an archetype"),
    "src/services/npc/npc_rules.cpp": ("guard", "an archetype"),
    "src/services/npc/choice_rules.cpp": ("guard", "an archetype"),
    "src/talk/language.cpp": ("guard", "a section of a language file"),
    "src/cli/why.cpp": ("guard", "a field of a decision"),
    "src/edge/docs_page.cpp": ("search", "an HTML attribute"),
}


@functools.cache
def verb_literals():
    ids = re.findall(r"^  - id: (\w+)$", (ROOT / VERBS).read_text(encoding="utf-8"), re.MULTILINE)
    return re.compile('"(' + "|".join(ids) + ')"')


# Where nothing is said in code: what goes into prompts, scenes and lines is data. Errors, logs, metrics and statements of SQL are not meant.
SAYS_NOTHING = ("src/services/npc/", "src/services/ai/")
# Elsewhere errors are made of pieces, and why an answer came about is told to who builds the world; a whole sentence is said to somebody.
SAYS_NO_SENTENCE = ("src/services/", "src/talk/", "src/inference/", "src/adapters/engine_")
SENTENCE = re.compile(r"[A-Z][^\"]*[a-z][^\"]*[.!?]$")
NOT_SAID = re.compile(r"\b(fail|bad|TROUPE_CHECK|counter|gauge|histogram|set_why|set_verdict)\(|reply\.set_reason|log::|\"(alter|create|delete|insert|select|update) ")


def sentences_in(text: str):
    """Line and words of each literal of three words or more that is none of those."""
    text = re.sub(r'R"(\w*)\(.*?\)\1"', lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"""^\s*//.*$|(?<=[;{},)])[ ]+//.*$|'"'""", "", text, flags=re.MULTILINE)
    at = 0
    for statement in re.split(r"([;{}])", text):
        for found in () if NOT_SAID.search(statement) else re.finditer(r'"((?:[^"\\\n]|\\.)*)"', statement):
            if len(re.findall(r"[A-Za-z]{2,}", found[1])) >= 3 and " " in found[1]:
                yield text[:at].count("\n") + statement[:found.start()].count("\n") + 1, found[1]
        at += len(statement)


def arrow_of(path: str):
    folder = str(pathlib.PurePosixPath(path).parent)
    for room, may in ARROWS.items():
        pattern = re.escape(room).replace(r"\*", r"[^/]+")
        found = re.match(pattern + r"(?=/|$)", folder)
        if found:
            return found.group(0), may
    return None


def types_in(text: str):
    """Line and full name of each class, struct, union and enum that is defined at the level of a namespace with a name."""
    around = []
    for number, line in enumerate(text.splitlines(), 1):
        if opens := re.match(r"(?:inline )?namespace\b\s*([\w:]*)\s*\{(.*)", line):
            around += [] if opens[2].endswith("}") else [opens[1]]
        elif re.match(r"\}  // namespace", line):
            around.pop()
        elif "" not in around and (named := re.match(r"(?:class|struct|union|enum(?: class)?)\s+(?:alignas\(\w+\)\s*)?([\w:]+)\b[^;(]*\{", line)):
            yield number, "::".join([*around, named[1]])


# Two types with one name are undefined behaviour as soon as one program holds both: the linker keeps either destructor for both.
def problems_across(texts):
    first = {}
    for path, text in texts.items():
        for number, name in types_in(text) if path.endswith((".h", ".cpp")) else ():
            if name in first:
                yield path, number, f"{name} is defined in {first[name]}, too: one of them needs a name of its own"
            first.setdefault(name, path)


def problems_of(path: str, text: str):
    lines = text.splitlines()
    # (cmake/precompiled.h is what the compiler reads first, and included by nobody.)
    is_header, is_test = path.endswith(".h") and not path.startswith("cmake/"), path.startswith("tests/") or re.search(r"_(test|suite|rig|fixture|upstream)\.", path)
    if len(lines) > LINES_MAX:
        yield 1, f"{len(lines)} lines: split it by theme ({LINES_MAX} at most)"
    if is_header and "#pragma once" not in lines[:3]:
        yield 1, "a header begins with #pragma once"
    if path.startswith(SAYS_NOTHING) and not is_test:
        for number, words in sentences_in(text):
            yield number, f"'{words}' is said in code: put it into src/pack/data/prompts.en.yaml (pack/prompt_texts.h)"
    elif path.startswith(SAYS_NO_SENTENCE) and not is_test:
        for number, words in sentences_in(text):
            if SENTENCE.match(words):
                yield number, f"'{words}' is said in code: put it into a data file of the room (src/talk/data, src/inference/data, src/pack/data)"
    room = arrow_of(path)
    for number, line in enumerate(lines, 1):
        for pattern, what, right_in, kind in RULES:
            if path.startswith(right_in) or not re.search(pattern, line):
                continue
            if kind == "any" or (kind == "header" and is_header and not is_test) or (kind == "test" and is_test) or (kind == "code" and not is_test):
                yield number, what
        for verb in verb_literals().findall(line.split("//")[0]) if path.startswith("src/") and not is_test else ():
            if not re.fullmatch(VERB_WORDS.get(path, ("", ""))[0], verb):
                yield number, f"the verb '{verb}' of {VERBS} is named in code: say it in the pack (nature, feels, mood, threat, archetypes)"
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
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in sorted(files) if path != "tools/tidy.py" and (ROOT / path).exists()}
    within = ((path, number, what) for path, text in texts.items() for number, what in problems_of(path, text))
    for path, number, what in itertools.chain(within, problems_across(texts)):
        print(f"{path}:{number}: {what}")
        found += 1
    for guard in mutate.missing():
        print(f"tests/mutations.toml: {guard['what']}: {guard['file']} has no such line any more")
        found += 1
    print(f"{len(files)} files, {found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
