#include "moderation/moderation.h"

#include <algorithm>

#include "base/text.h"
#include "moderation/words.h"

namespace troupe::moderation {

namespace {

constexpr std::size_t kWordsBytesMax = 200;
constexpr std::array<std::string_view, kCategories> kNames = {"violence", "sexual",    "language", "horror",
                                                              "drugs",    "sensitive", "morality"};

}  // namespace

std::string_view category_name(Category category) { return kNames[static_cast<std::size_t>(category)]; }

bool parse_category(std::string_view name, Category& out) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return false;
  out = static_cast<Category>(found - kNames.begin());
  return true;
}

Found look(std::string_view text) {
  Found found;
  Lists::get().find(fold(text), [&](Category category, int level, std::size_t begin, std::size_t end) {
    const auto i = static_cast<std::size_t>(category);
    if (level <= found.levels[i]) return;
    found.levels[i] = level;
    found.words[i] = utf8_prefix(text.substr(begin, end - begin), kWordsBytesMax);
  });
  return found;
}

Levels levels_of(std::string_view text) { return look(text).levels; }

bool is_rating(std::string_view name) { return name == "teen" || name == "mature"; }

Levels teen_cap() { return {2, 1, 2, 2, 1, 2, 2}; }

Levels levels_for(std::string_view rating) {
  if (rating == "mature") return {3, 2, 3, 3, 3, 3, 3};
  return teen_cap();
}

Finding judge(const Found& found, const Levels& allowed) {
  for (std::size_t i = 0; i < kCategories; ++i) {
    if (found.levels[i] > allowed[i])
      return {false, static_cast<Category>(i), found.levels[i], found.words[i]};
  }
  return {};
}

Finding judge(std::string_view text, const Levels& allowed) { return judge(look(text), allowed); }

Finding judge_next(std::string_view before, std::string_view next, const Levels& allowed) {
  constexpr std::size_t kPhraseBytesMax = 512;
  std::size_t from = before.size() - std::min(before.size(), kPhraseBytesMax);
  while (from < before.size() && (static_cast<unsigned char>(before[from]) & 0xC0) == 0x80) ++from;
  return judge(std::string(before.substr(from)) + std::string(next), allowed);
}

std::string without_codes(std::string_view text) {
  constexpr std::size_t kWordMax = 24;
  std::string out;
  for (const auto& word : split(text, ' ')) {
    const bool digits = std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
    if (word.size() <= kWordMax || !digits) out += word;
    out += ' ';
  }
  return out;
}

std::vector<std::string> fitting(const std::vector<std::string>& lines, const Levels& allowed,
                                 std::size_t first) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& line = lines[(first + i) % lines.size()];
    if (judge(line, allowed).allowed) out.push_back(line);
  }
  return out;
}

}  // namespace troupe::moderation
