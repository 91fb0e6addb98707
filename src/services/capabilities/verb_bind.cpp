// From what somebody said to what is meant: names to people, things, places, goods, facts and numbers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "base/words.h"
#include "services/capabilities/verb_rules.h"

namespace troupe::capabilities {

using pack::ParamType;

namespace {

constexpr std::int64_t kNumberMax = 1'000'000;
constexpr std::string_view kPlayerPrefix = "player:";

std::vector<std::string> names_of_goods(const pack::Pack& pack) {
  std::vector<std::string> names;
  for (const auto& good : pack.goods) names.push_back(good.id.str());
  return names;
}

std::unexpected<Error> unknown(const pack::Verb& verb, const pack::Param& param, std::string_view what,
                               const std::string& value, std::span<const std::string> candidates) {
  return bad_argument(fmt::format("'{}' of {} is '{}', which is no {}{}", param.name, verb.id, value, what,
                                  did_you_mean(value, candidates)));
}

Result<const Person*> find_person(const pack::Pack& pack, const pack::Verb& verb, const pack::Param& param,
                                  const std::string& value, const Surroundings& around) {
  const bool explicit_player = value.starts_with(kPlayerPrefix);
  const std::string id = explicit_player ? value.substr(kPlayerPrefix.size()) : value;
  const auto find = [&](pack::ActorKind kind) -> const Person* {
    if (around.actor.kind == kind && around.actor.id == id) return &around.actor;
    const auto found =
        std::ranges::find_if(around.people, [&](const Person& p) { return p.kind == kind && p.id == id; });
    return found == around.people.end() ? nullptr : &*found;
  };
  const Person* person = nullptr;
  if (!explicit_player && param.type != ParamType::player) person = find(pack::ActorKind::npc);
  if (person == nullptr && param.type != ParamType::npc) person = find(pack::ActorKind::player);
  if (person == nullptr) {
    std::vector<std::string> names;
    if (param.type != ParamType::player) names = pack.npc_ids();
    for (const auto& known : around.people) {
      if (known.kind == pack::ActorKind::player && param.type != ParamType::npc) names.push_back(known.id);
    }
    return unknown(verb, param, name_of(param.type), value, names);
  }
  if (is_dead(*person)) return not_possible(person->name + " is dead");
  if (person == &around.actor) {
    return bad_argument(fmt::format("'{}' of {} is {} themselves", param.name, verb.id, around.actor.name));
  }
  return person;
}

Result<const Thing*> find_thing(const pack::Pack& pack, const pack::Verb& verb, const pack::Param& param,
                                const std::string& value, const Surroundings& around) {
  const auto found = std::ranges::find(around.things, value, &Thing::id);
  if (found != around.things.end() && found->kind == param.feature_kind) return &*found;
  std::vector<std::string> names;
  for (const auto& thing : around.things) {
    if (thing.kind == param.feature_kind) names.push_back(thing.id);
  }
  for (const auto& place : pack.places) {
    for (const auto& feature : place.features) {
      if (feature.kind == param.feature_kind) names.push_back(feature.id.str());
    }
  }
  return unknown(verb, param, param.feature_kind, value, names);
}

Result<std::int64_t> find_number(const pack::Verb& verb, const pack::Param& param, const std::string& value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < 1 || number > kNumberMax) {
    return bad_argument(fmt::format("'{}' of {} is '{}'; expected a whole number from 1 to {}", param.name,
                                    verb.id, value, kNumberMax));
  }
  return number;
}

Result<void> bind_text(const pack::Verb& verb, const pack::Param& param, const std::string& value,
                       const Limits& limits) {
  const bool control = std::ranges::any_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (value.empty() || value.size() > limits.arg_bytes_max || control || !is_utf8(value)) {
    return bad_argument(
        fmt::format("'{}' of {} is one line of 1 to {} bytes", param.name, verb.id, limits.arg_bytes_max));
  }
  return {};
}

bool is_told(const pack::Verb& verb, const pack::Param& param) {
  return std::ranges::any_of(verb.effects, [&](const pack::Effect& effect) {
    return effect.kind == pack::Effect::Kind::tell && effect.ref.kind == pack::Ref::Kind::param &&
           effect.ref.name == param.name;
  });
}

Result<void> bind_one(const pack::Pack& pack, const pack::Verb& verb, const pack::Param& param,
                      const std::string& value, const Surroundings& around, const Limits& limits,
                      Bound& bound) {
  switch (param.type) {
    case ParamType::place:
      if (pack.place(value) == nullptr) return unknown(verb, param, "place", value, pack.place_ids());
      break;
    case ParamType::npc:
    case ParamType::player:
    case ParamType::person: {
      TRY(bound.people[param.name], find_person(pack, verb, param, value, around));
      bound.args[param.name] = token(pack, *bound.people[param.name]);
      return {};
    }
    case ParamType::item:
      if (pack.good(value) == nullptr) return unknown(verb, param, "good", value, names_of_goods(pack));
      if (!fits(param, *pack.good(value))) {
        return bad_argument(
            fmt::format("'{}' of {} is '{}', which is no {}", param.name, verb.id, value, param.good_kind));
      }
      break;
    case ParamType::feature: {
      TRY(bound.things[param.name], find_thing(pack, verb, param, value, around));
      break;
    }
    case ParamType::fact: {
      // Names of facts are not given away to who does not know them: what players cannot tell by a verb, which
      // is every secret, reads as what there is not.
      const auto* fact = pack.fact(value);
      const bool tells = around.actor.kind == pack::ActorKind::player && is_told(verb, param);
      if (fact == nullptr || (tells && fact->secret))
        return unknown(verb, param, tells ? "fact that one tells so" : "fact", value, {});
      break;
    }
    case ParamType::text:
      TRY_VOID(bind_text(verb, param, value, limits));
      break;
    case ParamType::number: {
      TRY(bound.numbers[param.name], find_number(verb, param, value));
      break;
    }
  }
  bound.args[param.name] = value;
  return {};
}

}  // namespace

