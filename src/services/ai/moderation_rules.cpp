#include "services/ai/moderation_rules.h"

#include <algorithm>

#include "base/text.h"

namespace troupe::ai {

namespace {

struct Term {
  std::string_view words;
  Category category;
  int level;
};

// A horror or crime game kills and dies in every other sentence: such words are level 1 or 2 and fit a teen
// rating. Level 3 and 4 are what a rating board would name.
constexpr Term kTerms[] = {
    {"kill", Category::violence, 1},
    {"killed", Category::violence, 1},
    {"murder", Category::violence, 1},
    {"murdered", Category::violence, 1},
    {"stab", Category::violence, 2},
    {"stabbed", Category::violence, 2},
    {"blood", Category::violence, 1},
    {"gore", Category::violence, 3},
    {"entrails", Category::violence, 3},
    {"dismember", Category::violence, 4},
    {"dismembered", Category::violence, 4},
    {"disembowel", Category::violence, 4},
    {"torture", Category::violence, 3},
    {"tortured", Category::violence, 3},
    {"kiss", Category::sexual, 1},
    {"lover", Category::sexual, 1},
    {"naked", Category::sexual, 2},
    {"seduce", Category::sexual, 2},
    {"sex", Category::sexual, 3},
    {"sexual", Category::sexual, 3},
    {"orgasm", Category::sexual, 4},
    {"porn", Category::sexual, 4},
    {"damn", Category::language, 1},
    {"hell", Category::language, 1},
    {"bastard", Category::language, 2},
    {"bitch", Category::language, 3},
    {"shit", Category::language, 3},
    {"fuck", Category::language, 4},
    {"fucking", Category::language, 4},
    {"cunt", Category::language, 4},
    {"ghost", Category::horror, 1},
    {"corpse", Category::horror, 2},
    {"drowned", Category::horror, 1},
    {"rotting", Category::horror, 2},
    {"flayed", Category::horror, 4},
    {"drunk", Category::drugs, 1},
    {"ale", Category::drugs, 0},
    {"opium", Category::drugs, 2},
    {"heroin", Category::drugs, 4},
    {"cocaine", Category::drugs, 4},
    {"meth", Category::drugs, 4},
    {"slave", Category::sensitive, 2},
    {"suicide", Category::sensitive, 3},
    {"kill yourself", Category::sensitive, 4},
    {"rape", Category::sensitive, 4},
    {"raped", Category::sensitive, 4},
    {"genocide", Category::sensitive, 3},
    {"betray", Category::morality, 1},
    {"blackmail", Category::morality, 2},
    {"how to make a bomb", Category::morality, 4},
    {"build a bomb", Category::morality, 4},
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80 ||
         c == '\'';
}

// Letters and digits in lower case, everything else one space: "f*ck" is not caught, "KILL--yourself" is.
std::string normalise(std::string_view text) {
  std::string out = " ";
  for (const char c : lower_ascii(text)) {
    if (is_word(c)) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

}  // namespace

std::string_view category_name(Category category) {
  static constexpr std::string_view kNames[] = {"violence", "sexual",    "language", "horror",
                                                "drugs",    "sensitive", "morality"};
  return kNames[static_cast<std::size_t>(category)];
}

Levels levels_of(std::string_view text) {
  Levels levels{};
  const std::string words = normalise(text);
  for (const auto& term : kTerms) {
    int& level = levels[static_cast<std::size_t>(term.category)];
    if (term.level > level && words.find(" " + std::string(term.words) + " ") != std::string::npos)
      level = term.level;
  }
  return levels;
}

Levels profile_levels(std::string_view profile) {
  if (profile == "teen") return {2, 1, 2, 2, 1, 2, 2};
  return {3, 2, 3, 3, 3, 3, 3};
}

Finding judge(const Levels& found, const Levels& allowed) {
  for (std::size_t i = 0; i < kCategories; ++i) {
    if (found[i] > allowed[i]) return {false, static_cast<Category>(i), found[i]};
  }
  return {};
}

// Whether the text from this word on is, as far as it goes, what this listener may not hear.
bool StreamCheck::could_begin(std::size_t word) const {
  std::string heard = normalise(std::string_view(text_).substr(word)).substr(1);
  if (is_word(lower_ascii(text_.substr(text_.size() - 1)).front()))
    heard.pop_back();  // the last word may go on
  return std::ranges::any_of(kTerms, [&](const Term& term) {
    return term.level > allowed_[static_cast<std::size_t>(term.category)] &&
           (std::string(term.words) + " ").starts_with(heard);
  });
}

// Everything but what could become something else: a listener does not wait for words that nobody minds.
// Judged with all that came before, so that a phrase split over pieces is seen whole, and without a last word
// that may go on
// ("sextant").
std::string StreamCheck::push(std::string_view text) {
  if (blocked()) return {};
  text_ += text;
  const std::string lower = lower_ascii(text_);
  const auto whole = std::ranges::find_if_not(lower.rbegin(), lower.rend(), is_word).base() - lower.begin();
  finding_ = judge(levels_of(std::string_view(text_).substr(0, static_cast<std::size_t>(whole))), allowed_);
  if (blocked()) return {};
  std::size_t end = shown_;
  for (; end < text_.size(); ++end) {
    const bool begins = is_word(lower[end]) && (end == 0 || !is_word(lower[end - 1]));
    if (begins && could_begin(end)) break;
  }
  std::string out = text_.substr(shown_, end - shown_);
  shown_ = end;
  return out;
}

std::string StreamCheck::finish() {
  if (blocked()) return {};
  finding_ = judge(levels_of(text_), allowed_);
  if (blocked()) return {};
  std::string out = text_.substr(shown_);
  shown_ = text_.size();
  return out;
}

}  // namespace troupe::ai
