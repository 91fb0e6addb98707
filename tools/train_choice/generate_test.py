"""Examples are made fairly and the same way each time. Run: python3 -m unittest generate_test (in this folder)"""
import random
import unittest

import dressing
import generate
import scenes
from likeness import Likeness

TEXT = """
@ docks
> seal the hatch; open the hatch; call the doctor; carry on: loads crates
Mara, a dock chief, blunt | The pressure is right and Mara has the key. | open the hatch
Mara, a dock chief, blunt | The pressure is wrong. | seal the hatch
Mara, a dock chief, blunt | Somebody fell from the crane. | call the doctor
Mara, a dock chief, blunt | A crate is a little dusty. | carry on: loads crates
@ farms
> milk the spotted cow; shear the black sheep; sow the winter barley
a farmer, calm | The udder is full. | milk the spotted cow
a farmer, calm | The fleece is heavy. | shear the black sheep
> feed the hungry geese; pluck the fat goose; chase the angry gander
a farmer, calm | Their trough is empty. | feed the hungry geese
@ pilots
~ Rob, a pilot, quick | It is 08:00 (day), clear. Rob is at the strip, oils the engine. ... What matters most: fly.
> start the old engine; stop the old engine; paint the tail red
* | The tank is full. | start the old engine
"""


def blocks_of(text, file="test.scenes"):
    return scenes.Reader(file).read(text)


def made(seed, rounds=generate.Rounds(20, 0)):
    return list(generate.groups(blocks_of(TEXT), rounds, seed))


class Groups(unittest.TestCase):
    def test_the_same_seed_gives_the_same_examples(self):
        self.assertEqual(made(3), made(3))
        self.assertNotEqual(made(3), made(4))

    def test_what_is_right_stays_right(self):
        right_of = {"The pressure is wrong.": "seal the hatch", "The udder is full.": "milk the spotted cow", "The tank is full.": "start the old engine"}
        seen = set()
        for group in made(1):
            for scene in group["scenes"]:
                for text, option in right_of.items():
                    if text in scene["scene"]:
                        seen.add(text)
                        self.assertEqual([group["options"][place] for place in scene["right"]], [option])
        self.assertEqual(seen, right_of.keys())

    def test_each_scene_can_be_answered_and_options_differ(self):
        for group in made(2):
            self.assertIn(len(group["options"]), range(3, generate.OPTIONS_MAX + 1))
            self.assertEqual(len(set(group["options"])), len(group["options"]))
            for scene in group["scenes"]:
                self.assertTrue(scene["right"])

    def test_scenes_of_a_block_stay_together(self):
        self.assertTrue(any(len(group["scenes"]) == 4 for group in made(1)))

    def test_every_place_is_right_about_as_often(self):
        places = [scene["right"][0] for group in made(5, generate.Rounds(200, 0)) for scene in group["scenes"] if len(group["options"]) == 4]
        for place in range(4):
            self.assertAlmostEqual(places.count(place) / len(places), 0.25, delta=0.06)

    def test_foreign_options_are_of_another_kind_and_not_about_the_scene(self):
        blocks = blocks_of(TEXT)
        foreign = generate.Foreign(blocks)
        own = {option for block in blocks if block.kind == "docks" for option in block.options}
        for number in range(50):
            self.assertNotIn(foreign.pick(random.Random(number), blocks[0], []), own)

    def test_open_blocks_get_what_is_wrong_from_elsewhere(self):
        opened = blocks_of("@ any\n> flee; run away\n* | A wolf comes. | flee; run away\n" + TEXT)
        for group in generate.groups(opened, generate.Rounds(10, 0), 1):
            if "A wolf comes." in group["scenes"][0]["scene"]:
                right = [group["options"][place] for place in group["scenes"][0]["right"]]
                self.assertTrue(set(right) <= {"flee", "run away"})
                self.assertEqual({"flee", "run away"} & set(group["options"]), set(right))

    def test_base_blocks_have_their_own_rounds(self):
        base = blocks_of("> run away; sit down; sing\n* | A wolf comes. | run away\n", "base_test.scenes")
        count = sum(group["block"].startswith("base_") for group in generate.groups(base + blocks_of(TEXT), generate.Rounds(1, 3), 1))
        self.assertEqual(count, 3)


class Dressing(unittest.TestCase):
    def test_a_name_is_changed_everywhere(self):
        block = dressing.renamed_block(blocks_of(TEXT)[0], "Mara", "Ilse")
        self.assertNotIn("Mara", dressing.text_of(block))
        self.assertIn("Ilse has the key", dressing.text_of(block))

    def test_traits_become_sentences(self):
        for traits, wanted in (("calm", "Nell is calm."), ("who hates the whip", "Nell hates the whip."),
                               ("mild, who hates the whip", "Nell is mild. Nell hates the whip."), ("with a good voice", "Nell has a good voice.")):
            with self.subTest(traits):
                self.assertEqual(dressing.sentences("Nell", traits), wanted)

    def test_a_frame_is_taken_from_a_scene_and_put_around_another(self):
        frames = dressing.frames_of(["It is 08:00 (day), clear. Rob is at the strip, oils the engine. Just now: a bird. What matters most: fly.", "A bird."])
        self.assertEqual(frames, [("It is 08:00 (day), clear. ", "the strip", "oils the engine", " What matters most: fly.")])
        self.assertEqual(dressing.framed("A fish.", "Ann", "waits", frames[0], True),
                         "It is 08:00 (day), clear. Ann is at the strip, waits. Just now: A fish. What matters most: fly.")

    def test_scenes_that_tell_the_hour_get_no_frame(self):
        self.assertTrue(dressing.CLOCK_OR_SKY.search("It is midnight and the cow lows."))
        self.assertFalse(dressing.CLOCK_OR_SKY.search("The udder is full."))


class Apart(unittest.TestCase):
    def test_a_scene_of_the_benchmark_is_left_out_also_in_other_words(self):
        blocks = blocks_of(TEXT)
        kept, dropped = generate.apart(blocks, ["The pressure was wrong!", "A dragon sleeps on its gold."])
        self.assertEqual([text for _, text, _ in dropped], ["The pressure is wrong."])
        self.assertEqual(sum(len(block.scenes) for block in kept), sum(len(block.scenes) for block in blocks) - 1)

    def test_words_that_mean_nothing_make_nothing_like(self):
        measure = Likeness(["The cow is in the barn.", "The king is on the throne."], ["The king is on the throne."])
        self.assertEqual(measure.nearest("The cow is in the barn.")[0], 0)
        self.assertAlmostEqual(measure.nearest("On the throne the king is.")[0], 1)

    def test_the_benchmark_is_read(self):
        self.assertGreater(len(generate.benchmark_scenes()), 200)

    def test_no_scene_that_was_written_is_like_one_of_the_benchmark(self):
        _, dropped = generate.apart(scenes.load(), generate.benchmark_scenes(), generate.SAME)
        self.assertEqual(dropped, [])


if __name__ == "__main__":
    unittest.main()
