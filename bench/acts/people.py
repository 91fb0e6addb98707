"""worlds.yaml and lines.jsonl: who may do what, what was said to whom, and which of it is a wish. Pure but for reading the files."""
import dataclasses
import json
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).resolve().parent
SPEAKER = "Ana"  # who says the lines, as options name them


@dataclasses.dataclass(frozen=True)
class Option:
    text: str        # "sell ale to Ana"
    form: str        # "sell {thing} to {speaker}"
    deed: str
    arguments: tuple  # (parameter, names), names = () for who speaks


@dataclasses.dataclass(frozen=True)
class Line:
    person: str  # "world/name"
    kind: str
    text: str
    want: str    # text of an option, as worlds.yaml has it; "" = nothing


def read_option(written, verbs, names):
    """`sell ale to {speaker}` by the verb `sell {thing} to {speaker}`."""
    for verb in verbs:
        pattern = re.sub(r"\\\{(thing|person)\\\}", r"(?P<\1>.+)", re.escape(verb["text"])).replace(r"\{speaker\}", r"\{speaker\}")
        found = re.fullmatch(pattern, written)
        if found:
            arguments = [(param, (name, *names.get(name, ()))) for param, name in found.groupdict().items()]
            if "{speaker}" in written:
                arguments.append(("speaker", ()))
            return Option(written.replace("{speaker}", SPEAKER), verb["text"], verb.get("deed", "other"), tuple(arguments))
    arguments = (("speaker", ()),) if "{speaker}" in written else ()
    return Option(written.replace("{speaker}", SPEAKER), written, "other", arguments)


def load_people(path=HERE / "worlds.yaml"):
    """"world/name" -> (what it is written as -> Option)"""
    worlds = yaml.safe_load(path.read_text(encoding="utf-8"))["worlds"]
    return {f"{world}/{name}": {written: read_option(written, it["verbs"], it.get("names", {})) for written in options}
            for world, it in worlds.items() for name, options in it["people"].items()}


def load_lines(path=HERE / "lines.jsonl"):
    return [Line(f"{row['world']}/{row['person']}", row["kind"], row["line"], row["want"])
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())]


def lower(text):
    return re.sub(r"[.,!?'\"]", "", text.lower())


def typed(text):
    """One typing error: the two letters in the middle of the longest word change places."""
    words = text.split(" ")
    longest = max(range(len(words)), key=lambda i: sum(map(str.isalpha, words[i])))
    word = words[longest]
    at = len(word) // 2
    if at < 1 or not (word[at - 1:at + 1].isalpha()):
        return text
    words[longest] = word[:at - 1] + word[at] + word[at - 1] + word[at + 1:]
    return " ".join(words)


@dataclasses.dataclass
class Count:
    right: int = 0    # wished and done
    other: int = 0    # wished, and something else was done
    missed: int = 0   # wished and not done
    done: int = 0     # not wished, and something was done
    left: int = 0     # not wished and not done

    def add(self, want, did):
        if want:
            self.right += did == want
            self.other += bool(did) and did != want
            self.missed += not did
        else:
            self.done += bool(did)
            self.left += not did

    @property
    def unwished_left(self):
        return self.left / max(1, self.left + self.done)

    @property
    def wished_done(self):
        return self.right / max(1, self.right + self.other + self.missed)

    @property
    def precision(self):
        return self.right / max(1, self.right + self.other + self.done)
