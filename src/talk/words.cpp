#include "talk/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"
#include "talk/letters.h"
#include "talk/reading.h"

namespace troupe::talk {

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_folded(out, next_code_point(text, at));
  return out;
}

std::string tidied(std::string_view text) {
  std::string out;
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t letter = next_code_point(text, at);
    if (is_white(letter)) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += text.substr(begin, at - begin);
  }
  return out;
}

namespace {

template <class Change>
std::string first_changed(std::string_view text, const Change& change) {
  if (text.empty()) return {};
  std::size_t at = 0;
  std::string out;
  append(out, change(next_code_point(text, at)));
  return out += text.substr(at);
}

bool is_apostrophe(char32_t letter) { return letter == '\'' || letter == 0x2019 || letter == '`'; }

}  // namespace

std::string upper_first(std::string_view text) { return first_changed(text, large); }
std::string lower_first(std::string_view text) { return first_changed(text, small); }

bool begins_large(std::string_view text) {
  if (text.empty()) return false;
  std::size_t at = 0;
  const char32_t letter = next_code_point(text, at);
  return small(letter) != letter;
}

std::vector<Token> tokens(std::string_view line) {
  std::vector<Token> out;
  for (std::size_t at = 0; at < line.size() && out.size() < kTokensMax;) {
    std::size_t end = at;
    if (!is_word_letter(next_code_point(line, end))) {
      at = end;
      continue;
    }
    for (std::size_t next = end; next < line.size();) {
      const char32_t letter = next_code_point(line, next);
      if (is_apostrophe(letter) && next < line.size()) {
        std::size_t after = next;
        if (!is_word_letter(next_code_point(line, after))) break;
        end = next = after;
      } else if (is_word_letter(letter)) {
        end = next;
      } else {
        break;
      }
    }
    const auto text = line.substr(at, end - at);
    out.push_back({std::string(text), fold(text), at, end});
    at = end;
  }
  return out;
}

std::string only_words(std::string_view line) {
  std::string out;
  for (const Token& token : tokens(line)) out += (out.empty() ? "" : " ") + token.folded;
  return out;
}

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  bool ended = false;
  const auto take = [&](std::size_t end) {
    std::string sentence = tidied(text.substr(begin, end - begin));
    if (!sentence.empty()) out.push_back(std::move(sentence));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t here = at;
    const char32_t letter = next_code_point(text, at);
    if (ended && is_white(letter)) {
      take(here);
      begin = at;
    }
    // A quotation mark or a bracket that closes belongs to the sentence.
    const bool closes = letter == '"' || letter == ')' || letter == 0x201d || letter == 0xbb;
    ended = letter == '.' || letter == '!' || letter == '?' || letter == 0x2026 || (ended && closes);
  }
  take(text.size());
  return out;
}

