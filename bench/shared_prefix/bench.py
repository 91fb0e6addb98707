"""First token and tokens a second of 8, 32 and 128 characters who share a world of 1,000 tokens, spoken to at once, against llama-server --parallel 8.

Cold: nobody has seen this world before. Warm: the same were spoken to a moment ago, and are asked something else.
Both sides get the same messages, sampling, threads and 8 slots; the counts of prompt tokens must agree. Prompt cache is on.
"""
import random

from harness import place
from harness.calls import SAMPLING, THINGS, WHO, rumours
from harness.figures import compare, median
from harness.llama import Server
from harness.place import BenchError
from harness.program import Program
from harness.rounds import ROUNDS, interleave

MODEL = "smollm2-135m"
SLOTS, PREFIX_TOKENS, CONTEXT = 8, 1000, 2048
CROWDS = {8: (16, ROUNDS), 32: (8, 3), 128: (4, 1)}  # characters -> tokens each, rounds
FIRST, SPEED = "ratio >= 5", "ratio >= 1"


def world(number, tokens):
    """A text of PREFIX_TOKENS tokens that begins differently for each number; `tokens` counts them."""
    draw = random.Random(number)
    text, have = f"World {number} of the coast.", 0
    while have < PREFIX_TOKENS:
        text += " " + rumours(draw, 1)
        have = tokens(text) if len(text) > 3 * PREFIX_TOKENS else 0
    return text


def questions(characters, seed):
    draw = random.Random(seed)
    return [f"You are {WHO[i % len(WHO)]} of house {i}. A stranger asks you about {draw.choice(THINGS)}. What do you say?"
            for i in range(characters)]


def run(tell):
    weights, rows = place.weights(MODEL), []
    with Program("shared_prefix", weights) as ours, Server(weights, parallel=SLOTS, context=CONTEXT) as server:
        for characters, (tokens, rounds) in CROWDS.items():
            rows += of_crowd(characters, tokens, rounds, ours, server, lambda text, many=characters: tell(f"{many} characters: {text}"))
    return rows


def of_crowd(characters, new_tokens, rounds, ours, server, tell):
    worlds, counted = {}, {}

    def ask_both_ways(number, ask):
        if number not in worlds:
            worlds[number] = world(7919 * characters + number, server.count)
        figures = {}
        for state, asked in (("cold", questions(characters, 2 * number)), ("warm", questions(characters, 2 * number + 1))):
            first, read, per_s = ask(worlds[number], asked)
            if counted.setdefault((number, state), read) != read:
                raise BenchError(f"the two sides read different prompts: {counted[number, state]} and {read} tokens")
            figures[f"{state}.median"], figures[f"{state}.last"], figures[f"{state}.speed"] = median(first), max(first), per_s
        return figures

    def ask_us(system, asked):
        came = ours.ask("ask", new_tokens, system, *asked)
        return came["first_ms"], came["prompt_tokens"], 1000 * sum(came["new_tokens"]) / max(came["total_ms"])

    def ask_server(system, asked):
        requests = [{"messages": [{"role": "system", "content": system}, {"role": "user", "content": question}],
                     "max_tokens": new_tokens, **SAMPLING, "seed": seed} for seed, question in enumerate(asked)]
        answers = server.chat_at_once(requests)
        return [a.first_ms for a in answers], [a.prompt_tokens for a in answers], \
            1000 * sum(a.new_tokens for a in answers) / max(a.total_ms for a in answers)

    found = interleave({"ours": lambda number: ask_both_ways(number, ask_us),
                        "llama-server": lambda number: ask_both_ways(number, ask_server)}, rounds, tell)
    mine, peer, name = found["ours"], found["llama-server"], f"llama-server --parallel {SLOTS}"
    rows = []
    for state in ("cold", "warm"):
        for which in ("median", "last"):
            goal = FIRST if state == "cold" and characters == SLOTS else None
            rows.append(compare(f"shared_prefix.{characters}.{state}.{which}", "ms", "lower", mine[f"{state}.{which}"],
                                peer[f"{state}.{which}"], name, goal))
        rows.append(compare(f"shared_prefix.{characters}.{state}.speed", "tokens/s", "higher", mine[f"{state}.speed"],
                            peer[f"{state}.speed"], name, SPEED))
    return rows
