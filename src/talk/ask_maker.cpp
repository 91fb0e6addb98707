#include "talk/ask_maker.h"

#include <algorithm>
#include <map>
#include <set>

#include "pack/query.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

constexpr double kShortWork = .16;     // taken off who does what, if they do it only for a moment,
constexpr double kDeed = .06;          // taken off where something is done: no place is named
constexpr double kShortMinutes = 150;  // and less and less up to so many minutes a day

Family family_of(const Intent& intent) {
  const auto name = intent.family();
  if (name == "player") return Family::player;
  if (name == "act") return Family::act;
  if (name == "out") return Family::out;
  const bool slot = name == "person" || name == "good" || name == "faction" ||
                    (name == "place" && intent.slot == Slot::place);
  return slot ? Family::slot : Family::self;
}

ThingType type_of(Slot slot) {
  switch (slot) {
    case Slot::place:
      return ThingType::place;
    case Slot::good:
      return ThingType::good;
    case Slot::festival:
      return ThingType::festival;
    case Slot::faction:
      return ThingType::faction;
    case Slot::person:
    case Slot::none:
      break;
  }
  return ThingType::person;
}

}  // namespace

Ask AskMaker::ask(std::string text, std::string intent, Family family) const {
  Ask out;
  const std::string folded = fold(text);
  out.kinds = kinds_of(language_.asking, folded);
  out.persons = persons_of(language_.asking, folded);
  out.asks_something = text.contains('?');
  out.wants_yes_or_no = wants_yes_or_no(language_.asking, folded);
  out.stems = stems(language_.words, text);
  out.text = std::move(text);
  out.intent = std::move(intent);
  out.of = language_.intent(out.intent);
  out.family = family;
  return out;
}

// {P} and its kind, filled with a name and with what stands for it.
Ask AskMaker::slot_ask(const std::string& text, const std::string& name, std::string_view letter,
                       std::size_t thing, std::string intent, Family family) const {
  const std::string key(letter);
  Ask out = ask(upper_first(filled(text, {{key, name}})), std::move(intent), family);
  const ThingType type = world_.things.at(thing).type;
  out.masked = upper_first(filled(text, {{key, language_.asking.masks.at(type)}}));
  out.thing = thing;
  return out;
}

void AskMaker::intents(std::vector<Ask>& out) const {
  for (const Intent& intent : language_.intents) {
    const Family family = family_of(intent);
    for (const std::string& form : intent.asks) {
      const std::string& coin = world_.pack->world.money.coin;
      const bool counts = form.contains("{coin}");
      if (counts && coin.empty()) continue;
      std::string text = form;
      if (counts) text.replace(text.find("{coin}"), std::string_view("{coin}").size(), coin);
      const auto letters = placeholders(text);
      if (letters.empty()) {
        out.push_back(ask(text, intent.id, family));
        continue;
      }
      for (std::size_t i = 0; i < world_.things.all().size(); ++i) {
        const Thing& thing = world_.things.at(i);
        if (thing.type != type_of(intent.slot)) continue;
        const bool bare = intent.slot == Slot::festival;
        const std::string name = bare ? without_article(language_.words, thing.name) : thing.name;
        out.push_back(slot_ask(text, name, letters.front(), i, intent.id, family));
      }
    }
  }
}

void AskMaker::place_kinds(std::vector<Ask>& out) const {
  for (const pack::Place& place : world_.pack->places) {
    const auto kinds = kind_names(language_.words, place.kind);
    if (kinds.empty()) continue;
    const std::string& kind = kinds.front();
    const std::size_t thing = world_.things.find(ThingType::place, place.id.str());
    const std::string mask = language_.asking.masks.at(ThingType::place);
    for (const std::string& text : language_.asking.place_kinds) {
      Ask one =
          ask(upper_first(filled(text, {{"kind", kind}, {"a_kind", with_article(language_.words, kind)}})),
              "place.where", Family::slot);
      one.masked = tidied(filled(text, {{"kind", mask}, {"a_kind", mask}}));
      one.thing = thing;
      out.push_back(std::move(one));
    }
  }
}

void AskMaker::features(std::vector<Ask>& out) const {
  for (std::size_t i = 0; i < world_.things.all().size(); ++i) {
    const Thing& thing = world_.things.at(i);
    if (thing.type != ThingType::feature) continue;
    for (const std::string& text : language_.asking.features)
      out.push_back(slot_ask(text, thing.name, "X", i, "place.where", Family::slot));
  }
}

