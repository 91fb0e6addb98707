#!/usr/bin/env python3
import json
import pathlib
import tempfile
import unittest

import answers

TOLL = {"world": "a bridge", "who": "Osk, toll keeper. Osk counts twice. He sleeps badly.",
        "answers": {"f1": "The bridge was built by my father.", "f2": "The river took my father.", "unknown": "I could not say.",
                    "refuse": "No.", "consent": "Come, then.", "deflect": "Mind your cart."},
        "talk": [{"line": "who built this?", "right": ["f1"]}, {"line": "and where is he now?", "after": "f1", "right": ["f2"]},
                 {"line": "let me over", "right": ["consent"]}, {"line": "what of the moon?", "right": ["unknown", "deflect"]}]}


class Characters(unittest.TestCase):
    def test_whoever_may_do_something_may_refuse_it(self):
        self.assertEqual(answers.of(TOLL, "x").talk[2].right, {"consent", "refuse"})

    def test_faults_say_where(self):
        wrong = {**TOLL, "talk": [{"line": "who?", "right": ["f9"]}, {"line": "", "right": []}]}
        self.assertEqual(answers.faults(answers.of(wrong, "x: Osk")), ["x: Osk: line 1: no answer f9", "x: Osk: line 2: nothing is right"])

    def test_a_line_is_said_after_what_was_said(self):
        toll = answers.of(TOLL, "x")
        self.assertEqual(answers.scene_of(toll.talk[1], toll.answers),
                         'You just said: "The bridge was built by my father." A stranger says: "and where is he now?"')
        self.assertEqual(answers.say(toll.who), "You are Osk, toll keeper. Osk counts twice.")


class Groups(unittest.TestCase):
    def test_each_line_has_a_right_answer_among_the_options_and_a_wrong_one(self):
        dressed = answers.Groups([answers.of(TOLL, "x")], 1)
        for _ in range(20):
            for group in dressed.round():
                self.assertEqual(len(group["options"]), len(set(group["options"])))
                for scene in group["scenes"]:
                    self.assertTrue(0 < len(scene["right"]) < len(group["options"]))

    def test_all_right_ones_are_called_right(self):
        toll = answers.of(TOLL, "x")
        group = answers.Groups([toll], 3).group(toll, list(toll.talk))
        moon = group["scenes"][3]
        self.assertEqual({group["options"][at] for at in moon["right"]},
                         {"I could not say.", "Mind your cart."} & set(group["options"]))

    def test_the_same_seed_gives_the_same_groups(self):
        toll = answers.of(TOLL, "x")
        self.assertEqual(*(list(answers.Groups([toll], 7).round()) for _ in range(2)))


class Data(unittest.TestCase):
    def test_what_is_there_has_no_faults(self):
        characters = answers.load()
        self.assertGreater(len(characters), 10)
        self.assertEqual([fault for one in characters for fault in answers.faults(one)], [])
        self.assertTrue(any(map(answers.is_held_out, characters)))

    def test_a_file_is_read_as_it_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "bridges.json").write_text(json.dumps([TOLL]), encoding="utf-8")
            self.assertEqual([one.where for one in answers.load(pathlib.Path(folder))], ["bridges.json: Osk"])


if __name__ == "__main__":
    unittest.main()
