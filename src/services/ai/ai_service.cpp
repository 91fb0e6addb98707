#include "services/ai/ai_service.h"

#include "base/hash.h"
#include "base/text.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {

namespace {

std::int64_t micros(rt::nanoseconds span) { return span.count() / 1000; }

void take_usage(pb::Decision& decision, const pb::RouterUsage& usage) {
  decision.set_queue_us(usage.queue_us());
  decision.set_first_token_us(usage.first_token_us());
  decision.set_total_us(usage.total_us());
  decision.set_prompt_tokens(usage.prompt_tokens());
  decision.set_cached_tokens(usage.cached_tokens());
  decision.set_new_tokens(usage.new_tokens());
  decision.set_cost_microusd(usage.cost_microusd());
  decision.set_slack_us(usage.slack_us());
  decision.set_preemptions(usage.preemptions());
  decision.set_wasted_tokens(usage.wasted_tokens());
  decision.set_predicted_us(usage.predicted_us());
  decision.set_computed_us(usage.computed_us());
  decision.set_cut(usage.cut());
}

std::string as_text(const std::vector<pb::ChatMessage>& messages) {
  std::string out;
  for (const auto& message : messages) out += "[" + message.role() + "]\n" + message.text() + "\n";
  return out;
}

pb::RouterGenerateRequest router_request(const pb::AiSpeakRequest& request,
                                         const std::vector<pb::ChatMessage>& messages) {
  pb::RouterGenerateRequest ask;
  ask.set_tier(request.tier().empty() ? "silver" : request.tier());
  for (const auto& message : messages) *ask.add_messages() = message;
  ask.set_player(request.player());
  ask.set_npc(request.npc());
  ask.set_place(request.place());
  return ask;
}

}  // namespace

// What a model said, checked and recorded.
struct AiService::Spoken {
  std::string text;
  pb::Decision decision;
};

AiService::AiService(Host& host, AiConfig config) : host_(host), config_(std::move(config)) {}

void AiService::mount() {
  Host& host = host_;
  host.serve(&AiService::choose, this);
  host.serve(&AiService::speak, this);
  host.serve(&AiService::moderate, static_cast<const AiService*>(this));
  host.serve(&AiService::get_profile, static_cast<const AiService*>(this));
  host.serve(&AiService::set_profile, this);
  host.timeline().add_migrations(
      {{"ai", 1, "create table ai_profiles (player text primary key, profile blob not null)"}});
  host.timeline().add_table("ai_profiles", "player");
  host.timeline().add_loader([this](db::Reader& reader) { return load(reader); });
}

Result<void> AiService::load(db::Reader& reader) {
  profiles_.clear();
  TRY(const auto rows, reader.query("select player, profile from ai_profiles"));
  for (const auto& row : rows) profiles_[row.text(0)].ParseFromString(row.blob(1));
  return {};
}

Task<pb::AiChooseReply> AiService::choose(Caller caller, pb::AiChooseRequest request) {
  const auto started = host_.env().now();
  const auto span =
      request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : config_.choose_deadline;
  pb::RouterChooseRequest ask;
  ask.set_tier(request.tier());
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
  reply.set_choice(request.options(chosen.choice()));
  *reply.mutable_probabilities() = chosen.probabilities();
  reply.set_tier(chosen.tier());
  reply.set_model(chosen.model());
  reply.set_deadline_met(host_.env().now() <= started + span);
  reply.set_elapsed_us(micros(host_.env().now() - started));
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
  take_usage(decision, chosen.usage());
  decision.set_total_us(reply.elapsed_us());
  announce(decision);
  co_return reply;
}

Task<pb::AiSpeakReply> AiService::speak(Caller caller, pb::AiSpeakRequest request) {
  const auto started = host_.env().now();
  const auto span =
      request.deadline_ms() > 0 ? rt::milliseconds(request.deadline_ms()) : config_.speak_deadline;
  const auto deadline = started + span;
  if (request.context().name().empty()) {
    co_return fail(Code::invalid_argument, "ai.no_speaker", "context.name must say who is speaking");
  }
  const auto messages = ai::assemble(request.context(), config_.prompt);
  pb::AiSpeakReply reply;
  for (const auto& message : messages) {
    auto* out = reply.add_messages();
    out->set_role(message.role());
    out->set_text(message.text());
  }
  if (request.assemble_only()) co_return reply;
  if (request.read_ahead()) {
    pb::RouterWarmRequest warm;
    *warm.mutable_ahead() = router_request(request, messages);
    warm.set_guess(request.guess());
    CO_TRY(const auto warmed, co_await host_.call<pb::RouterWarmReply>(caller, warm));
    reply.set_model(warmed.model());
    co_return reply;
  }

  CO_TRY(auto spoken, co_await generate(caller, request, messages, deadline));
  if (spoken.decision.tier() != "reflex" && request.context().actions_size() > 0) {
    auto action = co_await proposed_action(caller, request.context(), spoken.text);
    if (action && !action->empty()) reply.add_proposed(*action);
  }
  reply.set_text(spoken.text);
  reply.set_tier(spoken.decision.tier());
  reply.set_model(spoken.decision.model());
  reply.set_deadline_met(spoken.decision.deadline_met());
  reply.set_first_token_ms(spoken.decision.first_token_us() / 1000);
  *reply.mutable_decision() = std::move(spoken.decision);
  announce(reply.decision());
  co_return reply;
}

