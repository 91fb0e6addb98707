#include "services/npc/feelings.h"

#include <algorithm>
#include <cmath>

#include "pack/query.h"
#include "services/npc/manner_rules.h"
#include "services/npc/relation_rules.h"

namespace troupe::npc {

void Feelings::feel(Turn& turn, Mind& mind, pack::Mood mood, double strength, const std::string& reason) {
  const auto now = turn.now().ms;
  if (mind.record().dead() || !takes_over(mind.record(), now, mood, strength)) return;
  auto& record = minds_.edit(turn, mind);
  record.set_mood_strength(strength);
  record.set_mood_since_ms(now);
  record.set_mood_until_ms(now + mood_lasts_ms(mind.who->traits, strength));
  const std::string name(name_of(mood));
  if (record.mood() != name) {
    pb::EmotionChanged event;
    event.set_npc(record.id());
    event.set_from(record.mood());
    event.set_to(name);
    event.set_reason(reason);
    record.set_mood(name);
    turn.emit(event, {.subject = record.id(), .place = place_now(pack_, record, now)});
  }
}

void Feelings::fade_mood(Turn& turn, Mind& mind) const {
  const auto now = turn.now().ms;
  const std::string calm(name_of(pack::Mood::calm));
  if (mind.record().mood() == calm || mood_now(mind.record(), now) > 0) return;
  auto& record = minds_.edit(turn, mind);
  pb::EmotionChanged event;
  event.set_npc(record.id());
  event.set_from(record.mood());
  event.set_to(calm);
  event.set_reason(texts_.reason.passed.text());
  record.set_mood(calm);
  record.set_mood_strength(0);
  turn.emit(event, {.subject = record.id(), .place = place_now(pack_, record, now)});
}

void Feelings::shift(Turn& turn, Mind& mind, const std::string& towards, const std::string& feeling,
                     double by, const std::string& reason) {
  auto& record = minds_.edit(turn, mind);
  auto& relation = relation_in(record, *mind.who, towards);
  const double before = npc::feeling(relation, feeling);
  if (!npc::shift(relation, feeling, dampened(relation, feeling, by, turn.now().ms))) return;
  relation.set_moved_ms(turn.now().ms);
  if (npc::feeling(relation, feeling) == before) return;
  pb::RelationChanged event;
  event.set_npc(record.id());
  event.set_towards(towards);
  event.set_feeling(feeling);
  event.set_value(npc::feeling(relation, feeling));
  event.set_reason(reason);
  turn.emit(event, {.subject = record.id(), .place = record.place()});
  forget_strangers(record, *mind.who, towards);
}

void Feelings::appraise(Turn& turn, Mind& mind, const pb::VerbExecuted& event, const std::string& actor,
                        const std::string& target) {
  const auto* verb = pack_.verb(event.action().verb());
  if (verb == nullptr) return;
  const std::string& id = mind.record().id();
  const auto part = id == actor ? Part::actor : id == target ? Part::target : Part::witness;
  const auto to_target =
      target.empty() || part != Part::witness ? pb::RelationRecord() : relation_or_default(mind, target);
  if (part == Part::witness && target.empty() && verb->threat == 0 && verb->feels.empty() &&
      !verb->mood_witness) {
    return;  // what neighbours do all day
  }
  impress(turn, mind, npc::appraise(mind.who->traits, part, *verb, to_target), actor, event.text());
}

void Feelings::hear(Turn& turn, Mind& mind, talk::Manner manner, const std::string& speaker,
                    const std::string& addressed, const std::string& reason) {
  const bool themselves = mind.record().id() == addressed;
  impress(turn, mind,
          themselves
              ? impression_of_words(mind.who->traits, manner)
              : impression_of_words_heard(mind.who->traits, manner, relation_or_default(mind, addressed)),
          speaker, reason);
}

void Feelings::impress(Turn& turn, Mind& mind, const Impression& seen, const std::string& actor,
                       const std::string& reason) {
  const auto before = relation_or_default(mind, actor);
  for (const auto& [feeling, by] : seen.feelings) {
    auto moved = before;
    nudge(moved, feeling, by);
    const double change = npc::feeling(moved, feeling) - npc::feeling(before, feeling);
    if (std::abs(change) >= config_.tuning.moved_min)
      shift(turn, mind, actor, std::string(feeling), change, reason);
  }
  if (seen.mood) feel(turn, mind, *seen.mood, seen.mood_strength, reason);
  threats_.threaten_by_deed(turn, mind, actor, seen.threat);
}

void Feelings::satisfied(Turn& turn, Mind& mind, const std::string& verb) {
  const auto* rules = pack_.verb(verb);
  if (rules == nullptr) return;
  const auto natures = pack::natures_of(*rules);
  const double much = goals_served(*mind.who, minds_.edit(turn, mind), verb,
                                   place_now(pack_, mind.record(), turn.now().ms), natures);
  if (much >= config_.tuning.glad_min)
    feel(turn, mind, pack::Mood::happy, much / 2, texts_.reason.goal_done.text());
  const double curiosity = mind.who->traits.curiosity;
  const bool explores = (natures & pack::bit(pack::Nature::explore)) != 0;
  if (explores && curiosity >= config_.tuning.curious_from)
    feel(turn, mind, pack::Mood::curious, config_.tuning.curious_mood * curiosity,
         texts_.reason.find_out.text());
}

void Feelings::brood(Turn& turn, Mind& mind) {
  const auto& tuning = config_.tuning;
  const double neuroticism = mind.who->traits.neuroticism;
  const auto day = static_cast<std::uint64_t>(turn.now().ms / 86'400'000);
  if (turn.draw("npc.brood", mind.record().id()).uniform(day) > tuning.brood_chance * neuroticism) return;
  const auto most = std::ranges::max_element(mind.who->goals, {}, &pack::Goal::priority);
  if (most == mind.who->goals.end() || !most->verbs.empty()) return;
  feel(turn, mind, pack::Mood::sad, tuning.brood_least + tuning.brood_more * neuroticism, most->text);
}

void Feelings::fade_feelings(Turn& turn, Mind& mind) const {
  for (auto& relation : *minds_.edit(turn, mind).mutable_relations())
    (void)fade(relation, pack::relation_to(*mind.who, relation.to()));
}

}  // namespace troupe::npc
