"""The pure part of the harness. Run: python3 -m unittest discover -s bench/harness -t bench -p '*_test.py'"""
import json
import unittest

from harness import figures, place
from harness.llama import first_token
from harness.rounds import interleave


class Figures(unittest.TestCase):
    def test_median_and_spread(self):
        self.assertEqual(figures.median([3, 1, 2]), 2)
        self.assertEqual(figures.median([4, 1, 2, 3]), 2.5)
        self.assertEqual(figures.spread([8, 10, 12]), 0.4)
        self.assertEqual(figures.spread([0, 0]), 0)

    def test_a_ratio_above_one_is_better_for_us(self):
        self.assertEqual(figures.ratio(20, 10, "higher"), 2)
        self.assertEqual(figures.ratio(20, 10, "lower"), 0.5)
        self.assertEqual(figures.ratio(0, 0, "lower"), 1)
        self.assertEqual(figures.ratio(1, 0, "lower"), 0)
        self.assertEqual(figures.ratio(0, 1, "lower"), float("inf"))

    def test_a_result_says_everything(self):
        row = figures.compare("bus.x", "us", "lower", [1.0, 3.0, 2.0], [4.0, 4.0, 8.0], "a peer", "ratio >= 2")
        self.assertEqual(row, {"name": "bus.x", "unit": "us", "ours": 2.0, "peer": 4.0, "peer_name": "a peer", "ratio": 2.0,
                               "better": "lower", "runs": 3, "spread": 1.0, "peer_spread": 1.0, "goal": "ratio >= 2", "met": True})
        self.assertEqual(json.loads(figures.line(row)), row)

    def test_a_missed_goal_is_told(self):
        row = figures.compare("bus.x", "us", "lower", [2.5], 1.0, "limit", "ours < 2")
        self.assertFalse(row["met"])
        self.assertIn("MISSED", figures.table([row]))
        self.assertRaises(ValueError, figures.Goal("as fast as it can be").met, row)

    def test_columns_of_the_table_stand_below_each_other(self):
        rows = [figures.compare(name, "us", "lower", [value], 1.0, "limit") for name, value in (("a", 1.0), ("longer", 1234.5))]
        lines = figures.table(rows).splitlines()
        self.assertEqual(len({text.index("us") if "us" in text[12:] else text.index("unit") for text in lines}), 1)

    def test_the_nearest_name(self):
        self.assertEqual(figures.unknown("tokns", ["bus", "tokens"]), "no benchmark 'tokns'; did you mean 'tokens'?")
        self.assertEqual(figures.unknown("xyz", ["bus"]), "no benchmark 'xyz'; there are: bus")


class Rounds(unittest.TestCase):
    def test_sides_take_turns_and_the_warm_up_does_not_count(self):
        seen = []

        def side(name):
            return lambda number: seen.append((name, number)) or {"n": number, "many": [number, number]}

        found = interleave({"a": side("a"), "b": side("b")}, rounds=2)
        self.assertEqual(seen, [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)])
        self.assertEqual(found["a"], {"n": [1, 2], "many": [1, 1, 2, 2]})


class Stream(unittest.TestCase):
    def test_the_first_token_is_the_first_text(self):
        events = [b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n', b"\n",
                  b'data: {"choices":[{"delta":{"content":"Aye"}}]}\n',
                  b'data: {"choices":[],"usage":{"prompt_tokens":7}}\n', b"data: [DONE]\n"]
        first, tokens = first_token(iter(events), [0.0])
        self.assertGreater(first, 0)
        self.assertEqual(tokens, 7)


class Names(unittest.TestCase):
    def test_the_command_line_lists_every_benchmark(self):
        help_text = (place.ROOT / "src" / "cli" / "commands_table.cpp").read_text(encoding="utf-8")
        for script in (place.ROOT / "bench").glob("*/bench.py"):
            self.assertIn(f"  {script.parent.name} ", help_text)


if __name__ == "__main__":
    unittest.main()
