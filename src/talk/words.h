#pragma once
// Words of a line, in any language that writes spaces between them. What a language knows about its words
// (which say nothing, which endings they take, how numbers are called) is the section `words` of its file.
// Pure; any thread. Time is linear in the text; callers bound the text.
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack_yaml.h"

namespace troupe::talk {

// For comparing: small letters, Latin letters without their marks ("Über" is "ueber", "é" is "e"), one kind
// of apostrophe and of hyphen. Other scripts keep their letters, small where there are small ones.
std::string fold(std::string_view text);

// White space of any kind made single, none at the ends.
std::string tidied(std::string_view text);

// The first letter large, also where it is not a plain one.
std::string upper_first(std::string_view text);
std::string lower_first(std::string_view text);
bool begins_large(std::string_view text);  // with a large letter

struct Token {
  std::string text;    // as it stands in the line: "Fisch"; "don't" is one
  std::string folded;  // "fisch"
  std::size_t begin = 0;
  std::size_t end = 0;  // bytes of the line
};
// Letters, digits and apostrophes between them. At most kTokensMax, what follows is not looked at.
inline constexpr std::size_t kTokensMax = 1000;
std::vector<Token> tokens(std::string_view line);
// Its words folded, a space between two: what is left where marks and spaces do not count.
std::string only_words(std::string_view line);

// Split after . ! ? … followed by white space, tidied.
std::vector<std::string> sentences(std::string_view text);

// What a language says of its words; all folded.
struct Words {
  std::set<std::string, std::less<>> stop;      // carry no matter: "the", "is", "you"
  std::set<std::string, std::less<>> generic;   // too general to tell things apart: "place", "day"
  std::set<std::string, std::less<>> articles;  // "the", "a"
  std::set<std::string, std::less<>> titles;    // are no names: "father", "captain"
  std::set<std::string, std::less<>> kin;       // titles that people also have for their own: "father"
  std::set<std::string, std::less<>> joints;    // end the head of a role: "of", "for"
  std::set<std::string, std::less<>> common;    // are spelled right, beside what the pack and the asks use
  std::vector<std::string> endings;             // taken off by stem(), the first that fits
  int stem_letters_min = 3;                     // what stem() leaves at least
  std::map<std::string, std::string, std::less<>> short_forms;  // "whats" -> "what is"
  std::map<std::string, std::int64_t, std::less<>> numbers;     // "seven" -> 7
  std::vector<std::string> keys;          // rows of the keyboard, for slips to a key beside: "qwertyuiop"
  std::string vowels;                     // that people take for each other
  std::vector<std::string> name_endings;  // a name may take or lose: "s"; the longest first
  std::map<std::string, std::vector<std::string>> place_kinds;  // "inn" -> what people call such a place
  std::set<std::string, std::less<>> leaders;  // in the role or the name of whoever leads: "captain"
  std::map<std::string, std::vector<std::string>> good_kinds;  // a good or a kind of it -> the same
  bool nouns_are_large = false;  // every noun begins with a large letter, so that one shows no name
  std::string number_joint;      // between unit and tens in one word: "und"; empty where there is none
  std::vector<std::pair<std::string, std::string>>
      article_before;  // beginning of a word -> its "a" ("" = else)
};
Words read_words(const pack::Cursor& cursor);

// The folded words that carry matter, in their order.
std::vector<std::string> content_words(const Words& words, std::string_view line);

// A folded word without its ending; what is too short stays.
std::string stem(const Words& words, std::string_view folded);

// The stems of the content words.
std::set<std::string, std::less<>> stems(const Words& words, std::string_view line);

// Whole numbers in digits or in words ("seven", "twenty-one", "a hundred"), in their order.
std::vector<std::int64_t> numbers(const Words& words, std::string_view line);

// "an apothecary"; a text that has an article keeps it.
std::string with_article(const Words& words, std::string_view text);
// Without the article that it begins with: "harbour" of "the harbour".
std::string without_article(const Words& words, std::string_view text);
bool has_article(const Words& words, std::string_view text);

}  // namespace troupe::talk
