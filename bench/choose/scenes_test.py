"""scenes.yaml and hard.yaml keep their promises: many kinds of scenes, short, and no way to be right without reading."""
import collections
import re
import unittest

from choose import bench, scenes

LEAST_SCENES = 200
KINDS = {"danger", "trade", "social", "duty", "weather", "need", "stranger", "festival", "injury", "theft", "fire", "night",
         "orders", "temptation"}
WORDS = {"who": 25, "scene": 25, "option": 8}  # a token costs 1 to 3 ms

HARD_TAGS = {"state": 35, "persona": 35, "tempting": 35, "undramatic": 35, "server": 60, "prose": 75}  # tag -> words of a scene at most
OF_EACH_TAG, GAMES, OF_EACH_GAME = 40, 20, 6
# What npc really sends, see ask_gold() in src/services/npc/npc_choice.cpp. Nobody's mood is told who is calm.
SERVER_SCENE = re.compile(r"It is (?P<hour>\d\d):\d\d \((?P<phase>\w+)\)(, \w+)?\. (?P<name>\w+( \w+)?) is at [^,.]+, (?P<doing>[^.]+)\."
                          r"( (?P=name) is (happy|sad|curious|angry|afraid)\.)? Just now: [^.]+\. What matters most: [^.]+\.")
PHASES = {"dawn": range(5, 7), "day": range(7, 18), "dusk": range(18, 20), "night": [*range(20, 24), *range(5)]}


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


def long_words(text):
    return {word for word in re.findall("[a-z]+", text.lower()) if len(word) > 3}


class Hard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = scenes.load(scenes.HARD)
        cls.guess = scenes.mean(scene.chance for scene in cls.all)

    def test_there_are_enough_of_every_tag_and_game(self):
        self.assertEqual(collections.Counter(scene.tag for scene in self.all), dict.fromkeys(HARD_TAGS, OF_EACH_TAG))
        games = collections.Counter(scene.game for scene in self.all)
        self.assertGreaterEqual(len(games), GAMES)
        self.assertGreaterEqual(min(games.values()), OF_EACH_GAME)
        self.assertTrue(all(games))

    def test_each_can_be_answered(self):
        for scene in self.all:
            with self.subTest(scene.scene):
                self.assertIn(len(scene.options), range(3, 7))
                self.assertEqual(len(set(scene.options)), len(scene.options))
                self.assertTrue(scene.sensible)
                self.assertLessEqual(2 * len(scene.sensible), len(scene.options))

    def test_each_is_plain_text_of_one_line(self):
        for scene in self.all:
            most = WORDS | {"scene": HARD_TAGS[scene.tag]}
            for what, text in (("who", scene.who), ("scene", scene.scene), *(("option", option) for option in scene.options)):
                with self.subTest(text):
                    self.assertLessEqual(len(text.split()), most[what])
                    self.assertRegex(text, r"^[A-Za-z][A-Za-z0-9 ,.:;!?'()-]*$")

    def test_none_is_there_twice_nor_among_the_others(self):
        self.assertEqual(len({(scene.who, scene.scene) for scene in self.all}), len(self.all))
        others = scenes.load()
        self.assertFalse({scene.who for scene in self.all} & {scene.who for scene in others})
        other_words = [(long_words(other.scene), other.scene) for other in others]
        for scene in self.all:
            own = long_words(scene.scene)
            alike = [text for words, text in other_words if 2 * len(own & words) > len(own | words)]
            self.assertFalse(alike, scene.scene)

    def test_persona_and_state_come_in_pairs_with_other_answers(self):
        """Whoever does not read the person, or the fact, has at most one of the two."""
        for tag, fixed in (("persona", lambda s: s.scene), ("state", lambda s: s.who)):
            pairs = collections.defaultdict(list)
            for scene in self.all:
                if scene.tag == tag:
                    pairs[fixed(scene)].append({scene.options[place] for place in scene.sensible})
            for what, answers in pairs.items():
                with self.subTest(what):
                    self.assertEqual(len(answers), 2)
                    self.assertFalse(answers[0] & answers[1])

    def test_the_form_of_the_server_is_that_of_the_server(self):
        for scene in self.all:
            if scene.tag != "server":
                continue
            with self.subTest(scene.scene):
                found = SERVER_SCENE.fullmatch(scene.scene)
                self.assertTrue(found)
                self.assertIn(int(found["hour"]), PHASES[found["phase"]])
                self.assertTrue(scene.who.startswith(f"You are {found['name']}, "))
                self.assertIn(f"carry on: {found['doing']}", scene.options)

    def test_no_way_around_reading(self):
        """Places, lengths, words in common, and always or never carrying on: nothing of it is right much more often than a guess."""
        def words_in_common(scene, option):
            return len(long_words(option) & long_words(scene.scene))

        ways = {"longest": lambda s: max(s.options, key=len), "shortest": lambda s: min(s.options, key=len),
                "most in common": lambda s: max(s.options, key=lambda option: words_in_common(s, option)),
                "least in common": lambda s: min(s.options, key=lambda option: words_in_common(s, option)),
                **{f"place {place}": lambda s, place=place: s.options[min(place, len(s.options) - 1)] for place in range(4)}}
        for name, way in ways.items():
            with self.subTest(name):
                self.assertLess(share_right(self.all, lambda s, way=way: s.options.index(way(s))), self.guess + 0.08)

    def test_carrying_on_is_as_often_right_as_wrong(self):
        for tag in ("undramatic", "server"):
            right = [any(scene.options[place].startswith("carry on") for place in scene.sensible) for scene in self.all
                     if scene.tag == tag and any(option.startswith("carry on") for option in scene.options)]
            with self.subTest(tag):
                self.assertGreaterEqual(sum(right), 12)
                self.assertGreaterEqual(len(right) - sum(right), 12)


