"""OpenAI's Python client, as its users have it, against a server that runs: client.py URL. One `ok:` line a check."""
import json
import math
import sys
from typing import Literal

import openai
import pydantic

TALK = [{"role": "system", "content": "You are a lamplighter. You speak plainly."},
        {"role": "user", "content": "Tell me about the lighthouse."}]
WALK = {"type": "function", "function": {
    "name": "walk", "description": "Go to a place", "strict": True,
    "parameters": {"type": "object", "properties": {"place": {"enum": ["quay", "market"]}}, "required": ["place"],
                   "additionalProperties": False}}}
WAIT = {"type": "function", "function": {"name": "wait", "description": "Stay where you are"}}
# Some helpers of the client refuse a text that was cut for its length, and small models talk on.
SOON = [".", ",", "!", " the", " a", " I", " to", " and"]


class Mood(pydantic.BaseModel):
    mood: Literal["calm", "afraid"]
    loud: bool


def check(good, what):
    if not good:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}", flush=True)


def refused(what, kind, code, call):
    try:
        answer = call()
    except openai.APIStatusError as error:
        check(type(error) is kind and error.code == code and error.request_id, f"{what}: {type(error).__name__} {error.message}")
        return error
    sys.exit(f"FAILED: {what} was answered: {answer}")


def chat(client):
    create = client.chat.completions.create
    answer = create(model="silver", messages=TALK, max_completion_tokens=24, user="anna", seed=7)
    choice = answer.choices[0]
    check(choice.message.role == "assistant" and choice.message.content, f"chat: {choice.message.content!r}")
    check(answer._request_id.startswith("req_") and answer.id.startswith("chatcmpl-"), "chat: ids")
    usage = answer.usage
    check(usage.prompt_tokens > 10 and 0 < usage.completion_tokens <= 24
          and usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, f"chat: usage {usage.total_tokens}")
    again = create(model=answer.model, messages=TALK, max_tokens=4)
    check(again.usage.prompt_tokens_details.cached_tokens > 10, "chat: the same prompt is found in the cache")
    check(again.choices[0].finish_reason == "length" and again.usage.completion_tokens <= 4, "chat: max_tokens")

    several = create(model="silver", messages=TALK, n=3, max_tokens=12, temperature=1.5, seed=1)
    check([c.index for c in several.choices] == [0, 1, 2] and all(c.message.content for c in several.choices), "chat: n")
    check(len({c.message.content for c in several.choices}) > 1, "chat: n are not one and the same")

    letter = next(c for c in choice.message.content[1:] if c.isalpha())
    stopped = create(model="silver", messages=TALK, max_tokens=24, seed=7, stop=[letter])
    check(letter not in stopped.choices[0].message.content and stopped.choices[0].finish_reason == "stop", "chat: stop")

    told = create(model="silver", messages=TALK, max_tokens=8, logprobs=True, top_logprobs=5, temperature=0).choices[0]
    tokens = told.logprobs.content
    whole = b"".join(bytes(t.bytes) for t in tokens)
    check(whole.startswith(told.message.content.encode()), "logprobs: the tokens are the text's")
    check(all(len(t.top_logprobs) == 5 and sum(math.exp(c.logprob) for c in t.top_logprobs) <= 1.001 for t in tokens)
          and all(t.logprob <= 0 for t in tokens), "logprobs: the five likeliest")


