"""What the rules of src/talk answer rightly, as make test holds it: German by words alone, which proves that nothing is English in C++,
and English by meaning. `bench talk` measures the whole, through a server."""
import pathlib
import types
import unittest

from harness import place
from talk import rules

# World: with MiniLM's vectors, and the least share of its lines. The goal of `bench talk` is above: here a change that loses shows.
LEAST = {"moorbrueck": (False, .80), "lanternfall": (True, .88), "miravale": (True, .90), "thornwell": (True, .86), "halden": (True, .90)}
EMBEDDING = "minilm-l6-v2"


class Goals(unittest.TestCase):
    def test_each_world(self):
        for world, (by_meaning, least) in LEAST.items():
            with self.subTest(world):
                options = types.SimpleNamespace(weights=place.weights(EMBEDDING) if by_meaning else None, set=[], language=None, clock=None)
                found = rules.judged(world, options)
                right = sum(not row.faults for row in found) / len(found)
                wrong = "\n".join(f"{row.line.id} {row.line.line!r} -> {row.said['text']!r}: {row.faults}" for row in found if row.faults)
                self.assertGreaterEqual(right, least, f"{world}: {right:.3f} of {len(found)} lines\n{wrong[:4000]}")


if __name__ == "__main__":
    unittest.main()
