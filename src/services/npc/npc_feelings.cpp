// What is done, seen and suffered moves feelings and moods; both fade. The rules are in appraisal_rules.h.
#include <algorithm>
#include <cmath>

#include "base/words.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "services/npc/relation_rules.h"

namespace troupe {

namespace {

constexpr std::int64_t kThreatRealMs = 15'000;  // how long a deed goes on looking dangerous
constexpr std::int64_t kStormMs = 2 * 3'600'000;
constexpr double kThreatMin = .15;
constexpr double kMovedMin = .005;  // less is not worth an event

}  // namespace

void NpcService::feel(Turn& turn, Mind& mind, pack::Mood mood, double strength, const std::string& reason) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  if (record.dead() || !npc::takes_over(record, now, mood, strength)) return;
  record.set_mood_strength(strength);
  record.set_mood_since_ms(now);
  record.set_mood_until_ms(now + npc::mood_lasts_ms(mind.who->traits, strength));
  const std::string name(name_of(mood));
  if (record.mood() != name) {
    pb::EmotionChanged event;
    event.set_npc(record.id());
    event.set_from(record.mood());
    event.set_to(name);
    event.set_reason(reason);
    record.set_mood(name);
    turn.emit(event, {.subject = record.id(), .place = npc::place_now(pack_, record, now)});
  }
  save(turn, mind);
}

void NpcService::fade_mood(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  const std::string calm(name_of(pack::Mood::calm));
  if (record.mood() == calm || npc::mood_now(record, now) > 0) return;
  pb::EmotionChanged event;
  event.set_npc(record.id());
  event.set_from(record.mood());
  event.set_to(calm);
  event.set_reason("it has passed");
  record.set_mood(calm);
  record.set_mood_strength(0);
  turn.emit(event, {.subject = record.id(), .place = npc::place_now(pack_, record, now)});
  save(turn, mind);
}

void NpcService::shift_feeling(Turn& turn, Mind& mind, const std::string& towards, const std::string& feeling,
                               double by, const std::string& reason) {
  auto& relation = relation_of(mind, towards);
  const double before = npc::feeling(relation, feeling);
  if (!npc::shift(relation, feeling, npc::dampened(relation, feeling, by, turn.now().ms))) return;
  relation.set_moved_ms(turn.now().ms);
  if (npc::feeling(relation, feeling) == before) return save(turn, mind);
  pb::RelationChanged event;
  event.set_npc(mind.record.id());
  event.set_towards(towards);
  event.set_feeling(feeling);
  event.set_value(npc::feeling(relation, feeling));
  event.set_reason(reason);
  turn.emit(event, {.subject = mind.record.id(), .place = mind.record.place()});
  npc::forget_strangers(mind.record, *mind.who, towards);
  save(turn, mind);
}

// What somebody makes of a deed of `actor` to `target` that they did, suffered or saw.
void NpcService::appraise(Turn& turn, Mind& mind, const pb::VerbExecuted& event, const std::string& actor,
                          const std::string& target) {
  const auto* verb = pack_.verb(event.action().verb());
  if (verb == nullptr) return;
  const std::string& id = mind.record.id();
  const auto part = id == actor ? npc::Part::actor : id == target ? npc::Part::target : npc::Part::witness;
  const auto to_target =
      target.empty() || part != npc::Part::witness ? pb::RelationRecord() : relation_or_default(mind, target);
  if (part == npc::Part::witness && target.empty() && verb->threat == 0 && verb->feels.empty() &&
      !verb->mood_witness) {
    return;  // what neighbours do all day
  }
  const auto seen = npc::appraise(mind.who->traits, part, *verb, to_target);
  const auto before = relation_or_default(mind, actor);
  for (const auto& [feeling, by] : seen.feelings) {
    auto moved = before;
    npc::nudge(moved, feeling, by);
    const double change = npc::feeling(moved, feeling) - npc::feeling(before, feeling);
    if (std::abs(change) >= kMovedMin)
      shift_feeling(turn, mind, actor, std::string(feeling), change, event.text());
  }
  if (seen.mood) feel(turn, mind, *seen.mood, seen.mood_strength, event.text());
  if (seen.threat >= kThreatMin)
    threaten(turn, mind, actor, seen.threat, turn.now().ms + real_ms(turn.clock(), kThreatRealMs));
}

// A deed of their own is done: what it serves is satisfied, and that gladdens.
void NpcService::satisfied(Turn& turn, Mind& mind, const std::string& verb) {
  constexpr double kGladMin = .25;
  const auto* rules = pack_.verb(verb);
  if (rules == nullptr) return;
  const double much =
      npc::goals_served(*mind.who, mind.record, verb, npc::place_now(pack_, mind.record, turn.now().ms),
                        pack::natures_of(*rules));
  if (much >= kGladMin) feel(turn, mind, pack::Mood::happy, much / 2, "what mattered is done");
  const bool explores = (pack::natures_of(*rules) & pack::bit(pack::Nature::explore)) != 0;
  if (explores && mind.who->traits.curiosity >= .5)
    feel(turn, mind, pack::Mood::curious, .4 * mind.who->traits.curiosity, "there is something to find out");
}

void NpcService::on_weather(Turn& turn, const EventContext& context, const pb::WeatherSevere& event) {
  const auto text = sentence_case(with_article(pb::WeatherState_Name(event.state()))) + " is coming.";
  for (auto& [id, mind] : minds_) {
    if (mind->record.dead()) continue;
    const auto* place = pack_.place(npc::place_now(pack_, mind->record, turn.now().ms));
    if (place == nullptr || place->region.str() != context.subject) continue;
    perceive(*mind, turn.now().ms, text, context.sequence);
    (void)remember(
        turn, *mind,
        {.text = text, .at_ms = turn.now().ms, .place = place->id.str(), .source = "seen", .importance = .4});
    if (const auto mood = npc::mood_of_weather(mind->who->traits)) feel(turn, *mind, *mood, .5, text);
    threaten(turn, *mind, std::string(npc::kWeatherPrefix) + context.subject, .5,
             event.starts_at_ms() + kStormMs);
  }
}

// In the evening what matters most and cannot be helped weighs on whoever takes things to heart.
void NpcService::brood(Turn& turn, Mind& mind) {
  const auto day = static_cast<std::uint64_t>(turn.now().ms / 86'400'000);
  if (turn.draw("npc.brood", mind.record.id()).uniform(day) > .5 * mind.who->traits.neuroticism) return;
  const auto most = std::ranges::max_element(mind.who->goals, {}, &pack::Goal::priority);
  if (most == mind.who->goals.end() || !most->verbs.empty()) return;
  feel(turn, mind, pack::Mood::sad, .3 + .5 * mind.who->traits.neuroticism, most->text);
}

void NpcService::on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event) {
  static constexpr const char* kTexts[] = {"", "Day breaks.", "The day has begun.", "Dusk falls.",
                                           "Night has fallen."};
  for (auto& [id, mind] : minds_) {
    if (mind->record.dead()) continue;
    perceive(*mind, turn.now().ms, kTexts[event.to()], context.sequence);
    if (event.to() == pb::DUSK) brood(turn, *mind);
    if (event.to() != pb::DAWN) continue;
    bool changed = false;
    for (auto& relation : *mind->record.mutable_relations())
      changed |= npc::fade(relation, pack::relation_to(*mind->who, relation.to()));
    if (changed) save(turn, *mind);
  }
}

}  // namespace troupe
