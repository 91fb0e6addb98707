#include "edge/openai_json.h"

#include <fmt/core.h>

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace troupe::edge {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMessagesMax = 256;
constexpr std::size_t kStopMax = 16;
constexpr std::size_t kInputsMax = 256;
constexpr int kTokensDefault = 512;  // OpenAI's is "until the model stops"; a game server wants an end
constexpr int kTokensMax = 32'768;

std::unexpected<Error> bad(std::string why) {
  return fail(Code::invalid_argument, "openai.bad_request", std::move(why));
}
std::unexpected<Error> unsupported(std::string what) {
  return fail(Code::invalid_argument, "openai.unsupported",
              std::move(what) + " is not supported by this server");
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<Json> parse_object(std::string_view body) {
  if (json_too_deep(body)) return bad("the body is nested too deep");
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return bad("the body is not a JSON object");
  return json;
}

// Null and absent are the same to OpenAI's clients.
const Json* find(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<double> number(const Json& object, const char* key, double otherwise, double least, double most) {
  const Json* value = find(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) return bad(fmt::format("'{}' must be a number", key));
  const double got = value->get<double>();
  if (!std::isfinite(got) || got < least || got > most)
    return bad(fmt::format("'{}' must be {} to {}", key, least, most));
  return got;
}

Result<bool> boolean(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return bad(fmt::format("'{}' must be true or false", key));
  return value->get<bool>();
}

Result<std::string> text(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_string() || value->get_ref<const std::string&>().empty()) {
    return bad(fmt::format("'{}' must be a text", key));
  }
  return value->get<std::string>();
}

// A string, or parts of type text.
Result<std::string> content_of(const Json& message) {
  const Json* content = find(message, "content");
  if (content == nullptr) return bad("a message has a 'content'");
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return bad("'content' must be a text or a list of parts");
  std::string all;
  for (const auto& part : *content) {
    if (!part.is_object()) return bad("a part of 'content' must be an object");
    TRY(const std::string type, text(part, "type"));
    if (type != "text") return unsupported("content of type '" + type + "'");
    TRY(const std::string piece, text(part, "text"));
    all += piece;
  }
  return all;
}

Result<engine::ChatMessage> message_of(const Json& message) {
  if (!message.is_object()) return bad("a message must be an object");
  TRY(const std::string role, text(message, "role"));
  engine::ChatMessage out;
  if (role == "system" || role == "developer") {
    out.role = engine::Role::system;
  } else if (role == "assistant") {
    out.role = engine::Role::assistant;
  } else if (role == "user") {
    out.role = engine::Role::user;
  } else if (role == "tool" || role == "function") {
    return unsupported("the role '" + role + "'");
  } else {
    return bad("no role '" + std::string(utf8_prefix(role, 32)) + "'; system, user or assistant");
  }
  TRY(out.text, content_of(message));
  return out;
}

// What this server does not do, refused rather than ignored: the answer would not be what was asked for.
Result<void> check_supported(const Json& body) {
  for (const char* key : {"tools", "functions"}) {
    const Json* value = find(body, key);
    if (value != nullptr && !value->empty()) return unsupported(fmt::format("'{}'", key));
  }
  for (const char* key : {"n", "best_of"}) {
    const Json* value = find(body, key);
    if (value != nullptr && !(value->is_number() && value->get<double>() == 1)) {
      return unsupported(fmt::format("'{}' other than 1", key));
    }
  }
  for (const char* key : {"presence_penalty", "frequency_penalty", "top_logprobs"}) {
    const Json* value = find(body, key);
    if (value != nullptr && !(value->is_number() && value->get<double>() == 0))
      return unsupported(fmt::format("'{}'", key));
  }
  if (const Json* value = find(body, "logit_bias"); value != nullptr && !value->empty())
    return unsupported("'logit_bias'");
  if (const Json* value = find(body, "logprobs"); value != nullptr && *value != false)
    return unsupported("'logprobs'");
  return {};
}

Result<std::vector<std::string>> stops_of(const Json& body) {
  std::vector<std::string> stops;
  const Json* stop = find(body, "stop");
  if (stop == nullptr) return stops;
  const auto add = [&](const Json& one) {
    if (!one.is_string() || one.get_ref<const std::string&>().empty()) return false;
    stops.push_back(one.get<std::string>());
    return stops.size() <= kStopMax;
  };
  bool fine = true;
  if (stop->is_array()) {
    for (const auto& one : *stop) fine = fine && add(one);
  } else {
    fine = add(*stop);
  }
  if (!fine) return bad(fmt::format("'stop' must be a text or a list of at most {}", kStopMax));
  return stops;
}

Result<std::string> schema_of(const Json& body) {
  const Json* format = find(body, "response_format");
  if (format == nullptr) return std::string();
  if (!format->is_object()) return bad("'response_format' must be an object");
  TRY(const std::string type, text(*format, "type"));
  if (type == "text") return std::string();
  if (type == "json_object") return std::string(R"({"type":"object"})");
  if (type != "json_schema") return unsupported("the response format '" + type + "'");
  const Json* outer = find(*format, "json_schema");
  const Json* schema = outer != nullptr && outer->is_object() ? find(*outer, "schema") : nullptr;
  if (schema == nullptr || !schema->is_object())
    return bad("'response_format.json_schema.schema' must be an object");
  return dump(*schema);
}

Result<int> tokens_of(const Json& body) {
  const char* key = find(body, "max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
  TRY(const double tokens, number(body, key, kTokensDefault, 1, kTokensMax));
  if (tokens != std::floor(tokens)) return bad(fmt::format("'{}' must be a whole number", key));
  return static_cast<int>(tokens);
}

bool tier_from(const std::string& name, engine::Tier& tier) {
  for (const auto one : {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze}) {
    if (name == engine::tier_name(one)) {
      tier = one;
      return true;
    }
  }
  return false;
}

}  // namespace

Result<ParsedChat> parse_chat(std::string_view bytes) {
  TRY(const Json body, parse_object(bytes));
  TRY_VOID(check_supported(body));
  ParsedChat chat;
  auto& generate = chat.request.generate;
  TRY(chat.model, text(body, "model"));
  if (!tier_from(chat.model, generate.tier)) generate.model = chat.model;

  const Json* messages = find(body, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty())
    return bad("'messages' must be a list");
  if (messages->size() > kMessagesMax) return bad(fmt::format("at most {} messages", kMessagesMax));
  for (const auto& message : *messages) {
    TRY(auto one, message_of(message));
    generate.messages.push_back(std::move(one));
  }
  TRY(generate.tokens_max, tokens_of(body));
  TRY(generate.sampling.temperature, number(body, "temperature", generate.sampling.temperature, 0, 2));
  TRY(generate.sampling.top_p, number(body, "top_p", generate.sampling.top_p, 0, 1));
  if (const Json* seed = find(body, "seed")) {
    if (!seed->is_number_integer()) return bad("'seed' must be a whole number");
    generate.sampling.seed = static_cast<std::uint64_t>(seed->get<std::int64_t>());
    chat.seeded = true;
  }
  TRY(generate.stop, stops_of(body));
  TRY(generate.json_schema, schema_of(body));
  TRY(chat.stream, boolean(body, "stream"));
  if (const Json* options = find(body, "stream_options")) {
    if (!chat.stream || !options->is_object()) return bad("'stream_options' goes with 'stream'");
    TRY(chat.include_usage, boolean(*options, "include_usage"));
  }
  return chat;
}

Result<ParsedEmbed> parse_embed(std::string_view bytes) {
  TRY(const Json body, parse_object(bytes));
  ParsedEmbed embed;
  TRY(embed.request.model, text(body, "model"));
  if (engine::Tier tier{}; tier_from(embed.request.model, tier)) embed.request.model.clear();
  if (find(body, "dimensions") != nullptr) return unsupported("'dimensions'");
  if (const Json* format = find(body, "encoding_format")) {
    if (*format != "float" && *format != "base64") return bad("'encoding_format' must be float or base64");
    embed.base64 = *format == "base64";
  }
  const Json* input = find(body, "input");
  if (input == nullptr) return bad("'input' must be a text or a list of texts");
  const auto add = [&](const Json& one) -> Result<void> {
    if (one.is_number() || one.is_array()) return unsupported("'input' as tokens");
    if (!one.is_string() || one.get_ref<const std::string&>().empty())
      return bad("'input' must hold texts, not empty");
    embed.request.texts.push_back(one.get<std::string>());
    return {};
  };
  if (input->is_array()) {
    if (input->empty() || input->size() > kInputsMax)
      return bad(fmt::format("'input' holds 1 to {} texts", kInputsMax));
    for (const auto& one : *input) TRY_VOID(add(one));
  } else {
    TRY_VOID(add(*input));
  }
  return embed;
}

namespace {

Json usage_of(const engine::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.new_tokens},
          {"total_tokens", usage.prompt_tokens + usage.new_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

// OpenAI has no word for a deadline: it reads as a length, and ours stands beside it.
std::string finish_of(const engine::GenerateReply& reply) {
  return reply.finish == engine::Finish::stop ? "stop" : "length";
}

Json troupe_of(const engine::GenerateReply& reply) {
  return {{"finish", engine::finish_name(reply.finish)},
          {"queue_us", reply.usage.queue_us},
          {"first_token_us", reply.usage.first_token_us},
          {"total_us", reply.usage.total_us}};
}

Json head_of(const CompletionHead& head, const char* object, const std::string& model) {
  return {{"id", head.id},
          {"object", object},
          {"created", head.created},
          {"model", model.empty() ? head.model : model}};
}

Json chunk(const CompletionHead& head, Json delta, Json finish) {
  Json json = head_of(head, "chat.completion.chunk", head.model);
  json["choices"] =
      Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish)}}});
  return json;
}

