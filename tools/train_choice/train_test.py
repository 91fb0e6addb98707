"""Losses, the network and its export. Needs requirements.txt. Run: python3 -m unittest train_test (in this folder)"""
import pathlib
import tempfile
import types
import unittest

import torch

import encoder
import export
import from_gguf
import train


def group(*right):
    return {"options": ["a", "b"], "scenes": [{"who": "w", "scene": "s", "right": list(places)} for places in right]}


class Losses(unittest.TestCase):
    def test_a_scene_costs_what_its_right_options_are_not_given(self):
        scores = torch.tensor([[0.0, 0.0], [0.0, 0.0]])
        self.assertAlmostEqual(train.loss_of(scores, [group([0], [1])], 0).item(), 0.6931, places=3)
        self.assertAlmostEqual(train.loss_of(scores, [group([0, 1], [0, 1])], 0).item(), 0, places=5)

    def test_contrast_asks_an_option_to_be_wanted_by_its_own_scene(self):
        same = torch.log_softmax(torch.tensor([[2.0, 0.0], [2.0, 0.0]]), -1)
        apart = torch.log_softmax(torch.tensor([[2.0, 0.0], [0.0, 2.0]]), -1)
        self.assertGreater(train.contrast_loss(same, group([0], [1])).item(), train.contrast_loss(apart, group([0], [1])).item())

    def test_an_option_that_is_right_everywhere_has_no_contrast(self):
        rows = torch.log_softmax(torch.tensor([[2.0, 0.0], [1.0, 0.0]]), -1)
        self.assertEqual(train.contrast_loss(rows, group([0], [0])).item(), 0)


class Network(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.model = encoder.Chooser().eval()
        self.packer = types.SimpleNamespace(cls=1, sep=2, pad=0, pieces=lambda text: [3 + ord(letter) for letter in text if letter != " "])
        self.packer.row = lambda *example: encoder.Packer.row(self.packer, *example)

    def scores(self, *examples):
        with torch.no_grad():
            return self.model(encoder.Packer.batch(self.packer, list(examples)))

    def test_padding_changes_nothing(self):
        short, long = ("ann", "it rains", ["go", "stay"]), ("ben", "it rains and rains and rains", ["go", "stay", "wait"])
        alone, together = self.scores(short), self.scores(short, long)
        self.assertTrue(torch.allclose(alone[0], together[0, :2], atol=1e-4))
        self.assertEqual(together[0, 2].item(), encoder.NOWHERE)

    def test_a_span_covers_an_option_and_what_ends_it(self):
        ids, spans = self.packer.row("a", "b", ["cd", "e"])
        self.assertEqual(ids, [1, 100, 101, 2, 102, 103, 2, 104, 2])
        self.assertEqual(spans, [(4, 7), (7, 9)])


class Export(unittest.TestCase):
    WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    def test_what_is_written_is_read_again(self):
        torch.manual_seed(2)
        weights = encoder.Chooser().state_dict()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in [*self.WORDS, *map(str, range(encoder.WORDS - len(self.WORDS)))]))
            for kind, off in (("f16", 1e-3), ("q8_0", 5e-3)):
                file = folder / f"{kind}.gguf"
                export.write(file, types.SimpleNamespace(type=kind, temperature=1.25, name="x", base=folder), weights)
                again = from_gguf.weights_of(file)
                self.assertEqual(again.keys(), weights.keys())
                for tensor, values in weights.items():
                    self.assertLess((again[tensor] - values).abs().max().item(), off * max(1, values.abs().max().item()), (kind, tensor))
                self.assertTrue(torch.equal(again["head.weight"], weights["head.weight"]))


if __name__ == "__main__":
    unittest.main()
