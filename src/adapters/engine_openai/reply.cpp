#include "adapters/engine_openai/reply.h"

#include <fmt/format.h>
#include <set>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "inference/choice.h"
#include "inference/text_stream.h"

namespace troupe::engine {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMessageBytesMax = 200;
constexpr double kTokensMax = 100'000'000;
constexpr double kLogprobLeast = -9999;  // what clouds say for "hardly at all"

const Json& at(const Json& json, const char* key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(key);
  return found == json.end() ? kNull : *found;
}
const Json& first(const Json& json) {
  static const Json kNull;
  return json.is_array() && !json.empty() ? json.front() : kNull;
}
std::string text_at(const Json& json, const char* key) {
  const auto& value = at(json, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}
int count_at(const Json& json, const char* key) {
  const auto& value = at(json, key);
  if (!value.is_number()) return 0;
  const double number = value.get<double>();
  return number > 0 ? static_cast<int>(std::min(number, kTokensMax)) : 0;  // not a number: 0
}

// What a stranger says, on one line, without the key.
std::string one_line(std::string text, std::string_view key) {
  static constexpr std::string_view kInstead = "(the key)";
  for (std::size_t from = 0; !key.empty() && (from = text.find(key, from)) != std::string::npos;
       from += kInstead.size()) {
    text.replace(from, key.size(), kInstead);
  }
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return trim(utf8_prefix(text, kMessageBytesMax));
}

Json parse(std::string_view bytes) {
  return parse_foreign_json(as_utf8(bytes)).value_or(Json(Json::value_t::discarded));
}

std::optional<Counted> counted_in(const Json& json) {
  const auto& usage = at(json, "usage");
  // Every answer has a prompt: what counts none has not counted.
  if (!usage.is_object() || count_at(usage, "prompt_tokens") == 0) return std::nullopt;
  Counted out{.prompt_tokens = count_at(usage, "prompt_tokens"),
              .cached_tokens = count_at(at(usage, "prompt_tokens_details"), "cached_tokens"),
              .new_tokens = count_at(usage, "completion_tokens"),
              .reasoning_tokens = count_at(at(usage, "completion_tokens_details"), "reasoning_tokens")};
  out.cached_tokens = std::min(out.cached_tokens, out.prompt_tokens);
  return out;
}

// {"error": {"message": ..., "code": 429}} in a reply that says 200.
std::optional<Failure> error_in(const Json& json, const OpenAiModelConfig& model) {
  const auto& error = at(json, "error");
  if (error.is_null()) return std::nullopt;
  const int code = count_at(error, "code");
  const int status = code >= 400 && code < 600 ? code : 500;
  return failure_of_status(status, json.dump(-1, ' ', false, Json::error_handler_t::replace), 0, model, {});
}

std::optional<Finish> finish_in(const Json& choice) {
  const auto& reason = at(choice, "finish_reason");
  if (!reason.is_string()) return std::nullopt;
  // All of these break off where they stand.
  static const std::set<std::string> kBroken = {
      "length", "max_tokens", "model_length", "content_filter", "insufficient_system_resource",
      "abort",  "error"};
  return kBroken.contains(reason.get<std::string>()) ? Finish::length : Finish::stop;
}

std::expected<Json, Failure> parse_reply(std::string_view body, const OpenAiModelConfig& model) {
  auto json = parse(body);
  if (json.is_discarded()) return std::unexpected(bad_reply(model, "what is not JSON"));
  if (auto failure = error_in(json, model)) return std::unexpected(*std::move(failure));
  return json;
}

// Its bytes where they are given: a token need not be whole characters.
std::string token_in(const Json& entry) {
  const auto& bytes = at(entry, "bytes");
  if (!bytes.is_array()) return text_at(entry, "token");
  std::string out;
  for (const auto& byte : bytes) {
    if (byte.is_number_unsigned()) out += static_cast<char>(byte.get<std::uint64_t>() & 0xff);
  }
  return out;
}

double logprob_in(const Json& entry) {
  const auto& value = at(entry, "logprob");
  const double number = value.is_number() ? value.get<double>() : kLogprobLeast;
  return std::isfinite(number) ? std::clamp(number, kLogprobLeast, 0.0) : kLogprobLeast;
}

std::vector<TokenLogprob> logprobs_in(const Json& choice) {
  std::vector<TokenLogprob> out;
  const auto& content = at(at(choice, "logprobs"), "content");
  if (!content.is_array()) return out;
  for (const auto& entry : content) {
    TokenLogprob one{.token = token_in(entry), .logprob = logprob_in(entry), .top = {}};
    const auto& top = at(entry, "top_logprobs");
    for (std::size_t i = 0; top.is_array() && i < top.size() && i < kTopLogprobsMax; ++i)
      one.top.push_back({token_in(top[i]), logprob_in(top[i])});
    out.push_back(std::move(one));
  }
  return out;
}

// "A", " A", "\u2581A" (how some vocabularies write the space) -> 0.
std::optional<std::size_t> letter_of(std::string text, std::size_t options) {
  for (const std::string_view space : {"\u2581", "\u0120"}) {
    if (text.starts_with(space)) text.erase(0, space.size());
  }
  text = trim(text);
  if (text.size() != 1 || text[0] < 'A') return std::nullopt;
  const auto index = static_cast<std::size_t>(text[0] - 'A');
  return index < options ? std::optional(index) : std::nullopt;
}

std::vector<double> letter_scores(const Json& candidates, std::size_t options) {
  const double nothing = -std::numeric_limits<double>::infinity();
  std::vector<double> scores(options, nothing);
  double least = 0;
  bool any = false;
  if (!candidates.is_array()) return {};
  for (const auto& candidate : candidates) {
    const auto& value = at(candidate, "logprob");
    if (!value.is_number()) continue;
    const double logprob = value.get<double>();
    if (!std::isfinite(logprob) || logprob > 0) continue;
    least = std::min(least, logprob);
    const auto letter = letter_of(text_at(candidate, "token"), options);
    if (!letter) continue;
    any = true;
    auto& score = scores[*letter];  // the letter with and without a space before it: together
    score = std::isfinite(score) ? std::max(score, logprob) + std::log1p(std::exp(-std::abs(score - logprob)))
                                 : logprob;
  }
  if (!any) return {};
  for (auto& score : scores) {
    if (!std::isfinite(score)) score = least;  // not among the likeliest: at most this
  }
  return scores;
}

// A string, or parts of which some are thoughts.
std::string parts_of(const Json& content, bool thoughts) {
  if (content.is_string()) return thoughts ? std::string() : content.get<std::string>();
  std::string out;
  if (!content.is_array()) return out;
  for (const auto& part : content) {
    const auto type = text_at(part, "type");
    if (!thoughts && type != "thinking" && type != "reasoning") out += text_at(part, "text");
    if (!thoughts || (type != "thinking" && type != "reasoning")) continue;
    for (const auto* key : {"thinking", "reasoning", "text"}) {
      const auto& value = at(part, key);
      out += value.is_string() ? value.get<std::string>() : parts_of(value, false);
    }
  }
  return out;
}

void read_content(const Json& message, Piece& out) {
  out.text = parts_of(at(message, "content"), false);
  out.reasoning = parts_of(at(message, "content"), true);
  // By one of these names, or by two at once.
  for (const auto* key : {"reasoning_content", "reasoning", "reasoning_text", "thinking"}) {
    if (auto thought = text_at(message, key); !thought.empty()) {
      out.reasoning += thought;
      return;
    }
  }
}

bool mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](auto word) { return text.find(word) != std::string::npos; });
}

