"""What the rules of src/talk answer rightly, as make test holds it: German by words alone, which proves that nothing is English in C++,
and English by meaning. `bench talk` measures the whole, through a server."""
import json
import pathlib
import tempfile
import types
import unittest

import yaml
from harness import place
from talk import judge, rules

# World: with MiniLM's vectors, and the least share of its lines. The goal of `bench talk` is above: here a change that loses shows.
LEAST = {"moorbrueck": (False, .83), "lanternfall": (True, .89), "miravale": (True, .90), "thornwell": (True, .88), "halden": (True, .90)}
EMBEDDING = "minilm-l6-v2"
ASKS_LOST = 3  # of the 700 that a language has: two of haggling are nearer to what is for sale


class Goals(unittest.TestCase):
    def test_each_world(self):
        for world, (by_meaning, least) in LEAST.items():
            with self.subTest(world):
                options = types.SimpleNamespace(weights=place.weights(EMBEDDING) if by_meaning else None, set=[], language=None, clock=None)
                found = rules.judged(world, options)
                right = sum(not row.faults for row in found) / len(found)
                wrong = "\n".join(f"{row.line.id} {row.line.line!r} -> {row.said['text']!r}: {row.faults}" for row in found if row.faults)
                self.assertGreaterEqual(right, least, f"{world}: {right:.3f} of {len(found)} lines\n{wrong[:4000]}")

    def test_an_ask_asked_as_it_stands_is_understood(self):
        """What rewrites a line (addresses, fillers, pronouns) may not take away what was asked."""
        language = yaml.safe_load((place.ROOT / "src/talk/data/talk.en.yaml").read_text(encoding="utf-8"))
        asks = [(intent["id"], ask) for intent in language["intents"] for ask in intent.get("asks", []) if "{" not in ask]
        self.assertGreater(len(asks), 400)
        with tempfile.TemporaryDirectory() as folder:
            lines = pathlib.Path(folder) / "asks.jsonl"
            lines.write_text("".join(json.dumps({"id": f"ask{at}", "world": "lanternfall", "npc": "marta", "kind": "small", "before": [], "line": ask,
                                                 "must": ["x"], "mustnot": []}) + "\n" for at, (_, ask) in enumerate(asks)), encoding="utf-8")
            options = types.SimpleNamespace(weights=place.weights(EMBEDDING), set=[], language=None, clock=None)
            said = rules.answers(judge.pack("lanternfall"), lines, options)
        lost = [f"{intent}: {ask!r} was heard as {said[f'ask{at}']['why']}" for at, (intent, ask) in enumerate(asks)
                if not said[f"ask{at}"]["why"].startswith(intent) and f"<- '{ask}'" not in said[f"ask{at}"]["why"]]
        self.assertLessEqual(len(lost), ASKS_LOST, "\n".join(lost))


if __name__ == "__main__":
    unittest.main()
