#include "services/ai/ai_service.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "services/ai/ai_decision.h"

namespace troupe {

AiService::AiService(const pack::Pack& pack, Host& host, const pack::PromptTexts& texts,
                     const talk::Language& language, AiConfig config)
    : pack_(pack),
      host_(host),
      texts_(texts),
      language_(language),
      config_(std::move(config)),
      profiles_(host.timeline()) {}

void AiService::mount() {
  Host& host = host_;
  host.serve(&AiService::choose, this);
  host.serve(&AiService::speak, this);
  host.serve(&AiService::moderate, this);
  host.serve(&AiService::held_back, this);
  host.serve(&AiService::get_profile, static_cast<const AiService*>(this));
  host.serve(&AiService::set_profile, this);
  host.on_held_back([this](const HeldBack& refused) { note_refused(refused); });
}

Task<pb::AiChooseReply> AiService::choose(Caller caller, pb::AiChooseRequest request) {
  const auto started = host_.env().now();
  const auto span =
      request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : config_.choose_deadline;
  pb::RouterChooseRequest ask;
  ask.set_tier(request.tier());
  ask.set_language(pack_.world.language);
  ask.set_context(ai::inert(request.who(), config_.text_bytes_max));
  ask.set_scene(ai::inert(request.situation(), config_.text_bytes_max));
  for (const auto& option : request.options()) ask.add_options(ai::inert(option, 200));
  ask.set_deadline_ms(span.count());
  ask.set_npc(request.npc());
  Caller as_service = caller;
  as_service.role = pb::ROLE_SERVICE;
  as_service.stream.clear();
  // The router falls back by itself; its answer may take a moment longer than the deadline that it kept.
  as_service.deadline = std::min(caller.deadline, started + span + rt::milliseconds(500));
  CO_TRY(const auto chosen, co_await host_.call<pb::RouterChooseReply>(as_service, ask));

  pb::AiChooseReply reply;
  reply.set_index(chosen.choice());
  if (chosen.choice() < 0 || chosen.choice() >= request.options_size() ||
      chosen.probabilities_size() != request.options_size())
    co_return fail(Code::unavailable, "ai.bad_choice", "what was chosen is none of the options");
  reply.set_choice(request.options(chosen.choice()));
  *reply.mutable_probabilities() = chosen.probabilities();
  reply.set_tier(chosen.tier());
  reply.set_model(chosen.model());
  reply.set_deadline_met(host_.env().now() <= started + span);
  reply.set_elapsed_us(ai::micros(host_.env().now() - started));
  auto& decision = *reply.mutable_decision();
  decision.set_npc(request.npc());
  decision.set_kind("choose");
  decision.set_tier(chosen.tier());
  decision.set_model(chosen.model());
  decision.set_model_hash(chosen.model_hash());
  decision.set_method(chosen.method());
  decision.set_prompt(chosen.prompt());
  decision.set_prompt_hash(sha256_hex(chosen.prompt()));
  *decision.mutable_options() = request.options();
  *decision.mutable_probabilities() = chosen.probabilities();
  decision.set_choice(chosen.choice());
  decision.set_output(reply.choice());
  decision.set_deadline_ms(span.count());
  decision.set_deadline_met(reply.deadline_met());
  *decision.mutable_fallbacks() = chosen.fallbacks();
  decision.set_admission(chosen.admission());
  ai::take_usage(decision, chosen.usage());
  decision.set_total_us(reply.elapsed_us());
  announce(decision);
  co_return reply;
}

Task<pb::AiSpeakReply> AiService::speak(Caller caller, pb::AiSpeakRequest request) {
  const auto started = host_.env().now();
  const auto span =
      request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : config_.speak_deadline;
  const auto deadline = started + span;
  const auto messages = ai::assemble(request.context(), texts_.prompt, config_.prompt);
  pb::AiSpeakReply reply;
  for (const auto& message : messages) {
    auto* out = reply.add_messages();
    out->set_role(message.role());
    out->set_text(message.text());
  }
  if (request.assemble_only()) co_return reply;
  if (request.read_ahead()) {
    pb::RouterWarmRequest warm;
    *warm.mutable_ahead() = ai::router_request(request, messages);
    warm.mutable_ahead()->set_freedom(request.freedom());
    warm.set_guess(request.guess());
    CO_TRY(const auto warmed, co_await host_.call<pb::RouterWarmReply>(caller, warm));
    reply.set_model(warmed.model());
    co_return reply;
  }

  CO_TRY(auto spoken, co_await say(caller, request, messages, deadline));
  reply.set_text(spoken.text);
  reply.set_tier(spoken.decision.tier());
  reply.set_model(spoken.decision.model());
  reply.set_deadline_met(spoken.decision.deadline_met());
  reply.set_first_token_ms(spoken.decision.first_token_us() / 1000);
  *reply.mutable_decision() = std::move(spoken.decision);
  announce(reply.decision());
  co_return reply;
}

void AiService::announce(const pb::Decision& decision) {
  auto& metrics = host_.metrics();
  const Labels tier = {{"tier", decision.tier()}, {"kind", decision.kind()}};
  metrics.histogram("troupe_ai_decision_seconds", "Time to a decision", latency_bounds_seconds(), tier)
      .observe(static_cast<double>(decision.total_us()) / 1e6);
  metrics
      .counter("troupe_ai_deadlines_total", "Decisions by deadline",
               {{"tier", decision.tier()},
                {"kind", decision.kind()},
                {"met", decision.deadline_met() ? "yes" : "no"}})
      .add();
  pb::InferenceCompleted event;
  event.set_npc(decision.npc());
  event.set_kind(decision.kind());
  event.set_tier(decision.tier());
  event.set_model(decision.model());
  event.set_total_us(decision.total_us());
  event.set_first_token_us(decision.first_token_us());
  event.set_prompt_tokens(decision.prompt_tokens());
  event.set_cached_tokens(decision.cached_tokens());
  event.set_new_tokens(decision.new_tokens());
  event.set_deadline_met(decision.deadline_met());
  EventRecord record{.type = "InferenceCompleted",
                     .subject = decision.npc(),
                     .at = host_.timeline().now(),
                     .payload = event.SerializeAsString(),
                     .wall_ms = host_.env().clock.wall_ms()};
  const auto& world = host_.timeline().config().world;
  (void)host_.bus().publish(
      {"evt." + world + ".ai.InferenceCompleted", event_log::to_envelope(record, world).SerializeAsString()});
}

}  // namespace troupe
