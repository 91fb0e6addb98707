#include "base/words.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace troupe {

std::string readable(std::string_view name) {
  auto out = lower_ascii(name);
  std::ranges::replace(out, '_', ' ');
  return out;
}

std::string with_article(std::string_view name) {
  // What is not counted: judged by the last word.
  static constexpr std::array kUncounted = {"cold", "heat", "rain",  "snow", "fog",  "mist",
                                            "hail", "ice",  "water", "oil",  "bread"};
  // Spelt with a vowel and spoken without, and the other way round.
  static constexpr std::array kSpokenY = {"uni", "use", "usu", "eu", "one", "once", "ut"};
  static constexpr std::array kSilentH = {"hour", "honest", "honour", "honor", "heir"};
  const auto words = readable(name);
  const auto last = words.substr(words.rfind(' ') == std::string::npos ? 0 : words.rfind(' ') + 1);
  if (words.empty() || std::ranges::find(kUncounted, last) != kUncounted.end()) return words;
  const auto begins = [&](const auto& starts) {
    return std::ranges::any_of(starts, [&](const char* start) { return words.starts_with(start); });
  };
  const bool vowel = std::string_view("aeiou").contains(words.front());
  const bool an = vowel ? !begins(kSpokenY) : begins(kSilentH);
  return (an ? "an " : "a ") + words;
}

std::string sentence_case(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

}  // namespace troupe
