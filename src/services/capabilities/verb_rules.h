#pragma once
// What a verb may do, as pure functions of the pack and of what is around the actor: no bus, no SQL, no
// clock. An answer is an outcome, or an Error whose reason is verb.unknown, verb.argument or
// verb.precondition and whose message is a sentence for people and for the model.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pack/pack.h"

namespace troupe::capabilities {

struct Limits {
  std::size_t args_max = 8;               // verbs have two or three; what is over is no action
  std::size_t arg_bytes_max = 256;        // of a name and of a value: both go into the log
  std::size_t name_bytes_max = 64;        // of a player
  std::size_t near_max = 64;              // people or things at a place that options are made of, per kind
  std::size_t candidates_max = 24;        // values of one parameter
  std::size_t combinations_max = 256;     // of one verb's parameters that are checked
  std::size_t options_per_verb_max = 12;  // so that talking to each of many does not hide the rest
  std::size_t options_towards_max = 64;   // of one verb, of what is done to the one that it is asked for
  std::size_t options_default = 50;
  std::int64_t money_enough = 100'000'000;  // whoever has it can pay whatever is asked
  std::size_t engines_max = 200;            // registered versions
  std::size_t features_max = 1000;          // registered features
  std::size_t offers_max = 2000;            // that wait for a word: each new one looks at all of them
  std::size_t offers_per_actor_max = 4;     // nobody bargains with more people at once
  std::size_t asked_per_actor_max = 16;     // with those that were declined lately
  std::size_t offers_per_player_max = 8;    // a list that still fits on a screen
  std::int64_t offer_real_s = 120;          // then it is void: a player who plays has seen it
  std::int64_t declined_real_s = 600;       // so long the same is not asked again
};

struct Person {
  pack::ActorKind kind = pack::ActorKind::npc;
  std::string id;
  std::string name;
  std::string place;
  std::map<std::string, std::int64_t> items;
  std::int64_t money = 0;                    // coins
  std::map<std::string, pack::Value> state;  // its other simple members
  std::uint64_t version = 0;                 // of the document; 0: there is none yet
};

struct Thing {
  std::string id;
  std::string kind;  // lamp, bell, ...
  std::string name;
  std::string place;
  std::map<std::string, pack::Value> state;
  std::uint64_t version = 0;
};

// What is around an actor, and whoever and whatever an action names beside.
struct Surroundings {
  const pack::Place* here = nullptr;  // nullptr: nowhere
  std::optional<pack::Phase> phase;   // none: nobody could say
  std::optional<pack::Weather> weather;
  bool no_weather = false;  // the region has none
  Person actor;
  std::vector<Person> people;  // without the actor
  std::vector<Thing> things;
  // What goods go for here, in coins. Missing: the base price.
  std::map<std::string, std::int64_t> prices;
  // What an NPC asks of somebody for their goods: (seller, buyer as relation_key()) -> share of the price.
  // Missing: the price itself.
  std::map<std::pair<std::string, std::string>, double> price_factors;
  // What an NPC feels: (whom as relation_key(), "trust") -> 0..1. Missing: nobody could say. "confidence" is
  // their trust as anger, fear and mood let them show it.
  std::map<std::pair<std::string, std::string>, double> feelings;
};

using Args = std::map<std::string, std::string>;

// An action whose arguments are what their parameters want. Points into the surroundings.
struct Bound {
  const pack::Verb* verb = nullptr;
  Args args;
  std::map<std::string, const Person*> people;
  std::map<std::string, const Thing*> things;
  std::map<std::string, std::int64_t> numbers;