Failure refused_request(int status, const std::string& message, const OpenAiModelConfig& model) {
  const auto lower = lower_ascii(message);
  if (mentions(lower, {"context length", "context_length", "context size", "context_size", "maximum context",
                       "too long", "max_model_len", "longer than"})) {
    return {{Code::invalid_argument, "engine.prompt_too_long",
             fmt::format("the prompt is too long for {} ({} tokens of context): {}", model.name,
                         model.context_tokens, message)}};
  }
  if (mentions(lower, {"grammar", "schema", "structured", "guided", "response_format", "ebnf"})) {
    return {{Code::invalid_argument, "engine.bad_grammar", model.name + ": " + message}};
  }
  return {{Code::unavailable, "engine.refused",
           fmt::format("{} refuses the request ({}): {}", model.name, status, message)}};
}

}  // namespace

std::string as_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  inference::TextStream stream({});
  auto out = stream.push(bytes);
  return out + stream.finish();
}

std::expected<Piece, Failure> read_piece(std::string_view data, const OpenAiModelConfig& model) {
  auto json = parse_reply(data, model);
  if (!json) return std::unexpected(json.error());
  const auto& choices = at(*json, "choices");
  if (!choices.is_array()) return std::unexpected(bad_reply(model, "JSON without choices"));
  const auto& choice = first(choices);
  Piece out{.finish = finish_in(choice), .counted = counted_in(*json), .logprobs = logprobs_in(choice)};
  const auto& delta = at(choice, "delta");
  read_content(delta.is_object() ? delta : at(choice, "message"), out);
  return out;
}

