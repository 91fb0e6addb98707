#!/usr/bin/env python3
"""Makes examples from the scenes: generate.py --seed 1 --out build/train_choice

Writes train.jsonl and held_out.jsonl. A line is a group: scenes of one block with the same options in the same order, because what tells
them apart is what is to be learned. Every round dresses each block anew: order and number of options, a wrong option from another
kind of game, names, ways to say who somebody is, and around some plain scenes the frame of the server. Blocks whose hash says so
are held out whole. The same seed gives the same bytes.
"""
import argparse
import collections
import dataclasses
import hashlib
import itertools
import json
import pathlib
import random
import sys

import answers
import dressing
import scenes
from likeness import Likeness, stems

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench" / "choose"
OPTIONS_MAX = 6
HELD_OUT = 14          # one in so many of the contrast blocks
LIKE_MAX = 0.5         # of a scene and one of the benchmark: above it the scene is left out
SAME = 0.62            # above it one was written from the other: no such scene may be in data/
FOREIGN_SHARE = 0.35   # of groups that get a wrong option from elsewhere though they have enough
FEWER_SHARE = 0.25     # of contrast groups that leave options and their scenes out
FRAMED_SHARE = 0.25    # of plain groups that get the frame of the server
GOAL_SHARE = 0.4       # of those frames that say what matters most
RENAMED_SHARE = 0.7
GENERIC_BLOCKS = 2     # an option that is in more blocks fits nearly everywhere, so it is no wrong option


@dataclasses.dataclass
class Rounds:
    contrast: int
    base: int


def is_base(block) -> bool:
    """Single scenes and templates, of which there are many and which teach less."""
    return block.where.startswith("base_")


def is_held_out(block) -> bool:
    digest = hashlib.sha256("; ".join(block.options).encode()).digest()
    return not is_base(block) and digest[0] % HELD_OUT == 0


def benchmark_scenes() -> list[str]:
    """What is asked in the benchmarks, whatever files there are."""
    import yaml
    found = []
    for file in sorted(BENCH.glob("*.yaml")):
        collect(yaml.safe_load(file.read_text(encoding="utf-8")), found)
    return found


def collect(value, found):
    if isinstance(value, dict):
        if isinstance(value.get("scene"), str):
            found.append(value["scene"])
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            collect(part, found)


def apart(blocks, asked, like_max=LIKE_MAX) -> tuple[list, list]:
    """The blocks without scenes that are too like one of `asked`; and those scenes as (cosine, scene, asked)."""
    measure = Likeness([*asked, *(scene.text for block in blocks for scene in block.scenes)], asked)
    kept, dropped = [], []
    for block in blocks:
        left = []
        for scene in block.scenes:
            cosine, place = measure.nearest(scene.text)
            if cosine > like_max:
                dropped.append((cosine, scene.text, asked[place]))
            else:
                left.append(scene)
        if left:
            kept.append(dataclasses.replace(block, scenes=tuple(left)))
    return kept, dropped


class Foreign:
    """Wrong options from other kinds of games: about things that are not in the scene."""

    def __init__(self, blocks):
        used = collections.Counter(option for block in blocks for option in block.options)
        self.options = [(block.kind, option, frozenset(stems(option))) for block in blocks for option in block.options
                        if used[option] <= GENERIC_BLOCKS and not option.startswith(scenes.CARRY_ON) and len(stems(option)) > 1]

    def pick(self, rng, block, taken) -> str | None:
        here = frozenset(stem for scene in block.scenes for stem in stems(scene.text))
        here |= frozenset(stem for option in (*block.options, *taken) for stem in stems(option))
        for _ in range(40):
            kind, option, words = rng.choice(self.options)
            if kind != block.kind and not words & here:
                return option
        return None


