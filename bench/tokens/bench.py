"""engine_llama against llama-bench: reading a prompt and writing, same weights, same threads.

Ours is the whole way of a call: queue, chunks, sampling (0.7, top-p, penalty), streaming. llama-bench computes and nothing else.
"""
from harness import place
from harness.figures import compare
from harness.llama import llama_bench
from harness.program import Program
from harness.rounds import interleave

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
WORDS, NEW_TOKENS = 225, 64  # 225 words are about 256 tokens
GOAL = "ratio >= 0.95"


def run(tell):
    rows = []
    for model in MODELS:
        weights = place.weights(model)
        with Program("tokens", weights) as ours:
            rows += of_model(model, weights, ours, lambda text, model=model: tell(f"{model}: {text}"))
    return rows


def of_model(model, weights, ours, tell):
    read = {}  # tokens that our prompt turned out to have; the peer reads as many

    def we(number):
        prompt = ours.ask("prompt", number, WORDS)
        read["tokens"] = int(prompt["prompt_tokens"][0])
        return {"read": prompt["tokens_per_s"], "write": ours.ask("generate", number, NEW_TOKENS)["tokens_per_s"]}

    sides = {"ours": we, "llama-bench": lambda _: llama_bench(weights, prompt=read["tokens"], generate=NEW_TOKENS)}
    found = interleave(sides, tell=tell)
    mine, peer = found["ours"], found["llama-bench"]

    def per_token(values):
        return [1000 / value for value in values]

    return [
        compare(f"tokens.prompt.{model}", "tokens/s", "higher", mine["read"], peer["read"], "llama-bench", GOAL),
        compare(f"tokens.generation.{model}", "tokens/s", "higher", mine["write"], peer["write"], "llama-bench", GOAL),
        compare(f"tokens.per_token.{model}", "ms", "lower", per_token(mine["write"]), per_token(peer["write"]), "llama-bench"),
    ]
