#pragma once
// Everything that somebody can be asked, as sentences in which people ask for it: of any world (the
// language's intents), of this pack (people, places, goods, names), and of this person (facts, what they tell
// of themselves). Built when a pack is loaded, and for a person again when they learn something. Immutable
// then; shared by reference. Bounds: about 1,500 asks for a small town; what all people share is kept once.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talk/language.h"
#include "talk/normalise.h"
#include "talk/things.h"
#include "talk/vectors.h"

namespace troupe::talk {

inline constexpr std::size_t kNothing = ~std::size_t{0};

// Something that can be said when it is asked for.
struct Item {
  enum class Kind { fact, secret, me, name, lore };
  Kind kind = Kind::fact;
  std::string id;                            // of the fact; "me"; the name
  std::string says;                          // the words; empty of a secret
  std::string plain;                         // a fact as it is written of all; empty otherwise
  bool own_words = false;                    // the person's own, by the pack
  std::string joined;                        // plain and own words, for likeness
  std::set<std::string, std::less<>> stems;  // of both and of the topics
  std::vector<std::size_t> things;           // that a fact names
  Answered answers;                          // the kinds of questions that its words answer
  std::string source;                        // who told it, where somebody did; a person's id or ""
};

// The families of asks, which have thresholds of their own.
enum class Family { slot, self, by, fact, me, secret, player, act, out };
inline constexpr std::array<std::string_view, 9> kFamilyNames{"slot",   "self",   "by",  "fact", "me",
                                                              "secret", "player", "act", "out"};
inline std::string_view name_of(Family family) { return kFamilyNames[static_cast<std::size_t>(family)]; }

struct Ask {
  std::string text;
  std::string masked;          // the text with its thing as its kind; empty = as the text
  std::string intent;          // "person.where", "fact"
  const Intent* of = nullptr;  // of the language; none of facts, names and who does what
  Family family = Family::self;
  std::size_t thing = kNothing;  // that its slot is filled with
  std::size_t item = kNothing;   // of the person
  double penalty = 0;
  bool by_author = false;       // an author's question: counts as it is
  bool by_deed = false;         // asks where something is done: its place is not named
  bool asks_something = false;  // has a question mark
  bool wants_yes_or_no = false;
  Kinds kinds = 0;
  Persons persons;
  std::set<std::string, std::less<>> stems;
  std::uint32_t row = VectorTable::kNone;
  std::uint32_t masked_row = VectorTable::kNone;
};

// What all people of a world share.
struct World {
  const pack::Pack* pack = nullptr;
  const Language* language = nullptr;
  Things things;
  std::vector<Ask> asks;
  Vocabulary vocabulary;
  std::map<std::string, double, std::less<>> rarity;  // of a stem among the facts: rare words say more
  double rarity_unknown = 0;                          // of a stem in no fact
  std::map<pack::NpcId, pack::PlaceId> works_at;      // by day, for the most part
  std::map<pack::GoodId, std::vector<pack::NpcId>> sellers;
  const pack::Npc* leader = nullptr;  // who leads the people of the pack; none where nobody is called so

  double rarity_of(std::string_view stem) const;
};
// Both must outlive it.
World make_world(const pack::Pack& pack, const Language& language);

// A fact that somebody knows, and how.
struct Known {
  pack::FactId fact;
  std::string says;    // in their own words; may be empty
  std::string source;  // who told them; empty where they know it of themselves
};

struct Person {
  const pack::Npc* npc = nullptr;
  std::vector<Item> items;
  std::vector<Ask> asks;
  std::string first_name;  // "Marta"
  std::string trade;       // what they say of their work; may be empty
};
// With what the pack gives them and `learned` besides.
Person make_person(const World& world, const pack::Npc& npc, const std::vector<Known>& learned = {});

// The texts whose vectors are needed before anything is answered; each once, sorted.
std::vector<std::string> texts_of(const World& world);
std::vector<std::string> texts_of(const Person& person);

// Looks the rows of the asks up. What has no vector is never found.
void bind(World& world, const VectorTable& vectors);
void bind(Person& person, const VectorTable& vectors);

// What somebody tells of themselves is kept only where it is nearer to facts than to traits, which nobody
// tells. Drops the others; needs the vectors of texts_of(). What the pack's author wrote stays. What is left
// is said to whoever asks for things of that kind (Intent::about): asks are added, bound already.
void drop_traits(const World& world, Person& person, const VectorTable& vectors);

// An activity as the person says it, by the pack or by rule; none where the rule is not sure.
std::optional<std::string> activity_said(const World& world, const pack::RoutineEntry& entry);

}  // namespace troupe::talk