class Rotations(unittest.TestCase):
    def setUp(self):
        self.scene = scenes.of(0, 0, "You are Ann.", {"tag": "fire", "scene": "It burns.", "options": ["sit", "flee", "hum"], "sensible": ["flee"]})

    def test_each_option_is_first_once_and_what_is_sensible_stays_so(self):
        turned = scenes.rotations(self.scene)
        self.assertEqual([one.options[0] for one in turned], ["sit", "flee", "hum"])
        self.assertEqual([[one.options[place] for place in one.sensible] for one in turned], [["flee"]] * 3)

    def test_whoever_goes_by_places_is_right_by_chance(self):
        for place in range(3):
            self.assertAlmostEqual(share_right(scenes.rotations(self.scene), lambda _, place=place: place), self.scene.chance)

    def test_the_share_of_rotations_and_the_ms_of_the_first(self):
        took = iter(range(100))

        def certain(place, options):
            return [float(other == place) for other in range(options)]

        by_place = bench.ask_rotated([self.scene] * 2, lambda scene: (certain(0, 3), next(took)), lambda text: None)
        self.assertEqual(by_place, bench.FoundHard([1 / 3, 1 / 3], [0, 3]))
        by_text = bench.ask_rotated([self.scene], lambda scene: (certain(scene.options.index("flee"), 3), 7), lambda text: None)
        self.assertEqual(by_text, bench.FoundHard([1.0], [7]))

    def test_results_stand_beside_chance(self):
        found = scenes.load(scenes.HARD)
        right = bench.FoundHard([float(scene.tag != "prose") for scene in found], [9.0] * len(found))
        rows = {row["figure"]: row for row in bench.rows_of_hard(*bench.DEFAULT, right, right, found)}
        self.assertEqual((rows["hard"]["ours"], rows["hard"]["met"], rows["hard_p99"]["met"]), (0.8333, True, True))
        self.assertEqual((rows["hard_prose"]["ours"], rows["hard_state"]["ours"]), (0.0, 1.0))
        self.assertLess(abs(rows["hard"]["chance"] - 0.27), 0.02)
        self.assertEqual(rows["hard_prose"]["peer_name"], "chance")

    def test_a_smoke_run_asks_every_tag(self):
        self.assertEqual({scene.tag for scene in scenes.load(scenes.HARD)[::bench.SMOKE_STEP]}, set(HARD_TAGS))

    def test_figures_by_tag(self):
        found = scenes.load(scenes.HARD)
        figures = scenes.by_tag(found, [float(scene.tag == "prose") for scene in found])
        self.assertEqual(figures, {tag: float(tag == "prose") for tag in HARD_TAGS})


class Mistakes(unittest.TestCase):
    def test_a_mark_that_is_not_an_option_is_refused(self):
        raw = {"tag": "fire", "scene": "It burns.", "options": ["flee", "sit"], "sensible": ["run"]}
        self.assertRaisesRegex(ValueError, "run", scenes.of, 0, 0, "You are Ann.", raw)

    def test_a_misspelt_key_is_refused(self):
        raw = {"tag": "fire", "scene": "It burns.", "options": ["flee", "sit"], "sensibel": ["flee"]}
        self.assertRaisesRegex(ValueError, "sensibel", scenes.of, 0, 0, "You are Ann.", raw)


if __name__ == "__main__":
    unittest.main()
