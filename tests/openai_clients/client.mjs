// OpenAI's Node client, as its users have it, against a server that runs: client.mjs URL. One `ok:` line a check.
import OpenAI from "openai";

const TALK = [
  { role: "system", content: "You are a lamplighter. You speak plainly." },
  { role: "user", content: "Tell me about the lighthouse." },
];
const WALK = {
  type: "function",
  function: {
    name: "walk",
    description: "Go to a place",
    parameters: { type: "object", properties: { place: { enum: ["quay", "market"] } }, required: ["place"], additionalProperties: false },
  },
};
const WAIT = { type: "function", function: { name: "wait", description: "Stay where you are" } };
const MOOD = {
  type: "object",
  properties: { mood: { enum: ["calm", "afraid"] }, loud: { type: "boolean" } },
  required: ["mood", "loud"],
  additionalProperties: false,
};

// Some helpers of the client refuse a text that was cut for its length, and small models talk on.
const SOON = [".", ",", "!", " the", " a", " I", " to", " and"];

class Failed extends Error {}

function check(good, what) {
  if (!good) throw new Failed(what);
  console.log(`ok: ${what}`);
}

async function refused(what, kind, code, call) {
  try {
    await call();
  } catch (error) {
    check(error instanceof kind && error.code === code && error.requestID, `${what}: ${error.name ?? kind.name} ${error.message}`);
    return error;
  }
  throw new Failed(`${what} was answered`);
}

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "none", timeout: 120_000 });
const create = (body, options) => client.chat.completions.create({ model: "silver", messages: TALK, ...body }, options);

async function models() {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  check(["gold", "silver", "bronze", "smollm2-135m"].every((name) => names.includes(name)), `models: ${names}`);
  check((await client.models.retrieve("minilm-l6-v2")).id === "minilm-l6-v2", "models: one");
}

async function chat() {
  const answer = await create({ max_completion_tokens: 24, user: "anna", seed: 7 });
  check(answer.choices[0].message.content && answer._request_id.startsWith("req_"), `chat: ${answer.choices[0].message.content}`);
  check(answer.usage.total_tokens === answer.usage.prompt_tokens + answer.usage.completion_tokens, "chat: usage");
  const several = await create({ n: 2, max_tokens: 8, stop: ["\n"], presence_penalty: 0.5, frequency_penalty: 0.5 });
  check(several.choices.length === 2 && several.choices[1].index === 1, "chat: n");
  const told = await create({ max_tokens: 6, logprobs: true, top_logprobs: 3 });
  check(told.choices[0].logprobs.content.every((token) => token.top_logprobs.length === 3 && token.logprob <= 0), "logprobs");
}

async function streaming() {
  const stream = await create({ max_tokens: 16, stream: true, stream_options: { include_usage: true } });
  let text = "";
  let usage = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  check(text !== "" && usage.completion_tokens > 0, `stream: ${text}`);
  const runner = client.chat.completions.stream({ model: "silver", messages: TALK, stop: SOON });
  check((await runner.finalChatCompletion()).choices[0].message.content === (await runner.finalContent()), "stream: put together by the client");
}

async function schemas() {
  const messages = [{ role: "user", content: "There is a storm. How do you feel? Answer as JSON." }];
  const strict = await create({ messages, max_tokens: 64, response_format: { type: "json_schema", json_schema: { name: "mood", strict: true, schema: MOOD } } });
  const mood = JSON.parse(strict.choices[0].message.content);
  check(["calm", "afraid"].includes(mood.mood) && typeof mood.loud === "boolean", `schema: ${JSON.stringify(mood)}`);
  const loose = await create({ messages, max_tokens: 200, response_format: { type: "json_object" } });
  check(typeof JSON.parse(loose.choices[0].message.content) === "object", "json_object");
}

async function tools() {
  const messages = [{ role: "user", content: "Meet me at the quay, please." }];
  const named = await create({ messages, tools: [WALK, WAIT], tool_choice: { type: "function", function: { name: "walk" } } });
  const call = named.choices[0].message.tool_calls[0];
  check(call.function.name === "walk" && ["quay", "market"].includes(JSON.parse(call.function.arguments).place), `tools: named: ${call.function.arguments}`);
  const stream = client.chat.completions.stream({ model: "silver", messages, tools: [WALK, WAIT], tool_choice: "required" });
  const streamed = (await stream.finalChatCompletion()).choices[0];
  check(streamed.finish_reason === "tool_calls" && JSON.parse(streamed.message.tool_calls[0].function.arguments), `tools: streamed: ${streamed.message.tool_calls[0].function.name}`);

  // The client's own loop: it calls the function and asks again, until the answer is words.
  let walked = 0;
  const loop = client.chat.completions.runTools({
    model: "silver",
    messages,
    stop: SOON,
    tools: [{ type: "function", function: { ...WALK.function, function: () => (++walked, "arrived"), parse: JSON.parse } }],
  });
  check((await loop.finalContent()) && walked <= 1, `tools: a loop ends (walked ${walked} times)`);
}

async function embeddings() {
  const input = ["The lighthouse keeper disappeared.", "The price of bread rose."];
  const base64 = await client.embeddings.create({ model: "minilm-l6-v2", input });
  const floats = await client.embeddings.create({ model: "minilm-l6-v2", input, encoding_format: "float" });
  check(base64.data[1].embedding.length === 384, "embeddings");
  check(base64.data[1].embedding.every((value, i) => Math.abs(value - floats.data[1].embedding[i]) < 1e-6), "embeddings: base64 and float are the same");
}

async function errors() {
  const { BadRequestError, NotFoundError } = OpenAI;
  await refused("unknown model", NotFoundError, "model_not_found", () => create({ model: "nobody" }));
  const hot = await refused("temperature", BadRequestError, "openai.bad_request", () => create({ temperature: 3 }));
  check(hot.param === "temperature" && hot.type === "invalid_request_error", "temperature: says which field");
  const long = await refused("a prompt longer than the context", BadRequestError, "context_length_exceeded", () => create({ messages: [{ role: "user", content: "word ".repeat(9000) }] }));
  check(/\d/.test(long.message), "a prompt longer than the context: says the limit");
  await refused("an impossible schema", BadRequestError, "openai.impossible_schema", () =>
    create({ response_format: { type: "json_schema", json_schema: { name: "s", schema: { enum: [] } } } }));
  await refused("a negative budget", BadRequestError, "rpc.bad_budget", () => create({}, { headers: { "X-Troupe-Budget-Microusd": "-1" } }));
  await refused("an unknown tier", BadRequestError, "router.unknown_tier", () => create({ model: "smollm2-135m" }, { headers: { "X-Troupe-Tier": "platinum" } }));
  const stream = await refused("in a stream, before its first word", NotFoundError, "model_not_found", () => create({ model: "nobody", stream: true }));
  check(stream.status === 404, "in a stream: a status, not an event");
}

try {
  for (const part of [models, chat, streaming, schemas, tools, embeddings, errors]) await part();
} catch (error) {
  console.error(error instanceof Failed ? `FAILED: ${error.message}` : error);
  process.exit(1);
}
