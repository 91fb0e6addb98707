"""Interleaved runs: each round runs every side once, so that a slow moment of the machine hits all of them."""
import collections
import dataclasses

ROUNDS = 5


@dataclasses.dataclass
class Form:
    """How much is measured: all of it, or one round without warm-up, which shows that a benchmark runs and no more."""
    smoke: bool = False


form = Form()


def interleave(sides, rounds=ROUNDS, tell=lambda text: None):
    """`sides`: name -> function(round) that answers figures by name, a number or a list of them each.

    Round 0 warms up and does not count. Every second round begins with the last side, so that none is always first.
    Answers side -> figure -> the values of all rounds that count.
    """
    kept = {side: collections.defaultdict(list) for side in sides}
    if form.smoke:
        rounds = 1
    for number in range(1 if form.smoke else 0, rounds + 1):
        order = list(sides.items())
        if number % 2:
            order.reverse()
        for side, run in order:
            tell(f"{side}, " + (f"round {number} of {rounds}" if number else "warm-up"))
            for figure, value in run(number).items():
                if number:
                    kept[side][figure].extend(value if isinstance(value, list) else [value])
    return {side: dict(figures) for side, figures in kept.items()}
