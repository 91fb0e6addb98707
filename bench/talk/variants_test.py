"""Careless variants of a line: what is typed differently, and how much of it."""
import unittest

from talk import judge, variants


def errors(one, other):
    """What differs between two texts that begin and end alike: 0 where nothing does, 1 for one error of typing, more otherwise."""
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    end = 0
    while end < min(len(one), len(other)) - begin and one[-1 - end] == other[-1 - end]:
        end += 1
    a, b = one[begin:len(one) - end], other[begin:len(other) - end]
    return 1 if a == b[::-1] and len(a) == 2 else max(len(a), len(b))


class Careless(unittest.TestCase):
    def test_case_and_punctuation_go(self):
        for line, expected in {
            "Where's Nell's stall?": "wheres nells stall",
            "  WHO   are you?!  ": "who are you",
            "Forty-one, I said.": "forty one i said",
            "Weißt du, wie ich heiße?": "weißt du wie ich heiße",
            "¿Dónde está?": "dónde está",
            "Cold 🥶!": "cold 🥶",
            "£3 + 4": "£3 + 4",
            "": "",
            "...": "...",
        }.items():
            with self.subTest(line):
                self.assertEqual(variants.careless(line), expected)

    def test_doing_it_again_changes_nothing(self):
        for name in (*judge.DEV, judge.GERMAN):
            for line in judge.load(name):
                once = variants.careless(line.line)
                self.assertEqual(variants.careless(once), once)


class Mistyped(unittest.TestCase):
    def test_one_error_and_no_more(self):
        for name in (*judge.DEV, judge.GERMAN):
            for line in judge.load(name):
                for seed in range(3):
                    with self.subTest(line.line, seed=seed):
                        expected = 1 if variants.WORD.search(line.line) else 0
                        self.assertEqual(errors(line.line, variants.mistyped(line.line, seed)), expected)

    def test_the_same_seed_errs_in_the_same_way(self):
        line = "Where does the lamplighter sleep?"
        self.assertEqual(variants.mistyped(line, 4), variants.mistyped(line, 4))
        self.assertGreater(len({variants.mistyped(line, seed) for seed in range(40)}), 20)

    def test_short_words_and_numbers_are_left(self):
        self.assertEqual(variants.mistyped("how old are you, 12345?"), "how old are you, 12345?")
        for seed in range(40):
            self.assertRegex(variants.mistyped("who is the lamplighter", seed), r"^who is the [a-z]{10,12}$")

    def test_every_kind_of_error_is_made(self):
        made = {variants.mistyped("lamp", seed) for seed in range(400)}
        for text in ("almp", "lmap", "lapm", "lmp", "llamp", "lampp", "lanp", "kamp"):
            self.assertIn(text, made)

    def test_the_case_of_a_key_stays(self):
        made = {variants.mistyped("LAMP", seed) for seed in range(200)}
        self.assertTrue(all(text.isupper() for text in made))

    def test_the_same_letter_twice_and_strange_letters_do_not_hang(self):
        for line in ("aaaa", "ßßßß", "日本語日本語"):
            self.assertNotEqual(variants.mistyped(line), line)

    def test_keys_have_the_neighbours_of_a_keyboard(self):
        self.assertEqual(set(variants.neighbours("g")), set("fhtyvb"))
        self.assertEqual(set(variants.neighbours("q")), set("wa"))
        self.assertEqual(set(variants.neighbours("M")), set("NJK"))
        self.assertEqual(variants.neighbours("ß"), "")


if __name__ == "__main__":
    unittest.main()
