#include "edge/openai_reply.h"

#include <bit>
#include <nlohmann/json.hpp>

namespace troupe::edge {

using openai::dump;
using openai::Json;

namespace {

// The prompt is the same for every choice.
Json usage_of(std::span<const engine::GenerateReply> replies) {
  int new_tokens = 0;
  int reasoning_tokens = 0;
  for (const auto& reply : replies) {
    new_tokens += reply.usage.new_tokens;
    reasoning_tokens += reply.usage.reasoning_tokens;
  }
  const engine::Usage first = replies.empty() ? engine::Usage{} : replies.front().usage;
  return {{"prompt_tokens", first.prompt_tokens},
          {"completion_tokens", new_tokens},
          {"total_tokens", first.prompt_tokens + new_tokens},
          {"prompt_tokens_details", {{"cached_tokens", first.cached_tokens}}},
          {"completion_tokens_details", {{"reasoning_tokens", reasoning_tokens}}}};
}

// OpenAI has no word for a deadline: it reads as a length, and ours stands beside it. A function that the
// client named is no decision of the model: OpenAI says "stop" there.
const char* finish_of(const CompletionHead& head, const engine::GenerateReply& reply) {
  if (reply.held_back) return "content_filter";
  if (reply.finish != engine::Finish::stop) return "length";
  return head.verdict.tool && !head.verdict.named ? "tool_calls" : "stop";
}

Json troupe_of(const CompletionHead& head, const engine::GenerateReply& reply) {
  Json out = {{"finish", engine::finish_name(reply.finish)},
              {"queue_us", reply.usage.queue_us},
              {"first_token_us", reply.usage.first_token_us},
              {"total_us", reply.usage.total_us},
              {"cost_microusd", reply.usage.cost_microusd}};
  const auto& verdict = head.verdict;
  if (!verdict.options.empty()) {
    out["chosen"] = {
        {"options", verdict.options}, {"probabilities", verdict.probabilities}, {"method", verdict.method}};
  }
  return out;
}

Json token_of(const std::string& token, double logprob) {
  Json bytes = Json::array();
  for (const unsigned char byte : token) bytes.push_back(byte);
  return {{"token", token}, {"logprob", logprob}, {"bytes", std::move(bytes)}};
}

Json logprobs_of(const engine::GenerateReply& reply) {
  if (reply.logprobs.empty()) return nullptr;
  Json content = Json::array();
  for (const auto& one : reply.logprobs) {
    Json entry = token_of(one.token, one.logprob);
    entry["top_logprobs"] = Json::array();
    for (const auto& candidate : one.top)
      entry["top_logprobs"].push_back(token_of(candidate.token, candidate.logprob));
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

Json call_of(const CompletionHead& head, std::size_t index, std::string_view arguments) {
  return {{"id", head.call_ids.at(index)},
          {"type", "function"},
          {"function", {{"name", head.verdict.tool->name}, {"arguments", arguments}}}};
}

Json head_of(const CompletionHead& head, const char* object, const std::string& model) {
  return {{"id", head.id},
          {"object", object},
          {"created", head.created},
          {"model", model.empty() ? head.model : model}};
}

Json chunk(const CompletionHead& head, std::size_t index, Json delta, const char* finish = nullptr) {
  Json json = head_of(head, "chat.completion.chunk", head.model);
  json["choices"] = Json::array({{{"index", index},
                                  {"delta", std::move(delta)},
                                  {"logprobs", nullptr},
                                  {"finish_reason", finish == nullptr ? Json() : Json(finish)}}});
  if (head.usage_follows) json["usage"] = nullptr;
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

std::string completion_json(const CompletionHead& head, std::span<const engine::GenerateReply> replies) {
  Json json = head_of(head, "chat.completion", replies.front().model);
  json["choices"] = Json::array();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    Json message = {{"role", "assistant"}, {"content", replies[i].text}, {"refusal", nullptr}};
    if (head.verdict.tool) {
      message["content"] = nullptr;
      message["tool_calls"] = Json::array({call_of(head, i, replies[i].text)});
    }
    json["choices"].push_back({{"index", i},
                               {"message", std::move(message)},
                               {"logprobs", logprobs_of(replies[i])},
                               {"finish_reason", finish_of(head, replies[i])}});
  }
  json["usage"] = usage_of(replies);
  json["system_fingerprint"] = replies.front().model_hash.substr(0, 16);
  json["troupe"] = troupe_of(head, replies.front());
  return dump(json);
}

std::string chunk_begin_json(const CompletionHead& head, std::size_t index) {
  Json delta = {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}};
  if (head.verdict.tool) {
    delta["content"] = nullptr;
    Json call = call_of(head, index, "");
    call["index"] = 0;
    delta["tool_calls"] = Json::array({std::move(call)});
  }
  return dump(chunk(head, index, std::move(delta)));
}

std::string chunk_piece_json(const CompletionHead& head, std::size_t index, std::string_view text) {
  if (!head.verdict.tool) return dump(chunk(head, index, {{"content", text}}));
  Json call = {{"index", 0}, {"function", {{"arguments", text}}}};
  return dump(chunk(head, index, {{"tool_calls", Json::array({std::move(call)})}}));
}

std::string chunk_end_json(const CompletionHead& head, std::size_t index,
                           const engine::GenerateReply& reply) {
  Json json = chunk(head, index, Json::object(), finish_of(head, reply));
  json["choices"][0]["logprobs"] = logprobs_of(reply);
  json["troupe"] = troupe_of(head, reply);
  return dump(json);
}

std::string chunk_usage_json(const CompletionHead& head, std::span<const engine::GenerateReply> replies) {
  Json json = head_of(head, "chat.completion.chunk", head.model);
  json["choices"] = Json::array();
  json["usage"] = usage_of(replies);
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

bool is_json(std::string_view text) { return parse_json(text).has_value(); }

namespace {

Error as_openai_says(Error error) {
  if (error.reason == "router.unknown_model") {
    error.reason = "model_not_found";
    error.message += "; gold, silver and bronze are models too";
  } else if (error.reason == "engine.prompt_too_long") {
    error.reason = "context_length_exceeded";
  } else if (error.reason == "engine.no_logprobs" || error.reason == "engine.no_grammar" ||
             (error.reason == "engine.json_cut" && error.code == Code::exhausted)) {
    error.code = Code::invalid_argument;
  }
  return error;
}

const char* type_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::not_found:
    case Code::conflict:
      return "invalid_request_error";
    case Code::unauthenticated:
      return "authentication_error";
    case Code::permission_denied:
      return "permission_error";
    case Code::exhausted:
      return "rate_limit_error";
    default:
      return "server_error";
  }
}

// The field that the message begins with (see openai_fields.h), or where others are the cause.
Json param_of(const Error& error) {
  if (error.reason == "model_not_found") return "model";
  if (error.reason == "context_length_exceeded") return "messages";
  if (error.reason == "engine.no_logprobs") return "logprobs";
  if (!error.reason.starts_with("openai.") || !error.message.starts_with('\'')) return nullptr;
  const auto end = error.message.find('\'', 1);
  return end == std::string::npos ? Json() : Json(error.message.substr(1, end - 1));
}

}  // namespace

std::string openai_error_json(const Error& original) {
  const Error error = as_openai_says(original);
  return dump({{"error",
                {{"message", error.message},
                 {"type", type_of(error.code)},
                 {"param", param_of(error)},
                 {"code", error.reason}}}});
}

HttpReply openai_error_reply(const Error& original) {
  const Error error = as_openai_says(original);
  HttpReply reply = json_reply(openai_error_json(original));
  reply.status = status_of(error);
  add_retry_after(error, reply);
  // OpenAI's clients ask twice more after a 504; whoever set the deadline has no use for an answer after it.
  if (error.code == Code::deadline_exceeded) reply.headers.emplace_back("x-should-retry", "false");
  return reply;
}

}  // namespace troupe::edge
