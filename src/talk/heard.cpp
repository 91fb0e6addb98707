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
constexpr std::size_t kBareRestMax = 1;  // words behind those with which such a question begins: "Why not?"
constexpr std::size_t kContextWordsMax = 2;  // of one that may go on with the line before
constexpr std::size_t kQuestionsMax = 3;
constexpr std::size_t kSaidMax = 4;  // sentences that are heard one by one, the last ones

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
    if (stands_alone(out)) {
      note(out);
      return out;
    }
    const std::string resolved = with_names(out);
    if (resolved != out.line) out = look(resolved);
    follow(out);
    if (const std::string full = completed(out); full != out.line) {
      const Persons persons = out.persons;
      out = look(full);
      // What somebody said of themselves before is no question about them.
      if (!is_question(asking_, fold(spoken_.line))) out.persons = persons;
    }
    // "and his name" asks, with a question mark or without.
    const bool goes_on = asking_.follow.find_any(out.folded) && out.content_words <= kFollowWordsMax &&
                         !out.persons.first && !spoken_.line.empty();
    out.is_question = out.is_question || goes_on;
    note(out);
    return out;
  }
  bool stands_alone(const Part& part) const {
    return world_.language->whole_asks.contains(only_words(without_filler(asking_, part.folded)));
  }
  // What is said without being asked; what follows may go on with it.
  void note(const Part& part) {
    for (const auto& found : part.named) {
      const Thing& thing = world_.things.at(found.thing);
      if (thing.id != person_.npc->id.str() && !is_denied(part.line, found))
        spoken_.last[thing.type] = thing.id;
    }
    spoken_.line = part.line;
  }
  void note(const std::string& sentence) { note(look(sentence)); }

  // "I mean the office, not the harbour."
  bool is_denied(const std::string& line, const Things::Found& found) const {
    auto before = tokens(std::string_view(line).substr(0, found.begin));
    if (!before.empty() && words_.articles.contains(before.back().folded)) before.pop_back();
    return !before.empty() && asking_.negation.find_any(before.back().folded);
  }
  // A short question that names nothing, together with the line before it; none where it stands alone.
  std::optional<Part> in_context(const Part& part, const std::string& before) const {
    const bool may = part.is_question && part.follows.empty() && part.named.empty() && !part.persons.mine &&
                     part.content_words <= kContextWordsMax && !part.names_unknown && !stands_alone(part);
    if (!may || before.empty()) return std::nullopt;
    Part out = look(part.line + " " + before);
    out.kinds = part.kinds;
    // "And what does she do?" after "Are you married?" is still about the one who is asked.
    const bool about_you = out.persons.second;
    out.persons = part.persons;
    out.persons.second |= about_you;
    out.is_question = true;
    out.wants_yes_or_no = part.wants_yes_or_no;
    return out;
  }
  // "All I want to know is where I can sleep": the question that stands behind something else; "" where none
  // does.
  std::string question_inside(const std::string& sentence) const {
    const std::string folded = fold(sentence);
    const auto here = tokens(sentence);
    const auto there = tokens(folded);
    for (const Pattern& pattern : asking_.inside.all) {
      const auto match = pattern.find(folded);
      if (!match || match.groups.empty() || here.size() != there.size()) continue;
      const std::size_t begin = folded.rfind(match.groups.front());
      const auto first = std::ranges::find_if(there, [&](const Token& one) { return one.begin >= begin; });
      if (first == there.end() || first == there.begin()) continue;
      // What begins as a question is one as a whole, but for what only leads to it.
      const std::string before = without_filler(asking_, folded.substr(0, begin));
      if (asking_.question.find_any(before) && !asking_.leads.find_any(before)) continue;
      return upper_first(sentence.substr(here[static_cast<std::size_t>(first - there.begin())].begin));
    }
    return {};
  }

  // "Who are you, and where is the inn?" as its two questions.
  std::vector<std::string> questions_of(const std::string& sentence) const {
    std::vector<std::string> out;
    std::string rest = sentence;
    while (out.size() + 1 < kQuestionsMax) {
      const auto cut = joint_of(rest);
      if (!cut) break;
      out.push_back(rest.substr(0, cut->first));
      rest = upper_first(rest.substr(cut->second));
    }
    out.push_back(std::move(rest));
    return out;
  }

  // "Marta, where is the inn?" is no question about Marta, nor is "where is the inn, skipper".
  std::string without_address(std::string line) const {
    for (const auto& [pattern, left] : asking_.address) {
      const std::string rest = tidied(pattern.replace(line, left));
      if (!tokens(rest).empty()) line = rest;
    }
    const std::size_t self = world_.things.find(ThingType::person, person_.npc->id.str());
    for (const auto& found : world_.things.link(line)) {
      if (found.thing != self || found.possessive) continue;
      const std::string before = tidied(std::string_view(line).substr(0, found.begin));
      const std::string after = tidied(std::string_view(line).substr(found.end));
      if (before.empty() && after.starts_with(',')) return upper_first(tidied(after.substr(1)));
      const bool ends = after.find_first_not_of(".!?") == std::string::npos;
      if (ends && before.ends_with(',')) return before.substr(0, before.size() - 1) + after;
      // Without a comma what they are, and their name where nothing is asked: "Do you know Marta" asks for her.
      const auto words = tokens(before);
      const std::string called = fold(std::string_view(line).substr(found.begin, found.end - found.begin));
      const bool name =
          std::ranges::any_of(name_words(words_, person_.npc->name),
                              [&](const std::string& one) { return called.starts_with(fold(one)); });
      const bool said_to = !words.empty() && !words_.stop.contains(words.back().folded) &&
                           !words_.articles.contains(words.back().folded) &&
                           (name ? !is_question(asking_, fold(line)) : words.size() > 1);
      if (ends && said_to) return before + after;
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
    out.names_unknown = has_unknown_name(out.line);
    return out;
  }
  // A large letter inside a sentence that has small ones too, on a word that nothing knows.
  bool has_unknown_name(std::string_view line) const {
    if (words_.nouns_are_large) return false;
    const auto all = tokens(line);
    const Vocabulary& known = world_.vocabulary;
    bool begins = true;
    for (const Token& token : all) {
      const std::string bare = token.folded.substr(0, token.folded.find('\''));
      const bool strange = !begins && begins_large(token.text) && token.text.size() > 1 &&
                           !known.names.contains(bare) && !known.common.contains(bare) &&
                           !known.asked.contains(bare) && !words_.common.contains(bare) &&
                           !words_.stop.contains(bare) && !words_.titles.contains(bare) &&
                           !known.stems.contains(stem(words_, bare));
      if (strange) return true;
      begins = std::string_view(".!?:\"").contains(line.substr(token.end, 1).empty() ? ' ' : line[token.end]);
    }
    return false;
  }

  // Where the first question of a sentence ends and the next one begins, in bytes; none where it is one.
  std::optional<std::pair<std::size_t, std::size_t>> joint_of(const std::string& sentence) const {
    const std::string folded = fold(sentence);
    const auto here = tokens(sentence);
    const auto there = tokens(folded);
    if (here.size() != there.size()) return std::nullopt;
    for (const Pattern& joint : asking_.joints.all) {
      for (auto match = joint.find(folded); match && match.end > match.begin;
           match = joint.find(folded, match.end)) {
        const auto last =
            std::ranges::find_if(there, [&](const Token& one) { return one.end > match.begin; });
        const auto next =
            std::ranges::find_if(there, [&](const Token& one) { return one.begin >= match.end; });
        if (last == there.begin() || next == there.end()) continue;
        const std::string first(without_filler(asking_, folded.substr(0, match.begin)));
        const std::string second = without_filler(asking_, folded.substr(match.end));
        if (!asking_.question.find_any(first) || !asking_.question.find_any(second) ||
            asking_.leads.find_any(first))
          continue;
        return std::pair{here[static_cast<std::size_t>(last - there.begin()) - 1].end,
                         here[static_cast<std::size_t>(next - there.begin())].begin};
      }
    }
    return std::nullopt;
  }

  // "Since when?" after "Is the well dry?": "Since when is the well dry?". "And the coffee?" after "How long
  // will the flour last?": the same with the other thing in its place.
  std::string completed(const Part& part) const {
    if (!part.follows.empty() || spoken_.line.empty()) return part.line;
    const bool goes_on = asking_.follow.find_any(part.folded) && part.content_words <= kFollowWordsMax;
    if (goes_on && part.named.size() == 1 && part.kinds == 0) return exchanged(part);
    const std::string folded = without_filler(asking_, part.folded);
    const auto with = asking_.asks_with.find(folded);
    if (!with || with.begin != 0) return part.line;
    const auto rest = tokens(std::string_view(folded).substr(with.end));
    const bool back = asking_.points_back.find_any(std::string_view(folded).substr(with.end));
    const auto says_nothing = [&](const Token& token) {
      return words_.stop.contains(token.folded) || words_.generic.contains(token.folded);
    };
    const bool bare = back || (rest.size() <= kBareRestMax && std::ranges::all_of(rest, says_nothing));
    if (!bare) return part.line;
    // Without the words with which the line before asked, if it was a question.
    std::string before = without_filler(asking_, fold(spoken_.line));
    const auto other = asking_.asks_with.find(before);
    if (other && other.begin == 0) before = before.substr(other.end);
    return upper_first(tidied(folded.substr(0, with.end)) + " " + tidied(before));
  }
  std::string exchanged(const Part& part) const {
    const auto& mine = part.named.front();
    const auto type_of = [&](std::size_t thing) {
      const ThingType type = world_.things.at(thing).type;
      return type == ThingType::name ? ThingType::person : type;
    };
    for (const auto& found : world_.things.link(spoken_.line)) {
      if (type_of(found.thing) != type_of(mine.thing) || found.thing == mine.thing) continue;
      return spoken_.line.substr(0, found.begin) + part.line.substr(mine.begin, mine.end - mine.begin) +
             spoken_.line.substr(found.end);
    }
    return part.line;
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
        part.persons.mine || asking_.no_pronoun.find_any(part.folded))
      return part.line;
    const auto wanted = wanted_types(part);
    // What the line before names is meant before what was named earlier.
    std::set<ThingType> just_now;
    for (const auto& found : world_.things.link(spoken_.line))
      just_now.insert(world_.things.at(found.thing).type);
    for (const bool earlier : {false, true}) {
      for (const ThingType type : {ThingType::person, ThingType::place, ThingType::good}) {
        if (just_now.contains(type) == earlier) continue;
        const std::string out = with_name(part, type, wanted);
        if (out != part.line) return out;
      }
    }
    return part.line;
  }
  std::string with_name(const Part& part, ThingType type, const std::set<ThingType>& wanted) const {
    const std::string name = last_name(type);
    std::string out = part.line;
    // "How much is it?" asks for a good, though a place was named since.
    if (name.empty() || (type != ThingType::person && !wanted.empty() && !wanted.contains(type))) return out;
    for (const PronounRule& rule : asking_.pronouns) {
      if (rule.type == type) out = rule.pattern.replace(out, filled(rule.with, {{"name", name}}));
    }
    return out;
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
                      : type == ThingType::faction  ? Slot::faction
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

// Of a line that is too long its beginning and its end: what is asked stands there.
std::string heard_of(const std::string& line) {
  if (line.size() <= kLineBytesMax) return line;
  constexpr std::size_t kBegin = kLineBytesMax * 2 / 5;
  std::string out(utf8_prefix(line, kBegin));
  const auto space = line.find(' ', line.size() - (kLineBytesMax - kBegin));
  if (space == std::string::npos) return std::string(utf8_prefix(line, kLineBytesMax));
  return out.substr(0, out.rfind(' ')) + line.substr(space);
}

// A few words with a question mark that ask nothing themselves.
bool is_fragment(const Asking& asking, const std::string& folded) {
  constexpr std::size_t kWordsMax = 3;
  return folded.ends_with('?') && tokens(folded).size() <= kWordsMax &&
         !asking.question.find_any(without_filler(asking, folded)) && !asking.follow.find_any(folded);
}

// `alone` hears the line as one, `hearing` its sentences one after the other.
void hear_sentences(Hearing alone, Hearing& hearing, const World& world, const std::string& meant,
                    Heard& out) {
  const Asking& asking = world.language->asking;
  std::vector<std::string> questions, said;
  bool only_leads = true;  // whatever is no question only leads to it: "Good morning."
  bool after = false;      // something stands behind the question
  for (const std::string& sentence : sentences(meant)) {
    if (const std::string inside = hearing.question_inside(sentence); !inside.empty()) {
      for (std::string& question : hearing.questions_of(inside)) questions.push_back(std::move(question));
      only_leads = false;
      continue;
    }
    // "Something large?" behind a question belongs to it.
    if (const std::string folded = fold(sentence); !questions.empty() && is_fragment(asking, folded)) {
      questions.back() += " " + sentence;
      continue;
    }
    if (is_question(asking, fold(sentence))) {
      for (std::string& question : hearing.questions_of(sentence)) questions.push_back(std::move(question));
      continue;
    }
    said.push_back(sentence);
    const Persons persons = persons_of(asking, fold(sentence));
    only_leads = only_leads && content_words(world.language->words, sentence).size() <= kGreetingWordsMax &&
                 !persons.first && world.things.link(sentence).empty();
    after = !questions.empty();
    if (!after) hearing.note(sentence);
  }
  if (questions.size() >= 2 && questions.size() <= kQuestionsMax && !after) {
    for (const std::string& question : questions) out.questions.push_back(hearing.part(question));
    out.whole = alone.part(meant);
    return;
  }
  if (questions.size() == 1) {
    out.whole = hearing.part(questions.front());
    if (only_leads) return;
    const Part all = alone.part(meant);
    out.in_context = all;
    out.context_in_line = true;
    return;
  }
  out.whole = alone.part(meant);
  if (!questions.empty() || said.size() < 2) return;
  if (said.size() > kSaidMax) said.erase(said.begin(), said.end() - kSaidMax);
  for (std::string& sentence : said) out.said.push_back(alone.part(std::move(sentence)));
}

}  // namespace

