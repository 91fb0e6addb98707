"""The trainer fills the same buckets and makes the same lines each time."""
import pathlib
import unittest

import numpy as np
import train
import yaml


class Trainer(unittest.TestCase):
    def test_buckets(self):
        part = train.hashed_part({"please", "the", "you"}, "please ring the bell, you!")
        self.assertEqual([int(i) for i in np.flatnonzero(part)], [51, 75, 106, 159, 177, 180, 282, 286, 297, 301, 324, 343, 487, 498])
        self.assertAlmostEqual(float(np.linalg.norm(part)), train.SCALE, 5)

    def test_lines_are_the_same_each_time_and_of_both_kinds(self):
        data = yaml.safe_load((pathlib.Path(__file__).parent / "templates.en.yaml").read_text(encoding="utf-8"))
        made = train.lines_of(data)
        self.assertEqual(made, train.lines_of(data))
        wished = sum(wished for _, wished in made)
        self.assertGreater(wished, len(made) // 4)
        self.assertLess(wished, 3 * len(made) // 4)
        self.assertFalse([line for line, _ in made if "{" in line])

    def test_area(self):
        self.assertEqual(train.area(np.array([0.9, 0.1]), np.array([True, False])), 1.0)
        self.assertEqual(train.area(np.array([0.5, 0.5]), np.array([True, False])), 0.5)


if __name__ == "__main__":
    unittest.main()
