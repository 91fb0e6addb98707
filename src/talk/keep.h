#pragma once
// Whether a model's words may stand for the words that they were made of: what was decided is still said, and
// nothing else. Pure; any thread. Beside guard(), which looks at the words alone.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "talk/language.h"

namespace troupe::talk {

enum class Departure {
  new_number,
  lost_number,
  new_name,
  lost_key,    // what the answer is about
  new_words,   // too much that is neither in the words nor in the line
  too_little,  // of what the words say
  denies,      // says no where the words do not
  drops_no,    // does not say no where the words do
};
inline constexpr std::array<std::string_view, 8> kDepartureNames{
    "new_number", "lost_number", "new_name", "lost_key", "new_words", "too_little", "denies", "drops_no"};
inline std::string_view name_of(Departure departure) {
  return kDepartureNames[static_cast<std::size_t>(departure)];
}

struct Departed {
  Departure by = Departure::new_words;
  std::string what;
  bool operator==(const Departed&) const = default;
};
std::string to_string(const std::vector<Departed>& departures);

struct Rephrasing {
  std::string_view source;        // the words that are right
  std::string_view text;          // what a model made of them
  std::string_view line;          // that they answer
  std::string_view speaker;       // may be named
  std::vector<std::string> keys;  // values that must stay: a place, a price, a person
};

struct KeepTuning {
  double known_words = .6;       // share of the text's content words that come from the words or the line
  double own_words = .5;         // share of the words' own content that stays,
  std::size_t own_words_of = 4;  // of so many at most
};

// Where it departs; empty = it keeps what the words say.
std::vector<Departed> keeps(const Language& language, const Rephrasing& rephrasing,
                            const KeepTuning& tuning = {});

}  // namespace troupe::talk
