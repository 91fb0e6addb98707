"""The scenes of scenes.yaml: who somebody is, what happens, what may be done, and what of it is sensible."""
import dataclasses
import pathlib

FILE = pathlib.Path(__file__).with_name("scenes.yaml")
KEYS = {"tag", "scene", "options", "sensible"}
LETTERS = "ABCDEF"


@dataclasses.dataclass(frozen=True)
class Scene:
    who: str
    tag: str
    scene: str
    options: tuple
    sensible: frozenset  # places in `options`
    person: int          # counted from 0
    first: bool          # of this person: nobody has been asked as them before

    @property
    def dev(self):
        """Temperatures are fitted on every second person; the others are for the result."""
        return self.person % 2 == 0


def load(file=FILE):
    import yaml  # here, because `troupe bench --help` must not need it
    people = yaml.safe_load(file.read_text(encoding="utf-8"))["people"]
    return [of(person, number, who["who"], raw) for person, who in enumerate(people) for number, raw in enumerate(who["scenes"])]


def of(person, number, who, raw):
    if raw.keys() != KEYS:
        raise ValueError(f"a scene has {sorted(KEYS)}, not {sorted(raw)}")
    options = tuple(raw["options"])
    strange = [text for text in raw["sensible"] if text not in options]
    if strange:
        raise ValueError(f"sensible, but not among the options: {strange}; scene: {raw['scene']}")
    sensible = frozenset(options.index(text) for text in raw["sensible"])
    return Scene(who, raw["tag"], raw["scene"], options, sensible, person, number == 0)
