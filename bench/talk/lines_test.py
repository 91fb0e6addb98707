"""The lines keep their promises: well formed, of every kind, of people who exist, and none of them prepared for by the language files."""
import collections
import pathlib
import re
import unittest

from talk import judge

LANGUAGE_FILES = pathlib.Path(__file__).parents[2] / "src" / "talk" / "data"
LEAST = {"lanternfall": 180, "miravale": 120, "thornwell": 120, "halden": 150, judge.GERMAN: 60, judge.HELD_OUT: 80}
ALIKE = 12          # lines of a kind and a world that may begin with the same two words
AS_ASKED = 0.10     # of the lines may be an ask of the language file with a name in its slot
LONGEST = 4096      # bytes, as much as anybody may say
NOW = judge.Now("day", "autumn", "fog")
MARKS = {"@phase", "@season", "@weather"}


def folded(text):
    return " ".join(judge.words(text))


def asks_of(tree):
    """Every text below a key `asks`, wherever it stands."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "asks" and isinstance(value, list):
                yield from (text for text in value if isinstance(text, str))
            else:
                yield from asks_of(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from asks_of(value)


def as_pattern(ask):
    """An ask with a slot as what it looks like with a name of one to four words there."""
    parts = [re.escape(folded(part)) for part in re.split(r"\{\w+\}", ask)]
    return re.compile(r"\s*(?:\w+ ?){1,4}\s*".join(parts))


class Lines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = {name: judge.load(name) for name in LEAST}
        cls.all = [line for lines in cls.files.values() for line in lines]

    def test_there_are_enough_in_every_file_and_no_file_is_forgotten(self):
        self.assertEqual({path.stem for path in judge.LINES.glob("*.jsonl")}, LEAST.keys())
        for name, least in LEAST.items():
            self.assertGreaterEqual(len(self.files[name]), least, name)
        self.assertGreaterEqual(sum(len(self.files[name]) for name in judge.DEV), 420)

    def test_every_kind_is_there_in_every_file(self):
        for name, lines in self.files.items():
            self.assertEqual({line.kind for line in lines}, judge.KINDS.keys(), name)
        for name in judge.DEV:
            self.assertGreaterEqual(min(collections.Counter(line.kind for line in self.files[name]).values()), 5, name)

    def test_a_file_is_of_its_world(self):
        for name in (*judge.DEV, judge.GERMAN):
            self.assertEqual({line.world for line in self.files[name]}, {name})
        self.assertEqual({line.world for line in self.files[judge.HELD_OUT]}, set(judge.HELD_OUT_OF))

    def test_whoever_is_spoken_to_exists(self):
        for line in self.all:
            self.assertTrue((judge.pack(line.world) / "npcs" / f"{line.npc}.yaml").is_file(), f"{line.id}: {line.npc}")

    def test_everybody_is_spoken_to(self):
        for name in (*judge.DEV, judge.GERMAN):
            people = {path.stem for path in (judge.pack(name) / "npcs").glob("*.yaml")}
            self.assertEqual({line.npc for line in self.files[name]}, people)

    def test_ids_are_their_own(self):
        twice = [name for name, count in collections.Counter(line.id for line in self.all).items() if count > 1]
        self.assertFalse(twice)

    def test_none_is_there_twice(self):
        asked = collections.Counter((line.world, line.npc, line.before, folded(line.line) or line.line) for line in self.all)
        self.assertFalse([line for line, count in asked.items() if count > 1])

    def test_each_is_one_line_of_text_and_none_too_long(self):
        for line in self.all:
            for text in (line.line, *line.before):
                with self.subTest(line.id):
                    self.assertRegex(text, r"^\S(.*\S)?$")
                    self.assertLessEqual(len(text.encode()), LONGEST)

    def test_each_can_be_judged(self):
        for line in self.all:
            with self.subTest(line.id):
                self.assertTrue(line.must or line.mustnot)
                for pattern in (*line.must, *line.mustnot):
                    self.assertLessEqual(set(re.findall(r"@\w+", pattern)), MARKS)
                    compiled = re.compile(NOW.fill(pattern), re.I)
                    self.assertFalse(compiled.search(""), f"{pattern} is in everything")

    def test_the_words_of_a_question_are_no_answer(self):
        # Of these kinds: others have questions that name the right answer beside a wrong one.
        for line in self.all:
            if line.kind in ("self", "people", "fact", "remember", "world"):
                with self.subTest(line.id):
                    echo = judge.faults(line, f"{line.line} Hm?", NOW, "Nobody")
                    self.assertTrue(echo or line.must in ((), (".",)))

    def test_kinds_are_what_they_are_called(self):
        for line in self.all:
            with self.subTest(line.id):
                if line.kind == "follow_up":
                    self.assertTrue(line.before)
                if line.kind in ("out", "meta", "secret", "authority", "unknown"):
                    self.assertTrue(line.mustnot)
                if line.kind == "two_in_one":
                    self.assertGreaterEqual(len(line.must), 2)
                if line.kind == "yes_no":
                    self.assertTrue(any(pattern.startswith("^") for pattern in line.must) or len(line.must) == 1)
        told = [line for line in self.all if line.kind == "remember"]
        self.assertTrue(all(line.before for line in told))
        self.assertGreaterEqual(sum(len(line.before) > 1 for line in told), len(told) / 3)
        self.assertGreaterEqual(sum(len(line.line) >= 800 for line in self.all), 3)

    def test_they_do_not_resemble_each_other(self):
        for name in (*judge.DEV, judge.GERMAN):
            begins = collections.Counter((line.kind, " ".join(folded(line.line).split()[:2])) for line in self.files[name])
            self.assertLessEqual(max(begins.values()), ALIKE, name)

    def test_none_is_prepared_for(self):
        import yaml  # here, because `troupe bench --help` must not need it
        asks = [ask for path in sorted(LANGUAGE_FILES.glob("talk.*.yaml")) for ask in asks_of(yaml.safe_load(path.read_text(encoding="utf-8")))]
        self.assertGreater(len(asks), 100)
        plain = {folded(ask) for ask in asks if "{" not in ask}
        self.assertFalse([line.id for line in self.all if folded(line.line) in plain])
        slots = [as_pattern(ask) for ask in asks if "{" in ask]
        asked = [line.id for line in self.all if any(slot.fullmatch(folded(line.line)) for slot in slots)]
        self.assertLessEqual(len(asked), AS_ASKED * len(self.all), asked)


class Examples(unittest.TestCase):
    """What people who know the worlds would answer, and what nobody should: examples.yaml."""

    @classmethod
    def setUpClass(cls):
        import yaml
        cls.of = yaml.safe_load((judge.HERE / "examples.yaml").read_text(encoding="utf-8"))
        cls.lines = {line.id: line for name in (*judge.DEV, judge.GERMAN) for line in judge.load(name)}

    def faults(self, number, answer):
        return judge.faults(self.lines[number], answer, NOW, "Nobody")

    def test_good_answers_pass_and_bad_ones_do_not(self):
        for number, answers in self.of.items():
            for answer in answers["good"]:
                with self.subTest(number, good=answer):
                    self.assertEqual(self.faults(number, answer), [])
            for answer in answers["bad"]:
                with self.subTest(number, bad=answer):
                    self.assertTrue(self.faults(number, answer))

    def test_there_are_some_of_every_kind(self):
        self.assertEqual({self.lines[number].kind for number in self.of}, judge.KINDS.keys())
        self.assertTrue(all(answers.keys() == {"good", "bad"} and all(answers.values()) for answers in self.of.values()))


RAW = {"id": "x1", "world": "thornwell", "kind": "now", "npc": "dane", "before": [], "line": "The hour?", "must": ["@phase"], "mustnot": ["ten"]}


class Judge(unittest.TestCase):
    def faults(self, said, deeds=(), **other):
        return judge.faults(judge.of({**RAW, **other}), said, judge.Now("dusk", "summer", "extreme_heat"), "Captain Hesper Dane", deeds)

    def test_what_is_right_has_no_faults(self):
        self.assertEqual(self.faults("Evening. The bell has gone."), [])
        self.assertEqual(self.faults("It is hot.", must=["@weather"]), [])

    def test_what_is_wrong_is_said(self):
        for said, fault in {
            "Noon.": "lacks",
            "Ten in the evening.": "has Ten",
            "": "is empty",
            "the hour": "repeats the line",
            "Evening, and a long one, " * 11: "is long",
            "*nods* Evening.": "tells what it does",
            "Captain smiles. Evening.": "speaks of the speaker",
            "Evening. How can I assist you?": "sounds like an assistant",
        }.items():
            with self.subTest(said):
                found = self.faults(said, mustnot=["ten"])
                self.assertEqual([fault in one for one in found].count(True), 1, found)

    def test_a_line_for_what_is_not_known_is_no_answer_where_one_is_asked_for(self):
        evening = {"must": ["report|evening"]}
        self.assertEqual(self.faults("I have no report of that.", **evening), ["does not answer"])
        self.assertEqual(self.faults("I have no report of that. That is between me and the map.", **evening), ["does not answer"])
        self.assertEqual(self.faults("Evening. That is between me and the map.", **evening), [])
        self.assertEqual(self.faults("I have no report of that.", must=[]), [])

    def test_a_deed_is_a_fault(self):
        self.assertEqual(self.faults("Evening.", deeds=["sell"]), ["did sell"])

    def test_every_pattern_must_be_there(self):
        self.assertEqual(len(self.faults("Evening.", must=["evening", "hot", "cold"])), 2)

    def test_each_state_of_the_world_has_words(self):
        for phase in judge.PHASES:
            for season in judge.SEASONS:
                for weather in judge.WEATHER:
                    re.compile(judge.Now(phase, season, weather).fill("(@phase) (@season) (@weather)"))

    def test_a_misspelt_key_is_refused(self):
        self.assertRaisesRegex(ValueError, "musnt", judge.of, {**{key: RAW[key] for key in RAW if key != "mustnot"}, "musnt": []})

    def test_a_world_that_is_not_there_is_refused(self):
        self.assertRaisesRegex(ValueError, "atlantis", judge.pack, "atlantis")


if __name__ == "__main__":
    unittest.main()
