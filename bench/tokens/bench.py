"""engine_llama against llama-bench: reading a prompt and writing, same weights, same threads.

Ours is the whole way of a call: queue, chunks, sampling (0.7, top-p, penalty), streaming. llama-bench computes and nothing else.
"""
from harness import place
from harness.figures import compare
from harness.llama import llama_bench
from harness.program import Program
from harness.rounds import interleave

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
WORDS, NEW_TOKENS = 380, 64  # 380 words are about 512 tokens
GOAL = "ratio >= 0.95"


def run(tell):
    rows = []
    for model in MODELS:
        weights = place.weights(model)
        with Program("tokens", weights) as ours:
            rows += of_model(model, weights, ours, lambda text, model=model: tell(f"{model}: {text}"))
    return rows


def of_model(model, weights, ours, tell):
    read = {"ours": 512, "generate": 32}  # tokens that our prompts turned out to have; the peer gets as many

    def we_read(number):
        came = ours.ask("prompt", number, WORDS)
        read["ours"] = int(came["prompt_tokens"][0])
        return {"read": came["tokens_per_s"]}

    def we_write(number):
        came = ours.ask("generate", number, NEW_TOKENS)
        read["generate"] = int(came["prompt_tokens"][0])
        return {"write": came["tokens_per_s"]}

    sides = {
        "ours": lambda number: we_read(number) | we_write(number),
        "llama-bench": lambda _: {"read": llama_bench(weights, prompt=read["ours"]),
                                  "write": llama_bench(weights, generate=NEW_TOKENS, depth=read["generate"])},
    }
    found = interleave(sides, tell=tell)
    mine, peer = found["ours"], found["llama-bench"]

    def per_token(values):
        return [1000 / value for value in values]

    return [
        compare(f"tokens.prompt.{model}", "tokens/s", "higher", mine["read"], peer["read"], "llama-bench", GOAL),
        compare(f"tokens.generation.{model}", "tokens/s", "higher", mine["write"], peer["write"], "llama-bench", GOAL),
        compare(f"tokens.per_token.{model}", "ms", "lower", per_token(mine["write"]), per_token(peer["write"]), "llama-bench"),
    ]
