#include "talk/heard.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "talk/normalise.h"
#include "talk/reading.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kGreetingWordsMax = 2;  // content words of a sentence that only leads to the question
constexpr std::size_t kFollowWordsMax = 3;    // of a line that goes on with the last question
constexpr std::size_t kBareTokensMax = 3;     // of a question that is nothing but "Where?"
constexpr std::size_t kQuestionsMax = 2;

class Hearing {
 public:
  Hearing(const World& world, const Person& person, const Scene& scene)
      : world_(world),
        asking_(world.language->asking),
        words_(world.language->words),
        person_(person),
        spoken_(scene.spoken) {}

  Part part(std::string line) {
    Part out = look(std::move(line));
    const std::string resolved = with_names(out);
    if (resolved != out.line) out = look(resolved);
    follow(out);
    for (const auto& found : out.named) {
      const Thing& thing = world_.things.at(found.thing);
      if (thing.id != person_.npc->id.str()) spoken_.last[thing.type] = thing.id;
    }
    return out;
  }

  // "Marta, where is the inn?" is no question about Marta.
  std::string without_address(const std::string& line) const {
    const std::size_t self = world_.things.find(ThingType::person, person_.npc->id.str());
    for (const auto& found : world_.things.link(line)) {
      if (found.thing != self || found.possessive) continue;
      const std::string before = tidied(std::string_view(line).substr(0, found.begin));
      const std::string after = tidied(std::string_view(line).substr(found.end));
      if (before.empty() && after.starts_with(',')) return upper_first(tidied(after.substr(1)));
      const bool ends = after.find_first_not_of(".!?") == std::string::npos;
      if (ends && before.ends_with(',')) return before.substr(0, before.size() - 1) + after;
    }
    return line;
  }

 private:
  Part look(std::string line) const {
    Part out;
    out.line = std::move(line);
    out.folded = fold(out.line);
    out.named = world_.things.link(out.line);
    out.masked = mask(world_.things, words_, asking_, out.line, out.named);
    out.is_question = is_question(asking_, out.folded);
    out.wants_yes_or_no = wants_yes_or_no(asking_, out.folded);
    out.kinds = kinds_of(asking_, out.folded);
    out.persons = persons_of(asking_, out.folded);
    const auto content = content_words(words_, out.line);
    out.content_words = content.size();
    for (const std::string& word : content) out.stems.insert(stem(words_, word));
    return out;
  }

  // Which kinds of things the question can be about, by what it wants to know; empty = any.
  std::set<ThingType> wanted_types(const Part& part) const {
    std::set<ThingType> out;
    for (std::size_t i = 0; i < asking_.kinds.size(); ++i) {
      if ((part.kinds & Kinds{1} << i) == 0) continue;
      for (const auto& [type, intent] : asking_.kinds[i].follow) out.insert(type);
    }
    return out;
  }

  // The name of what was last spoken of in the place of he, she, it, there.
  std::string with_names(const Part& part) const {
    constexpr std::array kTypes{ThingType::person, ThingType::place, ThingType::good, ThingType::name};
    const bool names_something = std::ranges::any_of(
        part.named, [&](const auto& found) { return is_among(kTypes, world_.things.at(found.thing).type); });
    if (names_something || spoken_.last.empty() || part.content_words > asking_.pronoun_words_max ||
        part.persons.mine)
      return part.line;
    const auto wanted = wanted_types(part);
    for (const ThingType type : {ThingType::person, ThingType::place, ThingType::good}) {
      const std::string name = last_name(type);
      if (name.empty()) continue;
      // "How much is it?" asks for a good, though a place was named since.
      if (type != ThingType::person && !wanted.empty() && !wanted.contains(type)) continue;
      std::string out = part.line;
      for (const PronounRule& rule : asking_.pronouns) {
        if (rule.type == type) out = rule.pattern.replace(out, filled(rule.with, {{"name", name}}));
      }
      if (out != part.line) return out;
    }
    return part.line;
  }
  std::string last_name(ThingType type) const {
    auto found = spoken_.last.find(type);
    if (found == spoken_.last.end() && type == ThingType::person) {
      type = ThingType::name;
      found = spoken_.last.find(type);
    }
    if (found == spoken_.last.end()) return {};
    const std::size_t thing = world_.things.find(type, found->second);
    return thing == Things::npos ? std::string() : world_.things.at(thing).name;
  }

