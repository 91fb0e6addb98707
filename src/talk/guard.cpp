#include "talk/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "talk/asking.h"
#include "talk/reading.h"
#include "talk/things.h"

namespace troupe::talk {

namespace {

constexpr std::size_t kEchoWordsMin = 3;    // content words of a line that an answer can be an echo of
constexpr std::size_t kEchoNew = 5;         // one word in five is new, then it is none
constexpr std::size_t kEchoBytesMin = 12;   // of a line that an answer begins with
constexpr std::size_t kSaidWordsMin = 4;    // shorter sentences may be said again: "I do not know."
constexpr std::size_t kForeignMin = 2;      // different words of another language
constexpr std::int64_t kNumberWordMin = 3;  // "one" and "two" are words like others
constexpr char32_t kLatinEnd = 0x250;       // letters from here on belong to another script
constexpr std::size_t kLoopWordsMax = 12;   // the longest run of words that is looked for again

using WordSet = std::set<std::string, std::less<>>;

// Opening marks after which a sentence begins, and what ends one before it.
constexpr std::array<std::string_view, 14> kBeginMarks{".", "!", "?", ":", "\"", "…", "—",
                                                       "–", "“", "”", "„", "«",  "»", "‘"};

bool begins_sentence(std::string_view text, std::size_t at) {
  auto before = text.substr(0, at);
  while (before.ends_with(' ')) before.remove_suffix(1);
  return before.empty() ||
         std::ranges::any_of(kBeginMarks, [&](std::string_view mark) { return before.ends_with(mark); });
}

bool is_shouted(std::string_view word) {
  return word.size() > 1 && std::ranges::none_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

std::size_t words_in(std::string_view text) { return tokens(text).size(); }

void add(std::vector<Objected>& out, Objection to, std::string what) {
  Objected made{to, std::move(what)};
  if (!is_among(out, made)) out.push_back(std::move(made));
}

// The first place where one of them is found, as it stands there.
std::string first_found(const Patterns& patterns, std::string_view folded) {
  for (const Pattern& pattern : patterns.all) {
    if (const auto match = pattern.find(folded))
      return std::string(folded.substr(match.begin, match.end - match.begin));
  }
  return {};
}

void add_all(WordSet& to, const std::vector<std::string>& words) { to.insert(words.begin(), words.end()); }

}  // namespace

std::string to_string(const std::vector<Objected>& objections) {
  std::vector<std::string> out;
  for (const Objected& one : objections)
    out.push_back(one.what.empty() ? std::string(name_of(one.to))
                                   : fmt::format("{} '{}'", name_of(one.to), one.what));
  return join(out, ", ");
}

std::set<std::int64_t> numbers_said(const Language& language, std::string_view text, std::int64_t from) {
  std::set<std::int64_t> out;
  std::set<std::int64_t> in_digits;
  for (const Token& token : tokens(text)) {
    if (token.folded[0] >= '0' && token.folded[0] <= '9') {
      for (const std::int64_t value : numbers(language.words, token.folded)) in_digits.insert(value);
      continue;
    }
    for (const auto& [number, word] : language.saying.ordinals) {
      if (number >= from && stem(language.words, fold(word)) == stem(language.words, token.folded))
        out.insert(number);
    }
  }
  for (const std::int64_t value : numbers(language.words, text)) {
    if (value >= from || in_digits.contains(value)) out.insert(value);
  }
  return out;
}

std::string without_name_ending(const Words& words, std::string_view text) {
  const auto apostrophe = text.find('\'');
  if (apostrophe != std::string_view::npos && apostrophe > 0) return std::string(text.substr(0, apostrophe));
  if (const auto curly = text.find("’"); curly != std::string_view::npos && curly > 0)
    return std::string(text.substr(0, curly));
  for (const std::string& ending : words.name_endings) {
    if (text.size() > ending.size() + 2 && text.ends_with(ending))
      return std::string(text.substr(0, text.size() - ending.size()));
  }
  return std::string(text);
}

std::vector<std::string> large_words(std::string_view text, bool beginnings_too) {
  std::vector<std::string> out;
  for (const Token& token : tokens(text)) {
    if (begins_large(token.text) && (beginnings_too || !begins_sentence(text, token.begin)))
      out.push_back(token.text);
  }
  return out;
}

Guard::Guard(const Language& language, Prompted prompted, const Vocabulary* known, const GuardBounds& bounds)
    : language_(language), prompted_(std::move(prompted)), known_(known), bounds_(bounds) {
  const Words& words = language_.words;
  line_folded_ = fold(tidied(prompted_.line));
  for (const Token& token : tokens(prompted_.line)) line_words_.insert(token.folded);
  line_stems_ = stems(words, prompted_.line);
  notes_stems_ = stems(words, prompted_.notes);
  const auto add_names = [&](WordSet& to, std::string_view name) {
    for (const std::string& word : name_words(words, name)) to.insert(fold(word));
  };
  add_names(own_names_, prompted_.speaker);
  for (const std::string& name : prompted_.others) add_names(other_names_, name);

  std::vector<std::string> context{prompted_.notes, prompted_.allowed, prompted_.speaker};
  context.insert(context.end(), prompted_.others.begin(), prompted_.others.end());
  context.insert(context.end(), prompted_.names.begin(), prompted_.names.end());
  for (const std::string& text : context) {
    // What begins a sentence is a name only where it is no other word.
    add_all(large_, large_words(text, false));
    for (const std::string& word : large_words(text, true)) {
      const std::string folded = fold(word);
      if (!words.stop.contains(folded) && !words.common.contains(folded)) large_.insert(word);
    }
    for (const Token& token : tokens(text)) {
      words_.insert(token.folded);
      words_.insert(stem(words, token.folded));
    }
    numbers_.merge(numbers_said(language_, text, 0));
  }
  numbers_.merge(numbers_said(language_, prompted_.line, 0));
  for (const std::string& text : prompted_.said) {
    said_.insert(fold(tidied(text)));
    for (const std::string& sentence : sentences(text)) said_.insert(fold(sentence));
  }
  for (const std::string& sentence : sentences(prompted_.instructions)) {
    if (words_in(sentence) >= kSaidWordsMin) instructions_.insert(fold(tidied(sentence)));
  }
}

// A word that the language or the context knows, as it stands or by its stem.
bool Guard::is_word(std::string_view folded) const {
  const Words& words = language_.words;
  const std::string stemmed = stem(words, folded);
  const auto knows = [&](std::string_view word) {
    return words.stop.contains(word) || words.generic.contains(word) || words.common.contains(word) ||
           words.articles.contains(word) || words.titles.contains(word) || words.numbers.contains(word) ||
           words_.contains(word) || line_words_.contains(word) ||
           (known_ != nullptr && (known_->names.contains(word) || known_->common.contains(word)));
  };
  return knows(folded) || knows(stemmed);
}

// A word that begins large, and that nothing of the context has so.
bool Guard::is_unknown(const std::string& word, const std::string& folded) const {
  const Words& words = language_.words;
  if (language_.guarding.large.contains(folded) || words.titles.contains(folded)) return false;
  if (is_shouted(word) && is_word(folded)) return false;
  const auto known = [&](const std::string& one) {
    return large_.contains(one) || line_words_.contains(fold(one));
  };
  return !known(word) && !known(without_name_ending(words, word));
}

void Guard::names(std::string_view sentence, Objections& out) const {
  const auto all = tokens(sentence);
  const bool by_case = !language_.words.nouns_are_large;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Token& token = all[i];
    if (!begins_large(token.text) || !is_unknown(token.text, token.folded)) continue;
    const bool begins = begins_sentence(sentence, token.begin);
    bool is_name = !begins && by_case;
    if (!by_case)
      is_name = i > 0 && language_.guarding.before_name.contains(all[i - 1].folded) && !is_word(token.folded);
    // A word that begins a sentence and is in no list, and then does something: "Garrick keeps the ferry."
    if (begins && by_case && i + 1 < all.size())
      is_name = !is_word(fold(without_name_ending(language_.words, token.text))) && !is_word(token.folded) &&
                language_.guarding.third.contains(all[i + 1].folded);
    if (is_name) add(out, Objection::unknown_name, token.text);
  }
}

void Guard::unknown_numbers(std::string_view sentence, Objections& out) const {
  std::string folded = fold(sentence);
  for (const Pattern& saying : language_.guarding.sayings.all) folded = saying.replace(folded, " ");
  for (const std::int64_t number : numbers_said(language_, folded, kNumberWordMin)) {
    if (!numbers_.contains(number)) add(out, Objection::unknown_number, std::to_string(number));
  }
}

void Guard::self(std::string_view sentence, Objections& out) const {
  const auto all = tokens(sentence);
  std::size_t at = 0;
  while (at < all.size() && language_.words.titles.contains(all[at].folded)) ++at;
  if (at == all.size() || !begins_large(all[at].text) || !own_names_.contains(all[at].folded)) return;
  if (language_.asking.first.find_any(fold(sentence))) return;
  for (std::size_t i = at + 1; i < all.size(); ++i) {
    if (!language_.guarding.third.contains(all[i].folded)) continue;
    add(out, Objection::third_person_of_self, fmt::format("{} ... {}", all[at].text, all[i].text));
    return;
  }
}

void Guard::claims(std::string_view sentence, Objections& out) const {
  const std::string folded = fold(sentence);
  const auto all = tokens(sentence);
  const auto look = [&](const Patterns& patterns, bool surely) {
    for (const Pattern& pattern : patterns.all) {
      for (auto match = pattern.find(folded); match; match = pattern.find(folded, match.end)) {
        if (match.end == match.begin) break;
        // Folding changes how long letters are, but not how many words there are.
        std::size_t at = words_in(std::string_view(folded).substr(0, match.end));
        while (at < all.size() && language_.words.titles.contains(all[at].folded)) ++at;
        if (at >= all.size() || !begins_large(all[at].text)) continue;
        const Token& token = all[at];
        if (own_names_.contains(token.folded) || language_.guarding.large.contains(token.folded)) continue;
        const bool is_other = other_names_.contains(token.folded);
        const bool has_ending = !is_other && token.text.find_first_of("'\xe2") != std::string::npos;
        if (has_ending || (!is_other && !surely && language_.words.nouns_are_large)) continue;
        add(out, Objection::claims_to_be_other, token.text);
      }
    }
  };
  look(language_.guarding.i_am, false);
  look(language_.guarding.named, true);
}

void Guard::foreign(std::string_view sentence, Objections& out) const {
  const bool latin = std::ranges::all_of(language_.words.stop, [](const std::string& word) {
    for (std::size_t at = 0; at < word.size();) {
      if (next_code_point(word, at) >= kLatinEnd) return false;
    }
    return true;
  });
  WordSet other;
  std::size_t own = 0;
  for (const Token& token : tokens(sentence)) {
    bool strange = false;
    for (std::size_t at = 0; at < token.folded.size();)
      strange |= next_code_point(token.folded, at) >= kLatinEnd;
    if (latin && strange && !words_.contains(token.folded) && !line_words_.contains(token.folded)) {
      add(out, Objection::other_language, token.text);
      return;
    }
    if (language_.words.stop.contains(token.folded)) {
      ++own;
    } else if (language_.guarding.foreign.contains(token.folded) && !words_.contains(token.folded)) {
      other.insert(token.folded);
    }
  }
  if (other.size() >= kForeignMin && other.size() > own)
    add(out, Objection::other_language, join(std::vector<std::string>(other.begin(), other.end()), " "));
}

// Words that come again at once, and what was said before.
void Guard::loops(std::string_view text, Objections& out) const {
  const auto all = tokens(text);
  for (std::size_t length = 1; length <= kLoopWordsMax && 2 * length <= all.size(); ++length) {
    const std::size_t times = length == 1 ? 4 : length < 4 ? 3 : 2;
    std::size_t run = 0;  // words that are those `length` before them
    for (std::size_t i = length; i < all.size(); ++i) {
      run = all[i].folded == all[i - length].folded ? run + 1 : 0;
      if (run != length * (times - 1)) continue;
      std::string what = all[i + 1 - length].folded;
      for (std::size_t k = i + 2 - length; k <= i; ++k) what += " " + all[k].folded;
      add(out, Objection::repeats, std::move(what));
      return;
    }
  }
  if (words_in(text) >= kSaidWordsMin && said_.contains(fold(tidied(text))))
    add(out, Objection::repeats, std::string(text));
}

void Guard::marks(std::string_view text, Objections& out) const {
  const Guarding& guarding = language_.guarding;
  const std::string folded = fold(text);
  if (auto found = first_found(guarding.control, folded); !found.empty())
    add(out, Objection::control_tokens, std::move(found));
  if (auto found = first_found(guarding.staged, folded); !found.empty())
    add(out, Objection::stage_direction, std::move(found));
  if (trim(text).find('\n') != std::string_view::npos) add(out, Objection::stage_direction, "several lines");
  if (auto found = first_found(guarding.banned, folded); !found.empty())
    add(out, Objection::banned_word, std::move(found));
  for (const Pattern& pattern : guarding.banned_unless.all) {
    for (auto match = pattern.find(folded); match; match = pattern.find(folded, match.end)) {
      if (match.end == match.begin) break;
      std::string found = folded.substr(match.begin, match.end - match.begin);
      if (!line_folded_.contains(found) && !words_.contains(found))
        add(out, Objection::banned_word, std::move(found));
    }
  }
}

void Guard::echo(std::string_view text, Objections& out) const {
  const std::string folded = fold(tidied(text));
  std::string_view line = line_folded_;
  while (line.ends_with('?') || line.ends_with('.') || line.ends_with('!')) line.remove_suffix(1);
  const auto said = stems(language_.words, text);
  const auto count = [&](const WordSet& among) {
    return static_cast<std::size_t>(
        std::ranges::count_if(said, [&](const auto& one) { return among.contains(one); }));
  };
  // The answer to a yes or no question may be its words, where these are what the notes say; a question is none.
  const bool asks = is_question(language_.asking, folded) || trim(text).ends_with('?') || folded == line;
  const bool of_notes = (said.size() - count(notes_stems_)) * kEchoNew <= said.size();
  if (said.empty() || (of_notes && !asks)) return;
  const bool begins = line.size() > kEchoBytesMin && folded.starts_with(line);
  const bool same =
      line_stems_.size() >= kEchoWordsMin && (said.size() - count(line_stems_)) * kEchoNew <= said.size();
  if (begins || same) add(out, Objection::echo, std::string(text.substr(0, text.find('\n'))));
}

std::vector<Objected> Guard::sentence(std::string_view text) const {
  Objections out;
  if (words_in(text) == 0) add(out, Objection::empty, "");
  if (words_in(text) > bounds_.words_max) add(out, Objection::too_long, "");
  marks(text, out);
  names(text, out);
  unknown_numbers(text, out);
  self(text, out);
  claims(text, out);
  foreign(text, out);
  loops(text, out);
  if (instructions_.contains(fold(tidied(text)))) add(out, Objection::instruction, std::string(text));
  return out;
}

std::vector<Objected> Guard::heard_sentence(std::string_view text) const {
  auto out = sentence(text);
  echo(text, out);
  return out;
}

std::vector<Objected> Guard::answer(std::string_view text) const {
  Objections out;
  if (words_in(text) == 0) add(out, Objection::empty, "");
  marks(text, out);
  WordSet seen;
  const auto all = sentences(text);
  for (const std::string& one : all) {
    for (Objected& objected : sentence(one)) {
      if (objected.to != Objection::empty) add(out, objected.to, std::move(objected.what));
    }
    if (words_in(one) >= kSaidWordsMin - 1 && !seen.insert(fold(one)).second)
      add(out, Objection::repeats, one);
  }
  loops(text, out);
  echo(text, out);
  if (is_question(language_.asking, line_folded_)) {
    if (auto found = first_found(language_.guarding.dodges, fold(text)); !found.empty())
      add(out, Objection::question_dodged, std::move(found));
  }
  if (all.size() > bounds_.sentences_max || words_in(text) > bounds_.words_max)
    add(out, Objection::too_long, "");
  return out;
}

std::string as_spoken(std::string_view text, std::string_view speaker, std::size_t sentences_max) {
  std::string out = tidied(text);
  std::vector<std::string> labels{std::string(speaker)};
  for (const std::string& word : split(speaker, ' ')) labels.push_back(word);
  for (const std::string& label : labels) {
    if (label.empty() || !fold(out).starts_with(fold(label) + ":")) continue;
    out = tidied(std::string_view(out).substr(out.find(':') + 1));
    break;
  }
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kQuotes{
      {{"\"", "\""}, {"“", "”"}, {"„", "“"}, {"»", "«"}}};
  for (const auto& [open, close] : kQuotes) {
    if (out.size() > open.size() + close.size() && out.starts_with(open) && out.ends_with(close))
      out = out.substr(open.size(), out.size() - open.size() - close.size());
  }
  auto all = sentences(out);
  static constexpr std::array<std::string_view, 8> kEnds{".", "!", "?", "…", "\"", "”", "“", "«"};
  const auto ends = [](std::string_view sentence) {
    return std::ranges::any_of(kEnds, [&](std::string_view mark) { return sentence.ends_with(mark); });
  };
  if (all.size() > 1 && !ends(all.back())) all.pop_back();
  if (all.size() > sentences_max) all.resize(sentences_max);
  return join(all, " ");
}

}  // namespace troupe::talk
