#!/usr/bin/env python3
"""Writes trained weights as a GGUF that llama.cpp loads: export.py --weights a.pt b.pt --shares 0.3 0.7 OUT.gguf

Several files of weights are averaged. The head is in the metadata (`troupe.choice.head`: 384 weights and the bias), as is the temperature
at which the scores are probabilities. Matrices are Q8_0 (36 MB) or F16. The same weights give the same bytes; the hash is printed.
"""
import argparse
import hashlib
import os
import pathlib
import sys

import gguf
import numpy as np
import torch

import encoder
import train

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "train_choice"
sys.path.insert(0, str(ROOT / "tools"))
import minilm_to_gguf  # noqa: E402  (the vocabulary has the same form)

TYPES = {"q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
         "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16)}


def mean_of(files, shares) -> dict:
    """The weighted mean of several weights of one shape."""
    if len(files) != len(shares) or abs(sum(shares) - 1) > 1e-6:
        raise SystemExit("export: --shares has a share for each file, 1 in all")
    loaded = [train.weights_of(file) for file in files]
    return {name: sum(share * weights[name].double() for share, weights in zip(shares, loaded)).float() for name in loaded[0]}


def metadata(writer, given, weights, vocab):
    words, tokens, types = minilm_to_gguf.vocabulary(vocab)
    writer.add_name(given.name)
    writer.add_license("mit")
    writer.add_file_type(TYPES[given.type][1])
    writer.add_context_length(encoder.CONTEXT)
    writer.add_embedding_length(encoder.WIDTH)
    writer.add_feed_forward_length(encoder.HIDDEN)
    writer.add_block_count(encoder.LAYERS)
    writer.add_head_count(encoder.HEADS)
    writer.add_layer_norm_eps(encoder.NORM_EPSILON)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.NONE)
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(2)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    for name, add in (("[UNK]", writer.add_unk_token_id), ("[SEP]", writer.add_sep_token_id), ("[PAD]", writer.add_pad_token_id),
                      ("[MASK]", writer.add_mask_token_id), ("[CLS]", writer.add_bos_token_id), ("[SEP]", writer.add_eos_token_id)):
        add(words.index(name))
    writer.add_array("troupe.choice.head", [*weights["head.weight"][0].tolist(), *weights["head.bias"].tolist()])
    writer.add_float32("troupe.choice.temperature", given.temperature)


def tensors(writer, given, weights):
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, encoder.LAYERS)
    kind = TYPES[given.type][0]
    for name in sorted(weights):
        if not name.startswith("bert."):
            continue
        target = names.get_name(name.removeprefix("bert."), try_suffixes=(".weight", ".bias"))
        if target is None:
            raise SystemExit(f"export: the tensor '{name}' has no place in a GGUF of this shape")
        data = weights[name].numpy().astype(np.float32)
        if data.ndim == 2 and not target.startswith(minilm_to_gguf.KEPT_F32):
            writer.add_tensor(target, gguf.quants.quantize(data, kind), raw_dtype=kind)
        else:
            writer.add_tensor(target, data)


def write(path: pathlib.Path, given, weights):
    partial = path.with_name(path.name + ".partial")
    writer = gguf.GGUFWriter(str(partial), "bert")
    metadata(writer, given, weights, given.base / "vocab.txt")
    tensors(writer, given, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, path)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--weights", type=pathlib.Path, nargs="+", required=True)
    arguments.add_argument("--shares", type=float, nargs="+", default=[1.0])
    arguments.add_argument("--type", choices=TYPES, default="q8_0")
    arguments.add_argument("--temperature", type=float, default=1.0, help="as train.py found it on the held-out blocks")
    arguments.add_argument("--name", default="troupe-choice-bge-small")
    arguments.add_argument("--base", type=pathlib.Path, default=WORK, help="folder that base.py filled")
    given = arguments.parse_args()
    write(given.out, given, mean_of(given.weights, given.shares))
    data = given.out.read_bytes()
    print(f"{given.out}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
