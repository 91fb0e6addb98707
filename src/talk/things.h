#pragma once
// What a pack has names for: people, places, goods, features, factions, festivals, and names that only its
// facts use. link() finds them in a line, mask() puts their kind in their place, so that only what is asked
// about them is left. Made once for a pack, then immutable. Bounds: those of a pack; a line is looked through
// once per word.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "talk/asking.h"
#include "talk/words.h"

namespace troupe::talk {

struct Thing {
  ThingType type = ThingType::person;
  std::string id;     // of the pack; of a name, the name itself; of a feature, its id
  std::string name;   // as people say it: "the harbour", "Marta Quill"
  std::string place;  // of a feature: the place that has it
  std::vector<std::pair<std::string, double>> aliases;  // folded words with a space between -> weight up to 1
  std::set<std::string, std::less<>> stems;             // of all aliases: what of a line they cover
};

// A name that is surely meant weighs so much; what is less may be a word like any other.
inline constexpr double kNamed = .95;

class Things {
 public:
  static Things of(const pack::Pack& pack, const Words& words);

  const std::vector<Thing>& all() const { return all_; }
  const Thing& at(std::size_t index) const { return all_[index]; }
  std::size_t find(ThingType type, std::string_view id) const;  // npos where there is none
  static constexpr std::size_t npos = ~std::size_t{0};

  struct Found {
    std::size_t thing = 0;  // index
    double weight = 0;
    std::size_t begin = 0;  // bytes of the line, what follows the name ('s) included
    std::size_t end = 0;
    bool possessive = false;
  };
  // The longest names first, whole words, with or without s and 's. Two things of one name are both found at
  // the same place. In the order of the line.
  std::vector<Found> link(std::string_view line) const;

 private:
  struct Alias {
    std::vector<std::string> words;
    std::size_t thing = 0;
    double weight = 0;
  };
  void index();

  std::vector<Thing> all_;
  std::vector<std::string> endings_;
  std::map<std::string, std::vector<Alias>, std::less<>> by_word_;  // first word -> the longest first
};

// The line with what it names replaced by its kind, articles included: "How do I get to this place?"
std::string mask(const Things& things, const Words& words, const Asking& asking, std::string_view line,
                 const std::vector<Things::Found>& found);

// What people call a place of this kind in this language; the kind itself where the language says nothing.
std::vector<std::string> kind_names(const Words& words, const std::string& kind);

// What people call somebody: "Marta" of "Marta Quill", "Anselm" of "Father Anselm".
std::string short_name(const Words& words, std::string_view name);
// The words of a name that are one: no title.
std::vector<std::string> name_words(const Words& words, std::string_view name);

}  // namespace troupe::talk