Task<AiService::Spoken> AiService::generate(Caller caller, pb::AiSpeakRequest request,
                                            std::vector<pb::ChatMessage> messages, rt::Instant deadline) {
  const auto started = host_.env().now();
  Spoken spoken;
  auto& decision = spoken.decision;
  decision.set_npc(request.npc());
  decision.set_kind("talk");
  decision.set_prompt(as_text(messages));
  decision.set_prompt_hash(sha256_hex(decision.prompt()));
  decision.set_seed(request.seed());
  decision.set_deadline_ms((deadline - started).count() / 1'000'000);

  // What the model says passes the check before it goes on to whoever asked.
  const auto check = std::make_shared<ai::StreamCheck>(allowed_for(request.player()));
  const auto shown = std::make_shared<std::string>();
  const auto first_shown = std::make_shared<rt::Instant>(rt::Instant::never());
  const auto show = [this, caller, shown, first_shown](const std::string& text) {
    if (text.empty()) return;
    if (shown->empty()) *first_shown = host_.env().now();
    *shown += text;
    pb::StreamPart part;
    part.set_text(text);
    host_.stream(caller, part);
  };
  Caller inner = caller;
  inner.role = pb::ROLE_SERVICE;
  inner.deadline = std::min(caller.deadline, deadline + rt::milliseconds(50));
  inner.stream = "str." + host_.env().ids.uuid7(host_.env().clock.wall_ms());
  CO_TRY(const auto subscription, host_.bus().subscribe(inner.stream, [check, show](const bus::Event& event) {
    pb::StreamPart part;
    if (part.ParseFromString(event.payload)) show(check->push(part.text()));
  }));

  auto ask = router_request(request, messages);
  ask.set_tokens_max(config_.speech_tokens_max);
  ask.set_temperature(config_.speech_temperature);
  ask.set_seed(request.seed());
  for (const auto& stop : ai::stops(request.context())) ask.add_stop(stop);
  ask.set_deadline_ms(std::max<std::int64_t>(1, (deadline - started).count() / 1'000'000));
  const auto answer = co_await host_.call<pb::RouterGenerateReply>(inner, ask);

  if (answer && !check->blocked()) {
    spoken.text =
        ai::as_speech(answer->finish() == "stop" ? answer->text() : ai::to_sentence_end(answer->text()),
                      request.context().name());
    // Judged whole once more: parts that are still on the bus were not seen by the stream's check.
    const auto finding = ai::judge(ai::levels_of(spoken.text), allowed_for(request.player()));
    if (!spoken.text.empty() && finding.allowed) {
      if (spoken.text.size() > shown->size() && spoken.text.starts_with(*shown))
        show(spoken.text.substr(shown->size()));
      decision.set_tier(answer->tier());
      decision.set_model(answer->model());
      decision.set_model_hash(answer->model_hash());
      decision.set_method("generate");
      decision.set_verdict("said");
      *decision.mutable_fallbacks() = answer->fallbacks();
      decision.set_admission(answer->admission());
      take_usage(decision, answer->usage());
    } else {
      spoken.text.clear();
      decision.set_verdict(finding.allowed
                               ? "empty answer"
                               : "held back: " + std::string(ai::category_name(finding.category)));
    }
  } else if (answer) {
    decision.set_verdict("held back: " + std::string(ai::category_name(check->finding().category)));
  } else {
    decision.add_fallbacks(std::string(ai::inert(answer.error().message, 300)));
  }
  if (spoken.text.empty()) {
    // Somebody spoken to always answers: with a line that a writer wrote for this.
    const int lines = request.fallback_lines_size();
    spoken.text =
        lines > 0
            ? request.fallback_lines(static_cast<int>(request.seed() % static_cast<std::uint64_t>(lines)))
            : request.context().name() + " looks at you and says nothing.";
    decision.set_tier("reflex");
    decision.set_method("written line");
    if (decision.verdict().empty()) decision.set_verdict("said");
    show((shown->empty() ? "" : " ") + spoken.text);
    if (shown->size() > spoken.text.size()) spoken.text = *shown;
  }
  const auto now = host_.env().now();
  decision.set_output(spoken.text);
  decision.set_total_us(micros(now - started));
  decision.set_first_token_us(micros((first_shown->is_never() ? now : *first_shown) - started));
  decision.set_deadline_met(now <= deadline);
  co_return spoken;
}

