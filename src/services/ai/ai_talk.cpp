// What a person says: by a model as far as it may, else the words that were there before.
#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "inference/freedom.h"
#include "services/ai/ai_decision.h"
#include "services/ai/ai_guard.h"
#include "services/ai/ai_service.h"
#include "services/ai/ai_speech.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {

namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kRephrase = inference::freedom_name(inference::Freedom::rephrase);
constexpr std::string_view kFirst = inference::freedom_name(inference::Freedom::first);

// What a model may do, the most first; "": whatever it is, it speaks.
std::vector<std::string> freedoms_for(const std::string& asked) {
  if (asked.empty()) return {""};
  if (asked == kNone) return {};
  std::vector<std::string> out{std::string(kFirst)};
  if (asked != kFirst) out.push_back(asked);
  return out;
}

// The same with less freedom: what was decided, in other words.
pb::AiSpeakRequest to_rephrase(pb::AiSpeakRequest request) {
  request.mutable_context()->clear_brought_up();
  request.mutable_context()->add_brought_up(request.written());
  request.set_seed(request.seed() + 1);  // the same draw would say the same
  return request;
}

}  // namespace

// An answer that is under way.
struct AiService::Hearing {
  Caller to;
  std::shared_ptr<ai::Speech> speech;
  std::shared_ptr<ai::Guard> guard;  // of what may be said; null: whoever asked wants what comes
  std::string freedom;
  std::string raw;  // of the model, as it came
  rt::Instant first_shown = rt::Instant::never();
  bool whole = false;  // nothing is shown before all of it was judged
  bool over = false;
};

void AiService::show(const std::shared_ptr<Hearing>& hearing, const std::string& text) {
  if (text.empty()) return;
  if (hearing->first_shown.is_never()) hearing->first_shown = host_.env().now();
  pb::StreamPart part;
  part.set_text(text);
  host_.stream(hearing->to, part);
}

Task<AiService::Spoken> AiService::say(Caller caller, pb::AiSpeakRequest request,
                                       std::vector<pb::ChatMessage> messages, rt::Instant deadline) {
  const auto started = host_.env().now();
  const auto spoken = std::make_shared<Spoken>();
  auto& decision = spoken->decision;
  decision.set_npc(request.npc());
  decision.set_kind("talk");
  decision.set_seed(request.seed());
  decision.set_deadline_ms((deadline - started).count() / 1'000'000);
  decision.set_way(request.way());
  *decision.mutable_evidence() = request.evidence();
  decision.set_heard(request.heard());
  const auto hearing = std::make_shared<Hearing>(Hearing{.to = caller});
  if (!request.freedom().empty() && request.freedom() != kNone)
    hearing->guard = std::make_shared<ai::Guard>(pack_, language_, request);
  for (const auto& freedom : freedoms_for(request.freedom())) {
    CO_TRY(const bool asked,
           co_await try_model(caller, request, messages, deadline, freedom, hearing, spoken));
    if (!asked) continue;
    // What does not pass is said again with less freedom, once.
    if (spoken->text.empty() && decision.guard_size() > 0 && freedom != kRephrase &&
        !request.written().empty()) {
      const auto again = to_rephrase(request);
      CO_TRY([[maybe_unused]] const bool second,
             co_await try_model(caller, again, ai::assemble(again.context(), texts_.prompt, config_.prompt),
                                deadline, std::string(kRephrase), hearing, spoken));
    }
    break;
  }
  if (spoken->text.empty()) {
    // Somebody spoken to always answers: with what the rules or a writer have for it.
    if (decision.verdict().empty()) decision.set_verdict("said");
    spoken->text = written_line(request, allowed_in(request));
    decision.set_tier("reflex");
    decision.set_method(request.written().empty() ? "written line" : "rules");
    show(hearing, spoken->text);
  } else if (!request.freedom().empty()) {
    decision.set_way("model");
  }
  const auto now = host_.env().now();
  decision.set_output(spoken->text);
  decision.set_total_us(ai::micros(now - started));
  decision.set_first_token_us(
      ai::micros((hearing->first_shown.is_never() ? now : hearing->first_shown) - started));
  decision.set_deadline_met(now <= deadline);
  co_return *spoken;
}

// Each sentence passes the check before it goes on to whoever asked. Where a model judges, too, it has to
// hear the whole.
Result<bus::Subscription> AiService::listen(const std::string& stream, std::shared_ptr<Hearing> hearing) {
  return host_.bus().subscribe(stream, [this, hearing](const bus::Event& event) {
    pb::StreamPart part;
    if (hearing->over || !part.ParseFromString(event.payload)) return;
    hearing->raw += part.text();
    if (!hearing->whole) show(hearing, hearing->speech->push(part.text()));
  });
}

