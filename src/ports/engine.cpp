#include "ports/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace troupe::engine {

namespace {

std::unexpected<Error> bad_request(const std::string& why) {
  return fail(Code::invalid_argument, "engine.bad_request", why);
}

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::user:
      return "user";
    case Role::assistant:
      return "assistant";
  }
  return "user";
}

Result<void> check(const GenerateRequest& request) {
  if (request.messages.empty()) return bad_request("messages are empty");
  for (const auto& message : request.messages) {
    if (!is_utf8(message.text)) return bad_request("a message is not UTF-8");
  }
  if (request.tokens_max < 1) return bad_request("tokens_max must be 1 at least");
  const auto& s = request.sampling;
  const auto within = [](double value, double least, double most) { return value >= least && value <= most; };
  if (!within(s.temperature, 0, 10)) return bad_request("temperature must be 0 to 10");
  if (!within(s.top_p, 0, 1)) return bad_request("top_p must be 0 to 1");
  if (!within(s.min_p, 0, 1)) return bad_request("min_p must be 0 to 1");
  if (!within(s.repeat_penalty, 0.1, 10)) return bad_request("repeat_penalty must be 0.1 to 10");
  if (!within(s.presence_penalty, -2, 2)) return bad_request("presence_penalty must be -2 to 2");
  if (!within(s.frequency_penalty, -2, 2)) return bad_request("frequency_penalty must be -2 to 2");
  if (request.top_logprobs < -1 || request.top_logprobs > kTopLogprobsMax) {
    return bad_request(fmt::format("top_logprobs must be -1 to {}", kTopLogprobsMax));
  }
  return {};
}

Result<void> check(const ChooseRequest& request, const Limits& limits) {
  const auto most = std::min<std::size_t>(limits.options_max, 26);
  if (request.options.size() < 2 || request.options.size() > most) {
    return bad_request(fmt::format("2 to {} options, not {}", most, request.options.size()));
  }
  for (const auto& option : request.options) {
    if (trim(option).empty() || !is_utf8(option)) return bad_request("an option is empty or not UTF-8");
  }
  if (!is_utf8(request.context) || !is_utf8(request.scene))
    return bad_request("context or scene is not UTF-8");
  return {};
}

Result<void> check(const EmbedRequest& request, const Limits& limits) {
  if (request.texts.size() > limits.embed_texts_max) {
    return bad_request(fmt::format("{} texts at most", limits.embed_texts_max));
  }
  for (const auto& text : request.texts) {
    if (!is_utf8(text)) return bad_request("a text is not UTF-8");
  }
  return {};
}

std::string_view tier_name(Tier tier) {
  switch (tier) {
    case Tier::reflex:
      return "reflex";
    case Tier::gold:
      return "gold";
    case Tier::silver:
      return "silver";
    case Tier::bronze:
      return "bronze";
  }
  return "reflex";
}

std::string_view finish_name(Finish finish) {
  switch (finish) {
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
    case Finish::deadline:
      return "deadline";
    case Finish::cancelled:
      return "cancelled";
  }
  return "stop";
}

std::string_view cut_name(Cut cut) {
  switch (cut) {
    case Cut::none:
      return "none";
    case Cut::deadline:
      return "deadline";
    case Cut::sentence:
      return "sentence";
    case Cut::closed:
      return "closed";
  }
  return "none";
}

std::string_view state_name(ThoughtView::State state) {
  using State = ThoughtView::State;
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::prefill:
      return "prefill";
    case State::generating:
      return "generating";
    case State::ended:
      return "ended";
  }
  return "waiting";
}

std::string_view outcome_name(ThoughtView::Outcome outcome) {
  using Outcome = ThoughtView::Outcome;
  switch (outcome) {
    case Outcome::open:
      return "open";
    case Outcome::met:
      return "met";
    case Outcome::late:
      return "late";
    case Outcome::dropped:
      return "dropped";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::failed:
      return "failed";
  }
  return "open";
}

}  // namespace troupe::engine
