#include "adapters/engine_openai/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "inference/question.h"

namespace troupe::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kGrammarBytesMax = 64 * 1024;
constexpr std::size_t kStopsMax = 4;  // clouds take four; every one is looked for here too
constexpr int kWarmPriority = 30;
constexpr int kJsonChoiceTokens = 32;  // {"choice":"B"} and some spaces

struct Words {
  const char* tokens_max;
  const char* repeat_penalty;  // null: sampling beyond temperature and top_p is not known
};

Words words_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::compatible:
      return {"max_tokens", nullptr};
    case Dialect::openai:
      return {"max_completion_tokens", nullptr};
    case Dialect::vllm:
    case Dialect::sglang:
      return {"max_tokens", "repetition_penalty"};
    case Dialect::llama:
      return {"max_tokens", "repeat_penalty"};
  }
  return {"max_tokens", nullptr};
}

int priority_of(Tier tier) {
  switch (tier) {
    case Tier::reflex:
    case Tier::gold:
      return 0;
    case Tier::silver:
      return 10;
    case Tier::bronze:
      return 20;
  }
  return 20;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Json chat(const OpenAiModelConfig& model, const std::vector<ChatMessage>& messages, int tokens_max,
          int priority) {
  Json out = {{"model", model.model}};
  for (const auto& message : messages) {
    out["messages"].push_back({{"role", role_name(message.role)}, {"content", inert(message.text)}});
  }
  out[words_of(model.dialect).tokens_max] = tokens_max;
  if (model.priority) out["priority"] = priority;
  return out;
}

// Clouds hold an answer to a schema strictly only if its objects are closed and every property is required;
// they refuse to with any other.
bool closed(const Json& schema) {
  if (schema.is_array()) return std::ranges::all_of(schema, closed);
  if (!schema.is_object()) return true;
  if (schema.value("type", Json()) == "object" || schema.contains("properties")) {
    const auto properties = schema.value("properties", Json::object());
    const auto required = schema.value("required", Json::array());
    if (schema.value("additionalProperties", Json(true)) != false || required.size() != properties.size())
      return false;
  }
  return std::ranges::all_of(schema, closed);
}

Json schema_format(const char* name, Json schema) {
  const bool strict = closed(schema);
  return {{"type", "json_schema"},
          {"json_schema", {{"name", name}, {"strict", strict}, {"schema", std::move(schema)}}}};
}

std::unexpected<Error> bad_grammar(const std::string& why) {
  return fail(Code::invalid_argument, "engine.bad_grammar", why);
}

Result<void> add_shape(Json& out, const OpenAiModelConfig& model, const GenerateRequest& request) {
  if (!request.json_schema.empty() && !request.grammar.empty())
    return bad_grammar("a JSON schema or a grammar, not both");
  if (std::max(request.json_schema.size(), request.grammar.size()) > kGrammarBytesMax) {
    return bad_grammar("a schema or grammar has 64 KiB at most");
  }
  if (!request.json_schema.empty()) {
    auto schema = parse_ordered_json(request.json_schema);  // names in the order of the schema
    if (!schema || !schema->is_object()) return bad_grammar("the JSON schema is not a JSON object");
    out["response_format"] = schema_format("answer", *std::move(schema));
  }
  if (request.grammar.empty()) return {};
  switch (model.dialect) {
    case Dialect::llama:
      out["grammar"] = request.grammar;
      return {};
    case Dialect::vllm:
      out["structured_outputs"] = {{"grammar", request.grammar}};
      return {};
    case Dialect::sglang:
      out["ebnf"] = request.grammar;
      return {};
    case Dialect::compatible:
    case Dialect::openai:
      break;
  }
  return fail(Code::not_found, "engine.no_grammar", model.name + " takes a JSON schema, but no grammar");
}

Result<void> add_logprobs(Json& out, const OpenAiModelConfig& model, int top) {
  if (top < 0) return {};
  if (!model.logprobs) return no_logprobs(model);
  out["logprobs"] = true;
  if (top > 0) out["top_logprobs"] = top;
  return {};
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::unexpected<Error> no_logprobs(const OpenAiModelConfig& model) {
  return fail(Code::not_found, "engine.no_logprobs", model.name + " gives no log probabilities");
}

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::compatible:
      return "compatible";
    case Dialect::openai:
      return "openai";
    case Dialect::vllm:
      return "vllm";
    case Dialect::sglang:
      return "sglang";
    case Dialect::llama:
      return "llama";
  }
  return "compatible";
}

