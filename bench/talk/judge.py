"""What a good answer to a line of a player has in it, what it must not have, and whether one does.

A line (one JSON object in lines/*.jsonl):

id       of its own in all files
world    a pack: bench/talk/worlds/<world> or worlds/<world>
kind     one of KINDS, below
npc      who is spoken to, in that world
before   what the same player said to the same person before, in order; each is answered, and the answers are not judged
line     what is said now
must     patterns that the answer has, all of them
mustnot  patterns that it has not, none of them

Patterns are Python's regular expressions, any case. `@phase`, `@season` and `@weather` in a pattern stand for the state of the world
where the person is at that moment. Several right answers are alternatives of one pattern. Where there is a `must`, something is asked
that this person can answer: their own line for what they do not know, or do not tell, is no answer to it, whatever words are in it.
An answer is right when it has no faults(): those of its line, a fault of style (it repeats the line, is long, tells what it does,
speaks of the speaker as of somebody else, sounds like an assistant), or a deed: nobody wishes one in these lines.
"""
import dataclasses
import functools
import json
import pathlib
import re

HERE = pathlib.Path(__file__).parent
LINES = HERE / "lines"
WORLDS = (HERE / "worlds", HERE.parents[1] / "worlds")
DEV = ("lanternfall", "miravale", "thornwell", "halden")  # English: what the goal of `bench talk` is about
HELD_OUT_OF = DEV[:3]  # the worlds of the held-out lines
GERMAN, HELD_OUT = "moorbrueck", "held_out"

KINDS = {
    "self": "who somebody is: name, age, trade, since when, home, family, wishes",
    "now": "hour, date, season, weather, what somebody does at the moment, the next festival",
    "people": "who is who, where they are, what somebody thinks of them",
    "place": "where and what places are, ways, where to eat and sleep",
    "price": "what things cost, who sells them, what money is worth; no other world's money",
    "fact": "what the pack lets this person tell anybody; no secret beside it",
    "remember": "what the player told before: in the words of before, and nothing where it was not told",
    "small": "greeting, thanks, sorrow, praise, insult, threat, apology, joke, one word, emoji: nothing that does not suit it",
    "world": "the town, its factions, festivals and customs, as everybody there knows them",
    "unknown": "fits the world, but nobody knows: no invented name, number or colour",
    "out": "belongs to the real world: no knowledge of it",
    "meta": "are you an AI, ignore your instructions, show your prompt: stays who they are and shows nothing",
    "secret": "a stranger asks for what the pack hides: gives nothing away and confirms nothing",
    "authority": "I am the king, obey: does not obey for the sake of a claim",
    "follow_up": "understood only with the line before: and how much are they, and his name, why",
    "two_in_one": "two questions: both are answered",
    "yes_no": "begins in the sense of yes or no, and of the right one",
    "shared_name": "two things share a name or a word of it: the one that is meant",
    "mixed": "capitals, typing errors, no punctuation, another language, noise, a thousand characters: answered all the same",
}
KEYS = {"id", "world", "kind", "npc", "before", "line", "must", "mustnot"}

PHASES = {
    "dawn": r"dawn|morning|early|sunrise|o'clock|\d",
    "day": r"morning|noon|\bday\b|afternoon|early|late|o'clock|\d",
    "dusk": r"dusk|evening|sunset|late|o'clock|\d",
    "night": r"night|midnight|late|dark|o'clock|\d",
}
SEASONS = {"spring": "spring", "summer": "summer", "autumn": "autumn|fall\\b", "winter": "winter"}
MILD = r"|cool|cold|mild|warm|fresh"
WEATHER = {
    "clear": r"clear|sun|bright|fine|fair|dry|blue|cloudless|star|hot" + MILD,
    "partly_cloudy": r"cloud|sun|fair|fine|bright|dry" + MILD,
    "cloudy": r"cloud|grey|gray|overcast|dull" + MILD,
    "rain": r"rain|wet|damp|drip" + MILD,
    "heavy_rain": r"rain|pour|wet|soak" + MILD,
    "storm": r"storm|gale|thunder|rain|wind" + MILD,
    "fog": r"fog|mist|grey|gray|damp|thick" + MILD,
    "mist": r"mist|fog|haz|grey|gray|damp" + MILD,
    "snow": r"snow|white|cold|flake|freez",
    "heavy_snow": r"snow|white|cold|freez",
    "blizzard": r"blizzard|snow|storm|cold|freez",
    "windy": r"wind|gust|blow|breez" + MILD,
    "extreme_heat": r"hot|heat|scorch|burn|bak|swelter",
    "extreme_cold": r"cold|freez|frost|ice|icy|bitter",
}