  bool has(const std::string& param) const { return args.contains(param); }
};

struct Shift {
  std::string npc;
  std::string towards;
  std::string feeling;
  double by = 0;
};

// What becomes of the documents, and what the world is told.
struct Outcome {
  std::vector<Person> people;  // who changes, as they are after it
  std::vector<Thing> things;
  std::string moved_to;
  std::vector<Shift> relations;
  std::vector<std::pair<std::string, std::string>> told;  // fact, to whom as relation_key()
  std::vector<std::string> raised;
};

// How an argument names somebody: the id of an NPC, the name of a player; "player:<name>" where an NPC is
// called so too.
std::string token(const pack::Pack& pack, const Person& person);
// How the npc service names somebody: the id of an NPC, "player:<name>".
std::string key_of(pack::ActorKind kind, const std::string& id);
std::string relation_key(const Person& person);

// Whether a good is of the kind that a parameter wants.
bool fits(const pack::Param& param, const pack::Good& good);

Result<const pack::Verb*> find_verb(const pack::Pack& pack, std::string_view id);
Result<Bound> bind(const pack::Pack& pack, const pack::Verb& verb, const Args& args,
                   const Surroundings& around, const Limits& limits);
// Who may do it at all: kinds of actors and archetypes.
Result<void> check_actor(const pack::Pack& pack, const pack::Verb& verb, const Person& actor);
Result<void> check(const pack::Pack& pack, const pack::Condition& condition, const Bound& bound,
                   const Surroundings& around);
Result<Outcome> outcome(const pack::Pack& pack, const Bound& bound, const Surroundings& around);

// The players whose word it takes, sorted: whoever it would touch, but the actor. Refuses what somebody of
// the pack would not agree to (verb_consent.cpp).
Result<std::vector<std::string>> asks(const pack::Pack& pack, const pack::Verb& verb,
                                      const Surroundings& around, const Outcome& outcome);

// All of it: actor, arguments, preconditions, effects, consent.
struct Judged {
  Bound bound;
  Outcome outcome;
  std::vector<std::string> asks;
};
Result<Judged> judge(const pack::Pack& pack, const pack::Verb& verb, const Args& args,
                     const Surroundings& around, const Limits& limits);

// Whether `actor` may tell `fact` to `listener` by a verb: nobody tells what they do not know, and a secret
// only as the pack allows.
Result<void> check_tell(const pack::Pack& pack, const pack::Fact& fact, const Person& listener,
                        const Surroundings& around);

// The person or thing that a word of the pack means here; nullptr: an optional parameter left out, or nothing
// here.
const Person* person_of(const pack::Ref& ref, const Bound& bound, const Surroundings& around);
const Thing* thing_of(const pack::Ref& ref, const Bound& bound, const Surroundings& around);
// The name of a place or good: the argument, or the word itself.
std::string word_of(const pack::Ref& ref, const Bound& bound);
// How many or how much; of a price, what the good goes for here, as it is between these two.
std::int64_t amount_of(const pack::Pack& pack, const pack::Amount& amount, const pack::Ref& good,
                       const Bound& bound, const Surroundings& around);
// What a good goes for here, whoever sells it.
std::int64_t price_here(const pack::Good& good, const Surroundings& around);
// What `seller` asks of `buyer` for one of a good: what it goes for, as feelings have it; at least 1.
std::int64_t price_between(const pack::Good& good, const Person& seller, const Person& buyer,
                           const Surroundings& around);
// Whether the verb speaks of a price anywhere.
bool asks_price(const pack::Verb& verb);
// The dead do nothing, and nothing is done to them.
bool is_dead(const Person& person);

// Why somebody has too little. How much they have is for nobody but themselves to know.
std::string too_few(const pack::Pack& pack, const Person& who, const std::string& good, std::int64_t has,
                    std::int64_t wanted, const Surroundings& around);
std::string too_poor(const pack::Pack& pack, const Person& who, std::int64_t has, std::int64_t wanted,
                     const Surroundings& around);
bool left_out(const pack::Ref& ref, const Bound& bound);

std::unexpected<Error> not_possible(std::string message);  // verb.precondition
std::unexpected<Error> bad_argument(std::string message);  // verb.argument

}  // namespace troupe::capabilities