Heard hear(const World& world, const Person& person, const Scene& scene, std::string_view line) {
  Heard out;
  out.raw = heard_of(tidied(line));
  const Asking& asking = world.language->asking;
  out.is_speech = is_speech(asking, fold(out.raw)) && !tokens(out.raw).empty();
  Hearing hearing(world, person, scene);
  if (!out.is_speech) {
    out.whole.line = out.raw;
    return out;
  }
  const std::string meant =
      hearing.without_address(normalised(world.language->words, world.vocabulary, out.raw));
  hear_sentences(hearing, hearing, world, meant, out);
  if (!out.in_context && out.questions.empty())
    out.in_context = hearing.in_context(out.whole, scene.spoken.line);
  return out;
}

std::vector<std::string> texts_of(const Heard& heard) {
  if (!heard.is_speech) return {};
  std::set<std::string> out{heard.whole.line, heard.whole.masked};
  if (heard.in_context) out.insert({heard.in_context->line, heard.in_context->masked});
  for (const auto* parts : {&heard.questions, &heard.said}) {
    for (const Part& part : *parts) out.insert({part.line, part.masked});
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> texts_of(const Scene& scene) {
  std::set<std::string> out;
  for (const ToldLine& told : scene.told) out.insert(told.text);
  return {out.begin(), out.end()};
}

}  // namespace troupe::talk