std::string base64_of(const std::vector<float>& vector) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static_assert(std::endian::native == std::endian::little, "OpenAI's base64 is little-endian floats");
  const std::string_view bytes(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float));
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      three = (three << 8) | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= have ? kDigits[(three >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

Json model_entry(const std::string& name) {
  return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "troupe"}};
}

Json model_list(const std::vector<engine::ModelInfo>& models) {
  Json data = Json::array();
  for (const auto tier : {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze}) {
    data.push_back(model_entry(std::string(engine::tier_name(tier))));
  }
  for (const auto& model : models) {
    Json entry = model_entry(model.name);
    Json tiers = Json::array();
    for (const auto tier : model.tiers) tiers.push_back(engine::tier_name(tier));
    entry["troupe"] = {{"context_tokens", model.context_tokens},
                       {"embedding_size", model.embedding_size},
                       {"tiers", std::move(tiers)},
                       {"hash", model.hash}};
    data.push_back(std::move(entry));
  }
  return data;
}

}  // namespace

std::string completion_json(const CompletionHead& head, const engine::GenerateReply& reply) {
  Json json = head_of(head, "chat.completion", reply.model);
  json["choices"] =
      Json::array({{{"index", 0},
                    {"message", {{"role", "assistant"}, {"content", reply.text}, {"refusal", nullptr}}},
                    {"logprobs", nullptr},
                    {"finish_reason", finish_of(reply)}}});
  json["usage"] = usage_of(reply.usage);
  json["system_fingerprint"] = reply.model_hash.substr(0, 16);
  json["troupe"] = troupe_of(reply);
  return dump(json);
}

