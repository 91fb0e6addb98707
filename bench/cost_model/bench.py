"""What a step was predicted to take, against what it took: stories, prompts and choices at once, each model on its own steps."""
import json

from harness import place
from harness.calls import choice, poisson, story, talk
from harness.figures import compare, median, percentile
from harness.program import Program
from harness.rounds import interleave

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
FOR_MS, NARROW = 4000, 4  # inference::CostModel::kNarrow
TARGETS = ("bench_load",)


def script(number):
    calls = [choice(f"cost {number} {i}", at, 4000) for i, at in enumerate(poisson(1, 300, FOR_MS, number))]
    calls += [talk(f"cost {number} {i}", at, 8000, 6, 24) for i, at in enumerate(poisson(1, 0, FOR_MS, 100 + number))]
    return calls + [story(f"cost {number} {i}", 200) for i in range(2)]


def run(tell):
    rows = []
    for model in MODELS:
        with Program("load", place.weights(model)) as ours:
            def of_round(number, ours=ours):
                came = ours.ask("play", json.dumps({"calls": script(number), "for_ms": FOR_MS}))
                errors = [(abs(guess - took) / took, tokens <= NARROW)
                          for guess, took, tokens in zip(came["predicted_us"], came["took_us"], came["step_tokens"])]
                every = [error for error, _ in errors]
                kinds = {"narrow": [e for e, narrow in errors if narrow], "wide": [e for e, narrow in errors if not narrow]}
                return {"all": median(every), "worst_tenth": percentile(every, 0.9), "steps": len(every),
                        **{kind: median(values) for kind, values in kinds.items() if values}}
            found = interleave({"ours": of_round}, tell=lambda text, model=model: tell(f"{model}: {text}"))["ours"]
        rows.append({**compare(f"cost_model.error.{model}", "share", "lower", found["all"], 0.15, "the limit", "ours < 0.15"),
                     "steps": sum(found["steps"])})
        for kind in ("narrow", "wide", "worst_tenth"):
            if kind in found:
                rows.append(compare(f"cost_model.error.{kind}.{model}", "share", "lower", found[kind], 0.15, "the limit"))
    return rows
