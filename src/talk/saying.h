#pragma once
// How a language says what is: the section `saying` of its file. Numbers and hours in words, the way, the
// weather, opinions, what nobody told. And choosing among written lines so that nobody says the same twice
// while something else fits. Read once, then immutable.
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "pack/pack_yaml.h"
#include "talk/first_person.h"
#include "talk/reading.h"

namespace troupe::talk {

// A state of the world in words, and the words by which people ask whether it is so.
struct Wording {
  std::string says;
  std::set<std::string, std::less<>> words;  // stems are compared
};

struct Warmth {
  double below = 0;  // degrees Celsius; the last one has no bound
  Wording wording;
};

struct Opinion {
  std::string feeling;
  std::optional<double> at_least;
  std::optional<double> at_most;
  std::vector<std::string> says;    // {P} the whole name, {p} the short one
  std::vector<std::string> to_you;  // the same of the one who asks; may be empty
};

struct Route {
  std::vector<std::string> here, next, by, far, none;  // {to} {by} {minutes} {Minutes}
  std::string then;                                    // between the places of a longer way
  std::string one_minute;                              // "a minute"
  std::string some_minutes;                            // "{n} minutes"
};

struct Saying {
  std::vector<std::string> numbers;  // 0 and on
  std::map<int, std::string> ordinals;
  std::string ordinal;                     // "{n}th"
  std::map<std::string, Wording> phases;   // dawn, morning, afternoon, dusk, night
  std::map<std::string, Wording> seasons;  // by the name that packs use
  std::map<std::string, Wording> weather;  // every state
  std::vector<Warmth> warmth;
  Route route;
  std::vector<Opinion> opinions;                          // the first that fits
  std::map<std::string, std::vector<std::string>> moods;  // how are you?
  std::map<std::string, std::vector<std::string>> lines;  // by kind, where the pack has none
  FirstPerson first_person;

  std::vector<std::string> told;                            // {turned} or {said}
  std::vector<std::pair<std::string, std::string>> turned;  // I and you exchanged, the longest first
  std::vector<std::string> never_told;
  std::vector<std::string> name_recalled;  // {name}, asked for by whom it is
  std::vector<std::string> name_told;      // {Name}
  std::vector<std::string> again;          // {text}, said before
  std::vector<std::string> yes, no;        // before what is said
  std::string the_role;                    // "the {role}": who somebody is among others
  std::vector<std::string> which_one;      // {things}: a name that two have
  std::string list_last;                   // " and "
  std::string list_or;                     // " or "
  std::string item_at_price;               // {G} {price} {coin} {unit}
  std::string this_one;                    // {P} {a_role}: among others of that name
};
Saying read_saying(const pack::Cursor& cursor);

std::string number_word(const Saying& saying, std::int64_t number);
std::string ordinal_word(const Saying& saying, int number);
std::string listed(std::span<const std::string> items, std::string_view last);

// I and you exchanged: "My knee hurts." -> "Your knee hurts."
std::string turned(const Saying& saying, std::string_view sentence);

// One of the texts, by `seed`, but none of `said` while there is another. Second: whether it was said before.
struct Picked {
  std::string text;
  bool again = false;
};
Picked pick(std::span<const std::string> texts, std::span<const std::string> said, std::uint64_t seed);

// A seed of the texts: the same anywhere.
std::uint64_t seed_of(std::initializer_list<std::string_view> texts);

}  // namespace troupe::talk
