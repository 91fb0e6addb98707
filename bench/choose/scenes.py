"""The scenes of scenes.yaml and of the hard set, hard.yaml: who somebody is, what happens, what may be done, and what of it is sensible."""
import dataclasses
import pathlib

FILE = pathlib.Path(__file__).with_name("scenes.yaml")
HARD = pathlib.Path(__file__).with_name("hard.yaml")
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
    game: str = ""       # the kind of game; of the hard set only

    @property
    def dev(self):
        """Temperatures are fitted on every second person; the others are for the result."""
        return self.person % 2 == 0

    @property
    def chance(self):
        """Of being right without looking."""
        return len(self.sensible) / len(self.options)


def load(file=FILE):
    import yaml  # here, because `troupe bench --help` must not need it
    people = yaml.safe_load(file.read_text(encoding="utf-8"))["people"]
    return [of(person, number, who["who"], raw, who.get("game", ""))
            for person, who in enumerate(people) for number, raw in enumerate(who["scenes"])]


def of(person, number, who, raw, game=""):
    if raw.keys() != KEYS:
        raise ValueError(f"a scene has {sorted(KEYS)}, not {sorted(raw)}")
    options = tuple(raw["options"])
    strange = [text for text in raw["sensible"] if text not in options]
    if strange:
        raise ValueError(f"sensible, but not among the options: {strange}; scene: {raw['scene']}")
    sensible = frozenset(options.index(text) for text in raw["sensible"])
    return Scene(who, raw["tag"], raw["scene"], options, sensible, person, number == 0, game)


def rotations(scene):
    """The scene once with each of its options first: by places alone nobody is right more often than by chance."""
    count = len(scene.options)
    return [dataclasses.replace(scene, options=scene.options[by:] + scene.options[:by],
                                sensible=frozenset((place - by) % count for place in scene.sensible)) for by in range(count)]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def by_tag(found, figures):
    """Tag -> the mean of the figures of its scenes, in the order in which tags come."""
    return {tag: mean(figure for scene, figure in zip(found, figures) if scene.tag == tag)
            for tag in dict.fromkeys(scene.tag for scene in found)}
