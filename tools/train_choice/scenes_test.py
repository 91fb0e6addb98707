"""The format of the training scenes, and the files in data/. Run: python3 -m unittest scenes_test (in this folder)"""
import tempfile
import pathlib
import unittest

import scenes

DOCK = """
# a comment
@ docks
> seal the hatch; open the hatch; call the doctor
a dock chief, blunt | The light is green. | open the hatch
a dock chief, blunt | The light is red. | seal the hatch; call the doctor
"""
SERVED = "> carry on: sells fish; walk home\n~ Nell, a fishwife, loud | It is 07:00 (day), fog. Nell is at the market, sells fish. ... What matters: fish.\n"


def read(text):
    reader = scenes.Reader("test.scenes")
    return reader.read(text), reader.mistakes


class Format(unittest.TestCase):
    def test_lines_of_a_block_share_its_options(self):
        blocks, mistakes = read(DOCK)
        self.assertEqual(mistakes, [])
        self.assertEqual([(block.kind, block.options, block.where) for block in blocks],
                         [("docks", ("seal the hatch", "open the hatch", "call the doctor"), "test.scenes:4")])
        self.assertEqual([(scene.who, scene.text, sorted(scene.right)) for scene in blocks[0].scenes],
                         [("a dock chief, blunt", "The light is green.", [1]), ("a dock chief, blunt", "The light is red.", [0, 2])])

    def test_the_kind_is_the_name_of_the_file_until_one_is_given(self):
        blocks, _ = read("> a b; c d\nx, y | It rains. | a b\n@ ships\n> e f; g h\nx, y | It rains. | e f\n")
        self.assertEqual([block.kind for block in blocks], ["test", "ships"])

    def test_a_frame_gives_what_a_line_leaves_out(self):
        blocks, mistakes = read(SERVED + "| Just now: a gull cried. | carry on: sells fish\nNell, a fishwife, tired | | walk home\n")
        self.assertEqual(mistakes, [])
        first, second = blocks[0].scenes
        self.assertEqual((first.who, first.name, first.served), ("Nell, a fishwife, loud", "Nell", True))
        self.assertEqual(first.text, "It is 07:00 (day), fog. Nell is at the market, sells fish. Just now: a gull cried. What matters: fish.")
        self.assertEqual((second.who, second.text), ("Nell, a fishwife, tired", "It is 07:00 (day), fog. Nell is at the market, sells fish."
                                                                                " What matters: fish."))

    def test_a_frame_ends_with_its_block(self):
        _, mistakes = read(SERVED + "| A gull. | walk home\n> run away; sit down\n| A wolf. | run away\n")
        self.assertEqual(mistakes, ["test.scenes:5: the person is missing, and no frame ('~ who | scene ...') gives it",
                                    "test.scenes:4: options without a scene"])

    def test_names_are_told_from_roles(self):
        for who, name in (("Nell, a fishwife", "Nell"), ("Old Hobb, a keeper", "Old Hobb"), ("Dr. Amsel, an explorer", "Dr. Amsel"),
                          ("a knight, loyal", ""), ("You are Ann, a nurse. You are kind.", "Ann"), ("You are Unit 7, robot. Unit 7 is new.", "Unit 7"),
                          ("No\u00e9mie, a clerk", "No\u00e9mie"), ("the drunk's brother, calm", ""), ("You are a nurse, kind.", "")):
            with self.subTest(who):
                self.assertEqual(scenes.Scene(who, "It rains.", frozenset([0])).name, name)

    def test_a_block_is_open_where_every_option_is_right(self):
        blocks, _ = read("> run away; flee\n* | A wolf comes. | run away; flee\n> run away; sit down\n* | A wolf comes. | run away\n")
        self.assertEqual([block.open for block in blocks], [True, False])


