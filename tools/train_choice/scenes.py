#!/usr/bin/env python3
"""Reads the training scenes (data/*.scenes; README.md has the format) and says what is wrong in them: scenes.py [FILE...].

A block is one set of options and the scenes that share it. Nothing of a broken file is used: every mistake is reported as
file:line with what is right. Without mistakes the program prints what there is of each kind.
"""
import collections
import dataclasses
import difflib
import pathlib
import re
import sys

DATA = pathlib.Path(__file__).with_name("data")
OPTIONS = range(2, 11)
WORDS_MAX = {"who": 45, "scene": 75, "option": 14}  # a token costs the server 1 to 3 ms
CARRY_ON = "carry on"
ANYBODY = "*"
GAP = "..."  # in a frame: where the scene of a line goes
SERVED = re.compile(r"It is \d\d:\d\d \([a-z]+\)")  # as npc begins what it sends
YOU_ARE = "You are "


@dataclasses.dataclass(frozen=True)
class Scene:
    who: str
    text: str
    right: frozenset  # places in the options of its block

    @property
    def served(self) -> bool:
        return bool(SERVED.match(self.text))

    @property
    def name(self) -> str:
        """Of who is asked; empty where the writer gave none."""
        return name_of(self.who)


@dataclasses.dataclass(frozen=True)
class Block:
    kind: str
    options: tuple
    scenes: tuple
    where: str  # file:line

    @property
    def open(self) -> bool:
        """Every option is right: what is wrong comes from other blocks."""
        return all(len(scene.right) == len(self.options) for scene in self.scenes)


class Mistakes(ValueError):
    """All that is wrong in the files, one line each."""


class Reader:
    """Reads one file, a line at a time."""

    def __init__(self, file: str):
        self.file = file
        self.kind = pathlib.PurePath(file).stem
        self.blocks, self.mistakes = [], []
        self._start(0, ())

    def read(self, text: str) -> list[Block]:
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self._line(number, line.strip())
            except ValueError as error:
                self.mistakes.append(f"{self.file}:{number}: {error}")
        self._finish()
        return self.blocks

    def _start(self, number, options):
        self.begun, self.options, self.scenes = number, options, []
        self.frame_who, self.frame = "", GAP

    def _line(self, number, line):
        if not line or line.startswith("#"):
            return
        sign, rest = line[0], line[1:].strip()
        if sign == "@":
            self._finish()
            self._start(number, ())
            self.kind = rest
        elif sign == ">":
            self._finish()
            self._start(number, ())
            self.options = options_of(rest)
        elif sign == "~":
            self.frame_who, self.frame = frame_of(rest)
        else:
            self._scene(line)

    def _scene(self, line):
        if not self.options:
            raise ValueError("a scene without options: the line '> option; option; option' comes first")
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3:
            raise ValueError(f"a scene is 'who | scene | right option', three parts and not {len(parts)}")
        who = parts[0] or self.frame_who
        text = " ".join(self.frame.replace(GAP, parts[1]).split())
        if not who or not text:
            raise ValueError(f"the {'scene' if who else 'person'} is missing, and no frame ('~ who | scene ...') gives it")
        for what, said in (("who", who), ("scene", text)):
            check_text(what, said)
        scene = Scene(who, text, frozenset(self._place(option.strip()) for option in parts[2].split(";")))
        if scene.served and not who.startswith(YOU_ARE):  # who is written out as the server writes it needs no look
            if not scene.name:
                raise ValueError("a scene as the server sends it is of somebody with a name: 'Nell, a fishwife, loud | ...'")
            if not any(word in text for word in scene.name.split()):
                raise ValueError(f"the scene does not name {scene.name}")
        if any((scene.who, scene.text) == (other.who, other.text) for other in self.scenes):
            raise ValueError("the same scene is in this block already")
        self.scenes.append(scene)

    def _place(self, option):
        if option in self.options:
            return self.options.index(option)
        near = difflib.get_close_matches(option, self.options, 1, 0)
        raise ValueError(f"'{option}' is not among the options of its block; did you mean '{near[0]}'?")

    def _finish(self):
        if self.scenes:
            self.blocks.append(Block(self.kind, self.options, tuple(self.scenes), f"{self.file}:{self.begun}"))
        elif self.options:
            self.mistakes.append(f"{self.file}:{self.begun}: options without a scene")


