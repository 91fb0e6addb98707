#pragma once
// From what is written of somebody ("mends nets and talks", "Marta mends nets in the loft.") to what they say
// of themselves ("I mend nets and talk."), by rules of the language file; no model. What the rules are not
// sure of is not made: an author can write it (`about`, `says` of a routine entry). Pure.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pack/pack_yaml.h"

namespace troupe::talk {

struct FirstPerson {
  std::string subject;  // "I"
  // he, she -> what is put for the words that speak of somebody whose persona calls them so: her -> my
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> pronouns;
  std::map<std::string, std::string, std::less<>> irregular;  // verbs: "is" -> "am"
  std::vector<std::pair<std::string, std::string>> endings;   // of verbs, the first that fits: "ies" -> "y"
  bool small_verbs = false;  // nouns are large: a small word behind a joiner that looks like a verb is one
  std::set<std::string, std::less<>> adverbs;    // may stand between the subject and its verb
  std::set<std::string, std::less<>> joiners;    // behind them another verb may follow: "and"
  std::set<std::string, std::less<>> followers;  // behind them the word before was a verb: "the", "in"
  std::map<std::string, std::string, std::less<>>
      together;                                           // they -> we, in a sentence that names another too
  std::string named;                                      // "'s": what makes a name say whose
  std::string whose;                                      // "my": what such a name becomes
  std::map<std::string, std::string, std::less<>> alone;  // my -> mine, where nothing follows
};
FirstPerson read_first_person(const pack::Cursor& cursor);

// An activity, which has no subject: "mends nets" -> "I mend nets."
std::optional<std::string> activity_in_first_person(const FirstPerson& rules, std::string_view activity);

// The word that stands for somebody in their persona (a key of `pronouns`), or "".
std::string pronoun_of(const FirstPerson& rules, std::string_view persona);

// Whom a sentence speaks of.
struct Named {
  std::vector<std::string> names;   // each word of the name that is one: "Marta", "Quill"
  std::string pronoun;              // pronoun_of()
  std::vector<std::string> others;  // words of the names of others
};
// "I mend nets" and "I sleep in the loft" of "I mend nets and sleep in the loft."; empty where it is one.
std::vector<std::string> clauses(const FirstPerson& rules, std::string_view sentence);

// None where the sentence does not begin with them, or speaks of others too in a way that the rules cannot
// tell apart.
std::optional<std::string> sentence_in_first_person(const FirstPerson& rules, std::string_view sentence,
                                                    const Named& who);

}  // namespace troupe::talk