std::string chunk_role_json(const CompletionHead& head) {
  return dump(chunk(head, {{"role", "assistant"}, {"content", ""}}, nullptr));
}
std::string chunk_text_json(const CompletionHead& head, std::string_view text) {
  return dump(chunk(head, {{"content", text}}, nullptr));
}
std::string chunk_end_json(const CompletionHead& head, const engine::GenerateReply& reply) {
  Json json = chunk(head, Json::object(), finish_of(reply));
  json["troupe"] = troupe_of(reply);
  return dump(json);
}
std::string chunk_usage_json(const CompletionHead& head, const engine::Usage& usage) {
  Json json = head_of(head, "chat.completion.chunk", head.model);
  json["choices"] = Json::array();
  json["usage"] = usage_of(usage);
  return dump(json);
}

std::string embeddings_json(const engine::EmbedReply& reply, bool base64) {
  Json data = Json::array();
  for (std::size_t i = 0; i < reply.vectors.size(); ++i) {
    Json vector = base64 ? Json(base64_of(reply.vectors[i])) : Json(reply.vectors[i]);
    data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", std::move(vector)}});
  }
  return dump(
      {{"object", "list"},
       {"data", std::move(data)},
       {"model", reply.model},
       {"usage",
        {{"prompt_tokens", reply.usage.prompt_tokens}, {"total_tokens", reply.usage.prompt_tokens}}}});
}

std::string models_json(const std::vector<engine::ModelInfo>& models) {
  return dump({{"object", "list"}, {"data", model_list(models)}});
}

std::string model_json(const std::vector<engine::ModelInfo>& models, std::string_view name) {
  for (const auto& entry : model_list(models)) {
    if (entry["id"] == name) return dump(entry);
  }
  return {};
}

std::string openai_error_json(const Error& error) {
  const char* type = "server_error";
  switch (error.code) {
    case Code::invalid_argument:
    case Code::not_found:
    case Code::conflict:
      type = "invalid_request_error";
      break;
    case Code::unauthenticated:
      type = "authentication_error";
      break;
    case Code::permission_denied:
      type = "permission_error";
      break;
    case Code::exhausted:
      type = "rate_limit_error";
      break;
    default:
      break;
  }
  return dump(
      {{"error", {{"message", error.message}, {"type", type}, {"param", nullptr}, {"code", error.reason}}}});
}

HttpReply openai_error_reply(const Error& error) {
  HttpReply reply = json_reply(openai_error_json(error));
  reply.status = status_of(error);
  add_retry_after(error, reply);
  return reply;
}

}  // namespace troupe::edge