Task<bool> AiService::try_model(Caller caller, pb::AiSpeakRequest request,
                                std::vector<pb::ChatMessage> messages, rt::Instant deadline,
                                std::string freedom, std::shared_ptr<Hearing> hearing,
                                std::shared_ptr<Spoken> spoken) {
  const auto started = host_.env().now();
  auto& decision = spoken->decision;
  const auto allowed = allowed_in(request);
  // Whoever speaks first is heard sentence by sentence, each as soon as it has passed.
  const bool holds = hearing->guard && freedom != kFirst;
  ai::Speech::Check check;
  if (hearing->guard && !holds)
    check = [guard = hearing->guard](std::string_view sentence) { return guard->sentence(sentence); };
  const auto speech =
      std::make_shared<ai::Speech>(request.context().name(), allowed, request.player(), std::move(check));
  hearing->speech = speech;
  hearing->freedom = freedom;
  hearing->raw.clear();
  hearing->whole = holds || !config_.classifier.empty();
  hearing->over = false;
  if (holds) deadline = std::min(deadline, started + config_.better_within);
  Caller inner = caller;
  inner.role = pb::ROLE_SERVICE;
  inner.deadline = std::min(caller.deadline, deadline + rt::milliseconds(50));
  inner.stream = "str." + host_.env().ids.uuid7(host_.env().clock.wall_ms());
  CO_TRY(const auto subscription, listen(inner.stream, hearing));

  auto ask = ai::router_request(request, messages);
  ask.set_whole_sentences(true);
  ask.set_tokens_max(config_.speech_tokens_max);
  ask.set_temperature(config_.speech_temperature);
  ask.set_seed(request.seed());
  ask.set_freedom(freedom);
  for (const auto& stop : ai::stops(request.context())) ask.add_stop(stop);
  // A moment before it is due: then a written line is still in time.
  const auto left = deadline - started;
  ask.set_deadline_ms(std::max<std::int64_t>(
      1, (left - std::min<rt::nanoseconds>(config_.line_margin, left / 10)).count() / 1'000'000));
  const auto answer = co_await host_.call<pb::RouterGenerateReply>(inner, ask);
  hearing->over = true;
  // Nobody who may, or no model at all: the rules were enough.
  const auto nobody = [](const Error& error) {
    return error.reason == "router.no_freedom" || error.reason == "engine.no_model";
  };
  if (!answer && !freedom.empty() && nobody(answer.error())) {
    hearing->over = false;
    co_return false;
  }
  decision.set_prompt(ai::as_text(messages));
  decision.set_prompt_hash(sha256_hex(decision.prompt()));

  if (answer) {
    ai::take_answer(decision, *answer);
    // What is still on its way here, or everything.
    const std::string_view text = answer->text();
    if (hearing->whole) {
      CO_TRY_VOID(co_await judge_whole(answer->text(), allowed, hearing, spoken));
    } else if (text.starts_with(hearing->raw)) {
      show(hearing, speech->push(text.substr(hearing->raw.size())));
    }
  } else {
    decision.add_fallbacks(std::string(ai::inert(answer.error().message, 300)));
  }
  for (const auto& objection : speech->objections()) decision.add_guard(objection);
  if (speech->held_back()) note_held_back(violation_of(request, *speech));
  // What was shown is what was said.
  spoken->text = trim(speech->text());
  const std::string held =
      speech->held_back() ? std::string(moderation::category_name(speech->finding().category)) : "";
  if (spoken->text.empty()) {
    decision.set_verdict(decision.guard_size() > 0 ? "said, not by the model"
                         : !held.empty()           ? "held back: " + held
                         : answer                  ? "empty answer"
                                                   : "said");
  } else {
    if (!answer) decision.set_tier(ask.tier());
    decision.set_verdict(!held.empty() ? "said; the rest was held back: " + held
                         : !answer     ? "said; then it broke off"
                                       : "said");
  }
  co_return true;
}

// What is shown only once all of it was judged: by the guard, and by a model where one is configured.
Task<void> AiService::judge_whole(std::string text, moderation::Levels allowed,
                                  std::shared_ptr<Hearing> hearing, std::shared_ptr<Spoken> spoken) {
  auto& decision = spoken->decision;
  if (hearing->guard) {
    const auto spoken_text = ai::without_name(text, decision.npc());
    const auto objections = hearing->freedom == kRephrase ? hearing->guard->rephrasing(spoken_text)
                                                          : hearing->guard->answer(spoken_text);
    for (const auto& objection : objections) decision.add_guard(objection);
    if (!objections.empty()) co_return Result<void>();
  }
  if (!config_.classifier.empty()) {
    const auto finding = co_await classify(text, allowed);
    if (!finding) {
      decision.add_fallbacks(finding.error().message);
      co_return Result<void>();
    }
    if (!finding->allowed) {
      hearing->speech->hold_back(*finding);
      co_return Result<void>();
    }
  }
  show(hearing, hearing->speech->push(text));
  co_return Result<void>();
}

}  // namespace troupe
