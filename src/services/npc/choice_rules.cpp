#include "services/npc/choice_rules.h"

#include <algorithm>
#include <cmath>

#include "services/npc/appraisal_rules.h"
#include "services/npc/npc_rules.h"

namespace troupe::npc {

using pack::Mood;
using pack::Nature;
using pack::Natures;

namespace {

constexpr double kHourMs = 3'600'000;
constexpr int kDeedsKept = 12;
constexpr double kSatisfied = .6;   // of a goal's priority, by one deed that serves it
constexpr int kSleepMinutes = 300;  // a rest of the routine that is so long is the night's
constexpr double kLeast = .05;      // of a goal that is satisfied

constexpr Nature kNatures[] = {Nature::work,    Nature::trade, Nature::care,   Nature::harm,  Nature::social,
                               Nature::explore, Nature::rest,  Nature::travel, Nature::ritual};

double hours(std::int64_t ms) { return static_cast<double>(ms) / kHourMs; }

bool serves(const pack::Goal& goal, const std::string& verb, const std::string& here, Natures natures) {
  if (std::ranges::any_of(goal.verbs, [&](const auto& v) { return v.str() == verb; })) return true;
  // A goal with a place and no verbs is served by work that is done there.
  const auto work = pack::bit(Nature::work) | pack::bit(Nature::ritual) | pack::bit(Nature::trade);
  return goal.verbs.empty() && !goal.place.str().empty() && goal.place.str() == here && (natures & work) != 0;
}

double priority_of(const pb::NpcRecord& record, const pack::Goal& goal) {
  for (const auto& kept : record.goals()) {
    if (kept.id() == goal.id) return kept.priority();
  }
  return goal.priority;
}

// What was done lately is less wanted, and the very same thing least; what was not done for long, more.
double novelty(const Chooser& chooser, const Option& option) {
  double value = 0;
  double last_h = 24;
  double same = 0;
  for (const auto& deed : chooser.record.deeds()) {
    if (deed.verb() != option.verb) continue;
    ++same;
    const double age_h = hours(chooser.now_ms - deed.at_ms());
    last_h = std::min(last_h, age_h);
    value -= .13 * std::max(0., 1 - age_h / 18);
    if (deed.text() == option.text) value -= .13 * std::max(0., 1 - age_h / 24);
    if (deed.failed()) value -= .3 * std::max(0., 1 - age_h / 6);
  }
  // Whoever does little else has enough of it, whomever it is done to and with what.
  const double share = same / kDeedsKept;
  return value - .9 * share * share + .12 * std::min(1., last_h / 12);
}

// What is short is worth making, what is plentiful is not; what is nearly used up is kept for later.
double supply(const Chooser& chooser, const Option& option) {
  constexpr double kPlenty = 8;
  double value = 0;
  const auto stock = [&](const pack::Ref& ref) {
    const std::string& good = ref.kind == pack::Ref::Kind::param ? option.good : ref.name;
    const auto found = chooser.items.find(good);
    return found == chooser.items.end() ? 0. : static_cast<double>(found->second);
  };
  for (const auto& effect : option.rules->effects) {
    const bool to_self = effect.to && effect.to->kind == pack::Ref::Kind::self;
    const bool from_self = effect.from && effect.from->kind == pack::Ref::Kind::self;
    if (effect.kind == pack::Effect::Kind::give && to_self) {
      value += .25 * (1 - std::min(2., stock(effect.ref) / kPlenty));
    }
    if ((effect.kind == pack::Effect::Kind::give || effect.kind == pack::Effect::Kind::take) && from_self) {
      const double left = stock(effect.ref);
      value += left <= 1 ? -.05 : .1 * std::min(1., left / kPlenty);
    }
  }
  return value;
}

double towards_whom(const Option& option, Natures natures) {
  if (option.towards == nullptr) return 0;
  const auto& r = *option.towards;
  const double like = score(r);
  double value = 0;
  if ((natures & pack::bit(Nature::care)) != 0) value += .2 * like;
  if ((natures & pack::bit(Nature::harm)) != 0) value += .35 * r.anger() - .35 * std::max(0., like);
  if ((natures & pack::bit(Nature::social)) != 0) value += .1 * like - .25 * r.fear() - .1 * r.anger();
  return value;
}

double temper(const Chooser& chooser, const Option& option, Natures natures) {
  const Mood mood = mood_of(chooser.record);
  const double strength = mood_now(chooser.record, chooser.now_ms);
  double value = leaning(chooser.pack, chooser.who.archetype, *option.rules);
  for (const Nature nature : kNatures) {
    if ((natures & pack::bit(nature)) == 0) continue;
    value += leaning(chooser.who.traits, nature) + strength * leaning(mood, nature);
  }
  return value;
}

Weighed weigh_carrying_on(const Chooser& chooser, std::size_t index) {
  double utility = .4 + .15 * (chooser.who.traits.conscientiousness - .5);
  // A night's sleep is not left for a chat.
  const auto* verb = chooser.pack.verb(chooser.routine.verb.str());
  const bool rests = verb != nullptr && (pack::natures_of(*verb) & pack::bit(Nature::rest)) != 0;
  if (rests && chooser.routine.minutes >= kSleepMinutes) utility += .25;
  return {.option = index, .utility = utility, .why = Why::time_to, .about = chooser.routine.activity};
}

Weighed weigh_deed(const Chooser& chooser, const Option& option, std::size_t index) {
  Weighed w{.option = index, .utility = .15};
  const auto natures = pack::natures_of(*option.rules);
  double most = .2;  // what counts as a reason
  if (chooser.routine.verb.str() == option.verb) {
    w.utility += .4;
    most = .4;
    w.why = Why::belongs_to;
    w.about = chooser.routine.activity;
  }
  for (const auto& goal : chooser.who.goals) {
    if (!serves(goal, option.verb, chooser.here, natures)) continue;
    double gain = .45 * priority_of(chooser.record, goal);
    if (!goal.place.str().empty() && goal.place.str() == option.place) gain += .1;
    w.utility += gain;
    if (gain <= most) continue;
    most = gain;
    w.why = Why::serves;
    w.about = goal.text;
  }
  w.utility += temper(chooser, option, natures);
  w.utility += novelty(chooser, option);
  w.utility += supply(chooser, option);
  w.utility += towards_whom(option, natures);
  return w;
}

}  // namespace

double leaning(const pack::Traits& t, Nature nature) {
  switch (nature) {
    case Nature::work:
      return .3 * (t.conscientiousness - .5);
    case Nature::trade:
      return .15 * (t.extraversion - .5) + .1 * (t.conscientiousness - .5);
    case Nature::care:
      return -.06 + .35 * (t.agreeableness - .5);
    case Nature::harm:
      return -.3 + .5 * (t.aggression - .5) - .3 * (t.agreeableness - .5);
    case Nature::social:
      return .25 * (t.sociability - .5) + .15 * (t.extraversion - .5);
    case Nature::explore:
      return .3 * (t.curiosity - .5) + .2 * (t.openness - .5);
    case Nature::rest:
      return .15 * (t.neuroticism - .5) - .1 * (t.extraversion - .5);
    case Nature::travel:
      return -.15 + .2 * (t.openness - .5) - .1 * (t.neuroticism - .5);
    case Nature::ritual:
      return .15 * (t.agreeableness - .5) - .1 * (t.curiosity - .5);
  }
  return 0;
}

double leaning(const pack::Pack& pack, const std::string& archetype, const pack::Verb& verb) {
  using Likes = std::map<Nature, double>;
  static const std::map<std::string, Likes> kKnown = {
      {"merchant", {{Nature::trade, .15}, {Nature::explore, -.05}}},
      {"guard", {{Nature::work, .1}, {Nature::harm, -.05}, {Nature::trade, -.05}}},
      {"civilian", {{Nature::care, .05}, {Nature::social, .05}}},
      {"criminal", {{Nature::harm, .15}, {Nature::explore, .1}, {Nature::ritual, -.1}}}};
  const Likes* likes = nullptr;
  if (const auto known = kKnown.find(archetype); known != kKnown.end()) likes = &known->second;
  const auto own = std::ranges::find(pack.archetypes, archetype, &pack::Archetype::id);
  if (own != pack.archetypes.end()) likes = &own->likes;
  double value = 0;
  if (std::ranges::find(verb.archetypes, archetype) != verb.archetypes.end()) value += .15;
  if (likes == nullptr) return value;
  const auto natures = pack::natures_of(verb);
  for (const auto& [nature, like] : *likes) {
    if ((natures & pack::bit(nature)) != 0) value += like;
  }
  return value;
}

double leaning(Mood mood, Nature nature) {
  static const std::map<std::pair<Mood, Nature>, double> kLeanings = {
      {{Mood::happy, Nature::care}, .15},     {{Mood::happy, Nature::social}, .15},
      {{Mood::happy, Nature::trade}, .05},    {{Mood::sad, Nature::social}, -.15},
      {{Mood::sad, Nature::ritual}, .2},      {{Mood::sad, Nature::rest}, .1},
      {{Mood::sad, Nature::explore}, -.1},    {{Mood::curious, Nature::explore}, .25},
      {{Mood::curious, Nature::travel}, .1},  {{Mood::curious, Nature::social}, .05},
      {{Mood::angry, Nature::harm}, .35},     {{Mood::angry, Nature::care}, -.2},
      {{Mood::angry, Nature::social}, -.1},   {{Mood::angry, Nature::work}, .05},
      {{Mood::afraid, Nature::explore}, -.3}, {{Mood::afraid, Nature::travel}, -.15},
      {{Mood::afraid, Nature::harm}, -.1},    {{Mood::afraid, Nature::rest}, .15}};
  const auto found = kLeanings.find({mood, nature});
  return found == kLeanings.end() ? 0 : found->second;
}

std::vector<Weighed> weigh(const Chooser& chooser, std::span<const Option> options, const rt::Draw& draw,
                           std::uint64_t tick) {
  std::vector<Weighed> out;
  out.reserve(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    out.push_back(options[i].rules == nullptr ? weigh_carrying_on(chooser, i)
                                              : weigh_deed(chooser, options[i], i));
    out.back().utility += .1 * draw.uniform(tick, static_cast<std::uint32_t>(i));
  }
  std::ranges::sort(out, [](const Weighed& a, const Weighed& b) {
    return a.utility != b.utility ? a.utility > b.utility : a.option < b.option;
  });
  return out;
}

void goals_return(const pack::Npc& who, pb::NpcRecord& record, double days) {
  for (auto& kept : *record.mutable_goals()) {
    for (const auto& goal : who.goals) {
      if (goal.id != kept.id() || kept.priority() >= goal.priority) continue;
      const double back = goal.priority * (.4 + 2 * goal.decay) * days;
      kept.set_priority(std::min(goal.priority, std::round((kept.priority() + back) * 1e6) / 1e6));
    }
  }
}

double goals_served(const pack::Npc& who, pb::NpcRecord& record, const std::string& verb,
                    const std::string& here, Natures natures) {
  double satisfaction = 0;
  for (const auto& goal : who.goals) {
    if (!serves(goal, verb, here, natures)) continue;
    for (auto& kept : *record.mutable_goals()) {
      if (kept.id() != goal.id) continue;
      const double next =
          std::max(std::min(kLeast, goal.priority), kept.priority() - kSatisfied * goal.priority);
      satisfaction += kept.priority() - next;
      kept.set_priority(std::round(next * 1e6) / 1e6);
    }
  }
  return std::min(1., satisfaction);
}

void remember_deed(pb::NpcRecord& record, const std::string& verb, const std::string& text,
                   std::int64_t now_ms, bool failed) {
  auto* deed = record.add_deeds();
  deed->set_verb(verb);
  deed->set_text(text);
  deed->set_at_ms(now_ms);
  deed->set_failed(failed);
  while (record.deeds_size() > kDeedsKept) record.mutable_deeds()->erase(record.deeds().begin());
}

}  // namespace troupe::npc
