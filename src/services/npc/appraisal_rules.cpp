#include "services/npc/appraisal_rules.h"

#include <algorithm>
#include <cmath>

#include "services/npc/npc_rules.h"

namespace troupe::npc {

using pack::Mood;

namespace {

constexpr double kNatureAlone = .3;  // of a verb whose effects do not show what it does to somebody
constexpr std::int64_t kHourMs = 3'600'000;

double round4(double value) { return std::round(value * 1e4) / 1e4; }

// Even a small kindness or wrong is seen as one.
double weight(double good) { return .15 + .85 * std::abs(good); }

Mood mood_of_the_wronged(const pack::Traits& traits, double threat) {
  if (threat > 0 && traits.neuroticism > traits.aggression) return Mood::afraid;
  if (traits.neuroticism > .6 && traits.aggression < .3) return Mood::sad;
  return Mood::angry;
}

void impress_threat(const pack::Traits& traits, double threat, Impression& made) {
  if (threat <= 0) return;
  made.threat = threat;
  made.feelings.emplace_back("fear", .4 * threat * (.3 + traits.neuroticism));
  made.mood = traits.aggression > traits.neuroticism ? Mood::angry : Mood::afraid;
  made.mood_strength = std::max(.3, threat);
}

void witness_wrong(const pack::Traits& traits, double like, double much, Impression& made) {
  const double sympathy = std::clamp(1.2 * like + .4 * (traits.agreeableness - .3), -.6, 1.);
  if (sympathy <= 0) {  // it happens to the right one
    made.feelings.emplace_back("respect", .15 * much * -sympathy);
    made.mood = Mood::happy;
    made.mood_strength = .3 * much;
    return;
  }
  made.feelings.emplace_back("anger", .35 * much * sympathy * (.5 + traits.aggression));
  made.feelings.emplace_back("trust", -.3 * much * sympathy);
  made.feelings.emplace_back("disgust", .2 * much * sympathy);
  const bool dear = like > .4;
  if (dear) {
    made.mood = mood_of_the_wronged(traits, 0);
  } else {
    made.mood = traits.curiosity > .5 ? Mood::curious : Mood::sad;
  }
  made.mood_strength = std::clamp(.25 + much * (.3 + sympathy), 0., 1.);
}

void witness_good(const pack::Traits& traits, double like, double much, Impression& made) {
  const double sympathy = std::clamp(like + .4 * (traits.agreeableness - .3), -.6, 1.);
  if (sympathy <= 0) {
    made.feelings.emplace_back("affection", .1 * much * sympathy);
    return;
  }
  made.feelings.emplace_back("affection", .15 * much * sympathy);
  made.feelings.emplace_back("respect", .15 * much);
  made.feelings.emplace_back("trust", .1 * much * sympathy);
  if (like > .3 || traits.agreeableness > .6) {
    made.mood = Mood::happy;
    made.mood_strength = .2 + .5 * much;
  }
}

}  // namespace

double goodness(const pack::Verb& verb) {
  double good = 0;
  const bool pays = std::ranges::any_of(
      verb.effects, [](const auto& effect) { return effect.kind == pack::Effect::Kind::pay; });
  for (const auto& effect : verb.effects) {
    if (!pays || effect.kind == pack::Effect::Kind::relation) good += pack::kindness(effect);
  }
  const auto natures = pack::natures_of(verb);
  if (good == 0 && (natures & pack::bit(pack::Nature::harm)) != 0)
    good = -std::max(kNatureAlone, verb.threat);
  if (good == 0 && (natures & pack::bit(pack::Nature::care)) != 0) good = kNatureAlone;
  return std::clamp(good, -1., 1.);
}

double liking(const pb::RelationRecord& r) {
  return std::clamp((r.trust() + r.affection() - r.anger() - r.disgust()) / 2, -1., 1.);
}

Impression appraise(const pack::Traits& traits, Part part, const pack::Verb& verb,
                    const pb::RelationRecord& to_target) {
  Impression made;
  const double good = goodness(verb);
  const double much = good == 0 ? 0 : weight(good);
  if (part == Part::actor) {
    made.mood = verb.mood_actor;
    made.mood_strength = .5;
    return made;
  }
  if (part == Part::target) {
    if (good < 0) made.mood = mood_of_the_wronged(traits, verb.threat);
    if (good > 0) made.mood = Mood::happy;
    made.mood_strength = .3 + .7 * much;
    impress_threat(traits, verb.threat, made);
  } else {
    if (good < 0) witness_wrong(traits, liking(to_target), much, made);
    if (good > 0) witness_good(traits, liking(to_target), much, made);
    // Danger to another is half of one's own.
    if (verb.threat > 0) impress_threat(traits, verb.threat / 2, made);
    if (!verb.feels.empty()) made.feelings.assign(verb.feels.begin(), verb.feels.end());
  }
  if (const auto& said = part == Part::target ? verb.mood_target : verb.mood_witness) {
    made.mood = said;
    made.mood_strength = std::max(made.mood_strength, .4);
  }
  return made;
}

bool nudge(pb::RelationRecord& relation, std::string_view name, double by) {
  const double now = feeling(relation, name);
  const double next = round4(std::clamp(now + by * (by > 0 ? 1 - now : now), 0., 1.));
  return shift(relation, name, next - now);
}

bool fade(pb::RelationRecord& relation, const pack::Relation& usual) {
  // Anger and fear pass within a week, trust and affection last for months.
  const std::pair<std::string_view, std::pair<double, double>> kRates[] = {
      {"trust", {usual.trust, .02}},         {"fear", {usual.fear, .2}},
      {"respect", {usual.respect, .02}},     {"disgust", {usual.disgust, .1}},
      {"affection", {usual.affection, .02}}, {"anger", {usual.anger, .2}}};
  bool changed = false;
  for (const auto& [name, towards] : kRates) {
    const double now = feeling(relation, name);
    const double gap = towards.first - now;
    if (gap == 0) continue;
    const double next = std::abs(gap) < .005 ? towards.first : round4(now + gap * towards.second);
    changed |= shift(relation, name, next - now);
  }
  return changed;
}

double mood_now(const pb::NpcRecord& record, std::int64_t now_ms) {
  const auto span = record.mood_until_ms() - record.mood_since_ms();
  if (span <= 0 || now_ms >= record.mood_until_ms()) return 0;
  return record.mood_strength() * static_cast<double>(record.mood_until_ms() - now_ms) /
         static_cast<double>(span);
}

Mood mood_of(const pb::NpcRecord& record) {
  return pack::find_name<Mood>(pack::kMoodNames, record.mood()).value_or(Mood::calm);
}

std::int64_t mood_lasts_ms(const pack::Traits& traits, double strength) {
  return static_cast<std::int64_t>(strength * (2 + 6 * traits.neuroticism) * static_cast<double>(kHourMs));
}

bool takes_over(const pb::NpcRecord& record, std::int64_t now_ms, Mood mood, double strength) {
  if (mood == Mood::calm || strength <= 0) return false;  // calm comes by fading
  return strength >= mood_now(record, now_ms);
}

std::optional<Mood> mood_of_weather(const pack::Traits& traits) {
  if (traits.neuroticism > .6) return Mood::afraid;
  if (traits.curiosity > .7) return Mood::curious;
  return std::nullopt;
}

double price_factor(const pb::RelationRecord& relation, Mood mood, double strength) {
  double factor = 1 - .15 * score(relation) + .1 * relation.anger();
  if (mood == Mood::angry) factor += .15 * strength;
  if (mood == Mood::happy) factor -= .05 * strength;
  return std::clamp(std::round(factor * 100) / 100, .8, 1.4);
}

double confidence(const pb::RelationRecord& relation, Mood mood, double strength) {
  double trust = relation.trust() - .25 * relation.anger() - .15 * relation.fear();
  if (mood == Mood::angry) trust -= .15 * strength;
  if (mood == Mood::afraid) trust -= .1 * strength;
  return std::max(0., trust);
}

}  // namespace troupe::npc
