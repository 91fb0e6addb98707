"""Calls that both sides get: for bench_load as they are, for an OpenAI-compatible server as a body. Pure.

A call: {"kind": "choose" or "generate", "tier", "at": ms, "deadline": ms after that, ...}; "again" begins it anew whenever it ends.
"""
import random

WHO = ("Marta", "Odo", "Pell", "Ines", "Tam", "Bram", "Yara", "Sunniva")
THINGS = ("the lamp on the pier", "a boat without a name", "the price of eels", "the bell in the fog", "a letter from inland",
          "the broken net", "the keeper's daughter", "salt in the well", "the tax on oil", "a song nobody finishes")
DOINGS = ("is spoken of at the market", "was seen by two fishermen", "worries the harbour master", "came with the last tide",
          "is older than the town", "was paid for in lantern oil", "has been kept secret", "is what the children sing about")
VERBS = ("walk on", "talk to the stranger", "run for help", "hide")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SAMPLING = {"temperature": 0.7, "top_p": 0.9, "min_p": 0.05, "top_k": 64, "repeat_penalty": 1.1}  # engine::Sampling


def poisson(rate, start, end, seed):
    """Moments in ms, `rate` a second on average, the same for the same seed."""
    draw, at, out = random.Random(seed), float(start), []
    while True:
        at += 1000 * draw.expovariate(rate)
        if at >= end:
            return out
        out.append(round(at, 3))


def rumours(draw, count):
    return " ".join(f"{draw.choice(WHO)} says that {draw.choice(THINGS)} {draw.choice(DOINGS)} since the year {draw.randrange(100, 999)}."
                    for _ in range(count))


def choice(seed, at, deadline):
    """What somebody does: a scene that is new, options that were judged before."""
    draw = random.Random(f"choice {seed}")
    return {"kind": "choose", "tier": "gold", "at": at, "deadline": deadline, "context": "You are a lamplighter in a harbour town.",
            "scene": f"It is evening, and somebody steps out of the fog. {rumours(draw, 1)}", "options": list(VERBS)}


def talk(seed, at, deadline, rumours_told, tokens, tier="silver"):
    draw = random.Random(f"talk {seed}")
    return {"kind": "generate", "tier": tier, "at": at, "deadline": deadline, "tokens": tokens, "seed": draw.randrange(1 << 30),
            "system": f"You are {draw.choice(WHO)}, number {draw.randrange(1 << 30)} of the register.",
            "user": f"{rumours(draw, rumours_told)} What do you think of it?"}


def story(seed, tokens):
    """Written without pause: as soon as it has ended, the next part."""
    call = talk(f"story {seed}", 0, 0, 2, tokens, "bronze")
    del call["deadline"]
    return {**call, "user": f"{call['user']} Tell it as a very long story.", "again": True}


def as_chat(call):
    """The same for an OpenAI-compatible server; of a choice the letter, under a grammar (src/adapters/engine_llama/prompt.cpp)."""
    if call["kind"] == "generate":
        messages = [{"role": "system", "content": call["system"]}, {"role": "user", "content": call["user"]}]
        return {"model": call.get("model", "bench"), "messages": messages, "max_tokens": call["tokens"], "seed": call["seed"], **SAMPLING}
    letters = LETTERS[:len(call["options"])]
    listed = "".join(f"{letter}. {option}\n" for letter, option in zip(letters, call["options"]))
    asked = f"{call['scene']}\n\nWhat do you do?\n{listed}Answer with the letter only."
    messages = [{"role": "system", "content": call["context"]}, {"role": "user", "content": asked}]
    grammar = "root ::= " + " | ".join(f'"{letter}"' for letter in letters)
    return {"model": "bench", "messages": messages, "max_tokens": 1, "temperature": 0, "grammar": grammar}
