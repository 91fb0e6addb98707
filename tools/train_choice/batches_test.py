"""Run: python3 -m unittest batches_test (in this folder)"""
import random
import unittest

import batches


def group(length, scenes=3, options=("a", "b", "c")):
    return {"options": list(options), "scenes": [{"who": "w", "scene": "s" * length, "right": [number % len(options)]} for number in range(scenes)]}


class Batches(unittest.TestCase):
    def test_every_group_comes_once_and_whole(self):
        groups = [group(number) for number in range(100)]
        made = batches.batches_of(groups, random.Random(1))
        lengths = sorted(len(g["scenes"][0]["scene"]) for batch in made for g in batch)
        self.assertEqual(lengths, list(range(100)))
        for batch in made[:-1]:
            self.assertLess(sum(len(g["scenes"]) for g in batch), batches.EXAMPLES + 3)

    def test_a_batch_has_examples_of_like_length(self):
        made = batches.batches_of([group(number) for number in range(300)], random.Random(1))
        spreads = [max(map(batches.size, batch)) - min(map(batches.size, batch)) for batch in made]
        self.assertLess(sum(spreads) / len(spreads), 30)

    def test_turning_the_options_keeps_what_is_right(self):
        turned = list(batches.rotations(group(1)))
        self.assertEqual([turn["options"] for turn in turned], [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]])
        for turn in turned:
            self.assertEqual([turn["options"][scene["right"][0]] for scene in turn["scenes"]], ["a", "b", "c"])

    def test_the_rate_rises_and_falls_to_its_end(self):
        rates = [batches.rate_at(step / 100) for step in range(1, 101)]
        self.assertEqual(max(rates), rates[5])
        self.assertEqual(rates[-1], batches.RATE_END)
        self.assertEqual(sorted(rates[5:], reverse=True), rates[5:])


if __name__ == "__main__":
    unittest.main()