std::string inert(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (i + 1 == text.size()) break;
    const char next = text[i + 1];
    const bool tag = text[i] == '<' &&
                     (is_letter(next) || next == '/' || next == '|' || next == '!' || (next & 0x80) != 0);
    const bool bracket = text[i] == '[' && (is_letter(next) || next == '/');
    if (tag || bracket) out += ' ';
  }
  return out;
}

int estimated_tokens(std::size_t bytes) {
  return static_cast<int>(std::min<std::size_t>(bytes / 4 + 1, 1 << 30));
}

int estimated_tokens(const std::vector<ChatMessage>& messages) {
  std::size_t bytes = 0;
  for (const auto& message : messages) bytes += message.text.size();
  return estimated_tokens(bytes);
}

Result<std::string> generate_body(const OpenAiModelConfig& model, const GenerateRequest& request,
                                  int thoughts) {
  auto out = chat(model, request.messages, request.tokens_max + thoughts, priority_of(request.tier));
  const auto& s = request.sampling;
  out["temperature"] = s.temperature;
  out["top_p"] = s.top_p;
  out["seed"] = (s.seed ^ s.seed >> 31) & 0x7fffffff;  // the widest that all of them take
  if (const char* repeat = words_of(model.dialect).repeat_penalty) {
    out["min_p"] = s.min_p;
    out[repeat] = s.repeat_penalty;
  }
  if (s.presence_penalty != 0) out["presence_penalty"] = s.presence_penalty;
  if (s.frequency_penalty != 0) out["frequency_penalty"] = s.frequency_penalty;
  TRY_VOID(add_logprobs(out, model, request.top_logprobs));
  Json stops = Json::array();
  for (const auto& stop : request.stop) {
    if (!stop.empty() && stops.size() < kStopsMax && thoughts == 0) stops.push_back(stop);
  }
  if (!stops.empty()) out["stop"] = std::move(stops);
  out["stream"] = true;
  out["stream_options"] = {{"include_usage", true}};
  TRY_VOID(add_shape(out, model, request));
  return text_of(out);
}

std::string warm_body(const OpenAiModelConfig& model, const GenerateRequest& request) {
  return text_of(chat(model, request.messages, 1, kWarmPriority));
}

std::vector<ChatMessage> choose_messages(const ChooseRequest& request, bool with_scene) {
  std::vector<ChatMessage> out;
  if (with_scene && !request.context.empty()) out.push_back({Role::system, request.context});
  out.push_back({Role::user,
                 inference::lettered_question(inference::question_words(request.language),
                                              with_scene ? request.scene : std::string(), request.options)});
  return out;
}

std::string choose_body(const OpenAiModelConfig& model, Tier tier, const std::vector<ChatMessage>& messages,
                        std::size_t options, bool as_json) {
  auto out = chat(model, messages, as_json ? kJsonChoiceTokens : 1, priority_of(tier));
  out["temperature"] = 0;
  if (as_json) {
    Json letters;
    for (std::size_t i = 0; i < options; ++i) letters.push_back(std::string(1, static_cast<char>('A' + i)));
    out["response_format"] =
        schema_format("choice", {{"type", "object"},
                                 {"properties", {{"choice", {{"type", "string"}, {"enum", letters}}}}},
                                 {"required", {"choice"}},
                                 {"additionalProperties", false}});
  } else if (model.logprobs) {
    out["logprobs"] = true;
    out["top_logprobs"] = kTopLogprobs;
  }
  return text_of(out);
}

std::string embed_body(const OpenAiModelConfig& model, const std::vector<std::string>& texts) {
  Json out = {{"model", model.model}, {"encoding_format", "float"}, {"input", Json::array()}};
  // Clouds refuse an empty text, but a space has a vector.
  for (const auto& text : texts) out["input"].push_back(text.empty() ? " " : text);
  return text_of(out);
}

}  // namespace troupe::engine
