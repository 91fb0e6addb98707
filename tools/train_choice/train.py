#!/usr/bin/env python3
"""Trains the choice model on what generate.py wrote: train.py --name first --data build/train_choice/train.jsonl

Groups of a block stay together in a batch, for two losses: of each scene over its options, and of each option over the scenes of its
group. The second is what contrast pairs are for: an option has to be wanted by its own scene more than by the scene beside it.
The held-out blocks are measured as it goes, in every order of their options; the benchmark is not looked at.
"""
import argparse
import math
import pathlib
import random
import sys
import time

import torch

import batches
import encoder
import from_gguf

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "train_choice"
HEAD_RATE = 20         # times the rate of the encoder: the head begins from nothing
NORM_MAX = 1.0
DECAY = 0.01
TEMPERATURES = [step / 20 for step in range(10, 81)]


def examples_of(groups) -> list[tuple]:
    return [(scene["who"], scene["scene"], group["options"]) for group in groups for scene in group["scenes"]]


def loss_of(scores, groups, contrast: float) -> torch.Tensor:
    """Mean over scenes; `contrast` is the weight of the loss of options over scenes."""
    chances = torch.log_softmax(scores, -1)
    total, count, at = scores.new_zeros(()), 0, 0
    for group in groups:
        rows = chances[at:at + len(group["scenes"]), :len(group["options"])]
        at += len(group["scenes"])
        for row, scene in zip(rows, group["scenes"]):
            total = total - torch.logsumexp(row[scene["right"]], 0)
        count += len(group["scenes"])
        if len(rows) > 1 and contrast > 0:
            total = total + contrast * contrast_loss(rows, group)
    return total / count


def contrast_loss(rows, group) -> torch.Tensor:
    """Over the scenes of a group, for each option that is right in some of them and wrong in others."""
    total = rows.new_zeros(())
    for option in range(rows.shape[1]):
        right = [place for place, scene in enumerate(group["scenes"]) if option in scene["right"]]
        if 0 < len(right) < len(rows):
            column = torch.log_softmax(rows[:, option], 0)
            total = total - torch.logsumexp(column[right], 0) * len(right)
    return total


@torch.no_grad()
def measure(model, packer, groups) -> dict:
    """Share of scenes that are right, in every order of the options; and the temperature that fits the scores."""
    model.eval()
    turned = [turn for group in groups for turn in batches.rotations(group)]
    right, scored = 0, []
    for at in range(0, len(turned), 8):
        part = turned[at:at + 8]
        scores, row = model(packer.batch(examples_of(part))), 0
        for group in part:
            for scene in group["scenes"]:
                own = scores[row, :len(group["options"])]
                right += int(own.argmax()) in scene["right"]
                scored.append((own, scene["right"]))
                row += 1
    losses = {t: -sum(torch.logsumexp(torch.log_softmax(own / t, -1)[which], 0).item() for own, which in scored) / len(scored)
              for t in TEMPERATURES}
    best = min(losses, key=losses.get)
    return {"right": right / len(scored), "loss": losses[best], "temperature": best}


def weights_of(file: pathlib.Path) -> dict:
    return from_gguf.weights_of(file) if file.suffix == ".gguf" else torch.load(file, weights_only=True)


def make_model(given):
    model = encoder.Chooser()
    if given.begin:
        model.load_state_dict(weights_of(given.begin))
    else:
        model.bert.load_state_dict(torch.load(given.base / "base.pt", weights_only=True))
    model.bert.freeze(given.frozen)
    return model


def train(given) -> None:
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    rng = random.Random(given.seed)
    model, packer = make_model(given), encoder.Packer(given.base / "tokenizer.json")
    groups, held = batches.read(given.data), batches.read(given.held_out) if given.held_out else []
    epoch = len(batches.batches_of(groups, random.Random(0)))
    steps = min(given.steps or math.inf, math.ceil(epoch * given.epochs))
    optimizer = torch.optim.AdamW([{"params": [p for p in model.bert.parameters() if p.requires_grad], "lr": given.rate},
                                   {"params": model.head.parameters(), "lr": given.rate * HEAD_RATE}], weight_decay=DECAY, fused=True)
    rates = [group["lr"] for group in optimizer.param_groups]
    print(f"{given.name}: {sum(len(g['scenes']) for g in groups)} examples in {epoch} batches, {steps} steps", flush=True)
    began, waiting, mean = time.monotonic(), [], None
    for step in range(1, steps + 1):
        # A machine that is shared may be slow; who has to end by a time falls with the time.
        done = max(step / steps, (time.monotonic() - began) / (60 * given.minutes))
        last = step == steps or done >= 1
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * batches.rate_at(min(1, done))
        waiting = waiting or batches.batches_of(groups, rng)
        batch = waiting.pop()
        model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=given.bf16):
            scores = model(packer.batch(examples_of(batch)))
        loss = loss_of(scores.float(), batch, given.contrast)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), NORM_MAX)
        optimizer.step()
        mean = loss.item() if mean is None else 0.97 * mean + 0.03 * loss.item()
        if last or step == 20 or step % given.every == 0:
            report(given, model, packer, [] if step == 20 else held, f"step {step} of {steps}", mean, (time.monotonic() - began) / step)
            torch.save(model.state_dict(), given.out / f"{given.name}.pt")  # also on the way: a run takes hours
        if last:
            break


def report(given, model, packer, held, where, loss, seconds) -> None:
    line = f"{given.name}: {where}, loss {loss:.3f}, {seconds:.2f} s a step"
    if held:
        found = measure(model, packer, held)
        line += f"; held out: right {found['right']:.3f}, loss {found['loss']:.3f} at temperature {found['temperature']}"
    print(line, flush=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--name", required=True, help="of the weights that are written")
    arguments.add_argument("--data", type=pathlib.Path, default=WORK / "train.jsonl")
    arguments.add_argument("--held-out", type=pathlib.Path, help="groups to measure")
    arguments.add_argument("--base", type=pathlib.Path, default=WORK, help="folder that base.py filled")
    arguments.add_argument("--begin", type=pathlib.Path, help="weights of an earlier run to go on from: .pt, or the .gguf of export.py")
    arguments.add_argument("--out", type=pathlib.Path, default=WORK)
    arguments.add_argument("--rate", type=float, default=8e-5)
    arguments.add_argument("--epochs", type=float, default=1)
    arguments.add_argument("--steps", type=int, help="stop after so many")
    arguments.add_argument("--minutes", type=float, default=math.inf, help="stop by then; such a run does not give the same weights again")
    arguments.add_argument("--contrast", type=float, default=0.3, help="weight of the loss of options over scenes")
    arguments.add_argument("--frozen", type=int, default=0, help="lowest layers that stay as they are, as the words do: there is too little text to move them")
    arguments.add_argument("--every", type=int, default=200, help="steps between measurements")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--bf16", action="store_true", help="half the numbers' width in the encoder; eight times as slow where the processor lacks it")
    train(arguments.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
