"""How like two scenes are, by their words: what the benchmark asks must not be what was trained on."""
import collections
import math
import re

STEM = 5  # letters of a word that count: "carry", "carries" and "carried" are nearly one
COMMON = frozenset(
    "a an and are as at be been but by can cannot do does for from had has have he her hers him his i if in into is it its just now"
    " matters me more most no not nobody of off on one only or other out over s she so some somebody t that the their them then there"
    " they this to too two up was were what when where which who whose will with would you your".split())
FRAME = re.compile(r"It is \d\d:\d\d \([a-z]+\)(?:, [a-z ]+)?\. ")


def stems(text: str) -> list[str]:
    """Of the words that carry meaning, in order."""
    words = re.findall(r"[a-z]+", FRAME.sub("", text).lower())
    return [word[:STEM] for word in words if word not in COMMON]


class Likeness:
    """Cosine of the stems of two texts, rare ones counting more. `texts` are all that is compared, `asked` what the others are held against."""

    def __init__(self, texts, asked):
        texts = list(texts)
        in_texts = collections.Counter(stem for text in texts for stem in set(stems(text)))
        self.weights = {stem: math.log(1 + len(texts) / count) for stem, count in in_texts.items()}
        self.having = collections.defaultdict(list)  # stem -> (place in `asked`, weight there)
        for place, text in enumerate(asked):
            for stem, weight in self.vector(text).items():
                self.having[stem].append((place, weight))

    def vector(self, text: str) -> dict:
        counted = collections.Counter(stems(text))
        weighed = {stem: count * self.weights.get(stem, 0.0) for stem, count in counted.items()}
        length = math.sqrt(sum(weight * weight for weight in weighed.values())) or 1.0
        return {stem: weight / length for stem, weight in weighed.items()}

    def nearest(self, text: str) -> tuple[float, int]:
        """The greatest cosine with one of `asked`, and its place."""
        cosines = collections.defaultdict(float)
        for stem, weight in self.vector(text).items():
            for place, other in self.having.get(stem, ()):
                cosines[place] += weight * other
        return max(((cosine, place) for place, cosine in cosines.items()), default=(0.0, -1))
