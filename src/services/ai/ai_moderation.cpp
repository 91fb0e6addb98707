// Who may hear and say what: profiles, judgements, and what is recorded of them.
#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/text.h"
#include "moderation/slices.h"
#include "services/ai/ai_service.h"

namespace troupe {

using moderation::Category;
using moderation::Finding;
using moderation::Levels;

namespace {

constexpr std::size_t kPlayersNotedMax = 10'000;

void fill(google::protobuf::RepeatedPtrField<pb::CategoryLevel>& out, const Levels& levels, bool all) {
  for (std::size_t i = 0; i < moderation::kCategories; ++i) {
    if (levels[i] == 0 && !all) continue;
    auto* level = out.Add();
    level->set_category(std::string(moderation::category_name(static_cast<Category>(i))));
    level->set_level(levels[i]);
  }
}

// What is not named stays as it is.
void take(const google::protobuf::RepeatedPtrField<pb::CategoryLevel>& from, Levels& levels) {
  for (const auto& level : from) {
    Category category{};
    if (moderation::parse_category(level.category(), category))
      levels[static_cast<std::size_t>(category)] = std::clamp(level.level(), 0, moderation::kLevelMax);
  }
}

void cap(Levels& levels, const Levels& most) {
  for (std::size_t i = 0; i < moderation::kCategories; ++i) levels[i] = std::min(levels[i], most[i]);
}

// The same as moderation::look(), in slices: a long text stops nobody else's answers.
rt::asio::awaitable<moderation::Found> look_in_turns(rt::Env env, std::string text) {
  moderation::Found all;
  for (std::size_t at = 0; at == 0 || at < text.size();) {
    if (at > 0) co_await boost::asio::post(env.executor, boost::asio::use_awaitable);
    const auto [from, end] = moderation::slice_of(text, at);
    auto found = moderation::look(std::string_view(text).substr(from, end - from));
    for (std::size_t i = 0; i < moderation::kCategories; ++i) {
      if (found.levels[i] <= all.levels[i]) continue;
      all.levels[i] = found.levels[i];
      all.words[i] = std::move(found.words[i]);
    }
    at = std::max(end, at + 1);
  }
  co_return all;
}

// What a model that judges may find, in the order of the categories.
std::array<std::string, moderation::kCategories> findings_of(const pack::QuestionWords& words) {
  return {words.judge_violence.text(), words.judge_sexual.text(), words.judge_language.text(),
          words.judge_horror.text(),   words.judge_drugs.text(),  words.judge_hatred.text(),
          words.judge_crime.text()};
}

bool for_minors(const Levels& allowed) {
  const auto most = moderation::teen_cap();
  for (std::size_t i = 0; i < moderation::kCategories; ++i) {
    if (allowed[i] > most[i]) return false;
  }
  return true;
}

Levels levels_of(const pb::ModerationProfile& profile, const std::string& rating) {
  auto levels = moderation::levels_for(profile.name() == "custom" ? rating : profile.name());
  take(profile.levels(), levels);
  if (profile.name() == "teen") cap(levels, moderation::teen_cap());
  for (auto& level : levels) level = std::min(level, moderation::kLevelMax - 1);  // slurs are for nobody
  return levels;
}

}  // namespace

Levels AiService::allowed_for(const std::string& player) const {
  const auto* found = profiles_.find(player);
  return found == nullptr ? moderation::levels_for(config_.rating) : levels_of(*found, config_.rating);
}

// As it was when the conversation began; a profile changes the next one.
Levels AiService::allowed_in(const pb::AiSpeakRequest& request) const {
  auto levels = allowed_for(request.player());
  take(request.allowed(), levels);
  return levels;
}

Task<Finding> AiService::classify(std::string text, Levels allowed) {
  if (config_.classifier.empty()) co_return Finding{};
  pb::RouterChooseRequest ask;
  ask.set_language(pack_.world.language);
  ask.set_tier("gold");
  ask.set_model(config_.classifier);
  std::string most;
  for (std::size_t i = 0; i < moderation::kCategories; ++i) {
    most += (most.empty() ? "" : ", ") + std::string(moderation::category_name(static_cast<Category>(i))) +
            " " + std::to_string(allowed[i]);
  }
  ask.set_context(texts_.question.judge.with({{"levels", most}}));
  ask.set_scene(ai::inert(text, config_.text_bytes_max));
  ask.add_options(texts_.question.judge_fine.text());
  for (const auto& found : findings_of(texts_.question)) ask.add_options(found);
  ask.set_deadline_ms(config_.classifier_deadline.count());
  Caller self{.name = "ai", .role = pb::ROLE_SERVICE, .world = host_.timeline().config().world};
  self.deadline = host_.env().now() + config_.classifier_deadline + rt::milliseconds(100);
  const auto chosen = co_await host_.call<pb::RouterChooseReply>(self, ask);
  const bool judged = chosen && chosen->tier() != "reflex" && chosen->choice() >= 0 &&
                      static_cast<std::size_t>(chosen->choice()) <= moderation::kCategories;
  if (judged && chosen->choice() == 0) co_return Finding{};
  if (judged) {
    const auto i = static_cast<std::size_t>(chosen->choice() - 1);
    co_return Finding{false, static_cast<Category>(i), std::min(allowed[i] + 1, moderation::kLevelMax), {}};
  }
  // Nobody judged it. For minors that is no; for others the lists have spoken.
  if (!chosen) log::warn("ai", "the model that judges does not answer: {}", chosen.error().message);
  if (!for_minors(allowed)) co_return Finding{};
  co_return fail(Code::unavailable, "ai.unjudged", "nobody can judge what is said just now; try again", 2000);
}

Task<pb::AiModerateReply> AiService::moderate(Caller caller, pb::AiModerateRequest request) {
  if (request.text().size() > config_.text_bytes_max && caller.role != pb::ROLE_SERVICE) {
    co_return fail(Code::invalid_argument, "ai.text_too_long",
                   "text is " + std::to_string(request.text().size()) + " bytes; at most " +
                       std::to_string(config_.text_bytes_max));
  }
  auto allowed = allowed_for(request.player());
  take(request.allowed(), allowed);
  const auto found = co_await look_in_turns(host_.env(), request.text());
  auto finding = moderation::judge(found, allowed);
  pb::AiModerateReply reply;
  reply.set_by("words");
  if (finding.allowed && !config_.classifier.empty()) {
    reply.set_by("model");
    CO_TRY(finding, co_await classify(request.text(), allowed));
  }
  reply.set_allowed(finding.allowed);
  fill(*reply.mutable_found(), found.levels, false);
  fill(*reply.mutable_limits(), allowed, true);
  if (finding.allowed) co_return reply;
  reply.set_reason(std::string(moderation::category_name(finding.category)) + " " +
                   std::to_string(finding.level) + " is more than the profile allows");
  if (caller.role == pb::ROLE_SERVICE && !request.door().empty()) {
    pb::GuardrailViolated what;
    what.set_npc(request.npc());
    what.set_player(request.player());
    what.set_direction(request.direction().empty() ? "out" : request.direction());
    what.set_door(request.door());
    what.set_category(std::string(moderation::category_name(finding.category)));
    what.set_level(finding.level);
    what.set_evidence(finding.words);
    what.set_by(reply.by());
    note_held_back(std::move(what));
  }
  co_return reply;
}

void AiService::note_held_back(pb::GuardrailViolated what) {
  host_.metrics()
      .counter("troupe_ai_held_back_total", "Texts that were held back",
               {{"direction", what.direction()}, {"category", what.category()}})
      .add();
  // Whoever types slurs all day is counted, not written down each time.
  const auto now = host_.env().now();
  if (noted_.size() >= kPlayersNotedMax && !noted_.contains(what.player())) {
    std::erase_if(noted_, [&](const auto& of) { return now - of.second.back() > std::chrono::minutes(1); });
    if (noted_.size() >= kPlayersNotedMax) return;
  }
  auto& times = noted_[what.player()];
  while (!times.empty() && now - times.front() > std::chrono::minutes(1)) times.pop_front();
  if (times.size() >= config_.held_back_per_minute) return;
  times.push_back(now);
  host_.spawn("held back", [this, what]() -> boost::asio::awaitable<void> {
    pb::AiHeldBack command;
    *command.mutable_what() = what;
    const Caller self{.name = "ai", .role = pb::ROLE_SERVICE, .world = host_.timeline().config().world};
    const auto kept = co_await host_.submit<pb::AiHeldBackReply>(self, command);
    if (!kept) log::warn("ai", "what was held back is not recorded: {}", kept.error().message);
  });
}

// What was refused at the door of an RPC.
void AiService::note_refused(const HeldBack& refused) {
  pb::GuardrailViolated what;
  what.set_player(refused.player);
  what.set_direction("in");
  what.set_door(refused.door);
  what.set_category(std::string(moderation::category_name(refused.finding.category)));
  what.set_level(refused.finding.level);
  what.set_evidence(refused.finding.words);
  what.set_by("words");
  note_held_back(std::move(what));
}

Result<pb::AiHeldBackReply> AiService::held_back(Turn& turn, const Caller&, const pb::AiHeldBack& command) {
  turn.emit(command.what(), {.subject = command.what().npc(), .priority = pb::PRIORITY_HIGH});
  return pb::AiHeldBackReply();
}

// The first that this player may hear, from the one that the draw names on. Written lines are judged as any
// other.
pb::GuardrailViolated AiService::violation_of(const pb::AiSpeakRequest& request,
                                              const ai::Speech& speech) const {
  pb::GuardrailViolated what;
  what.set_direction("out");
  what.set_door("npc.Talk");
  what.set_npc(request.npc());
  what.set_player(request.player());
  what.set_category(std::string(moderation::category_name(speech.finding().category)));
  what.set_level(speech.finding().level);
  what.set_evidence(speech.finding().words);
  what.set_by(!config_.classifier.empty() && speech.finding().words.empty() ? "model" : "words");
  return what;
}

std::string AiService::written_line(const pb::AiSpeakRequest& request, const Levels& allowed) {
  std::vector<std::string> lines(request.fallback_lines().begin(), request.fallback_lines().end());
  auto first = lines.empty() ? 0 : static_cast<std::size_t>(request.seed() % lines.size());
  if (!request.written().empty()) {
    lines.insert(lines.begin(), request.written());
    first = 0;
  }
  const auto fit = moderation::fitting(lines, allowed, first);
  if (!fit.empty()) return fit.front();
  if (!lines.empty()) {
    const auto finding = moderation::judge(lines[first], allowed);
    pb::GuardrailViolated what;
    what.set_npc(request.npc());
    what.set_player(request.player());
    what.set_direction("out");
    what.set_door("written_line");
    what.set_category(std::string(moderation::category_name(finding.category)));
    what.set_level(finding.level);
    what.set_evidence(finding.words);
    what.set_by("words");
    note_held_back(std::move(what));
  }
  return texts_.doing.says_nothing.with({{"name", request.context().name()}});
}

Result<pb::ModerationProfile> AiService::get_profile(const Caller& caller,
                                                     const pb::AiGetProfileRequest& request) const {
  const std::string player = caller.player_or_self(request.player());
  const auto* found = profiles_.find(player);
  pb::ModerationProfile profile;
  profile.set_player(player);
  profile.set_name(found == nullptr ? config_.rating : found->name());
  fill(*profile.mutable_levels(), allowed_for(player), true);
  return profile;
}

Result<pb::ModerationProfile> AiService::set_profile(Turn& turn, const Caller&,
                                                     const pb::AiSetProfileRequest& request) {
  auto profile = request.profile();
  for (const auto& level : profile.levels()) {
    Category category{};
    if (!moderation::parse_category(level.category(), category)) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < moderation::kCategories; ++i)
        names.emplace_back(moderation::category_name(static_cast<Category>(i)));
      return fail(Code::invalid_argument, "ai.unknown_category",
                  "no category '" + level.category() + "'" + did_you_mean(level.category(), names));
    }
  }
  // A teen's never goes above a teen's, whoever asks for it: the reply says what it is now.
  const auto levels = levels_of(profile, config_.rating);
  profile.clear_levels();
  fill(*profile.mutable_levels(), levels, true);
  profiles_.put(turn, profile);
  return profile;
}

}  // namespace troupe
