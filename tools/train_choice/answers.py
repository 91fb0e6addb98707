#!/usr/bin/env python3
"""What somebody could say to a line, and what of it fits: data/answers/*.json to groups of examples, as generate.py makes them of scenes.

A file is a list of characters: {world, who, answers: {id: text}, talk: [{line, right: [id], after: id}]}. `right` has every answer that a
good reader would take for one; `after` is what the character has just said. As a program: mistakes with file and line of talk, or counts.
"""
import collections
import dataclasses
import hashlib
import json
import pathlib
import random
import sys

from likeness import stems
from scenes import YOU_ARE

DATA = pathlib.Path(__file__).parent / "data" / "answers"
SAYS = 'A stranger says: "{line}"'
SAYS_AFTER = 'You just said: "{said}" A stranger says: "{line}"'
# Reactions and refusals; the rest is what this character knows.
KINDS = ("unknown", "refuse", "consent", "never_told", "deflect", "greeting", "farewell", "thanks", "insult", "threat", "praise", "sorrow",
         "news", "apology", "joke", "doubt")
LINES = (2, 5)        # of a group
OPTIONS = (6, 14)     # of a group
NEAR_SHARE = 0.6      # of the wrong options that share words with the lines
ALWAYS = {"unknown": 0.8, "refuse": 0.7, "deflect": 0.6, "news": 0.3}  # offered whatever is asked
HELD_OUT = 11         # one in so many characters, whole
FOREIGN_SHARE = 0.25  # of groups that get an answer of another world


@dataclasses.dataclass(frozen=True)
class Line:
    text: str
    right: frozenset
    after: str = ""


@dataclasses.dataclass(frozen=True)
class Character:
    where: str
    who: str
    answers: dict
    talk: tuple


def of(row: dict, where: str) -> Character:
    talk = []
    for line in row["talk"]:
        right = set(line["right"])
        if "consent" in right:  # whoever may do it may refuse it
            right.add("refuse")
        talk.append(Line(line["line"], frozenset(right), line.get("after") or ""))
    return Character(where, row["who"], row["answers"], tuple(talk))


def faults(character: Character) -> list[str]:
    out = []
    for at, line in enumerate(character.talk):
        unknown = [one for one in (*line.right, line.after) if one and one not in character.answers]
        if unknown:
            out.append(f"{character.where}: line {at + 1}: no answer {', '.join(unknown)}")
        if not line.right or not line.text.strip():
            out.append(f"{character.where}: line {at + 1}: nothing is right")
    return out


def load(folder: pathlib.Path = DATA) -> list[Character]:
    out = []
    for file in sorted(folder.glob("*.json")):
        rows = json.loads(file.read_text(encoding="utf-8"))
        out += [of(row, f"{file.name}: {row['who'].split(',')[0]}") for row in rows]
    return out


def scene_of(line: Line, answers: dict) -> str:
    return SAYS_AFTER.format(said=answers[line.after], line=line.text) if line.after else SAYS.format(line=line.text)


def say(who: str) -> str:
    """Name, role and the first sentence of the persona, as prompts.en.yaml says who somebody is."""
    name, _, rest = who.partition(". ")
    persona = rest.split(". ")[0].rstrip(".")
    return f"{YOU_ARE}{name}." + (f" {persona}." if persona else "")


class Groups:
    """Dresses characters: each round other lines together, other wrong answers."""

    def __init__(self, characters, seed: int):
        self.rng = random.Random(seed)
        self.characters = list(characters)
        self.stems = {character.where: {one: frozenset(stems(text)) for one, text in character.answers.items()} for character in self.characters}

    def round(self):
        characters = self.characters[:]
        self.rng.shuffle(characters)
        for character in characters:
            lines = list(character.talk)
            self.rng.shuffle(lines)
            while lines:
                count = min(len(lines), self.rng.randint(*LINES))
                yield self.group(character, [lines.pop() for _ in range(count)])

    def group(self, character, lines) -> dict:
        rng, answers = self.rng, character.answers
        most = rng.randint(*OPTIONS)
        chosen = set()
        for line in lines:
            right = sorted(line.right)
            chosen.update(rng.sample(right, min(len(right), 1 if rng.random() < 0.7 else 2)))
        said = {line.after for line in lines if line.after}
        chosen.update(one for one in said if rng.random() < 0.6)
        chosen.update(one for one, share in ALWAYS.items() if one in answers and rng.random() < share)
        known = self.stems[character.where]
        words = frozenset(stem for line in lines for stem in stems(line.text))
        left = [one for one in sorted(answers) if one not in chosen]
        near = sorted(left, key=lambda one: (-len(known[one] & words), one))[:8]
        while len(chosen) < most and left:
            pool = [one for one in near if one in left] if rng.random() < NEAR_SHARE else left
            one = rng.choice(pool or left)
            chosen.add(one)
            left.remove(one)
        order = sorted(chosen)
        rng.shuffle(order)
        texts = [answers[one] for one in order]
        if rng.random() < FOREIGN_SHARE:
            other = rng.choice(self.characters)
            if other.where.split(":")[0] != character.where.split(":")[0]:
                texts.append(rng.choice([text for one, text in sorted(other.answers.items()) if one not in KINDS]))
        return {"block": character.where, "options": texts, "scenes": [
            {"who": say(character.who), "scene": scene_of(line, answers), "right": [at for at, one in enumerate(order) if one in line.right]}
            for line in lines]}


def plain(character: Character):
    """For measuring: each line alone, with some of the pool around it."""
    groups = Groups([character], 1)
    for line in character.talk:
        yield groups.group(character, [line])


def is_held_out(character: Character) -> bool:
    return hashlib.sha256(character.who.encode()).digest()[0] % HELD_OUT == 0


def main() -> int:
    characters = load(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
    wrong = [fault for character in characters for fault in faults(character)]
    for fault in wrong:
        print(fault)
    lines = [line for character in characters for line in character.talk]
    kinds = collections.Counter(one if one in KINDS else one[0] for line in lines for one in line.right)
    print(f"{len(characters)} characters, {len(lines)} lines, {sum(1 for line in lines if line.after)} of them after an answer; right: "
          + ", ".join(f"{name} {count}" for name, count in kinds.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