Task<std::string> AiService::proposed_action(Caller caller, pb::AiContext context, std::string said) {
  static const std::string kNothing = "go on as before";
  pb::AiChooseRequest ask;
  ask.set_who(context.persona());
  ask.set_situation("They were told: \"" + ai::inert(context.player_text(), 200) + "\" and answered: \"" +
                    ai::inert(said, 200) + "\"");
  ask.add_options(kNothing);
  for (int i = 0; i < context.actions_size() && i < 5; ++i) ask.add_options(context.actions(i));
  ask.set_deadline_ms(config_.action_deadline.count());
  caller.stream.clear();
  CO_TRY(const auto chosen, co_await choose(caller, ask));
  if (chosen.tier() == "reflex" || chosen.choice() == kNothing ||
      chosen.probabilities(chosen.index()) < config_.action_probability_min) {
    co_return std::string();
  }
  co_return chosen.choice();
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

ai::Levels AiService::allowed_for(const std::string& player) const {
  const auto found = profiles_.find(player);
  if (found == profiles_.end()) return ai::profile_levels(config_.default_profile);
  auto levels = ai::profile_levels(found->second.name());
  for (const auto& level : found->second.levels()) {
    for (std::size_t i = 0; i < ai::kCategories; ++i) {
      if (ai::category_name(static_cast<ai::Category>(i)) == level.category()) levels[i] = level.level();
    }
  }
  return levels;
}

Result<pb::AiModerateReply> AiService::moderate(const Caller&, const pb::AiModerateRequest& request) const {
  if (request.text().size() > config_.text_bytes_max) {
    return fail(Code::invalid_argument, "ai.text_too_long",
                "text is " + std::to_string(request.text().size()) + " bytes; at most " +
                    std::to_string(config_.text_bytes_max));
  }
  const auto levels = ai::levels_of(request.text());
  const auto finding = ai::judge(levels, allowed_for(request.player()));
  pb::AiModerateReply reply;
  reply.set_allowed(finding.allowed);
  for (std::size_t i = 0; i < ai::kCategories; ++i) {
    if (levels[i] == 0) continue;
    auto* found = reply.add_found();
    found->set_category(std::string(ai::category_name(static_cast<ai::Category>(i))));
    found->set_level(levels[i]);
  }
  if (!finding.allowed) {
    reply.set_reason(std::string(ai::category_name(finding.category)) + " " + std::to_string(finding.level) +
                     " is more than the profile allows");
  }
  return reply;
}

Result<pb::ModerationProfile> AiService::get_profile(const Caller& caller,
                                                     const pb::AiGetProfileRequest& request) const {
  const std::string player = caller.player_or_self(request.player());
  const auto found = profiles_.find(player);
  if (found != profiles_.end()) return found->second;
  pb::ModerationProfile profile;
  profile.set_player(player);
  profile.set_name(config_.default_profile);
  const auto levels = ai::profile_levels(config_.default_profile);
  for (std::size_t i = 0; i < ai::kCategories; ++i) {
    auto* level = profile.add_levels();
    level->set_category(std::string(ai::category_name(static_cast<ai::Category>(i))));
    level->set_level(levels[i]);
  }
  return profile;
}

Result<pb::ModerationProfile> AiService::set_profile(Turn& turn, const Caller&,
                                                     const pb::AiSetProfileRequest& request) {
  const auto& profile = request.profile();
  static const std::vector<std::string> kProfiles = {"teen", "mature", "custom"};
  if (profile.player().empty())
    return fail(Code::invalid_argument, "ai.no_player", "profile.player is missing");
  if (std::ranges::find(kProfiles, profile.name()) == kProfiles.end()) {
    return fail(Code::invalid_argument, "ai.unknown_profile",
                "no profile '" + profile.name() + "'" + did_you_mean(profile.name(), kProfiles) +
                    " (teen, mature or custom)");
  }
  for (const auto& level : profile.levels()) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < ai::kCategories; ++i)
      names.emplace_back(ai::category_name(static_cast<ai::Category>(i)));
    if (std::ranges::find(names, level.category()) == names.end()) {
      return fail(Code::invalid_argument, "ai.unknown_category",
                  "no category '" + level.category() + "'" + did_you_mean(level.category(), names));
    }
    if (level.level() < 0 || level.level() > 4) {
      return fail(Code::invalid_argument, "ai.bad_level",
                  "a level is 0 to 4, not " + std::to_string(level.level()));
    }
  }
  if (!profiles_.contains(profile.player()) && profiles_.size() >= config_.profiles_max) {
    return fail(Code::exhausted, "ai.profiles", "no room for more profiles");
  }
  profiles_[profile.player()] = profile;
  turn.write(
      "insert into ai_profiles (player, profile) values ($1, $2) "
      "on conflict (player) do update set profile = excluded.profile",
      {profile.player(), db::Blob{stable_bytes(profile)}});
  return profile;
}

}  // namespace troupe
