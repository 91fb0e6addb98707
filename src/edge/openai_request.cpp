#include "edge/openai_request.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "edge/openai_schema.h"

namespace troupe::edge {

using namespace openai;  // NOLINT: this file is its other half

namespace {

constexpr std::size_t kMessagesMax = 256;
constexpr std::size_t kStopMax = 16;
constexpr std::size_t kInputsMax = 256;
constexpr std::size_t kModelBytesMax = 128;
constexpr std::size_t kUserBytesMax = 64;  // a player's name
constexpr std::size_t kNameBytesMax = 64;
constexpr int kTokensDefault = 512;  // OpenAI's is "until the model stops"; a game server wants an end
constexpr int kTokensMax = 32'768;

// A string, or parts of type text.
Result<std::string> content_of(const Json& message) {
  const Json* content = find(message, "content");
  if (content == nullptr) return std::string();
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return bad_at("content", "must be a text or a list of parts");
  std::string all;
  for (const auto& part : *content) {
    if (!part.is_object()) return bad_at("content", "has a part that is no object");
    TRY(const std::string type, at("content", text(part, "type")));
    // An assistant's refusal is what it said.
    if (type != "text" && type != "refusal")
      return unsupported(fmt::format("'content' of type '{}'", utf8_prefix(type, 64)));
    TRY(const std::string piece, at("content", required_text(part, type.c_str())));
    all += piece;
  }
  return all;
}

// The messages so far, with the calls in them by id.
struct Conversation {
  std::vector<engine::ChatMessage> messages;
  std::vector<Call> calls;
  std::vector<std::string> answered;  // functions, since the user spoke last
};

// Who of several that share a role this is, as OpenAI has it: no spaces, nothing that a template could read.
Result<std::string> name_of(const Json& message) {
  TRY(auto name, optional_text(message, "name", kNameBytesMax));
  if (name.find_first_of(" \t\r\n<|\\/>") != std::string::npos)
    return bad_at("name", "has no spaces and none of < | \\ / >");
  return name;
}

Result<void> add_assistant(const Json& message, std::string content, Conversation& out) {
  const Json* calls = find(message, "tool_calls");
  if (calls != nullptr) TRY_VOID(add_calls(*calls, out.calls));
  if (find(message, "content") == nullptr && find(message, "refusal") == nullptr && calls == nullptr)
    return bad_at("content", "is missing");
  if (calls == nullptr || !content.empty())  // calls alone are told with their answers
    out.messages.push_back({engine::Role::assistant, std::move(content)});
  return {};
}

Result<void> add_tool(const Json& message, const std::string& content, Conversation& out) {
  TRY(const auto id, text(message, "tool_call_id"));
  const auto call = std::ranges::find(out.calls, id, &Call::id);
  if (call == out.calls.end())
    return bad_at("tool_call_id", fmt::format("'{}' is no call of a message before", utf8_prefix(id, 64)));
  out.answered.push_back(call->name);
  out.messages.push_back({engine::Role::user, answered_text(*call, content)});
  return {};
}

Result<void> add_message(const Json& message, Conversation& out) {
  if (!message.is_object()) return bad("a message must be an object");
  TRY(const std::string role, text(message, "role"));
  TRY(auto content, content_of(message));
  TRY(const std::string name, name_of(message));
  // Engines know roles only: who of several speaks stands before the words.
  if (!name.empty() && !content.empty() && role != "tool") content = fmt::format("{}: {}", name, content);
  if (role == "assistant") return add_assistant(message, std::move(content), out);
  if (find(message, "content") == nullptr) return bad_at("content", "is missing");
  if (role == "tool") return add_tool(message, content, out);
  if (role == "system" || role == "developer") {
    out.messages.push_back({engine::Role::system, std::move(content)});
  } else if (role == "user") {
    out.answered.clear();
    out.messages.push_back({engine::Role::user, std::move(content)});
  } else if (role == "function") {
    return unsupported("'role' function");
  } else {
    return bad_at("role", fmt::format("'{}' must be system, developer, user, assistant or tool",
                                      utf8_prefix(role, 32)));
  }
  return {};
}

Result<Conversation> conversation_of(const Json& body) {
  const Json* messages = find(body, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty())
    return bad_at("messages", "must be a list that is not empty");
  if (messages->size() > kMessagesMax)
    return bad_at("messages", fmt::format("holds at most {}", kMessagesMax));
  Conversation out;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const auto added = at(fmt::format("messages[{}]", i), add_message((*messages)[i], out));
    if (!added) return std::unexpected(added.error());
  }
  if (out.messages.empty()) return bad_at("messages", "holds calls without an answer, and nothing else");
  return out;
}

// What this server does not do, and the values that ask for nothing else than what it does.
Result<void> check_supported(const Json& body) {
  struct Field {
    const char* name;
    std::vector<Json> fine;
  };
  static const std::array<Field, 13> kFields = {{{"functions", {Json::array()}},
                                                 {"function_call", {"none"}},
                                                 {"logit_bias", {Json::object()}},
                                                 {"best_of", {1}},
                                                 {"audio", {}},
                                                 {"modalities", {Json::array({"text"})}},
                                                 {"prediction", {}},
                                                 {"web_search_options", {}},
                                                 {"reasoning_effort", {"none"}},
                                                 {"verbosity", {"medium"}},
                                                 {"service_tier", {"auto", "default"}},
                                                 {"store", {false}},
                                                 {"moderation", {}}}};
  for (const auto& field : kFields) {
    const Json* value = find(body, field.name);
    if (value == nullptr || std::ranges::find(field.fine, *value) != field.fine.end()) continue;
    return unsupported(fmt::format("'{}'{}", field.name, field.fine.empty() ? "" : " of this value"));
  }
  return {};
}

Result<std::vector<std::string>> stops_of(const Json& body) {
  std::vector<std::string> stops;
  const Json* stop = find(body, "stop");
  if (stop == nullptr) return stops;
  const auto add = [&](const Json& one) {
    if (!one.is_string()) return false;
    if (one.get_ref<const std::string&>().empty()) return true;  // ends nothing
    stops.push_back(one.get<std::string>());
    return stops.size() <= kStopMax;
  };
  bool fine = true;
  if (stop->is_array()) {
    for (const auto& one : *stop) fine = fine && add(one);
  } else {
    fine = add(*stop);
  }
  if (!fine) return bad_at("stop", fmt::format("must be a text or a list of at most {}", kStopMax));
  return stops;
}

Result<std::string> schema_of(const Json& body) {
  const Json* format = find(body, "response_format");
  if (format == nullptr) return std::string();
  if (!format->is_object()) return bad_at("response_format", "must be an object");
  TRY(const std::string type, at("response_format", text(*format, "type")));
  if (type == "text") return std::string();
  if (type == "json_object") {
    // (Not OpenAI's, but what llama-server and its like take.)
    const Json* wanted = find(*format, "schema");
    if (wanted == nullptr) return std::string(R"({"type":"object"})");
    TRY_VOID(check_schema(*wanted, "response_format.schema"));
    return dump(*wanted);
  }
  if (type != "json_schema")
    return unsupported(fmt::format("'response_format.type' {}", utf8_prefix(type, 64)));
  const Json* outer = find(*format, "json_schema");
  static constexpr const char* kWhere = "response_format.json_schema.schema";
  const Json* schema = outer != nullptr && outer->is_object() ? find(*outer, "schema") : nullptr;
  if (schema == nullptr) return bad_at(kWhere, "must be an object");
  TRY([[maybe_unused]] const bool strict,
      at("response_format.json_schema", boolean(*outer, "strict", false)));
  TRY_VOID(check_schema(*schema, kWhere));
  return dump(*schema);
}

Result<void> read_sampling(const Json& body, engine::GenerateRequest& generate) {
  auto& sampling = generate.sampling;
  TRY(sampling.temperature, number(body, "temperature", sampling.temperature, 0, 2));
  TRY(sampling.top_p, number(body, "top_p", sampling.top_p, 0, 1));
  TRY(sampling.presence_penalty, number(body, "presence_penalty", 0, -2, 2));
  TRY(sampling.frequency_penalty, number(body, "frequency_penalty", 0, -2, 2));
  TRY(const bool logprobs, boolean(body, "logprobs", false));
  TRY(const auto top, whole(body, "top_logprobs", 0, 0, engine::kTopLogprobsMax));
  if (top > 0 && !logprobs) return bad_at("top_logprobs", "goes with 'logprobs'");
  if (logprobs) generate.top_logprobs = static_cast<int>(top);
  return {};
}

std::optional<engine::Tier> tier_named(std::string_view name) {
  for (const auto one : {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze}) {
    if (name == engine::tier_name(one)) return one;
  }
  return std::nullopt;
}

// A tier, or a model on the header's tier.
Result<void> read_model(const std::string& name, const std::string* header,
                        engine::GenerateRequest& generate) {
  const auto tier = tier_named(name);
  if (tier) generate.tier = *tier;
  if (!tier) generate.model = name;
  if (header == nullptr) return {};
  const auto wanted = tier_named(*header);
  static const std::vector<std::string> kTiers = {"gold", "silver", "bronze"};
  if (!wanted) {
    const auto shown = std::string(utf8_prefix(*header, 32));
    return fail(Code::invalid_argument, "router.unknown_tier",
                fmt::format("no tier '{}'{} (gold, silver or bronze)", shown, did_you_mean(shown, kTiers)));
  }
  if (tier && tier != wanted)
    return bad_at("model", fmt::format("is {}, and X-Troupe-Tier says {}", name, *header));
  generate.tier = *wanted;
  return {};
}

// Accounts are by player: a name of 64 visible bytes.
Result<std::string> user_of(const Json& body) {
  TRY(auto user, optional_text(body, "user", kUserBytesMax));
  if (std::ranges::any_of(user, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return bad_at("user", "has a control character");
  return user;
}

}  // namespace

Result<ParsedChat> parse_chat(std::string_view bytes, const std::string* tier) {
  TRY(const Json body, parse_object(bytes));
  TRY_VOID(check_supported(body));
  ParsedChat chat;
  auto& generate = chat.request.generate;
  TRY(chat.model, text(body, "model"));
  if (chat.model.size() > kModelBytesMax)
    return bad_at("model", fmt::format("has at most {} bytes", kModelBytesMax));
  TRY_VOID(read_model(chat.model, tier, generate));
  TRY(chat.request.account.player, user_of(body));
  TRY(auto conversation, conversation_of(body));
  generate.messages = std::move(conversation.messages);
  TRY(chat.tools, tools_of(body));
  chat.tools.answered = std::move(conversation.answered);
  TRY([[maybe_unused]] const bool parallel, boolean(body, "parallel_tool_calls", true));

  const char* tokens = find(body, "max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
  TRY(const auto tokens_max, whole(body, tokens, kTokensDefault, 1, kTokensMax));
  generate.tokens_max = static_cast<int>(tokens_max);
  TRY_VOID(read_sampling(body, generate));
  if (const Json* seed = find(body, "seed")) {
    if (!seed->is_number_integer()) return bad_at("seed", "must be a whole number");
    generate.sampling.seed = static_cast<std::uint64_t>(seed->get<std::int64_t>());
    chat.seeded = true;
  }
  TRY(const auto choices, whole(body, "n", 1, 1, kChoicesMax));
  chat.choices = static_cast<int>(choices);
  TRY(generate.stop, stops_of(body));
  TRY(generate.json_schema, schema_of(body));
  TRY(chat.stream, boolean(body, "stream", false));
  if (const Json* options = find(body, "stream_options")) {
    if (!chat.stream || !options->is_object()) return bad_at("stream_options", "goes with 'stream'");
    TRY(chat.include_usage, at("stream_options", boolean(*options, "include_usage", false)));
  }
  return chat;
}

Result<ParsedEmbed> parse_embed(std::string_view bytes) {
  TRY(const Json body, parse_object(bytes));
  ParsedEmbed out;
  auto& embed = out.request.embed;
  TRY(embed.model, text(body, "model"));
  if (embed.model.size() > kModelBytesMax)
    return bad_at("model", fmt::format("has at most {} bytes", kModelBytesMax));
  if (tier_named(embed.model)) embed.model.clear();
  TRY(out.request.account.player, user_of(body));
  if (find(body, "dimensions") != nullptr) return unsupported("'dimensions'");
  if (const Json* format = find(body, "encoding_format")) {
    if (*format != "float" && *format != "base64")
      return bad_at("encoding_format", "must be float or base64");
    out.base64 = *format == "base64";
  }
  const Json* input = find(body, "input");
  if (input == nullptr) return bad_at("input", "must be a text or a list of texts");
  const auto add = [&](const Json& one) -> Result<void> {
    if (one.is_number() || one.is_array()) return unsupported("'input' as tokens");
    if (!one.is_string() || one.get_ref<const std::string&>().empty())
      return bad_at("input", "must hold texts that are not empty");
    embed.texts.push_back(one.get<std::string>());
    return {};
  };
  if (input->is_array()) {
    if (input->empty() || input->size() > kInputsMax)
      return bad_at("input", fmt::format("holds 1 to {} texts", kInputsMax));
    for (const auto& one : *input) TRY_VOID(add(one));
  } else {
    TRY_VOID(add(*input));
  }
  return out;
}

}  // namespace troupe::edge
