"""The choice model: a BERT encoder that reads who, scene and all options in one pass, and a head that scores each option.

    [CLS] who scene [SEP] option [SEP] option [SEP] ...

The score of an option is the mean over its tokens, and the [SEP] behind it, of the last hidden states times the head. The names of the
weights are those of the ONNX file and of the GGUF converter's table.
"""
import dataclasses
import math

import torch
from torch import nn
from torch.nn import functional

LAYERS = 12
WIDTH = 384
HIDDEN = 1536
HEADS = 12
CONTEXT = 512
WORDS = 30522
NORM_EPSILON = 1e-12
DROPOUT = 0.1
NOWHERE = -1e4  # the score of an option that an example does not have


@dataclasses.dataclass
class Batch:
    ids: torch.Tensor     # examples x tokens
    mask: torch.Tensor    # the same; false where the row has ended
    pool: torch.Tensor    # examples x options x tokens: shares of each option's tokens


class Packer:
    """Texts to a batch."""

    def __init__(self, tokenizer_file):
        from tokenizers import Tokenizer
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.cls, self.sep, self.pad = (self.tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]", "[PAD]"))
        self.known = {}

    def pieces(self, text: str) -> list[int]:
        if text not in self.known:
            self.known[text] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return self.known[text]

    def row(self, who: str, scene: str, options) -> tuple[list, list]:
        """Tokens, and where each option begins and ends."""
        ids, spans = [self.cls, *self.pieces(f"{who} {scene}".strip()), self.sep], []
        for option in options:
            begin = len(ids)
            ids += [*self.pieces(option), self.sep]
            spans.append((begin, len(ids)))
        return ids[:CONTEXT], spans

    def batch(self, examples) -> Batch:
        """Of (who, scene, options)."""
        rows = [self.row(*example) for example in examples]
        tokens, options = max(len(ids) for ids, _ in rows), max(len(spans) for _, spans in rows)
        batch = Batch(torch.full((len(rows), tokens), self.pad), torch.zeros(len(rows), tokens, dtype=torch.bool),
                      torch.zeros(len(rows), options, tokens))
        for at, (ids, spans) in enumerate(rows):
            batch.ids[at, :len(ids)] = torch.tensor(ids)
            batch.mask[at, :len(ids)] = True
            for option, (begin, end) in enumerate(spans):
                batch.pool[at, option, begin:end] = 1 / (end - begin)
        return batch


def norm() -> nn.LayerNorm:
    return nn.LayerNorm(WIDTH, eps=NORM_EPSILON)


def make_layer() -> nn.ModuleDict:
    projections = nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in ("query", "key", "value")})
    return nn.ModuleDict({
        "attention": nn.ModuleDict({"self": projections, "output": nn.ModuleDict({"dense": nn.Linear(WIDTH, WIDTH), "LayerNorm": norm()})}),
        "intermediate": nn.ModuleDict({"dense": nn.Linear(WIDTH, HIDDEN)}),
        "output": nn.ModuleDict({"dense": nn.Linear(HIDDEN, WIDTH), "LayerNorm": norm()})})


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleDict({
            "word_embeddings": nn.Embedding(WORDS, WIDTH), "position_embeddings": nn.Embedding(CONTEXT, WIDTH),
            "token_type_embeddings": nn.Embedding(2, WIDTH), "LayerNorm": norm()})
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(make_layer() for _ in range(LAYERS))})

    def freeze(self, layers: int):
        """The words and the lowest layers stay as they are; nothing is computed backwards for them."""
        self.embeddings.requires_grad_(False)
        for layer in self.encoder["layer"][:layers]:
            layer.requires_grad_(False)

    def forward(self, batch: Batch) -> torch.Tensor:
        """The last hidden states."""
        parts = self.embeddings
        state = (parts["word_embeddings"](batch.ids) + parts["position_embeddings"].weight[:batch.ids.shape[1]]
                 + parts["token_type_embeddings"].weight[0])
        state = self._drop(parts["LayerNorm"](state))
        hidden = torch.zeros(batch.mask.shape).masked_fill_(~batch.mask, NOWHERE)[:, None, None, :]
        for layer in self.encoder["layer"]:
            state = self._layer(layer, state, hidden)
        return state

    def _layer(self, layer, state, hidden):
        rows, tokens, _ = state.shape
        attention = layer["attention"]
        query, key, value = (attention["self"][name](state).view(rows, tokens, HEADS, -1).transpose(1, 2) for name in ("query", "key", "value"))
        # Written out: in half the width PyTorch's own way backwards is a quarter of a step. No dropout here, which made it half as long again.
        likeness = (query @ key.transpose(-2, -1)) / math.sqrt(query.shape[-1])
        mixed = torch.softmax(likeness.float() + hidden, -1).to(value.dtype) @ value
        mixed = attention["output"]["dense"](mixed.transpose(1, 2).reshape(rows, tokens, WIDTH))
        state = attention["output"]["LayerNorm"](state + self._drop(mixed))
        wide = functional.gelu(layer["intermediate"]["dense"](state))
        return layer["output"]["LayerNorm"](state + self._drop(layer["output"]["dense"](wide)))

    def _drop(self, state):
        return functional.dropout(state, DROPOUT, self.training)


class Chooser(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = Encoder()
        self.head = nn.Linear(WIDTH, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, batch: Batch) -> torch.Tensor:
        """A score for each option of each example."""
        state = self.bert(batch).float()
        score = self.head(batch.pool @ state).squeeze(-1)
        return score.masked_fill(batch.pool.sum(-1) == 0, NOWHERE)
