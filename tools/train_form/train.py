#!/usr/bin/env python3
"""Trains the form classifier: does a line wish something now?

  tools/train_form/train.py en                       with the embedding model that set-up has: data/form.en.<model>.yaml
  tools/train_form/train.py en --no-vectors          by function words alone: data/form.en.yaml
  tools/train_form/train.py en --try LINES.jsonl     the area under the curve on lines with `line` and `want`, writes nothing

A logistic regression on [vector of the line, scale x hashed beginnings and pairs of function words], 700 steps of gradient
descent on lines that are made from templates.<language>.yaml. The same input gives the same weights. The vectors come from
llama-server with the embedding model's own weights, as the server's engine makes them; they are kept in build/train_form.
"""
import argparse
import hashlib
import json
import pathlib
import random
import re
import sys

import numpy as np
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
HASHED, SCALE, L2, RATE, STEPS = 512, 0.7, 2e-4, 8.0, 700
MODEL = "minilm-l6-v2"
KEPT = 0.12   # of a deed's templates are filled, others for each
SLIPS = 0.08  # of the lines are made in small letters, without marks, or with a typing error
BEGINNING, BEGINNING_TRIPLES = 4, 5


def filled(template, values):
    text = re.sub(r"\{(\w)\}|\{(\w+)\}", lambda m: values[m[1] or m[2]], template)
    return text if text.endswith(" pls") or text.endswith(" please") else text[0].upper() + text[1:]


def slipped(text, draw):
    """As people type: small, bare, or with one wrong letter."""
    kind = draw.randrange(3)
    if kind == 0:
        return text.lower()
    if kind == 1:
        return re.sub(r"[.,!?']", "", text.lower())
    at = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not at:
        return text.lower()
    i = draw.choice(at)
    return text[:i] + text[i + 1] + text[i] + text[i + 2:] if draw.random() < 0.5 else text[:i] + text[i + 1:]


def lines_of(data, seed=1):
    """(line, 1 = wishes something), always in the same order."""
    draw = random.Random(seed)
    out = []

    def add(template, wished, **values):
        out.append((filled(template, {**values, "name": draw.choice(data["names"]), "why": draw.choice(data["why"])}), wished))

    for row in data["deeds"]:
        base, past, ing, noun = (part.strip() for part in row.split("|"))
        values = {"v": base, "V": base[0].upper() + base[1:], "p": past, "i": ing, "n": noun}
        for template in data["wishes"]:
            if draw.random() < KEPT:
                add(template, 1, **values)
        for template in data["none"]:
            if draw.random() < KEPT:
                add(template, 0, **values)
    for good in data["goods"]:
        values = {"g": good, "G": good[0].upper() + good[1:]}
        for template in data["buys"]:
            add(template, 1, **values)
        for template in data["keeps"]:
            add(template, 0, **values)
    out += [(line, 0) for line in data["free"]]
    out += [(slipped(line, draw), wished) for line, wished in out if draw.random() < SLIPS]
    return out


def words_of(language):
    """The words that make the form of a line; all others are a blank. The server reads the same ones."""
    file = ROOT / "src/talk/data" / f"talk.{language}.yaml"
    return set(yaml.safe_load(file.read_text(encoding="utf-8"))["acting"]["function_words"].split())


def pieces(function_words, line):
    found = re.findall(r"[a-z']+|[?!.,]", line.lower().replace("\u2019", "'"))
    return ["^"] + [piece if piece in "?!.," or piece in function_words else "_" for piece in found][:399]