std::expected<Choice, Failure> read_choice(std::string_view body, const OpenAiModelConfig& model,
                                           std::size_t options) {
  auto json = parse_reply(body, model);
  if (!json) return std::unexpected(json.error());
  const auto& choice = first(at(*json, "choices"));
  if (!choice.is_object()) return std::unexpected(bad_reply(model, "JSON without choices"));
  const auto& token = first(at(at(choice, "logprobs"), "content"));
  return Choice{.text = inference::without_markup(parts_of(at(at(choice, "message"), "content"), false),
                                                  inference::Markup::Kind::structured),
                .scores = letter_scores(at(token, "top_logprobs"), options),
                .counted = counted_in(*json)};
}

std::optional<std::size_t> named_option(std::string_view text, std::size_t options) {
  if (const auto json = parse(text); json.is_object()) return letter_of(text_at(json, "choice"), options);
  auto word = trim(text);
  while (!word.empty() && (word.back() == '.' || word.back() == ')')) word.pop_back();
  return letter_of(word, options);
}

std::expected<Vectors, Failure> read_vectors(std::string_view body, const OpenAiModelConfig& model,
                                             std::size_t texts) {
  auto json = parse_reply(body, model);
  if (!json) return std::unexpected(json.error());
  const auto& data = at(*json, "data");
  if (!data.is_array() || data.size() != texts)
    return std::unexpected(bad_reply(model, "not one vector for each text"));
  Vectors out{.vectors = std::vector<std::vector<float>>(texts), .counted = counted_in(*json)};
  const auto size = static_cast<std::size_t>(model.embedding_size);
  for (std::size_t i = 0; i < texts; ++i) {
    const auto& index = at(data[i], "index");
    const auto place = index.is_number_unsigned() ? index.get<std::size_t>() : i;
    const auto& numbers = at(data[i], "embedding");
    if (place >= texts || !out.vectors[place].empty())
      return std::unexpected(bad_reply(model, "a vector of no text"));
    if (!numbers.is_array() || numbers.size() != size) {
      return std::unexpected(
          bad_reply(model, fmt::format("vectors of {} numbers instead of the {} configured",
                                       numbers.is_array() ? numbers.size() : 0, size)));
    }
    double squares = 0;
    std::vector<double> values;
    for (const auto& number : numbers) {
      values.push_back(number.is_number() ? number.get<double>() : 0);
      squares += values.back() * values.back();
    }
    if (!std::isfinite(squares) || squares <= 0)
      return std::unexpected(bad_reply(model, "a vector without a direction"));
    for (const auto value : values)
      out.vectors[place].push_back(static_cast<float>(value / std::sqrt(squares)));
  }
  return out;
}

