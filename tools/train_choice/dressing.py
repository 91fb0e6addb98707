"""The same scene in other clothes: names, the ways to say who somebody is, and the frame that npc puts around what happens."""
import dataclasses
import re

from scenes import ANYBODY, SERVED, YOU_ARE, name_of

WOMEN = ("Alda Cassia Edda Gisela Ilse Katla Mira Oda Petra Runa Tilda Vroni Yara Agnes Clara Dorte Frida Hilde Jutta Lotte Nora Paula Sanna"
         " Ursel Wilma Britta Dana Fenja Hedda Ines Kora Magda Orla Selma Uta Wenda Bela Cora Esra Hera Juno Lena Nadia Priya Rosa Tess"
         " Ximena Zara Amara Bryn Chloe Delia Etta Farah Gwen Hana Isla Kaya Leila Mei Noor Olga Pia Ruth Sofia Thea Una Violet").split()
MEN = ("Bero Dietmar Falk Hanno Jorik Leif Nils Quentin Sven Ulf Wim Zeno Bastian Emmo Gregor Ivo Karl Matz Olaf Rolf Theo Viktor Xaver Aron"
       " Colm Enno Gero Jasper Lars Norbert Pius Till Veit Amos Devin Finn Goran Ian Keanu Marek Otto Sami Umar Vito Yusuf Abel Bruno"
       " Cyril Dmitri Elias Faris Gus Hugo Idris Joao Kofi Luis Milan Ned Omar Pavel Raul Stig Tomas Udo Wendel Yannis").split()
ROLES = ("a farmer;a miller;a baker;a guard;a fisherman;a merchant;a shepherd;a cook;a maid;a clerk;a student;a teacher;a smith;a sailor;"
         "a weaver;a carpenter;a healer;a hunter;a servant;a musician;a nurse;a scholar;a widow;a gardener;a traveller;a soldier;a potter;"
         "a knight;a priest;an innkeeper;a young woman;an old man;a ranger;a messenger;a mechanic;a doctor;a driver;an engineer;a pilot;"
         "a detective;a waiter;a settler;a mason;a tailor;a trader;a courier;a technician;an officer").split(";")
TRAITS = ("patient proud careful kind brave cheerful gloomy strict clever quiet stubborn curious gentle tired loyal poor old young calm shy"
          " quick friendly serious thrifty dutiful nervous sharp-eyed hard-working cautious merry grim devout talkative modest polite").split()
# Of no weight for any choice: what a persona has beside what matters.
ASIDES = (
    "{n} speaks slowly and forgets nothing.", "{n} has lived here for twenty years.", "{n} collects old keys.", "{n} likes plums.",
    "{n} writes everything down.", "{n} knows most people by name.", "{n} sleeps badly when the wind is in the north.",
    "{n} came from the south with nothing but a coat.", "{n} has two brothers.", "{n} hums at work.", "{n} reads a little every evening.",
    "{n} still gets up before dawn.", "{n} laughs easily.", "{n} has a scar on one hand.", "{n} dreams of a house with a garden.",
    "{n} was once a very good dancer.", "{n} keeps a diary.", "{n} has green eyes.", "{n} walks with a slight stoop.")
CLOCK_OR_SKY = re.compile(
    r"\b(night|morning|noon|evening|dawn|dusk|dark|midnight|sun|sunrise|sunset|moon|star|rain|snow|fog|storm|wind|frost|ice|hour|"
    r"o'clock|day|light|lamp|lantern|cold|hot|summer|winter)", re.IGNORECASE)
SHE = re.compile(r"\b(she|her|hers|herself|woman|girl|wife|lady|mother|sister|widow|nun|maid|queen|daughter)\b")
HE = re.compile(r"\b(he|his|him|himself|man|boy|husband|father|brother|monk|king|son)\b")
FRAME = re.compile(SERVED.pattern + r"(?:, [a-z ]+)?\. ")
PLACE = re.compile(r"^(?P<name>.+?) is at (?P<place>.+?), (?P<doing>[^.]+)\.")
GOAL = re.compile(r" What matters most: [^.]+\.$")


