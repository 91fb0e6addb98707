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
      return fmt::format("{} has {} {}", word(pack, condition.who),
                         amount_word(pack, condition.amount, condition.ref), pack.world.money.coin);
    case Kind::indoors:
      return "the actor is indoors";
  }
  return {};
}

std::string argument_text(const pack::Pack& pack, const pack::Param& param, const Bound& bound,
                          FactText facts) {
  const auto& words = pack.texts.deed;
  const auto given = bound.args.find(param.name);
  if (given == bound.args.end()) return words.something.text();
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
      if (fact == nullptr || (facts == FactText::hidden && !fact->is_public)) return words.something.text();
      return words.quoted.with({{"text", fact->text}});
    }
    case ParamType::text:
      return words.quoted.with({{"text", given->second}});
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

namespace {

// `text` with what is meant in the place of each parameter.
std::string filled(const pack::Pack& pack, const std::string& text, const Bound& bound, FactText facts) {
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

}  // namespace

std::string option_text(const pack::Pack& pack, const Bound& bound, FactText facts) {
  return filled(pack, bound.verb->text, bound, facts);
}

// Before the parameters are filled in: what somebody says is not conjugated.
std::string doing_text(const pack::Pack& pack, const Bound& bound, FactText facts) {
  const auto& verb = *bound.verb;
  return filled(pack, verb.does.empty() ? third_person(pack.texts.deed.third_person, verb.text) : verb.does,
                bound, facts);
}

namespace {

std::string conjugated(const pack::ThirdPerson& words, const std::string& verb) {
  for (const auto& [word, third] : words.whole) {
    if (word == verb) return third;
  }
  for (const auto& [end, third] : words.endings) {
    if (verb.ends_with(end)) return verb.substr(0, verb.size() - end.size()) + third;
  }
  return verb;
}

bool is_among(const std::string& word, const std::vector<std::string>& words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::string third_person(const pack::ThirdPerson& words, const std::string& text) {
  enum class After { start, verb, object, joined_verbs, joined_object } after = After::start;
  bool closed = false;  // an object is complete
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    at = end + 1;
    const bool comma = word.ends_with(',');
    if (comma) word.pop_back();
    if (is_among(word, words.joints)) {
      const bool verbs = after == After::verb || after == After::joined_verbs;
      after = verbs ? After::joined_verbs : After::joined_object;
    } else {
      const bool first = after == After::start || after == After::joined_verbs;
      const bool another = after == After::joined_object &&
                           (is_among(word, words.verbs) || (closed && is_among(word, words.verbs_or_things)));
      closed |= is_among(word, words.closes) || word.starts_with('{');
      if (first || another) word = conjugated(words, word);
      if (first || another) {
        after = comma ? After::joined_verbs : After::verb;
      } else {
        after = comma ? After::joined_object : After::object;
      }
    }
    out += (out.empty() ? "" : " ") + word + (comma ? "," : "");
  }
  return out;
}

std::string deed_text(const pack::Pack& pack, const Bound& bound, const Surroundings& around) {
  const auto& words = pack.texts.deed;
  const auto deed = doing_text(pack, bound, FactText::hidden);
  const bool goes = std::ranges::any_of(
      bound.verb->effects, [](const Effect& effect) { return effect.kind == Effect::Kind::move; });
  const auto& phrase = goes || around.here == nullptr ? words.done : words.done_at;
  return phrase.with({{"name", around.actor.name},
                      {"deed", deed},
                      {"place", around.here == nullptr ? std::string() : around.here->name}});
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
      return fmt::format("{} {} go{}{}", amount_word(pack, effect.amount, effect.ref), pack.world.money.coin,
                         from(), to());
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
