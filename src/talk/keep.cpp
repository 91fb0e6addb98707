#include "talk/keep.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "talk/guard.h"
#include "talk/things.h"

namespace troupe::talk {

namespace {

using WordSet = std::set<std::string, std::less<>>;

std::size_t shared(const WordSet& a, const WordSet& b) {
  return static_cast<std::size_t>(std::ranges::count_if(a, [&](const auto& one) { return b.contains(one); }));
}

WordSet without(const WordSet& a, const WordSet& b) {
  WordSet out;
  std::ranges::copy_if(a, std::inserter(out, out.end()), [&](const auto& one) { return !b.contains(one); });
  return out;
}

// All words of a name or a value are in the text, or its number is.
bool has_key(const Language& language, std::string_view text, const std::string& key) {
  const auto wanted = stems(language.words, key);
  const auto said = stems(language.words, text);
  if (!wanted.empty() && shared(wanted, said) == wanted.size()) return true;
  const auto numbers = numbers_said(language, key, 0);
  if (numbers.empty()) return wanted.empty() || fold(text).contains(fold(key));
  const auto said_numbers = numbers_said(language, text, 0);
  return std::ranges::all_of(numbers, [&](auto number) { return said_numbers.contains(number); });
}

}  // namespace

std::string to_string(const std::vector<Departed>& departures) {
  std::vector<std::string> out;
  for (const Departed& one : departures)
    out.push_back(one.what.empty() ? std::string(name_of(one.by))
                                   : fmt::format("{} '{}'", name_of(one.by), one.what));
  return join(out, ", ");
}

std::vector<Departed> keeps(const Language& language, const Rephrasing& given, const KeepTuning& tuning) {
  std::vector<Departed> out;
  const Words& words = language.words;

  // "One" is a word like others; "two" is none where the words count something.
  const auto source_numbers = numbers_said(language, given.source, 2);
  const auto text_numbers = numbers_said(language, given.text, source_numbers.empty() ? 3 : 2);
  const auto line_numbers = numbers_said(language, given.line, 0);
  const auto all_source_numbers = numbers_said(language, given.source, 0);
  for (const std::int64_t number : text_numbers) {
    if (!all_source_numbers.contains(number) && !line_numbers.contains(number))
      out.push_back({Departure::new_number, std::to_string(number)});
  }
  if (!source_numbers.empty() &&
      std::ranges::none_of(source_numbers, [&](auto number) { return text_numbers.contains(number); }))
    out.push_back({Departure::lost_number, std::to_string(*source_numbers.begin())});

  WordSet known;
  for (const std::string_view text : {given.source, given.line, given.speaker}) {
    for (const std::string& word : large_words(text, true))
      known.insert(fold(without_name_ending(words, word)));
    for (const Token& token : tokens(text)) known.insert(token.folded);
  }
  for (const std::string& word : large_words(given.text, false)) {
    const std::string bare = fold(without_name_ending(words, word));
    if (known.contains(bare) || known.contains(fold(word)) || language.guarding.large.contains(fold(word)) ||
        words.titles.contains(bare))
      continue;
    // Where all nouns are large, one shows no name: what is new counts as a word.
    if (!words.nouns_are_large) out.push_back({Departure::new_name, word});
  }
  for (const std::string& key : given.keys) {
    if (!has_key(language, given.text, key)) out.push_back({Departure::lost_key, key});
  }

  const WordSet text = stems(words, given.text);
  const WordSet source = stems(words, given.source);
  const WordSet line = stems(words, given.line);
  WordSet either = source;
  either.insert(line.begin(), line.end());
  const auto of = [](std::size_t part, std::size_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  if (!text.empty() && of(shared(text, either), text.size()) < tuning.known_words) {
    const WordSet added = without(text, either);
    out.push_back({Departure::new_words, join(std::vector<std::string>(added.begin(), added.end()), " ")});
  }
  const WordSet own = without(source, line);
  if (!own.empty()) {
    const auto least = tuning.own_words * static_cast<double>(std::min(own.size(), tuning.own_words_of));
    if (static_cast<double>(shared(text, own)) < least) out.push_back({Departure::too_little, ""});
  } else if (!source.empty() && shared(text, source) == 0) {
    out.push_back({Departure::too_little, ""});
  }

  const bool says_no = language.asking.negation.find_any(fold(given.text));
  const bool said_no = language.asking.negation.find_any(fold(given.source));
  if (says_no && !said_no) out.push_back({Departure::denies, ""});
  if (said_no && !says_no) out.push_back({Departure::drops_no, ""});
  return out;
}

}  // namespace troupe::talk