def name_of(who: str) -> str:
    """'Nell Harrow, a fishwife' and 'You are Unit 7, a robot. ...' have a name, 'a fishwife, loud' has none."""
    name, comma, _ = who.removeprefix(YOU_ARE).partition(",")
    words = name.split()
    named = comma and words and words[0][0].isupper() and all(word[0].isupper() or word[0].isdigit() for word in words)
    return name if named else ""


def options_of(text: str) -> tuple:
    options = tuple(option.strip() for option in text.split(";"))
    if len(options) not in OPTIONS:
        raise ValueError(f"a block has {OPTIONS.start} to {OPTIONS.stop - 1} options, not {len(options)}")
    for option in options:
        check_text("option", option)
        if options.count(option) > 1:
            raise ValueError(f"'{option}' is there twice")
    return options


def frame_of(text: str) -> tuple:
    who, bar, frame = (part.strip() for part in text.partition("|"))
    if not bar or frame.count(GAP) != 1:
        raise ValueError(f"a frame is '~ who | scene', and its scene has {GAP} once, where the lines that follow go")
    return who, frame


def check_text(what: str, text: str):
    if not text:
        raise ValueError(f"an empty {what}")
    if not text.isprintable():
        raise ValueError(f"a {what} is plain text: {text!r}")
    if len(text.split()) > WORDS_MAX[what]:
        raise ValueError(f"a {what} has {WORDS_MAX[what]} words at most, this one has {len(text.split())}")


def load(files=None) -> list[Block]:
    """Of all files, in order of their names; raises Mistakes."""
    blocks, mistakes, known = [], [], {}
    for path in sorted(map(pathlib.Path, files or DATA.glob("*.scenes"))):
        reader = Reader(path.name)
        blocks += reader.read(path.read_text(encoding="utf-8"))
        mistakes += reader.mistakes
    for block in blocks:
        for scene in block.scenes:
            key = (scene.who, scene.text, block.options)
            if known.setdefault(key, block.where) != block.where:
                mistakes.append(f"{block.where}: has a scene of {known[key]} again: {scene.text}")
    if mistakes:
        raise Mistakes("\n".join(mistakes))
    return blocks


def carries_on(block: Block, scene: Scene) -> bool:
    return any(block.options[place].startswith(CARRY_ON) for place in scene.right)


def figures(blocks: list[Block]) -> dict:
    """By kind: how many, and what of them a reader has to look at."""
    of_kind = collections.defaultdict(list)
    for block in blocks:
        of_kind[block.kind].append(block)
    return {kind: {
        "blocks": len(found),
        "scenes": sum(len(block.scenes) for block in found),
        "served": sum(scene.served for block in found for scene in block.scenes),
        "carry on": sum(carries_on(block, scene) for block in found for scene in block.scenes),
        "never right": sum(len(block.options) - len(frozenset().union(*(s.right for s in block.scenes))) for block in found),
    } for kind, found in sorted(of_kind.items())}


def main() -> int:
    try:
        blocks = load(sys.argv[1:])
    except Mistakes as mistakes:
        print(mistakes, file=sys.stderr)
        return 1
    found = figures(blocks)
    columns = ["blocks", "scenes", "served", "carry on", "never right"]
    print(f"{'kind':32}" + "".join(f"{column:>13}" for column in columns))
    for kind, of in [*found.items(), ("all", {column: sum(of[column] for of in found.values()) for column in columns})]:
        print(f"{kind:32}" + "".join(f"{of[column]:13}" for column in columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
