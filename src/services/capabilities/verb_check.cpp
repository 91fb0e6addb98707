// Preconditions: whether they hold, and if not, a sentence that says why.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/words.h"
#include "pack/query.h"
#include "services/capabilities/verb_text.h"

namespace troupe::capabilities {

using pack::Condition;

namespace {

// Whether a condition holds, and what to say when it does not (or, negated, when it does).
struct Held {
  bool holds = false;
  std::string why_not;
  std::string why_negated;
};

std::string one_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  std::ranges::replace(out, '_', ' ');
  return out;
}

Held has_good(const pack::Pack& pack, const Condition& condition, const Bound& bound,
              const Surroundings& around) {
  const Person* who = person_of(condition.who, bound, around);
  if (who == nullptr) return {.holds = true, .why_not = {}, .why_negated = "that is not said"};
  const std::string good = word_of(condition.ref, bound);
  const auto wanted = amount_of(pack, condition.amount, condition.ref, bound, around);
  const auto found = who->items.find(good);
  const std::int64_t count = found == who->items.end() ? 0 : found->second;
  const std::string name = good_name(pack, good);
  return {count >= wanted,
          count == 0 ? fmt::format("{} has no {}", who->name, name)
                     : too_few(pack, *who, good, count, wanted, around),
          fmt::format("{} has {} already", who->name, name)};
}

Held has_money(const pack::Pack& pack, const Condition& condition, const Bound& bound,
               const Surroundings& around) {
  const Person* who = person_of(condition.who, bound, around);
  if (who == nullptr) return {.holds = true, .why_not = {}, .why_negated = "that is not said"};
  const auto wanted = amount_of(pack, condition.amount, condition.ref, bound, around);
  const auto& coin = pack.world.money.coin;
  return {who->money >= wanted, too_poor(pack, *who, who->money, wanted, around),
          fmt::format("{} has {} {} or more", who->name, wanted, coin)};
}

Held is_near(const Condition& condition, const Bound& bound, const Surroundings& around) {
  std::string name;
  std::string place;
  if (const Person* person = person_of(condition.ref, bound, around)) {
    name = person->name;
    place = person->place;
  } else if (const Thing* thing = thing_of(condition.ref, bound, around)) {
    name = thing->name;
    place = thing->place;
  }
  return {!place.empty() && place == around.actor.place, fmt::format("{} is not here", name),
          fmt::format("{} is here", name)};
}

Held has_state(const Condition& condition, const Bound& bound, const Surroundings& around) {
  const std::map<std::string, pack::Value>* state = nullptr;
  std::string name;
  if (const Person* person = person_of(condition.ref, bound, around)) {
    state = &person->state;
    name = person->name;
  } else if (const Thing* thing = thing_of(condition.ref, bound, around)) {
    state = &thing->state;
    name = thing->name;
  } else {
    return {false, fmt::format("there is no {} here", condition.ref.name), "that is not so"};
  }
  const auto found = state->find(condition.key);
  // What was never set is false, 0 or nothing: "not rested" holds for who never slept.
  const bool holds = found != state->end()
                         ? found->second == condition.value
                         : condition.value == pack::Value(false) || condition.value == pack::Value(0.0) ||
                               condition.value == pack::Value(std::string());
  const std::string is = found != state->end() ? describe(found->second) : "not set";
  return {holds, fmt::format("'{}' of {} is {}, not {}", condition.key, name, is, describe(condition.value)),
          fmt::format("'{}' of {} is {}", condition.key, name, describe(condition.value))};
}

Held feels(const Condition& condition, const Bound& bound, const Surroundings& around) {
  const Person* other = person_of(condition.ref, bound, around);
  if (other == nullptr) return {.holds = true, .why_not = {}, .why_negated = "that is not said"};
  // What a player feels is theirs to know: whoever tries, feels enough.
  if (around.actor.kind == pack::ActorKind::player) {
    return {.holds = true, .why_not = {}, .why_negated = "players feel what they like"};
  }
  const auto found = around.feelings.find({relation_key(*other), condition.key});
  if (found == around.feelings.end()) {
    const std::string unknown =
        fmt::format("nobody can say what {} feels for {}", around.actor.name, other->name);
    return {condition.negated, unknown, unknown};
  }
  return {found->second >= condition.amount.number,
          fmt::format("the {} of {} for {} is {:.2f}; that takes {:.2f}", condition.key, around.actor.name,
                      other->name, found->second, condition.amount.number),
          fmt::format("the {} of {} for {} is {:.2f}", condition.key, around.actor.name, other->name,
                      found->second)};
}

template <class Enum>
Held is_among(std::optional<Enum> now, const Condition& condition, std::string_view what) {
  if (!now) {
    const std::string unknown = fmt::format("nobody can say what {} it is", what);
    return {condition.negated, unknown, unknown};  // fails either way
  }
  const std::string name(name_of(*now));
  std::string shown = name;
  std::ranges::replace(shown, '_', ' ');
  return {std::ranges::find(condition.names, name) != condition.names.end(),
          fmt::format("the {} is {}; that takes {}", what, shown, one_of(condition.names)),
          fmt::format("not while the {} is {}", what, shown)};
}

Held held(const pack::Pack& pack, const Condition& condition, const Bound& bound,
          const Surroundings& around) {
  using Kind = Condition::Kind;
  const std::string here = around.here == nullptr ? "nowhere" : around.here->name;
  switch (condition.kind) {
    case Kind::at_place: {
      const std::string wanted = word_of(condition.ref, bound);
      return {around.actor.place == wanted,
              fmt::format("{} is at {}, not at {}", around.actor.name, here, place_name(pack, wanted)),
              fmt::format("{} is at {}", around.actor.name, here)};
    }
    case Kind::at_feature: {
      const bool there = std::ranges::any_of(around.things, [&](const Thing& thing) {
        return thing.kind == condition.text && thing.place == around.actor.place;
      });
      return {there, fmt::format("there is no {} here", readable(condition.text)),
              fmt::format("there is {} here", with_article(condition.text))};
    }
    case Kind::adjacent: {
      const std::string wanted = word_of(condition.ref, bound);
      const bool next =
          around.here != nullptr &&
          std::ranges::find(around.here->neighbours, pack::PlaceId(wanted)) != around.here->neighbours.end();
      return {next, fmt::format("there is no way from {} to {}", here, place_name(pack, wanted)),
              fmt::format("{} is next to {}", place_name(pack, wanted), here)};
    }
    case Kind::has:
      return has_good(pack, condition, bound, around);
    case Kind::near:
      return is_near(condition, bound, around);
    case Kind::state:
      return has_state(condition, bound, around);
    case Kind::phase:
      return is_among(around.phase, condition, "time of day");
    case Kind::weather:
      if (around.no_weather)
        return {.holds = false, .why_not = "there is no weather here", .why_negated = {}};
      return is_among(around.weather, condition, "weather");
    case Kind::relation:
      return feels(condition, bound, around);
    case Kind::money:
      return has_money(pack, condition, bound, around);
    case Kind::indoors:
      return {around.here != nullptr && around.here->indoors, "that is done indoors",
              "that is done under the open sky"};
  }
  return {};
}

}  // namespace

