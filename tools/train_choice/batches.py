"""Groups of examples to batches: what of training needs no network. A group is a line of generate.py: scenes with the same options."""
import json

EXAMPLES = 32   # a batch, about: groups are not cut
WINDOW = 40     # batches among which examples of like length are put together
WARM_UP = 0.06  # of a run
RATE_END = 0.02


def read(path) -> list[dict]:
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def size(group) -> int:
    return max(len(scene["who"]) + len(scene["scene"]) for scene in group["scenes"]) + sum(map(len, group["options"]))


def filled(groups, examples: int):
    """Parts of so many examples, or a little more."""
    part, count = [], 0
    for group in groups:
        part.append(group)
        count += len(group["scenes"])
        if count >= examples:
            yield part
            part, count = [], 0
    if part:
        yield part


def batches_of(groups, rng) -> list[list]:
    """Each group once, those of like length together, in any order."""
    groups = groups[:]
    rng.shuffle(groups)
    made = [batch for window in filled(groups, EXAMPLES * WINDOW) for batch in filled(sorted(window, key=size), EXAMPLES)]
    rng.shuffle(made)
    return made


def rate_at(done: float) -> float:
    """`done` of a run, 0 to 1; what of the highest rate is learned with."""
    return done / WARM_UP if done < WARM_UP else max(RATE_END, (1 - done) / (1 - WARM_UP))


def rotations(group):
    """The same group with its options begun at each of them."""
    count = len(group["options"])
    for by in range(count):
        order = [(place + by) % count for place in range(count)]
        yield {"options": [group["options"][place] for place in order], "scenes": [
            {**scene, "right": [order.index(place) for place in scene["right"]]} for scene in group["scenes"]]}