@dataclasses.dataclass(frozen=True)
class Person:
    name: str
    role: str
    traits: str
    said: str = ""  # the whole of it, where the writer wrote a persona himself

    @property
    def first(self) -> str:
        return self.name.split()[0] if not self.name.split()[0].endswith(".") else self.name


def person_of(who: str, name: str, rng) -> Person:
    """`name` is for whom the writer gave none."""
    if who == ANYBODY:
        return Person(name, rng.choice(ROLES), " and ".join(rng.sample(TRAITS, 2)))
    own = name_of(who)
    if who.startswith(YOU_ARE):
        return Person(own or name, "", "", who)
    role, _, traits = who.removeprefix(own + ", " if own else "").partition(", ")
    return Person(own or name, role, traits)


def bare(role: str) -> str:
    return re.sub(r"^(a|an|the) ", "", role)


def sentences(name: str, traits: str) -> str:
    """'calm, who hates the whip' -> 'Nell is calm. Nell hates the whip.'"""
    said = []
    for part in re.split(r", (?=who )|(?<=^)(?=who )", traits):
        if not part:
            continue
        if part.startswith("who "):
            said.append(f"{name} {part[4:]}.")
        elif part.startswith("with "):
            said.append(f"{name} has {part[5:]}.")
        else:
            said.append(f"{name} is {part}.")
    return " ".join(said)


def say(person: Person, rng, served: bool) -> str:
    """Who somebody is, in one of the ways in which a game may say it; as the server does where the scene is the server's."""
    asides = rng.sample(ASIDES, rng.choice((0, 0, 0, 1, 2)))
    more = "".join(" " + aside.format(n=person.first) for aside in asides)
    if person.said:
        return person.said + more
    if not person.traits:
        return f"You are {person.name}, {bare(person.role)}.{more}"
    plain = not re.match(r"(who|whose|with) |.*, who", person.traits)
    way = rng.random() * (0.6 if served else 1)
    if way < 0.35:
        return f"You are {person.name}, {bare(person.role)}. {sentences(person.first, person.traits)}{more}"
    if way < 0.5 and plain:
        return f"You are {person.name}, {person.role}. You are {person.traits}.{more}"
    if way < 0.7:
        return f"You are {person.name}, {person.role}, {person.traits}.{more}"
    if way < 0.85:
        return f"{person.name}, {bare(person.role)}, {person.traits}"
    return f"{person.role}, {person.traits}"


def another_name(text: str, rng) -> str:
    """A name that the text does not have; of a woman where it only says she, of a man where it only says he."""
    she, he = SHE.search(text), HE.search(text)
    names = WOMEN if she and not he else MEN if he and not she else WOMEN + MEN
    return rng.choice([name for name in names if name not in text])


def text_of(block) -> str:
    return " ".join([*block.options, *(f"{scene.who} {scene.text}" for scene in block.scenes)])


def renamed_block(block, old: str, new: str):
    def said(text):
        for part in (old, *old.split()):
            if len(part) > 2 and not part.endswith("."):
                text = re.sub(rf"\b{re.escape(part)}\b", new, text)
        return text
    return dataclasses.replace(block, options=tuple(map(said, block.options)), scenes=tuple(
        dataclasses.replace(scene, who=said(scene.who), text=said(scene.text)) for scene in block.scenes))


def frames_of(texts) -> list[tuple]:
    """(beginning, place, goal) of the scenes that are written as the server sends them."""
    found = []
    for text in texts:
        begin = FRAME.match(text)
        there = PLACE.match(text[begin.end():]) if begin else None
        if there:
            goal = GOAL.search(text)
            found.append((begin[0], there["place"], there["doing"], goal[0] if goal else ""))
    return found


def framed(scene: str, name: str, doing: str, frame: tuple, with_goal: bool) -> str:
    begin, place, does, goal = frame
    return f"{begin}{name} is at {place}, {doing or does}. Just now: {scene}{goal if with_goal else ''}"