std::string too_few(const pack::Pack& pack, const Person& who, const std::string& good, std::int64_t has,
                    std::int64_t wanted, const Surroundings& around) {
  const std::string name = good_name(pack, good);
  if (relation_key(who) != relation_key(around.actor))
    return fmt::format("{} has no {} of {}", who.name, wanted, name);
  return fmt::format("{} has only {} of {}, not {}", who.name, has, name, wanted);
}

std::string too_poor(const pack::Pack& pack, const Person& who, std::int64_t has, std::int64_t wanted,
                     const Surroundings& around) {
  const std::string& coin = pack.world.money.coin;
  if (relation_key(who) != relation_key(around.actor))
    return fmt::format("{} has no {} {}", who.name, wanted, coin);
  return fmt::format("{} has {} {}; that takes {}", who.name, has, coin, wanted);
}

Result<void> check_actor(const pack::Pack& pack, const pack::Verb& verb, const Person& actor) {
  if (std::ranges::find(verb.who, actor.kind) == verb.who.end()) {
    return not_possible(actor.kind == pack::ActorKind::player ? "players cannot do that"
                                                              : "only players do that");
  }
  if (verb.archetypes.empty() || actor.kind != pack::ActorKind::npc) return {};
  const auto* npc = pack.npc(actor.id);
  if (npc == nullptr || std::ranges::find(verb.archetypes, npc->archetype) == verb.archetypes.end()) {
    return not_possible(fmt::format("only {} does that", with_article(one_of(verb.archetypes))));
  }
  return {};
}

Result<void> check(const pack::Pack& pack, const Condition& condition, const Bound& bound,
                   const Surroundings& around) {
  if (left_out(condition.ref, bound)) return {};  // of an optional parameter that was not given
  const Held now = held(pack, condition, bound, around);
  if (now.holds != condition.negated) return {};
  return not_possible(condition.negated ? now.why_negated : now.why_not);
}

Result<void> check_tell(const pack::Pack& pack, const pack::Fact& fact, const Person& listener,
                        const Surroundings& around) {
  const Person& actor = around.actor;
  if (actor.kind == pack::ActorKind::player) {
    // What a player has found out is known to the conversations, not here: secrets are told by talking.
    if (fact.secret) return not_possible("a secret is told by talking, not so");
    return {};
  }
  const pack::NpcId self(actor.id);
  if (!fact.is_public && !pack::knows(fact, self))
    return not_possible(fmt::format("{} does not know that", actor.name));
  if (!fact.secret) return {};
  pack::Listener to;
  if (const auto* npc = listener.kind == pack::ActorKind::npc ? pack.npc(listener.id) : nullptr) {
    to.npc = npc->id;
    to.faction = npc->faction;
  }
  for (const char* feeling : {"confidence", "trust"}) {
    const auto found = around.feelings.find({relation_key(listener), feeling});
    if (found == around.feelings.end()) continue;
    to.trust = found->second;
    break;
  }
  for (const auto& known : pack.facts) {
    if (known.is_public || (!to.npc.empty() && pack::knows(known, to.npc))) to.knows.insert(known.id);
  }
  if (pack::may_share(fact, self, to)) return {};
  return not_possible(fmt::format("{} keeps that from {}", actor.name, listener.name));
}

Result<Judged> judge(const pack::Pack& pack, const pack::Verb& verb, const Args& args,
                     const Surroundings& around, const Limits& limits) {
  if (is_dead(around.actor)) return not_possible(around.actor.name + " is dead");
  TRY_VOID(check_actor(pack, verb, around.actor));
  TRY(Bound bound, bind(pack, verb, args, around, limits));
  for (const auto& condition : verb.preconditions) TRY_VOID(check(pack, condition, bound, around));
  TRY(Outcome done, outcome(pack, bound, around));
  TRY(auto asked, asks(pack, verb, around, done));
  return Judged{std::move(bound), std::move(done), std::move(asked)};
}

}  // namespace troupe::capabilities