class Wardrobe:
    """Dresses blocks. One for a run, so that the same seed gives the same examples."""

    def __init__(self, blocks, seed):
        self.rng = random.Random(seed)
        self.foreign = Foreign(blocks)
        self.frames = collections.defaultdict(list)
        for block in blocks:
            self.frames[block.kind] += dressing.frames_of(scene.text for scene in block.scenes)

    def group(self, block) -> dict:
        block = self._renamed(block)
        rng = self.rng
        chosen, kept = self._options(block)
        while len(chosen) < 3 or (len(chosen) < OPTIONS_MAX and rng.random() < FOREIGN_SHARE / 2):
            option = self.foreign.pick(rng, block, chosen)
            if option is None:
                break
            chosen.append(option)
        rng.shuffle(chosen)
        frame = self._frame(block, kept)
        return {"block": block.where, "options": chosen, "scenes": [self._scene(block, scene, chosen, frame) for scene in kept]}

    def _renamed(self, block):
        for name in sorted({scene.name for scene in block.scenes} - {""}):
            if self.rng.random() < RENAMED_SHARE:
                block = dressing.renamed_block(block, name, dressing.another_name(dressing.text_of(block), self.rng))
        return block

    def _options(self, block) -> tuple[list, list]:
        """What is offered, and the scenes that can be answered with it."""
        rng, options = self.rng, list(block.options)
        if len(block.scenes) == 1 or block.open:
            scene = rng.choice(block.scenes)
            right = rng.sample(sorted(scene.right), min(len(scene.right), 2 if rng.random() < 0.2 else 1))
            wrong = [place for place in range(len(options)) if place not in scene.right]
            wrong = rng.sample(wrong, min(len(wrong), rng.choice((2, 3, 3, 3, 4, 5)), OPTIONS_MAX - len(right)))
            return [options[place] for place in (*right, *wrong)], [scene]
        places = list(range(len(options)))
        if len(places) > OPTIONS_MAX or (len(places) > 3 and rng.random() < FEWER_SHARE):
            places = rng.sample(places, min(OPTIONS_MAX, rng.randint(3, len(places))))
        kept = [scene for scene in block.scenes if scene.right & set(places)]
        if not kept:
            return options, list(block.scenes)
        return [options[place] for place in places], kept

    def _frame(self, block, kept):
        """The frame of the server for plain scenes, where nothing in them says another hour or another sky."""
        frames = self.frames[block.kind]
        if not frames or self.rng.random() > FRAMED_SHARE or any(s.served or dressing.CLOCK_OR_SKY.search(s.text) for s in kept):
            return None
        return self.rng.choice(frames)

    def _scene(self, block, scene, chosen, frame) -> dict:
        rng, text = self.rng, scene.text
        person = dressing.person_of(scene.who, dressing.another_name(f"{scene.who} {text} {' '.join(chosen)}", rng), rng)
        if frame:
            doing = next((option.split(": ", 1)[1] for option in block.options if option.startswith(scenes.CARRY_ON + ": ")), "")
            text = dressing.framed(text, person.first, doing, frame, rng.random() < GOAL_SHARE)
        right = [chosen.index(block.options[place]) for place in sorted(scene.right) if block.options[place] in chosen]
        return {"who": dressing.say(person, rng, scene.served or bool(frame)), "scene": text, "right": right}


def plain(block) -> dict:
    """A block with all its options and scenes, for measuring."""
    rng = random.Random(block.where)
    return {"block": block.where, "options": list(block.options), "scenes": [
        {"who": dressing.say(dressing.person_of(scene.who, dressing.another_name(dressing.text_of(block), rng), rng), rng, True),
         "scene": scene.text, "right": sorted(scene.right)} for scene in block.scenes]}


def groups(blocks, rounds: Rounds, seed: int):
    wardrobe = Wardrobe(blocks, seed)
    for number in range(max(rounds.contrast, rounds.base)):
        order = [block for block in blocks if number < (rounds.base if is_base(block) else rounds.contrast)]
        wardrobe.rng.shuffle(order)
        for block in order:
            yield wardrobe.group(block)


def answer_groups(characters, rounds: int, seed: int):
    dressed = answers.Groups(characters, seed)
    for _ in range(rounds):
        yield from dressed.round()


def write(path: pathlib.Path, lines) -> int:
    count = 0
    with open(path, "w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(line) + "\n")
            count += len(line["scenes"])
    return count


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=8, help="of the contrast blocks")
    arguments.add_argument("--base-rounds", type=int, default=3, help="of single scenes and templates")
    arguments.add_argument("--answers-rounds", type=int, default=0, help="of what fits a line, beside what to do")
    arguments.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "train_choice")
    given = arguments.parse_args()
    blocks, dropped = apart(scenes.load(), benchmark_scenes())
    for cosine, text, asked in sorted(dropped, reverse=True):
        print(f"left out, {cosine:.2f} like a scene of the benchmark: {text} <-> {asked}")
    given.out.mkdir(parents=True, exist_ok=True)
    train = [block for block in blocks if not is_held_out(block)]
    characters = answers.load() if given.answers_rounds else []
    known = [character for character in characters if not answers.is_held_out(character)]
    made = [groups(train, Rounds(given.rounds, given.base_rounds), given.seed), answer_groups(known, given.answers_rounds, given.seed)]
    count = write(given.out / "train.jsonl", itertools.chain(*made))
    held = write(given.out / "held_out.jsonl", map(plain, filter(is_held_out, blocks)))
    heard = write(given.out / "held_out_answers.jsonl", (group for one in characters if answers.is_held_out(one) for group in answers.plain(one)))
    print(f"{count} examples from {len(train)} blocks and {len(known)} characters; {held} scenes and {heard} lines held out, {len(dropped)} left out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