// "Where can I play the piano?": where what a verb needs stands.
void AskMaker::deeds(std::vector<Ask>& out) const {
  for (const pack::Verb& verb : world_.pack->verbs) {
    const auto needs = std::ranges::find_if(verb.preconditions, [](const pack::Condition& one) {
      return one.kind == pack::Condition::Kind::at_feature && !one.negated;
    });
    if (needs == verb.preconditions.end() || verb.text.contains('{')) continue;
    for (const pack::Place& place : world_.pack->places) {
      if (std::ranges::find(place.features, needs->text, &pack::Feature::kind) == place.features.end())
        continue;
      for (const std::string& text : language_.asking.deeds) {
        Ask one = ask(upper_first(filled(text, {{"deed", verb.text}})), "place.where", Family::slot);
        one.thing = world_.things.find(ThingType::place, place.id.str());
        one.by_deed = true;
        one.penalty = kDeed;
        out.push_back(std::move(one));
      }
    }
  }
}

void AskMaker::who_does_what(std::vector<Ask>& out) const {
  for (const pack::Npc& npc : world_.pack->npcs) {
    const std::size_t thing = world_.things.find(ThingType::person, npc.id.str());
    const auto add = [&](const std::string& text, const Values& values, double penalty) {
      Ask one = ask(upper_first(filled(text, values)), "person.by", Family::by);
      one.thing = thing;
      one.penalty = penalty;
      out.push_back(std::move(one));
    };
    const Values role{{"role", npc.role}, {"a_role", with_article(language_.words, npc.role)}};
    for (const std::string& text : language_.asking.by_role) add(text, role, 0);
    for (const auto& [entry, penalty] : work_of(npc)) {
      const pack::Place* place = world_.pack->place(entry->place.str());
      const Values values{{"activity", entry->activity}, {"place", place == nullptr ? "" : place->name}};
      for (const std::string& text : language_.asking.by_activity) add(text, values, penalty);
    }
    if (const std::string rest = without_name(npc); !rest.empty()) {
      for (const std::string& text : language_.asking.by_persona) add(text, {{"sentence", rest}}, 0);
    }
    if (const std::string look = first_look(npc); !look.empty()) {
      for (const std::string& text : language_.asking.by_look) add(text, {{"a_look", look}}, 0);
    }
  }
}

// What others see somebody do, with what is taken off for what they do only for a moment.
std::vector<std::pair<const pack::RoutineEntry*, double>> AskMaker::work_of(const pack::Npc& npc) const {
  std::map<std::string, double> minutes;
  for (const pack::RoutineEntry& entry : npc.routine) minutes[entry.activity] += entry.minutes;
  std::vector<std::pair<const pack::RoutineEntry*, double>> out;
  for (const pack::RoutineEntry& entry : npc.routine) {
    const pack::Verb* verb = world_.pack->verb(entry.verb.str());
    const bool rests = verb != nullptr && (pack::natures_of(*verb) & pack::bit(pack::Nature::rest)) != 0;
    if (rests || entry.is_private) continue;
    const double share = std::min(1., minutes[entry.activity] / kShortMinutes);
    out.emplace_back(&entry, kShortWork * (1 - share) * (verb != nullptr ? .5 : 1));
  }
  return out;
}

// "mends nets in the loft", of "Marta mends nets in the loft."
std::string AskMaker::without_name(const pack::Npc& npc) const {
  const auto all = sentences(npc.persona);
  if (all.empty()) return {};
  std::set<std::string> names;
  for (const Token& token : tokens(npc.name)) names.insert(token.folded);
  const auto words = tokens(all.front());
  std::size_t i = 0;
  while (i < words.size() && names.contains(words[i].folded)) ++i;
  if (i == 0 || i == words.size()) return {};
  std::string rest = all.front().substr(words[i].begin);
  while (!rest.empty() && std::string_view(".!?").contains(rest.back())) rest.pop_back();
  return rest;
}

std::string AskMaker::first_look(const pack::Npc& npc) const {
  const auto all = sentences(npc.look);
  if (all.empty()) return {};
  std::string look = lower_first(all.front());
  while (!look.empty() && std::string_view(".!?").contains(look.back())) look.pop_back();
  return with_article(language_.words, look);
}

}  // namespace troupe::talk