bool is_json(std::string_view text) { return parse_json(text).has_value(); }

std::expected<bool, Failure> lists_model(std::string_view body, const OpenAiModelConfig& model) {
  auto json = parse_reply(body, model);
  if (!json) return std::unexpected(json.error());
  const auto& data = at(*json, "data");
  if (!data.is_array()) return std::unexpected(bad_reply(model, "no list of models"));
  return std::ranges::any_of(data, [&](const Json& entry) { return text_at(entry, "id") == model.model; });
}

Failure failure_of_status(int status, std::string_view body, std::int64_t retry_after_ms,
                          const OpenAiModelConfig& model, std::string_view key) {
  const auto json = parse(body);
  const auto& error = at(json, "error");
  std::string said = error.is_string() ? error.get<std::string>() : text_at(error, "message");
  if (said.empty()) said = text_at(json, "message");
  if (said.empty())
    said = json.is_discarded() ? as_utf8(body.substr(0, kMessageBytesMax)) : "no reason given";
  said = one_line(said, key);
  const auto& name = model.name;
  switch (status) {
    case 401:
    case 403:  // what it says may quote the key
      return {{Code::unavailable, "engine.bad_key", fmt::format("{} refuses the key ({})", name, status)}};
    case 404:
      return {{Code::unavailable, "engine.no_model", fmt::format("{} does not have it: {}", name, said)}};
    case 408:
    case 429:
      return {{Code::exhausted, "engine.upstream_busy",
               fmt::format("{} is busy ({}): {}", name, status, said), retry_after_ms},
              true};
    default:
      break;
  }
  if (status >= 500) {
    return {{Code::unavailable, "engine.failed", fmt::format("{} failed ({}): {}", name, status, said),
             retry_after_ms},
            true};
  }
  return refused_request(status, said, model);
}

Failure failure_of_end(HttpEnd end, const std::string& detail, const OpenAiModelConfig& model) {
  const auto& name = model.name;
  const auto say = [&](const char* reason, const char* what, bool retryable = false) {
    return Failure{
        {Code::unavailable, reason, fmt::format("{}: {} ({})", name, what, one_line(as_utf8(detail), {}))},
        retryable};
  };
  switch (end) {
    case HttpEnd::complete:
      return bad_reply(model, "an answer without an end");
    case HttpEnd::stopped:
      return {{Code::unavailable, "engine.stopping", "the engine stops"}};
    case HttpEnd::late:
      return {{Code::deadline_exceeded, "engine.silent", name + " said nothing in time"}};
    case HttpEnd::unreachable:
      return say("engine.unreachable", "cannot be reached", true);
    case HttpEnd::not_trusted:
      return say("engine.not_trusted", "its certificate is not to be trusted");
    case HttpEnd::address_refused:
      return say("engine.address_refused", "see allow_addresses");
    case HttpEnd::redirected:
      return say("engine.redirected", "leads elsewhere");
    case HttpEnd::cut_off:
      return say("engine.cut_off", "the connection broke", true);
    case HttpEnd::too_long:
      return say("engine.bad_reply", "answers too much");
  }
  return bad_reply(model, detail);
}

Failure bad_reply(const OpenAiModelConfig& model, std::string_view what) {
  return {{Code::unavailable, "engine.bad_reply", fmt::format("{} answers {}", model.name, what)}};
}

std::int64_t cost_of(const Counted& counted, const Prices& prices) {
  const std::int64_t cached_price = prices.cached < 0 ? prices.prompt : prices.cached;
  // At most 3 * 1e8 tokens * 1e9: fits.
  const std::int64_t sum = (counted.prompt_tokens - counted.cached_tokens) * prices.prompt +
                           counted.cached_tokens * cached_price + counted.new_tokens * prices.output;
  return (sum + 999'999) / 1'000'000;
}

}  // namespace troupe::engine