def streaming(client):
    chunks = list(client.chat.completions.create(model="silver", messages=TALK, max_tokens=16, stream=True,
                                                 stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    check(text and chunks[0].choices[0].delta.role == "assistant", f"stream: {text!r}")
    check(chunks[-1].usage.completion_tokens > 0 and not chunks[-1].choices, "stream: usage comes last")
    check(chunks[-2].choices[0].finish_reason in ("stop", "length") and len({c.id for c in chunks}) == 1, "stream: its end")
    with client.chat.completions.stream(model="silver", messages=TALK, stop=SOON, logprobs=True, n=2) as stream:
        final = stream.get_final_completion()
    check(len(final.choices) == 2 and all(c.message.content and c.logprobs.content for c in final.choices),
          "stream: put together by the client, two choices with log probabilities")


def schemas(client):
    question = [{"role": "user", "content": "There is a storm. How do you feel? Answer as JSON."}]
    parsed = client.chat.completions.parse(model="silver", messages=question, response_format=Mood, max_tokens=64)
    check(isinstance(parsed.choices[0].message.parsed, Mood), f"schema: {parsed.choices[0].message.parsed}")
    loose = client.chat.completions.create(model="silver", messages=question, response_format={"type": "json_object"},
                                           max_tokens=200)
    check(isinstance(json.loads(loose.choices[0].message.content), dict), f"json_object: {loose.choices[0].message.content!r}")


def tools(client):
    create = client.chat.completions.create
    question = [{"role": "user", "content": "Meet me at the quay, please."}]
    named = create(model="silver", messages=question, tools=[WALK, WAIT],
                   tool_choice={"type": "function", "function": {"name": "walk"}}).choices[0]
    call = named.message.tool_calls[0]
    check(call.function.name == "walk" and json.loads(call.function.arguments)["place"] in ("quay", "market"),
          f"tools: named: {call.function.arguments}")
    required = create(model="silver", messages=question, tools=[WALK, WAIT], tool_choice="required").choices[0]
    check(required.finish_reason == "tool_calls" and required.message.content is None
          and required.message.tool_calls[0].function.name in ("walk", "wait"),
          f"tools: required: {required.message.tool_calls[0].function}")
    automatic = create(model="silver", messages=question, tools=[WALK, WAIT], max_tokens=32)
    message = automatic.choices[0].message
    check(bool(message.tool_calls) != bool(message.content), "tools: auto calls or speaks")
    chosen = automatic.model_extra["troupe"]["chosen"]
    check(len(chosen["options"]) == 3 and abs(sum(chosen["probabilities"]) - 1) < 1e-6, f"tools: auto says how sure it was: {chosen}")
    none = create(model="silver", messages=question, tools=[WALK], tool_choice="none", max_tokens=16).choices[0]
    check(none.message.content and not none.message.tool_calls, "tools: none")

    history = [*question, named.message, {"role": "tool", "tool_call_id": call.id, "content": '{"arrived": true}'}]
    after = create(model="silver", messages=history, tools=[WALK], max_tokens=16).choices[0]
    check(after.message.content and "tool_call" not in after.message.content and not after.message.tool_calls,
          f"tools: what was answered is not called again, but told in words: {after.message.content!r}")

    with client.chat.completions.stream(model="silver", messages=question, tools=[WALK], tool_choice="required") as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion().choices[0]
    function = final.message.tool_calls[0].function
    check("tool_calls.function.arguments.delta" in kinds and function.parsed_arguments["place"] in ("quay", "market"),
          f"tools: streamed: {function.arguments}")


def embeddings(client):
    texts = ["The lighthouse keeper disappeared.", "The price of bread rose."]
    default = client.embeddings.create(model="minilm-l6-v2", input=texts)
    floats = client.embeddings.create(model="minilm-l6-v2", input=texts, encoding_format="float")
    check(len(default.data) == 2 and len(default.data[0].embedding) == 384 and default.usage.prompt_tokens > 0, "embeddings")
    check(all(abs(a - b) < 1e-6 for a, b in zip(default.data[1].embedding, floats.data[1].embedding)),
          "embeddings: base64 and float are the same")


def models(client):
    names = {model.id for model in client.models.list()}
    check({"gold", "silver", "bronze", "smollm2-135m", "minilm-l6-v2"} <= names, f"models: {sorted(names)}")
    check(client.models.retrieve("smollm2-135m").id == "smollm2-135m", "models: one")


def errors(client):
    create = client.chat.completions.create

    def bad(what, code, headers=None, **fields):
        return refused(what, openai.BadRequestError, code,
                       lambda: create(**{"model": "silver", "messages": TALK, **fields}, extra_headers=headers))

    error = refused("unknown model", openai.NotFoundError, "model_not_found", lambda: create(model="smolm2", messages=TALK))
    check(error.param == "model" and "smollm2-135m" in error.message, "unknown model: names what there is")
    refused("unknown embedding model", openai.NotFoundError, "model_not_found",
            lambda: client.embeddings.create(model="ada", input="a"))
    refused("an embedding model does not chat", openai.NotFoundError, "model_not_found",
            lambda: create(model="minilm-l6-v2", messages=TALK))
    error = bad("a prompt longer than the context", "context_length_exceeded", messages=[{"role": "user", "content": "word " * 9000}])
    check(any(word.isdigit() for word in error.message.split()), "a prompt longer than the context: says the limit")
    error = bad("temperature", "openai.bad_request", temperature=2.5)
    check(error.param == "temperature" and error.type == "invalid_request_error", "temperature: says which field")
    bad("an impossible schema", "openai.impossible_schema", response_format={
        "type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "string", "minLength": 3, "maxLength": 1}}})
    # What cannot be seen before, the grammar finds: nothing may follow.
    error = bad("a schema that does not parse", "openai.bad_request", response_format={
        "type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "nonsense"}}})
    check("\n" not in error.message, "a schema that does not parse: in one line")
    bad("too few tokens for the schema", "engine.json_cut", max_tokens=2, response_format={
        "type": "json_schema", "json_schema": {"name": "s", "schema": Mood.model_json_schema()}})
    bad("a negative budget", "rpc.bad_budget", {"X-Troupe-Budget-Microusd": "-1"})
    bad("an unknown tier", "router.unknown_tier", {"X-Troupe-Tier": "platinum"}, model="smollm2-135m")
    bad("a bad deadline", "rpc.bad_deadline", {"X-Troupe-Deadline-Ms": "soon"})
    bad("logit_bias", "openai.unsupported", logit_bias={"5": 1})
    refused("dimensions", openai.BadRequestError, "openai.unsupported",
            lambda: client.embeddings.create(model="minilm-l6-v2", input="a", dimensions=8))
    try:
        create(model="silver", messages=TALK, max_tokens=500, extra_headers={"X-Troupe-Deadline-Ms": "1"})
        sys.exit("FAILED: a deadline of 1 ms was met")
    except openai.APIStatusError as error:
        check(error.status_code == 504 and error.response.headers["x-should-retry"] == "false"
              and error.response.request.headers.get("x-stainless-retry-count") == "0", "too late: 504, and not asked again")


def main():
    client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="none", timeout=120)
    for part in (models, chat, streaming, schemas, tools, embeddings, errors):
        part(client)


if __name__ == "__main__":
    main()