def bucket(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value % HASHED


def hashed_part(function_words, line):
    p = pieces(function_words, line)
    found = {bucket("1 " + a) for a in p[:BEGINNING]} | {bucket(f"2 {a} {b}") for a, b in zip(p, p[1:])}
    found |= {bucket(f"3 {a} {b} {c}") for a, b, c in zip(p[:BEGINNING_TRIPLES], p[1:BEGINNING_TRIPLES], p[2:BEGINNING_TRIPLES])}
    out = np.zeros(HASHED, np.float32)
    out[sorted(found)] = SCALE / np.sqrt(len(found))
    return out


def vectors(texts):
    """Of unit length, in the order of the texts. Kept by the hash of the weights."""
    from harness import llama, place
    weights = place.weights(MODEL)
    folder = ROOT / "build" / "train_form"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{hashlib.sha256(weights.read_bytes()).hexdigest()[:16]}.npz"
    known = dict(np.load(kept)) if kept.exists() else {}
    names = {text: hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts}
    missing = [text for text in dict.fromkeys(texts) if names[text] not in known]
    if missing:
        with llama.Server(weights, parallel=1, context=512, more=("--embeddings", "--pooling", "mean", "-b", "2048", "-ub", "2048")) as server:
            for at in range(0, len(missing), 64):
                part = missing[at:at + 64]
                for text, vector in zip(part, server.embed(part)):
                    known[names[text]] = np.array(vector, np.float32) / (np.linalg.norm(vector) + 1e-9)
                print(f"\r{at + len(part)} of {len(missing)} vectors", end="", file=sys.stderr)
                if at // 64 % 8 == 7:
                    np.savez(kept, **known)  # what was made is kept when somebody stops it
        print(file=sys.stderr)
        np.savez(kept, **known)
    return np.stack([known[names[text]] for text in texts])


def features(function_words, lines, with_vectors):
    surface = np.stack([hashed_part(function_words, line) for line in lines])
    return np.hstack([vectors(lines), surface]) if with_vectors else surface


def fit(x, y):
    x = x.astype(np.float64)
    weights, bias = np.zeros(x.shape[1]), 0.0
    share = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(x @ weights + bias)))
        slope = (p - y) * share / len(y)
        weights -= RATE * (x.T @ slope + L2 * weights)
        bias -= RATE * slope.sum()
    return weights, bias


def area(p, wanted):
    """Under the curve of hits against false alarms."""
    yes, no = p[wanted], p[~wanted]
    return float(np.mean((yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])))


def write(path, language, size, weights, bias, made_by):
    rows = [" ".join(f"{value:.4g}" for value in weights[at:at + 16]) for at in range(0, len(weights), 16)]
    path.write_text(
        f"# The form of a line that wishes something now. Written by tools/train_form/train.py; not by hand.\n"
        f"language: {language}\n" + (f"model: {MODEL}\n" if size else "") + f"size: {size}\nscale: {SCALE}\nbias: {bias:.5g}\n"
        f"made_by: \"{made_by}\"\nweights:\n" + "".join(f"  - \"{row}\"\n" for row in rows), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language")
    parser.add_argument("--no-vectors", action="store_true")
    parser.add_argument("--try", dest="lines", action="append", default=[])
    given = parser.parse_args()
    templates = pathlib.Path(__file__).parent / f"templates.{given.language}.yaml"
    data = yaml.safe_load(templates.read_text(encoding="utf-8"))
    function_words = words_of(given.language)
    made = lines_of(data)
    y = np.array([wished for _, wished in made])
    with_vectors = not given.no_vectors
    x = features(function_words, [line for line, _ in made], with_vectors)
    weights, bias = fit(x, y)
    right = float(np.mean(((x @ weights + bias) > 0) == (y == 1)))
    print(f"{len(made)} lines, {int(y.sum())} wish something; {right:.3f} of them right")
    for path in given.lines:
        asked = [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
        p = features(function_words, [one["line"] for one in asked], with_vectors) @ weights + bias
        print(f"{path}: area under the curve {area(p, np.array([bool(one['want']) for one in asked])):.3f} of {len(asked)} lines")
    if not given.lines:
        size = x.shape[1] - HASHED
        name = f"form.{given.language}.{MODEL}.yaml" if size else f"form.{given.language}.yaml"
        sources = hashlib.sha256(templates.read_bytes()).hexdigest()[:12]
        write(ROOT / "src/talk/data" / name, given.language, size, weights, bias,
              f"tools/train_form/train.py from {templates.name} {sources}, {len(made)} lines")


if __name__ == "__main__":
    main()
