#pragma once
// How a language asks somebody to do something: the section `acting` of its file. Orders, polite forms, what
// buys and what begs, what is no request at all, and what people say for a deed. Names no verb of any pack: a
// deed is known by what it does (deed_of) or by its own words. Patterns meet a folded sentence. Read once,
// then immutable.
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "pack/pack_yaml.h"
#include "talk/pattern.h"

namespace troupe::talk {

// What a deed is to the one who asks for it.
enum class Deed { other, sell, give, go, join, rest, eat, harm };
inline constexpr std::array<std::string_view, 8> kDeedNames{"other",   "sale",  "gift", "travel",
                                                            "company", "pause", "meal", "harm"};
inline std::string_view name_of(Deed deed) { return kDeedNames[static_cast<std::size_t>(deed)]; }

// By its effects, its parameters and its natures, never by its name.
Deed deed_of(const pack::Verb& verb);

// A form that is no request, but for what also has one of `unless`.
struct NoRequest {
  Patterns forms;
  Patterns unless;
};

// Other words for a deed: of a kind, or of what a pack calls it.
struct Synonyms {
  std::optional<Deed> deed;
  std::vector<std::string> of;  // "put out"; may be empty where there is a deed
  std::vector<std::string> says;
};

using WordSet = std::set<std::string, std::less<>>;

struct Acting {
  // Where the verb of a request stands. An order begins a clause, behind fillers and the name of the one
  // spoken to.
  WordSet fillers;      // "please", "now"
  WordSet joins;        // a clause begins behind them: "and", "then"
  WordSet sends;        // an order that another may follow: "go" of "go and ring the bell"
  Patterns asks;        // end where the verb begins: "could you (please )?"
  Patterns asks_apart;  // the verb stands anywhere behind, in the same clause
  // What takes a request back.
  std::vector<NoRequest> never;  // of a sentence: questions, reports, what might be
  Patterns reports;              // before the verb, in its clause: "he said that"
  Patterns negative;             // before it in its clause,
  bool negates_behind = false;   // or anywhere in it, as in German
  Patterns unlikely;  // a sentence whose form must be the surer: one that begins with a third person
  Patterns jests;     // of a whole line that means nothing it says: "oh sure"
  // Goods that change hands.
  Patterns buying;    // "I'll take", "sell me"
  Patterns giving;    // "give me", "lend me"
  Patterns having;    // either: "may I have"
  Patterns paying;    // money is offered
  Patterns poor;      // none is
  Patterns wanting;   // what makes a thing's bare name a request: "please", "for me"
  Patterns together;  // who asks comes along

  // How the words of an option are read: "fill {lamp} with oil".
  bool verb_last = false;  // the verb ends its words, as in German
  WordSet particles;       // belong to the verb before them: "out"
  WordSet light;           // mean nothing without what follows: "take" of "take a nap"
  WordSet prepositions;    // end what a verb is done to
  WordSet pronouns;        // stand for what was named: "it"
  WordSet counts;          // before a thing, of no weight: "two", "some"
  WordSet ways;            // between a verb of motion and where it goes: "down", "to"
  WordSet verb_endings;  // of a verb behind words that ask: "ing"; of its base form, where it ends its words:
                         // "en"
  WordSet speech;        // verbs that ask for words, not for deeds: "tell"

  std::vector<Synonyms> synonyms;
  std::vector<std::string> phrases;  // {deed}: what its vector is compared with, "Please {deed}."
  std::string speaker;               // who asks, in these: "me"
  WordSet function_words;            // make the form of a line, see tools/train_form
};
Acting read_acting(const pack::Cursor& cursor);

bool forbids(const NoRequest& rule, std::string_view folded);

}  // namespace troupe::talk
