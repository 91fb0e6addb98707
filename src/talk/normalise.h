#pragma once
// A line as it was meant: short forms written out ("whats" -> "what is"), small slips of the keyboard mended
// ("chappel"
// -> "chapel"). A word is mended when nothing knows it and one known word is a single slip away: a letter too
// many, too few, wrong, or two exchanged. What is remembered of a line is the line as it was typed. Pure;
// time is linear in the line, a few thousand look-ups for a word that nothing knows. Of several words the one
// is taken whose slip is the likeliest; of short
// words only the likeliest are mended, of names those that keep their letters.
#include <set>
#include <string>
#include <string_view>

#include "talk/words.h"

namespace troupe::talk {

// Words that are spelled right; folded.
struct Vocabulary {
  std::set<std::string, std::less<>> names;  // that things are called by: come first
  std::set<std::string, std::less<>> asked;  // in which people ask of any world, also short ones
  std::set<std::string, std::less<>>
      stems;  // of all of these and of the language's list: other forms of them
  std::set<std::string, std::less<>> common;  // of asks, texts, and the language's list
};

std::string normalised(const Words& words, const Vocabulary& known, std::string_view line);

// Whether one slip makes one word of the other: a letter more, less, another, or two neighbours exchanged.
bool one_slip(std::string_view a, std::string_view b);

}  // namespace troupe::talk