  void follow(Part& part) const {
    const Intent* last = world_.language->intent(spoken_.intent);
    const bool goes_on = asking_.follow.find_any(part.folded) && part.content_words <= kFollowWordsMax;
    if (goes_on && last != nullptr && last->slot != Slot::none && part.named.size() == 1 && part.kinds == 0) {
      const std::size_t thing = part.named.front().thing;
      part.follows = intent_for(*last, world_.things.at(thing).type);
      const auto usual = asking_.follow_default.find(world_.things.at(thing).type);
      if (part.follows.empty() && usual != asking_.follow_default.end()) part.follows = usual->second;
      if (!part.follows.empty()) part.follows_thing = thing;
      return;
    }
    if (!part.named.empty() || part.kinds == 0 || part.persons.first || part.persons.second) return;
    if (tokens(asking_.filler.replace(part.folded, "")).size() > kBareTokensMax || part.content_words > 1)
      return;
    for (std::size_t i = 0; i < asking_.kinds.size(); ++i) {
      if ((part.kinds & Kinds{1} << i) == 0) continue;
      for (const auto& [type, intent] : asking_.kinds[i].follow) {
        const auto last_thing = spoken_.last.find(type);
        if (last_thing == spoken_.last.end()) continue;
        part.follows = intent;
        part.follows_thing = world_.things.find(type, last_thing->second);
        return;
      }
    }
  }
  // The same question for another kind of thing: "person.where" for "place.where".
  std::string intent_for(const Intent& last, ThingType type) const {
    const std::string name = last.id.substr(last.id.find('.') + 1);
    const Slot slot = type == ThingType::person     ? Slot::person
                      : type == ThingType::place    ? Slot::place
                      : type == ThingType::good     ? Slot::good
                      : type == ThingType::festival ? Slot::festival
                                                    : Slot::none;
    if (last.slot == slot) return last.id;
    for (const Intent& intent : world_.language->intents) {
      if (intent.slot == slot && slot != Slot::none && intent.id.ends_with("." + name)) return intent.id;
    }
    return {};
  }

  const World& world_;
  const Asking& asking_;
  const Words& words_;
  const Person& person_;
  Spoken spoken_;
};

}  // namespace

Heard hear(const World& world, const Person& person, const Scene& scene, std::string_view line) {
  Heard out;
  out.raw = tidied(utf8_prefix(line, kLineBytesMax));
  const Asking& asking = world.language->asking;
  out.is_speech = is_speech(asking, fold(out.raw)) && !tokens(out.raw).empty();
  Hearing hearing(world, person, scene);
  if (!out.is_speech) {
    out.whole.line = out.raw;
    return out;
  }
  const std::string meant =
      hearing.without_address(normalised(world.language->words, world.vocabulary, out.raw));
  const auto all = sentences(meant);
  std::vector<std::string> questions;
  bool only_leads = true;  // whatever is no question only leads to it: "Good morning."
  for (const std::string& sentence : all) {
    if (is_question(asking, fold(sentence))) {
      questions.push_back(sentence);
      continue;
    }
    const Persons persons = persons_of(asking, fold(sentence));
    only_leads = only_leads && content_words(world.language->words, sentence).size() <= kGreetingWordsMax &&
                 !persons.first && world.things.link(sentence).empty();
  }
  const bool one_question = questions.size() == 1 && only_leads;
  if (questions.size() >= 2 && questions.size() <= kQuestionsMax && only_leads) {
    for (const std::string& question : questions) out.questions.push_back(hearing.part(question));
  }
  out.whole = Hearing(world, person, scene).part(one_question ? questions.front() : meant);
  return out;
}

std::vector<std::string> texts_of(const Heard& heard) {
  if (!heard.is_speech) return {};
  std::set<std::string> out{heard.whole.line, heard.whole.masked};
  for (const Part& part : heard.questions) out.insert({part.line, part.masked});
  return {out.begin(), out.end()};
}

std::vector<std::string> texts_of(const Scene& scene) {
  std::set<std::string> out;
  for (const ToldLine& told : scene.told) out.insert(told.text);
  return {out.begin(), out.end()};
}

}  // namespace troupe::talk
