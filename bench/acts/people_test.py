"""lines.jsonl and worlds.yaml keep their promises: enough lines of all kinds, over several worlds, each with an option that is there."""
import collections
import unittest

from acts import people

KINDS = {"request", "polite", "buy", "gift", "question", "report", "joke", "threat", "stage", "hypothetical", "negated", "third", "offer", "small",
         "lower", "slip"}


class Lines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.people, cls.lines = people.load_people(), people.load_lines()

    def test_there_are_enough_of_every_kind(self):
        kinds = collections.Counter(line.kind for line in self.lines)
        self.assertGreaterEqual(len(self.lines), 250)
        self.assertEqual(kinds.keys(), KINDS)
        self.assertGreaterEqual(min(kinds.values()), 5)
        self.assertGreaterEqual(len({line.person.split("/")[0] for line in self.lines}), 3)

    def test_what_is_wished_can_be_done(self):
        for line in self.lines:
            with self.subTest(line.text):
                self.assertIn(line.person, self.people)
                if line.want:
                    self.assertIn(line.want, self.people[line.person])

    def test_no_line_is_said_twice_and_many_wish_nothing(self):
        self.assertEqual(len({line.text for line in self.lines}), len(self.lines))
        self.assertGreaterEqual(sum(not line.want for line in self.lines), len(self.lines) // 2)

    def test_options_are_read(self):
        option = people.read_option("sell ale to {speaker}", [{"text": "sell {thing} to {speaker}", "deed": "sale"}], {"ale": ["beer"]})
        self.assertEqual((option.text, option.deed, option.arguments), ("sell ale to Ana", "sale", (("thing", ("ale", "beer")), ("speaker", ()))))
        self.assertEqual(people.read_option("bake bread", [], {}).form, "bake bread")

    def test_variants_change_the_form_only(self):
        self.assertEqual(people.lower("Don't go, Bram!"), "dont go bram")
        self.assertEqual(people.typed("Please wait"), "Plesae wait".replace("Plesae", "Plaese"))

    def test_counts(self):
        found = people.Count()
        for want, did in (("a", "a"), ("a", "b"), ("a", ""), ("", "a"), ("", "")):
            found.add(want, did)
        self.assertEqual((found.right, found.other, found.missed, found.done, found.left), (1, 1, 1, 1, 1))
        self.assertAlmostEqual(found.precision, 1 / 3)


if __name__ == "__main__":
    unittest.main()
