"""JSON actions of about 40 tokens under a schema: milliseconds a token and how many are valid, against llama-server with the same schema.

One after the other, same messages and sampling; the time is of the whole call, its prompt (a scene that is new) included.
"""
import json
import time

from harness import place
from harness.calls import VERBS, WHO, as_chat, talk
from harness.figures import compare
from harness.llama import Server
from harness.place import BenchError
from harness.program import Program
from harness.rounds import interleave

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b")
ACTIONS, TOKENS_MAX, CONTEXT = 5, 120, 2048
MOODS = ("calm", "afraid", "angry", "curious", "merry")
SCHEMA = {
    "type": "object",
    "properties": {
        "verb": {"enum": list(VERBS)},
        "toward": {"enum": list(WHO)},
        "mood": {"enum": list(MOODS)},
        "minutes": {"enum": [1, 5, 15, 60]},
        "says": {"type": "string", "minLength": 20, "maxLength": 60},
    },
    "required": ["verb", "toward", "mood", "minutes", "says"],
    "additionalProperties": False,
}
TARGETS = ("bench_load",)


def valid(text):
    """By hand, so that neither side's own idea of the schema decides."""
    try:
        action = json.loads(text)
    except ValueError:
        return False
    return isinstance(action, dict) and set(action) == set(SCHEMA["required"]) and isinstance(action["says"], str) \
        and 20 <= len(action["says"]) <= 60 and all(action[key] in SCHEMA["properties"][key]["enum"] for key in SCHEMA["required"][:4])


def actions(number):
    asked = [talk(f"act {number} {i}", 0, 0, 2, TOKENS_MAX) for i in range(ACTIONS)]
    return [{**{k: v for k, v in call.items() if k != "deadline"}, "system": "You are a lamplighter. Answer with one action as JSON.",
             "user": call["user"].replace("What do you think of it?", "What do you do, and what do you say?")} for call in asked]


def run(tell):
    rows = []
    for model in MODELS:
        weights = place.weights(model)
        with Program("load", weights) as ours, Server(weights, parallel=1, context=CONTEXT) as server:
            rows += of_model(model, ours, server, lambda text, model=model: tell(f"{model}: {text}"))
    return rows


def of_model(model, ours, server, tell):
    texts = place.OUT / "grammar.texts.json"

    def we(call):
        came = ours.ask("play", json.dumps({"calls": [{**call, "schema": json.dumps(SCHEMA)}], "texts": str(texts)}))
        return came["ms"][0], came["new_tokens"][0], json.loads(texts.read_text(encoding="utf-8"))[0], came["prompt_tokens"][0]

    def they(call):
        schema = {"type": "json_schema", "json_schema": {"name": "action", "strict": True, "schema": SCHEMA}}
        began = time.monotonic()
        answer = server.chat({**as_chat(call), "response_format": schema})
        ms = 1000 * (time.monotonic() - began)
        return ms, answer["usage"]["completion_tokens"], answer["choices"][0]["message"]["content"], answer["usage"]["prompt_tokens"]

    def side(ask):
        def of_round(number):
            answers = [ask(call) for call in actions(number)]
            written = sum(tokens for _, tokens, _, _ in answers)
            return {"ms": sum(ms for ms, _, _, _ in answers) / max(1, written), "tokens": written / len(answers),
                    "valid": sum(valid(text) for _, _, text, _ in answers) / len(answers), "read": [read for *_, read in answers]}
        return of_round

    found = interleave({"ours": side(we), "llama-server": side(they)}, tell=tell)
    mine, peer = found["ours"], found["llama-server"]
    if mine["read"] != peer["read"]:
        raise BenchError("the two sides read different prompts")
    return [
        {**compare(f"grammar.per_token.{model}", "ms", "lower", mine["ms"], peer["ms"], "llama-server", "ratio >= 1"),
         "tokens": mine["tokens"], "peer_tokens": peer["tokens"]},
        compare(f"grammar.valid.{model}", "share", "higher", [min(mine["valid"])], [min(peer["valid"])], "llama-server", "ours >= 1"),
    ]