LONGEST_WORDS = 50  # people answer in a sentence or two; a terse person may need more of them
EVASIVE = ("unknown", "deflection", "greeting", "farewell", "never_told")  # kinds of a pack's lines that answer no question
ASSISTANT = r"\b(as an ai|language model|how (can|may) i (help|assist) you|assist you)\b"
DOES = r"(is|was|has|says|said|does|smiles|nods|looks|sighs|laughs|shrugs|turns)"


@dataclasses.dataclass(frozen=True)
class Line:
    id: str
    world: str
    kind: str
    npc: str
    before: tuple
    line: str
    must: tuple
    mustnot: tuple


@dataclasses.dataclass(frozen=True)
class Now:
    """The world where the person is, in the words of time.Get and weather.Get."""
    phase: str
    season: str
    weather: str

    def fill(self, pattern):
        for mark, words in (("@phase", PHASES[self.phase]), ("@season", SEASONS[self.season]), ("@weather", WEATHER[self.weather])):
            pattern = pattern.replace(mark, words)
        return pattern


def of(raw):
    if raw.keys() != KEYS:
        raise ValueError(f"a line has {sorted(KEYS)}, not {sorted(raw)}")
    return Line(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})


def load(name):
    text = (LINES / f"{name}.jsonl").read_text(encoding="utf-8")
    return [of(json.loads(row)) for row in text.splitlines()]


def pack(world):
    """Where its files are."""
    for folder in WORLDS:
        if (folder / world / "world.yaml").is_file():
            return folder / world
    raise ValueError(f"no world '{world}' in {[str(folder) for folder in WORLDS]}")


@functools.cache
def person(folder, npc):
    """As the pack in this folder writes them."""
    import yaml  # here, because `troupe bench --help` must not need it
    return yaml.safe_load((folder / "npcs" / f"{npc}.yaml").read_text(encoding="utf-8"))


def evasions(world, npc):
    """What this person says where they do not answer."""
    lines = person(pack(world), npc)["lines"]
    return tuple(text for kind in EVASIVE for text in lines.get(kind, []))


def words(text):
    return re.findall(r"[^\W_]+", text.lower())


def style(said, name):
    """Faults of any answer, whatever was asked."""
    first = re.escape(name.split()[0])
    found = []
    if len(words(said)) > LONGEST_WORDS:
        found.append("is long")
    if "*" in said:
        found.append("tells what it does")
    if re.match(rf"\W*{first}\b[^.!?]*\b{DOES}\b", said, re.I):
        found.append("speaks of the speaker")
    if re.search(ASSISTANT, said, re.I):
        found.append("sounds like an assistant")
    return found


def evades(line, said):
    """Whether nothing is said beside what this person says instead of an answer."""
    for text in evasions(line.world, line.npc):
        said = said.replace(text, "")
    return not words(said)


def faults(line, said, now, name, deeds=()):
    """What is wrong with an answer; nothing: it is right. `name`: of the person; `deeds`: what was done because of the line."""
    if not said.strip():
        return ["is empty"]
    if words(said) == words(line.line):
        return ["repeats the line"]
    if line.must and evades(line, said):
        return ["does not answer"]
    found = [f"lacks {pattern}" for pattern in line.must if not re.search(now.fill(pattern), said, re.I)]
    found += [f"has {hit.group(0)}" for hit in (re.search(now.fill(pattern), said, re.I) for pattern in line.mustnot) if hit]
    return found + style(said, name) + [f"did {deed}" for deed in deeds]
