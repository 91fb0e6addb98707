"""scenes.yaml keeps its promises: many kinds of scenes, short, and no way to be right without reading."""
import collections
import unittest

from choose import scenes

LEAST_SCENES = 200
KINDS = {"danger", "trade", "social", "duty", "weather", "need", "stranger", "festival", "injury", "theft", "fire", "night",
         "orders", "temptation"}
WORDS = {"who": 25, "scene": 25, "option": 8}  # a token costs 1 to 3 ms


def share_right(found, choose):
    """Of somebody who chooses without reading the scene."""
    return sum(choose(scene) in scene.sensible for scene in found) / len(found)


class Scenes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = scenes.load()

    def test_there_are_enough_of_every_kind(self):
        kinds = collections.Counter(scene.tag for scene in self.all)
        self.assertGreaterEqual(len(self.all), LEAST_SCENES)
        self.assertEqual(kinds.keys(), KINDS)
        self.assertGreaterEqual(min(kinds.values()), 5)
        self.assertGreaterEqual(len({scene.who for scene in self.all}), 40)

    def test_each_can_be_answered(self):
        for scene in self.all:
            with self.subTest(scene.scene):
                self.assertIn(len(scene.options), range(3, 7))
                self.assertEqual(len(set(scene.options)), len(scene.options))
                self.assertTrue(scene.sensible)
                self.assertLessEqual(2 * len(scene.sensible), len(scene.options) + 1)  # most of it is not sensible

    def test_each_is_short_plain_text_of_one_line(self):
        for scene in self.all:
            for what, text in (("who", scene.who), ("scene", scene.scene), *(("option", option) for option in scene.options)):
                with self.subTest(text):
                    self.assertLessEqual(len(text.split()), WORDS[what])
                    self.assertRegex(text, r"^[A-Za-z][A-Za-z ,.:!?'-]*$")

    def test_none_is_there_twice(self):
        self.assertEqual(len({scene.scene for scene in self.all}), len(self.all))

    def test_no_letter_is_right_more_often(self):
        for count in range(3, 7):
            of_count = [scene for scene in self.all if len(scene.options) == count]
            guess = sum(len(scene.sensible) for scene in of_count) / len(of_count) / count
            self.assertGreaterEqual(len(of_count), 30)
            for letter in range(count):
                with self.subTest(options=count, letter=scenes.LETTERS[letter]):
                    self.assertLess(abs(share_right(of_count, lambda _, letter=letter: letter) - guess), 0.08)

    def test_length_does_not_tell(self):
        guess = sum(len(scene.sensible) / len(scene.options) for scene in self.all) / len(self.all)
        self.assertLess(share_right(self.all, lambda s: s.options.index(max(s.options, key=len))), guess + 0.08)
        self.assertLess(share_right(self.all, lambda s: s.options.index(min(s.options, key=len))), guess + 0.08)

    def test_carrying_on_is_sometimes_right_and_sometimes_wrong(self):
        right = [any(scene.options[place].startswith("carry on") for place in scene.sensible) for scene in self.all
                 if any(option.startswith("carry on") for option in scene.options)]
        self.assertGreaterEqual(sum(right), 20)
        self.assertGreaterEqual(len(right) - sum(right), 20)

    def test_the_halves_are_halves_and_share_nobody(self):
        dev = [scene for scene in self.all if scene.dev]
        test = [scene for scene in self.all if not scene.dev]
        self.assertLess(abs(len(dev) - len(test)), len(self.all) / 10)
        self.assertFalse({scene.who for scene in dev} & {scene.who for scene in test})


class Mistakes(unittest.TestCase):
    def test_a_mark_that_is_not_an_option_is_refused(self):
        raw = {"tag": "fire", "scene": "It burns.", "options": ["flee", "sit"], "sensible": ["run"]}
        self.assertRaisesRegex(ValueError, "run", scenes.of, 0, 0, "You are Ann.", raw)

    def test_a_misspelt_key_is_refused(self):
        raw = {"tag": "fire", "scene": "It burns.", "options": ["flee", "sit"], "sensibel": ["flee"]}
        self.assertRaisesRegex(ValueError, "sensibel", scenes.of, 0, 0, "You are Ann.", raw)


if __name__ == "__main__":
    unittest.main()