std::unexpected<Error> not_possible(std::string message) {
  return fail(Code::invalid_argument, "verb.precondition", std::move(message));
}
std::unexpected<Error> bad_argument(std::string message) {
  return fail(Code::invalid_argument, "verb.argument", std::move(message));
}

bool fits(const pack::Param& param, const pack::Good& good) {
  return param.good_kind.empty() || param.good_kind == good.kind;
}

std::string token(const pack::Pack& pack, const Person& person) {
  if (person.kind == pack::ActorKind::player && pack.npc(person.id) != nullptr) return relation_key(person);
  return person.id;
}

std::string key_of(pack::ActorKind kind, const std::string& id) {
  return kind == pack::ActorKind::player ? std::string(kPlayerPrefix) + id : id;
}

std::string relation_key(const Person& person) { return key_of(person.kind, person.id); }

Result<const pack::Verb*> find_verb(const pack::Pack& pack, std::string_view id) {
  if (const auto* verb = pack.verb(id)) return verb;
  std::vector<std::string> names;
  for (const auto& verb : pack.verbs) names.push_back(verb.id.str());
  return fail(Code::invalid_argument, "verb.unknown",
              fmt::format("there is no verb '{}'{}", id, did_you_mean(id, names)));
}

Result<Bound> bind(const pack::Pack& pack, const pack::Verb& verb, const Args& args,
                   const Surroundings& around, const Limits& limits) {
  std::vector<std::string> names;
  for (const auto& param : verb.params) names.push_back(param.name);
  for (const auto& [name, value] : args) {
    if (std::ranges::find(names, name) == names.end()) {
      return bad_argument(fmt::format("{} takes no '{}'{}", verb.id, name, did_you_mean(name, names)));
    }
  }
  Bound bound{.verb = &verb};
  for (const auto& param : verb.params) {
    const auto given = args.find(param.name);
    if (given == args.end()) {
      if (!param.required) continue;
      return bad_argument(fmt::format(
          "{} needs '{}', {}", verb.id, param.name,
          with_article(param.type == ParamType::feature ? param.feature_kind : name_of(param.type))));
    }
    TRY_VOID(bind_one(pack, verb, param, given->second, around, limits, bound));
  }
  return bound;
}

const Person* person_of(const pack::Ref& ref, const Bound& bound, const Surroundings& around) {
  if (ref.kind == pack::Ref::Kind::self) return &around.actor;
  const auto found = bound.people.find(ref.name);
  return found == bound.people.end() ? nullptr : found->second;
}

const Thing* thing_of(const pack::Ref& ref, const Bound& bound, const Surroundings& around) {
  if (ref.kind == pack::Ref::Kind::param) {
    const auto found = bound.things.find(ref.name);
    return found == bound.things.end() ? nullptr : found->second;
  }
  for (const auto& thing : around.things) {
    if (thing.kind == ref.name && thing.place == around.actor.place) return &thing;
  }
  return nullptr;
}

std::string word_of(const pack::Ref& ref, const Bound& bound) {
  if (ref.kind != pack::Ref::Kind::param) return ref.name;
  const auto found = bound.args.find(ref.name);
  return found == bound.args.end() ? std::string() : found->second;
}

std::int64_t price_here(const pack::Good& good, const Surroundings& around) {
  const auto found = around.prices.find(good.id.str());
  return found == around.prices.end() ? good.base_price : found->second;
}

std::int64_t price_between(const pack::Good& good, const Person& seller, const Person& buyer,
                           const Surroundings& around) {
  const auto found = around.price_factors.find({relation_key(seller), relation_key(buyer)});
  const double factor = found == around.price_factors.end() ? 1 : found->second;
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(price_here(good, around)) * factor));
}

bool asks_price(const pack::Verb& verb) {
  const auto by_price = [](const auto& part) { return part.amount.price; };
  return std::ranges::any_of(verb.effects, by_price) || std::ranges::any_of(verb.preconditions, by_price);
}

bool is_dead(const Person& person) {
  const auto found = person.state.find("dead");
  return found != person.state.end() && found->second == pack::Value(true);
}

std::int64_t amount_of(const pack::Pack& pack, const pack::Amount& amount, const pack::Ref& good,
                       const Bound& bound, const Surroundings& around) {
  if (amount.price) {
    const auto* sold = pack.good(word_of(good, bound));
    if (sold == nullptr) return 0;
    for (const auto& effect : bound.verb->effects) {  // the seller is who gets the money
      if (effect.kind != pack::Effect::Kind::pay || !effect.amount.price || !effect.from || !effect.to)
        continue;
      const Person* buyer = person_of(*effect.from, bound, around);
      const Person* seller = person_of(*effect.to, bound, around);
      if (buyer != nullptr && seller != nullptr) return price_between(*sold, *seller, *buyer, around);
    }
    return price_here(*sold, around);
  }
  if (!amount.param.empty()) {
    const auto found = bound.numbers.find(amount.param);
    return found == bound.numbers.end() ? 1 : found->second;
  }
  return static_cast<std::int64_t>(amount.number);
}

bool left_out(const pack::Ref& ref, const Bound& bound) {
  return ref.kind == pack::Ref::Kind::param && !bound.has(ref.name);
}

}  // namespace troupe::capabilities
