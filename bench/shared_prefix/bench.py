"""First token of 8 characters who share a world of 1,000 tokens, spoken to at once, against llama-server --parallel 8.

Cold: nobody has seen this world before. Warm: the same eight were spoken to a moment ago, and are asked something else.
Both sides get the same messages, sampling and threads; the counts of prompt tokens must agree. Prompt cache is on.
"""
import random

from harness import place
from harness.figures import compare, median
from harness.llama import Server
from harness.place import BenchError
from harness.program import Program
from harness.rounds import interleave

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b")
CHARACTERS, PREFIX_TOKENS, NEW_TOKENS, CONTEXT = 8, 1000, 8, 2048
GOAL = "ratio >= 5"

WHO = ("Marta", "Odo", "Pell", "Ines", "Tam", "Bram", "Yara", "Sunniva")
THINGS = ("the lamp on the pier", "a boat without a name", "the price of eels", "the bell in the fog", "a letter from inland",
          "the broken net", "the keeper's daughter", "salt in the well", "the tax on oil", "a song nobody finishes")
DOINGS = ("is spoken of at the market", "was seen by two fishermen", "worries the harbour master", "came with the last tide",
          "is older than the town", "was paid for in lantern oil", "has been kept secret", "is what the children sing about")


def world(number, tokens):
    """A text of PREFIX_TOKENS tokens that begins differently for each number; `tokens` counts them."""
    draw = random.Random(number)
    text, have = f"World {number * 7919 + 13} of the coast.", 0
    while have < PREFIX_TOKENS:
        text += f" {draw.choice(WHO)} says that {draw.choice(THINGS)} {draw.choice(DOINGS)} since the year {draw.randrange(100, 999)}."
        have = tokens(text) if len(text) > 3 * PREFIX_TOKENS else 0
    return text


def questions(number):
    draw = random.Random(1000 + number)
    return [f"You are {who}. A stranger asks you about {draw.choice(THINGS)}. What do you say?" for who in WHO[:CHARACTERS]]


def run(tell):
    rows = []
    for model in MODELS:
        weights = place.weights(model)
        with Program("shared_prefix", weights) as ours, Server(weights, parallel=CHARACTERS, context=CONTEXT) as server:
            rows += of_model(model, ours, server, lambda text, model=model: tell(f"{model}: {text}"))
    return rows


def of_model(model, ours, server, tell):
    worlds, counted = {}, {}

    def ask_both_ways(number, ask):
        if number not in worlds:
            worlds[number] = world(number, server.count)
        figures = {}
        for state, asked in (("cold", questions(2 * number)), ("warm", questions(2 * number + 1))):
            first, tokens = ask(worlds[number], asked)
            if counted.setdefault((number, state), tokens) != tokens:
                raise BenchError(f"the two sides read different prompts: {counted[number, state]} and {tokens} tokens")
            figures[f"{state}.median"], figures[f"{state}.last"] = median(first), max(first)
        return figures

    def ask_us(system, asked):
        came = ours.ask("ask", NEW_TOKENS, system, *asked)
        return came["first_ms"], came["prompt_tokens"]

    def ask_server(system, asked):
        sampling = {"max_tokens": NEW_TOKENS, "temperature": 0.7, "top_p": 0.9, "min_p": 0.05, "top_k": 64, "repeat_penalty": 1.1}
        requests = [{"messages": [{"role": "system", "content": system}, {"role": "user", "content": question}], **sampling,
                     "seed": seed} for seed, question in enumerate(asked)]
        answers = server.chat_at_once(requests)
        return [first for first, _ in answers], [tokens for _, tokens in answers]

    found = interleave({"ours": lambda number: ask_both_ways(number, ask_us),
                        "llama-server": lambda number: ask_both_ways(number, ask_server)}, tell=tell)
    peer_name = f"llama-server --parallel {CHARACTERS}"
    return [compare(f"shared_prefix.{which}.{model}", "ms", "lower", found["ours"][which], found["llama-server"][which], peer_name,
                    GOAL if which.startswith("cold") else None)
            for which in ("cold.median", "cold.last", "warm.median", "warm.last")]
