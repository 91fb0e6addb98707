#pragma once
// How a language asks: the section `asking` of its file. What a question looks like, what it wants to know,
// who is meant by I and you, what he, she and there stand for, and how people tell of themselves. All
// patterns meet folded lines. Read once, then immutable.
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack_yaml.h"
#include "talk/pattern.h"

namespace troupe::talk {

// What a thing is, as asks and masks speak of it.
enum class ThingType { person, place, good, feature, faction, festival, name };
inline constexpr std::array<std::string_view, 7> kThingTypeNames{"person",  "place",    "good", "feature",
                                                                 "faction", "festival", "name"};
inline std::string_view name_of(ThingType type) { return kThingTypeNames[static_cast<std::size_t>(type)]; }

// What a question wants to know, as a bit per kind of the file's list.
using Kinds = std::uint32_t;

struct QuestionKind {
  std::string id;  // "where", "howmuch"
  Patterns patterns;
  Kinds alike = 0;  // kinds that a question of this one may be answered by; its own bit too
  // Asked with nothing else ("Where?", "How much are they?"): the intent for what was last spoken of.
  std::map<ThingType, std::string> follow;
  // What a text has that answers such a question: a word, or the name of a thing of one of these kinds.
  // Nothing of either: no text can be told from another by it.
  Patterns answered;
  std::set<ThingType> answered_by;
  pack::Source at;
};

struct PronounRule {
  ThingType type = ThingType::person;
  Pattern pattern;
  std::string with;  // "{name}" or "{name}'s"
};

// Something that people tell of themselves and are asked for again.
struct ToldKind {
  std::string intent;             // "player.name"
  std::vector<std::string> like;  // sentences of this kind
  Patterns forms;                 // turns of phrase that show it
  pack::Source at;
  Patterns asked;  // a question that asks for it whatever else it is near to
};

// "Do you trust her?": which feeling is asked for, and from where on the answer is yes.
struct Aspect {
  std::string feeling;
  Patterns patterns;
  double yes_from = .5;
};

// A word for a time of day, of this day or another: "last night".
struct TimeOfDay {
  Patterns patterns;
  pack::Clock clock;
};

// A word for a direction: "north of". One step into it, x to the east and y to the north.
struct Heading {
  Patterns patterns;
  double x = 0, y = 0;
};

struct Asking {
  Patterns not_speech;  // stage directions, markup, orders to a machine
  Pattern filler;       // what may stand before a question: "and", "so", "hey"
  Patterns question;    // after the filler
  Patterns question_anywhere;
  Patterns exclaims;  // looks like a question and is none: "What a day"
  Patterns yes_no;    // a question that wants yes or no, after the filler
  Patterns either;    // two things to choose from: neither yes nor no
  Patterns joints;    // between two questions of one sentence: ", and "
  Patterns
      inside;  // the first group is a question that stands behind something else: "all I ask is where ..."
  std::vector<std::pair<Pattern, std::string>> address;  // how one is addressed, and what is left: "sir"
  Patterns leads;     // what only leads to a question and is none itself: "tell me"
  Pattern asks_with;  // the words with which a question begins that has nothing else: "since when"
  Patterns follow;    // a line that goes on with what was asked last: "and Nell?"
  std::map<ThingType, std::string>
      follow_default;  // the intent that is meant, where the last one has no such thing
  Patterns negation;
  Patterns denial;  // in what answers a question: it is not as the question has it; "only", "empty"
  std::vector<QuestionKind> kinds;
  Patterns which;  // asks who does something

  Patterns first;           // I, me, my
  Patterns mine;            // asks or speaks about oneself
  Patterns mine_never;      // taken out before `mine` is looked for: "tell me"
  Patterns second;          // you, your
  Patterns third;           // he, she, them: in what was told, it is of somebody who was named before
  Patterns about_me;        // a question about the one who asks: "do I", "my"
  Patterns about_me_never;  // and none of these: "where can I"
  Pattern my_thing;         // its first group is what somebody calls theirs

  std::vector<PronounRule> pronouns;
  Patterns no_pronoun;                // a line in which they stand for nothing: "was it you"
  std::size_t pronoun_words_max = 6;  // content words of a line in which they are looked for

  std::vector<ToldKind> told;
  Patterns tells;          // a sentence that is kept as told: it speaks of the one who says it
  Patterns joined;         // a sentence that belongs to the one before: "she", "it"
  Patterns may_give_name;  // the first group is one where it begins with a large letter: "I am Ada"
  Patterns gives_name;     // the first group is the name
  Patterns since;          // in a sentence that says for how long
  std::set<std::string, std::less<>> recall_leave;  // stems that say nothing of what was told: "said"
  std::vector<std::string> fact_like;               // what people tell of themselves when asked
  std::vector<std::string> trait_like;              // what they are like, which nobody tells

  std::map<ThingType, std::string> masks;  // "this person"
  std::vector<Aspect> aspects;
  Patterns points_back;           // behind a word that asks, goes back to what was just said: "was that"
  Patterns broad;                 // leaves open what is to be told of its thing: "tell me about"
  Patterns far, near;             // a question for a long way, for a short one
  std::vector<TimeOfDay> times;   // the first that a line has counts
  std::vector<Heading> headings;  // likewise

  // Asks made of the pack.
  std::vector<std::string> by_role;      // {role} {a_role}
  std::vector<std::string> by_activity;  // {activity} {place}
  std::vector<std::string> by_persona;   // {sentence}: without its name
  std::vector<std::string> by_look;      // {a_look}
  std::vector<std::string> names;        // {P}, of a name that only facts use
  std::vector<std::string> features;     // {X}
  std::vector<std::string> place_kinds;  // {kind} {a_kind}
  std::vector<std::string> deeds;        // {deed}: what is done with something that stands at a place

  const ToldKind* told_kind(std::string_view intent) const;
};
Asking read_asking(const pack::Cursor& cursor);

// All of a folded line.
bool is_speech(const Asking& asking, std::string_view folded);
bool is_question(const Asking& asking, std::string_view folded);
bool wants_yes_or_no(const Asking& asking, std::string_view folded);
std::string without_filler(const Asking& asking, std::string_view folded);
Kinds kinds_of(const Asking& asking, std::string_view folded);
// Both say what they want to know, and it is not the same.
bool clash(const Asking& asking, Kinds line, Kinds ask);

// Which kinds of questions a text can answer, and which kinds can be told at all.
struct Answered {
  Kinds kinds = 0;
  Kinds of = 0;
};
Answered answered_by(const Asking& asking, std::string_view folded, const std::set<ThingType>& things);

struct Persons {
  bool first = false;   // I, me, my anywhere
  bool mine = false;    // about the one who speaks
  bool second = false;  // about the one spoken to
};
Persons persons_of(const Asking& asking, std::string_view folded);

// A line as the sentences that are kept of it; one that goes on with the one before stays with it.
std::vector<std::string> told_sentences(const Asking& asking, std::string_view line);

}  // namespace troupe::talk
