#include "services/capabilities/verb_text.h"
#include "base/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::capabilities {

using pack::Condition;
using pack::Effect;
using pack::ParamType;

namespace {

std::string spaced(std::string text) {
  std::ranges::replace(text, '_', ' ');
  return text;
}

// "the actor", "{buyer}", or the word itself: for rules without arguments.
std::string word(const pack::Pack& pack, const pack::Ref& ref) {
  if (ref.kind == pack::Ref::Kind::self) return "the actor";
  if (ref.kind == pack::Ref::Kind::param) return "{" + ref.name + "}";
  if (pack.place(ref.name) != nullptr) return place_name(pack, ref.name);
  if (pack.good(ref.name) != nullptr) return good_name(pack, ref.name);
  return "the " + spaced(ref.name) + " here";
}

std::string amount_word(const pack::Pack& pack, const pack::Amount& amount, const pack::Ref& good) {
  if (amount.price) return "the price of " + word(pack, good);
  if (!amount.param.empty()) return "{" + amount.param + "}";
  return fmt::format("{}", static_cast<std::int64_t>(amount.number));
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : " or ") + spaced(name);
  return out;
}

std::string described(const pack::Pack& pack, const Condition& condition) {
  using Kind = Condition::Kind;
  switch (condition.kind) {
    case Kind::at_place:
      return "the actor is at " + word(pack, condition.ref);
    case Kind::at_feature:
      return "there is " + with_article(condition.text) + " here";
    case Kind::adjacent:
      return word(pack, condition.ref) + " is next to here";
    case Kind::has:
      return fmt::format("{} has {} of {}", word(pack, condition.who),
                         amount_word(pack, condition.amount, condition.ref), word(pack, condition.ref));
    case Kind::near:
      return word(pack, condition.ref) + " is here";
    case Kind::state:
      return fmt::format("'{}' of {} is {}", condition.key, word(pack, condition.ref),
                         describe(condition.value));
    case Kind::phase:
      return "it is " + list_of(condition.names);
    case Kind::weather:
      return "the weather is " + list_of(condition.names);
    case Kind::relation:
      return fmt::format("the actor's {} for {} is at least {:.2f}", condition.key, word(pack, condition.ref),
                         condition.amount.number);
    case Kind::money:
      return fmt::format("{} has {} pence", word(pack, condition.who),
                         amount_word(pack, condition.amount, condition.ref));
    case Kind::indoors:
      return "the actor is indoors";
  }
  return {};
}

std::string argument_text(const pack::Pack& pack, const pack::Param& param, const Bound& bound,
                          FactText facts) {
  const auto given = bound.args.find(param.name);
  if (given == bound.args.end()) return "something";
  switch (param.type) {
    case ParamType::place:
      return place_name(pack, given->second);
    case ParamType::npc:
    case ParamType::player:
    case ParamType::person:
      return bound.people.at(param.name)->name;
    case ParamType::feature:
      return bound.things.at(param.name)->name;
    case ParamType::item:
      return good_name(pack, given->second);
    case ParamType::fact: {
      const auto* fact = pack.fact(given->second);
      if (fact == nullptr || (facts == FactText::hidden && !fact->is_public)) return "something";
      return '"' + fact->text + '"';
    }
    case ParamType::text:
      return '"' + given->second + '"';
    case ParamType::number:
      return given->second;
  }
  return given->second;
}

}  // namespace

std::string place_name(const pack::Pack& pack, std::string_view id) {
  const auto* place = pack.place(id);
  return place == nullptr ? std::string(id) : place->name;
}

std::string good_name(const pack::Pack& pack, std::string_view id) {
  const auto* good = pack.good(id);
  return good == nullptr ? std::string(id) : good->name;
}

std::string option_text(const pack::Pack& pack, const Bound& bound, FactText facts) {
  const std::string& text = bound.verb->text;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t close = text[i] == '{' ? text.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      out += text[i++];
      continue;
    }
    const std::string name = text.substr(i + 1, close - i - 1);
    for (const auto& param : bound.verb->params) {
      if (param.name == name) out += argument_text(pack, param, bound, facts);
    }
    i = close + 1;
  }
  return out;
}

std::string third_person(const std::string& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  std::string verb = text.substr(0, end);
  const auto ends = [&](std::string_view tail) { return verb.ends_with(tail); };
  const bool after_vowel = verb.size() > 1 && std::string_view("aeiou").contains(verb[verb.size() - 2]);
  if (verb == "be") {
    verb = "is";
  } else if (verb == "have") {
    verb = "has";
  } else if (ends("y") && !after_vowel) {
    verb.replace(verb.size() - 1, 1, "ies");
  } else if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh") || ends("o")) {
    verb += "es";
  } else {
    verb += "s";
  }
  return verb + text.substr(end);
}

std::string deed_text(const pack::Pack& pack, const Bound& bound, const Surroundings& around) {
  std::string text = around.actor.name + " " + third_person(option_text(pack, bound, FactText::hidden));
  const bool goes = std::ranges::any_of(
      bound.verb->effects, [](const Effect& effect) { return effect.kind == Effect::Kind::move; });
  if (!goes && around.here != nullptr) text += " at " + around.here->name;
  return text;
}

std::string describe(const pack::Value& value) {
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return std::get<std::string>(value);
}

std::string describe(const pack::Pack& pack, const Condition& condition) {
  return (condition.negated ? "not: " : "") + described(pack, condition);
}

std::string describe(const pack::Pack& pack, const Effect& effect) {
  const auto to = [&] { return effect.to ? " to " + word(pack, *effect.to) : std::string(); };
  const auto from = [&] { return effect.from ? " from " + word(pack, *effect.from) : std::string(); };
  switch (effect.kind) {
    case Effect::Kind::move:
      return "the actor goes to " + word(pack, effect.ref);
    case Effect::Kind::set:
      return fmt::format("'{}' of {} becomes {}", effect.key, word(pack, effect.ref), describe(effect.value));
    case Effect::Kind::give:
      return fmt::format("{} of {} goes{}{}", amount_word(pack, effect.amount, effect.ref),
                         word(pack, effect.ref), from(), to());
    case Effect::Kind::take:
      return fmt::format("{} of {}{} is used up", amount_word(pack, effect.amount, effect.ref),
                         word(pack, effect.ref), from());
    case Effect::Kind::pay:
      return fmt::format("{} pence go{}{}", amount_word(pack, effect.amount, effect.ref), from(), to());
    case Effect::Kind::relation:
      return fmt::format("the {} of {} for the actor moves by {:+.2f}", effect.key, word(pack, effect.ref),
                         effect.amount.number);
    case Effect::Kind::event:
      return "event " + effect.text;
    case Effect::Kind::tell:
      return fmt::format("{} is told{}", word(pack, effect.ref), to());
  }
  return {};
}

}  // namespace troupe::capabilities