class MistakesAreNamed(unittest.TestCase):
    def test_each_with_its_line_and_what_is_right(self):
        block = "> seal the hatch; open the hatch\n"
        for text, wanted in (
            (block + "a chief | It is red. | seal the hach\n", r":2: 'seal the hach' is not among.*did you mean 'seal the hatch'"),
            (block + "a chief | It is red.\n", r":2: a scene is 'who \| scene \| right option', three parts and not 2"),
            ("a chief | It is red. | seal the hatch\n", r":1: a scene without options"),
            ("> seal the hatch\n", r":1: a block has 2 to 10 options, not 1"),
            ("> a b; c d; a b\n", r":1: 'a b' is there twice"),
            (block, r":1: options without a scene"),
            (block + " | It is red. | seal the hatch\n", r":2: the person is missing"),
            (block + "a chief | | seal the hatch\n", r":2: the scene is missing"),
            (block + "a chief | It is\u200bred. | seal the hatch\n", r":2: a scene is plain text"),
            (block + "a chief | " + "word " * 90 + "| seal the hatch\n", r":2: a scene has 75 words at most, this one has 90"),
            (block + "~ a chief | no gap\n", r":2: a frame is"),
            (block + "a chief | It is 07:00 (day). It rains. | seal the hatch\n", r":2: a scene as the server sends it is of somebody with a name"),
            (block + "Ann, a chief | It is 07:00 (day). It rains. | seal the hatch\n", r":2: the scene does not name Ann"),
            (block + "a chief | It is red. | seal the hatch\n" * 2, r":3: the same scene is in this block already"),
        ):
            with self.subTest(wanted):
                _, mistakes = read(text)
                self.assertRegex("\n".join(mistakes), wanted)

    def test_all_files_are_read_before_anything_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            files = [pathlib.Path(folder, name) for name in ("a.scenes", "b.scenes")]
            for file in files:
                file.write_text("> run away; sit down\nx | It rains. | go\n")
            with self.assertRaises(scenes.Mistakes) as raised:
                scenes.load(files)
            self.assertIn("a.scenes:2", str(raised.exception))
            self.assertIn("b.scenes:2", str(raised.exception))

    def test_a_scene_that_two_blocks_have_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "a.scenes")
            file.write_text("> run away; sit down\nx | It rains. | run away\n\n" * 2)
            self.assertRaisesRegex(scenes.Mistakes, "a.scenes:4: has a scene of a.scenes:1 again", scenes.load, [file])


class Data(unittest.TestCase):
    """What the files in data/ promise."""

    @classmethod
    def setUpClass(cls):
        cls.blocks = scenes.load()
        cls.written = [block for block in cls.blocks if not block.where.startswith("base_")]

    def test_there_are_enough(self):
        self.assertGreaterEqual(sum(len(block.scenes) for block in self.written), 1200)
        self.assertGreaterEqual(sum(len(block.scenes) for block in self.blocks), 2500)

    def test_nobody_who_reads_no_scene_is_often_right(self):
        """Neither the first option, nor the longest, nor carrying on is a good guess."""
        pairs = [(block, scene) for block in self.written for scene in block.scenes]
        guess = sum(len(scene.right) / len(block.options) for block, scene in pairs) / len(pairs)
        for what, choose in (("longest", lambda options: options.index(max(options, key=len))),
                             ("shortest", lambda options: options.index(min(options, key=len)))):
            with self.subTest(what):
                self.assertLess(abs(sum(choose(block.options) in scene.right for block, scene in pairs) / len(pairs) - guess), 0.08)

    def test_carrying_on_is_sometimes_right_and_sometimes_wrong(self):
        right = [scenes.carries_on(block, scene) for block in self.written for scene in block.scenes
                 if any(option.startswith(scenes.CARRY_ON) for option in block.options)]
        self.assertGreater(sum(right), len(right) / 5)
        self.assertLess(sum(right), len(right) * 3 / 5)

    def test_many_are_as_the_server_sends_them(self):
        served = [scene.served for block in self.written for scene in block.scenes]
        self.assertGreater(sum(served), len(served) / 3)


if __name__ == "__main__":
    unittest.main()
