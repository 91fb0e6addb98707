// Deeds that a routine or a goal asks for, and that can never be done there and then: a bed on the moor,
// another archetype's trade, the night's work by day.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

constexpr int kDayMinutes = 24 * 60;

bool has_feature(const Place& place, const std::string& kind) {
  return std::ranges::find(place.features, kind, &Feature::kind) != place.features.end();
}

// Whether some minute of the entry is in one of the phases, or in none of them where that is asked.
bool meets_phase(const RoutineEntry& entry, const std::vector<std::string>& names, bool negated) {
  struct Span {
    Phase phase;
    int from;
    int to;
  };
  constexpr Span kSpans[] = {{Phase::night, 0, 5 * 60},
                             {Phase::dawn, 5 * 60, 7 * 60},
                             {Phase::day, 7 * 60, 18 * 60},
                             {Phase::dusk, 18 * 60, 20 * 60},
                             {Phase::night, 20 * 60, kDayMinutes}};
  for (const int shift : {0, kDayMinutes}) {
    for (const Span& span : kSpans) {
      const bool named = std::ranges::find(names, std::string(name_of(span.phase))) != names.end();
      const int begin = entry.from.minute;
      const int end = begin + std::max(entry.minutes, 1);
      if (named != negated && span.from + shift < end && begin < span.to + shift) return true;
    }
  }
  return false;
}

// Why it is never such weather in a region; "" = it may be.
std::string never_under(const Condition& condition, const Region& region) {
  if (region.sky == Region::Sky::none) return condition.negated ? "" : "there is no weather";
  std::set<std::string> states;
  if (region.sky == Region::Sky::constant) states.insert(std::string(name_of(region.start)));
  for (const auto& [season, matrix] : region.seasons) {
    for (const auto& [state, next] : matrix) states.insert(std::string(name_of(state)));
  }
  const bool may = std::ranges::any_of(states, [&](const auto& state) {
    return (std::ranges::find(condition.names, state) != condition.names.end()) != condition.negated;
  });
  if (may) return {};
  return fmt::format("the weather is {} {}", condition.negated ? "always" : "never",
                     fmt::join(condition.names, " or "));
}

// Why a condition can never hold at `place`; "" = it can, for all that a pack can tell.
std::string never_here(const Condition& condition, const Verb& verb, const Place& place) {
  using Kind = Condition::Kind;
  const bool literal = condition.ref.kind == Ref::Kind::literal;
  switch (condition.kind) {
    case Kind::indoors:
      if (place.indoors == condition.negated) return condition.negated ? "it is indoors" : "it is outdoors";
      return {};
    case Kind::at_place:
      if (literal && (place.id == condition.ref.name) == condition.negated) {
        return condition.negated ? "it is done elsewhere than there"
                                 : fmt::format("it is done at '{}'", condition.ref.name);
      }
      return {};
    case Kind::at_feature:
      if (has_feature(place, condition.text) != condition.negated) return {};
      return condition.negated ? fmt::format("there is a {}", condition.text)
                               : fmt::format("there is no {}", condition.text);
    case Kind::adjacent:
      if (literal && !condition.negated &&
          std::ranges::find(place.neighbours, PlaceId(condition.ref.name)) == place.neighbours.end()) {
        return fmt::format("'{}' is no neighbour", condition.ref.name);
      }
      return {};
    case Kind::near: {
      const auto param = std::ranges::find(verb.params, condition.ref.name, &Param::name);
      if (condition.negated || param == verb.params.end() || param->type != ParamType::feature) return {};
      return has_feature(place, param->feature_kind) ? ""
                                                     : fmt::format("there is no {}", param->feature_kind);
    }
    case Kind::state:
      if (!literal || condition.negated || has_feature(place, condition.ref.name)) return {};
      return fmt::format("there is no {}", condition.ref.name);
    default:
      return {};
  }
}

// Why somebody can never do it, wherever they are.
std::string never_by(const Verb& verb, const Npc& npc) {
  if (std::ranges::find(verb.who, ActorKind::npc) == verb.who.end()) return "it is for players alone";
  if (verb.archetypes.empty()) return {};
  if (std::ranges::find(verb.archetypes, npc.archetype) != verb.archetypes.end()) return {};
  return fmt::format("it is for the archetypes {}", fmt::join(verb.archetypes, ", "));
}

}  // namespace

void check_routine_verbs(Draft& draft) {
  const Pack& pack = draft.pack;
  // What is wrong there may be the reason.
  if (draft.report.is_about("verbs.yaml") || draft.report.is_about("places.yaml") ||
      draft.report.is_about("climate.yaml"))
    return;
  for (const Npc& npc : pack.npcs) {
    for (const RoutineEntry& entry : npc.routine) {
      const Verb* verb = pack.verb(entry.verb.str());
      const Place* place = pack.place(entry.place.str());
      if (verb == nullptr || place == nullptr) continue;  // none, or already reported
      std::string why = never_by(*verb, npc);
      const Region* region = pack.region(place->region.str());
      for (const Condition& condition : verb->preconditions) {
        if (why.empty()) why = never_here(condition, *verb, *place);
        if (why.empty() && condition.kind == Condition::Kind::weather && region != nullptr)
          why = never_under(condition, *region);
        if (why.empty() && condition.kind == Condition::Kind::phase &&
            !meets_phase(entry, condition.names, condition.negated)) {
          why = fmt::format("it is {}done at {}", condition.negated ? "not " : "",
                            fmt::join(condition.names, " or "));
        }
      }
      if (why.empty()) continue;
      draft.report.add(entry.at,
                       fmt::format("'{}' can never '{}' at '{}' from {}: {}", npc.id, verb->id, place->id,
                                   clock_text(entry.from), why),
                       "expected a verb that can be done there and then, or none");
    }
    for (const Goal& goal : npc.goals) {
      for (const VerbId& id : goal.verbs) {
        const Verb* verb = pack.verb(id.str());
        const std::string why = verb == nullptr ? std::string() : never_by(*verb, npc);
        if (why.empty()) continue;
        draft.report.add(goal.at,
                         fmt::format("'{}' can never '{}' for the goal '{}': {}", npc.id, id, goal.id, why),
                         "expected verbs that they can do");
      }
    }
  }
}

}  // namespace troupe::pack
