#!/usr/bin/env python3
"""Turns all-MiniLM-L6-v2 (safetensors + vocab.txt) into a GGUF that llama.cpp embeds with.

The shape of the network is fixed, so it is written here instead of read: six BERT layers, mean pooling, no causal mask.
The same input gives the same bytes, which is why the catalogue can pin the result.

  tools/minilm_to_gguf.py model.safetensors vocab.txt minilm-l6-v2-f16.gguf
"""
import os
import sys

import gguf
import numpy as np
from safetensors import safe_open

LAYERS = 6
WIDTH = 384
HIDDEN = 1536
HEADS = 12
CONTEXT = 512
NORM_EPSILON = 1e-12
DROPPED = ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias")
KEPT_F32 = ("token_types", "position_embd")  # llama.cpp adds these row by row, as F32


def vocabulary(path):
    """llama.cpp's WPM form: a word's first piece carries U+2581, its other pieces lose their '##'."""
    with open(path, encoding="utf-8") as lines:
        words = [line.rstrip("\n") for line in lines]
    tokens, types = [], []
    for word in words:
        control = word.startswith("[") and word.endswith("]") and len(word) > 2
        tokens.append(word if control else word[2:] if word.startswith("##") else "\u2581" + word)
        types.append(gguf.TokenType.CONTROL if control else gguf.TokenType.NORMAL)
    return words, tokens, types


def convert(weights, vocab, out):
    words, tokens, types = vocabulary(vocab)
    writer = gguf.GGUFWriter(out, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(NORM_EPSILON)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(2)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_unk_token_id(words.index("[UNK]"))
    writer.add_sep_token_id(words.index("[SEP]"))
    writer.add_pad_token_id(words.index("[PAD]"))
    writer.add_mask_token_id(words.index("[MASK]"))
    writer.add_bos_token_id(words.index("[CLS]"))
    writer.add_eos_token_id(words.index("[SEP]"))

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, LAYERS)
    with safe_open(weights, framework="numpy") as tensors:
        for name in sorted(tensors.keys()):
            if name in DROPPED:
                continue
            target = names.get_name(name, try_suffixes=(".weight", ".bias"))
            if target is None:
                raise SystemExit(f"minilm_to_gguf: {weights}: tensor '{name}' is not part of all-MiniLM-L6-v2")
            data = tensors.get_tensor(name).astype(np.float32)
            if data.ndim == 2 and not target.startswith(KEPT_F32):
                data = data.astype(np.float16)
            writer.add_tensor(target, data)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    weights, vocab, out = sys.argv[1:]
    partial = out + ".partial"
    convert(weights, vocab, partial)
    os.replace(partial, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