Words read_words(const pack::Cursor& cursor) {
  pack::Fields fields(cursor, "words");
  Words out;
  out.stop = required_words(fields, "stop");
  out.generic = required_words(fields, "generic");
  out.articles = required_words(fields, "articles");
  out.titles = optional_words(fields, "titles");
  out.kin = optional_words(fields, "kin");
  out.joints = optional_words(fields, "joints");
  out.common = required_words(fields, "common");
  for (const std::string& text : required_texts(fields, "endings")) {
    for (const std::string& ending : split(tidied(text), ' ')) out.endings.push_back(fold(ending));
  }
  out.stem_letters_min = static_cast<int>(fields.whole_or("stem_letters_min", 3, 1, 10));
  if (const auto found = fields.optional("short_forms")) {
    for (const auto& [key, value] : found->map("short_forms"))
      out.short_forms[fold(key.node().text)] = value.text("a form written out");
  }
  if (const auto found = fields.required("numbers")) {
    for (const auto& [key, value] : found->map("numbers"))
      out.numbers[fold(key.node().text)] = value.whole(key.node().text, 0, 1'000'000'000);
  }
  out.vowels = fold(fields.text_or("vowels", ""));
  for (const std::string& text : optional_texts(fields, "keys")) {
    for (const std::string& row : split(tidied(text), ' ')) out.keys.push_back(fold(row));
  }
  for (const std::string& text : optional_texts(fields, "name_endings")) {
    for (const std::string& ending : split(tidied(text), ' ')) out.name_endings.push_back(fold(ending));
  }
  if (const auto found = fields.optional("place_kinds")) {
    for (const auto& [key, value] : found->map("place_kinds"))
      out.place_kinds[key.node().text] = read_texts(value, key.node().text);
  }
  if (const auto found = fields.optional("good_kinds")) {
    for (const auto& [key, value] : found->map("good_kinds"))
      out.good_kinds[key.node().text] = read_texts(value, key.node().text);
  }
  out.leaders = optional_words(fields, "leaders");
  out.nouns_are_large = fields.boolean_or("nouns_are_large", false);
  out.number_joint = fold(fields.text_or("number_joint", ""));
  if (const auto found = fields.optional("article_before")) {
    for (const auto& [key, value] : found->map("article_before")) {
      const std::string begins = key.node().text == "else" ? "" : fold(key.node().text);
      out.article_before.emplace_back(begins, value.text("an article"));
    }
  }
  return out;
}

std::string stem(const Words& words, std::string_view folded) {
  if (folded.ends_with("'s")) folded.remove_suffix(2);
  for (const std::string& ending : words.endings) {
    if (folded.ends_with(ending) &&
        folded.size() >= ending.size() + static_cast<std::size_t>(words.stem_letters_min))
      return std::string(folded.substr(0, folded.size() - ending.size()));
  }
  return std::string(folded);
}

std::vector<std::string> content_words(const Words& words, std::string_view line) {
  std::vector<std::string> out;
  for (Token& token : tokens(line)) {
    if (!words.stop.contains(token.folded)) out.push_back(std::move(token.folded));
  }
  return out;
}

std::set<std::string, std::less<>> stems(const Words& words, std::string_view line) {
  std::set<std::string, std::less<>> out;
  for (const std::string& word : content_words(words, line)) out.insert(stem(words, word));
  return out;
}

namespace {

// The number that a token begins with or is called.
std::optional<std::int64_t> number_of(const Words& words, std::string_view folded) {
  constexpr std::size_t kDigitsMax = 15;
  std::int64_t value = 0;
  std::size_t digits = 0;
  while (digits < folded.size() && folded[digits] >= '0' && folded[digits] <= '9' && digits < kDigitsMax)
    value = value * 10 + (folded[digits++] - '0');
  if (digits > 0) return value;
  if (const auto found = words.numbers.find(folded); found != words.numbers.end()) return found->second;
  // "einundzwanzig": the unit, the joint, the tens.
  if (words.number_joint.empty()) return std::nullopt;
  const auto joint = folded.find(words.number_joint);
  if (joint == std::string_view::npos) return std::nullopt;
  const auto unit = words.numbers.find(folded.substr(0, joint));
  const auto tens = words.numbers.find(folded.substr(joint + words.number_joint.size()));
  if (unit == words.numbers.end() || tens == words.numbers.end()) return std::nullopt;
  return tens->second + unit->second;
}

bool joins(std::int64_t whole, std::int64_t part) {
  return (whole >= 20 && whole % 10 == 0 && whole % 100 != 0 && part < 10) ||
         (whole >= 100 && whole % 100 == 0 && part < 100);
}

}  // namespace

std::vector<std::int64_t> numbers(const Words& words, std::string_view line) {
  std::vector<std::int64_t> out;
  std::size_t last_token = 0;
  bool last_in_words = false;
  const auto all = tokens(line);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto value = number_of(words, all[i].folded);
    if (!value) continue;
    const bool in_words = all[i].folded[0] < '0' || all[i].folded[0] > '9';
    const bool goes_on = in_words && last_in_words && !out.empty() && last_token + 1 == i;
    if (goes_on && (*value == 100 || *value == 1000) && out.back() < *value) {
      out.back() *= *value;
    } else if (goes_on && joins(out.back(), *value)) {
      out.back() += *value;
    } else {
      out.push_back(*value);
    }
    last_token = i;
    last_in_words = in_words;
  }
  return out;
}

bool has_article(const Words& words, std::string_view text) {
  const auto space = text.find(' ');
  return space != std::string_view::npos && words.articles.contains(fold(text.substr(0, space)));
}

std::string without_article(const Words& words, std::string_view text) {
  if (has_article(words, text)) text.remove_prefix(text.find(' ') + 1);
  return std::string(text);
}

std::string with_article(const Words& words, std::string_view text) {
  if (has_article(words, text)) return std::string(text);
  const std::string folded = fold(text);
  for (const auto& [begins, article] : words.article_before) {
    if (folded.starts_with(begins)) return fmt::format("{} {}", article, text);
  }
  return std::string(text);
}

}  // namespace troupe::talk
