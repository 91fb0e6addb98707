#pragma once
// What can be done in a world: verbs with their parameters, conditions and effects, what wears off by itself,
// what people of an archetype lean to. Part of pack.h.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pack/id.h"
#include "pack/kinds.h"
#include "pack/pack_values.h"

namespace troupe::pack {

// ---- verbs.yaml
struct Param {
  std::string name;
  ParamType type = ParamType::text;
  std::string feature_kind;  // of a ParamType::feature: which kind ("lamp")
  std::string good_kind;     // of a ParamType::item: goods of this kind only; empty = any
  bool required = true;
  Source at;
  bool operator==(const Param&) const = default;
};

// What a condition or an effect speaks of: the actor, one of the verb's parameters, or a thing of the pack by
// name (a place, a good, or the feature of that kind where the actor stands).
struct Ref {
  enum class Kind { self, param, literal };
  Kind kind = Kind::self;
  std::string name;
  bool operator==(const Ref&) const = default;
};

// How many or how much: a number, the verb's parameter of that name, or (of money) the market price of good
// `ref`.
struct Amount {
  double number = 1;
  std::string param;
  bool price = false;
  bool operator==(const Amount&) const = default;
};

struct Condition {
  enum class Kind {
    at_place,    // the actor is at place `ref`
    at_feature,  // the actor's place has a feature of kind `text`
    adjacent,    // `ref` is a place that is a neighbour of the actor's
    has,         // `who` has `amount` of good `ref`
    near,        // `ref` is at the actor's place
    state,       // `ref`.`key` equals `value`
    phase,       // the day's phase is among `names`
    weather,     // the weather is among `names`
    relation,    // the actor's `key` (trust, fear, ...) of `ref` is at least `amount`
    money,       // `who` has at least `amount` of money
    indoors,     // the actor is indoors
  };
  Kind kind = Kind::at_place;
  bool negated = false;
  Ref ref;
  Ref who;  // of has and money: the actor where it is not said
  std::string text;
  std::string key;
  Value value;
  Amount amount;
  std::vector<std::string> names;
  Source at;
  bool operator==(const Condition&) const = default;
};

struct Effect {
  enum class Kind {
    move,      // the actor goes to `ref`
    set,       // `ref`.`key` becomes `value`
    give,      // `amount` of good `ref` from `from` (from nowhere where absent: caught, found) to `to`
    take,      // `amount` of good `ref` from `from` is used up
    pay,       // `amount` of money from `from` to `to`
    relation,  // the feeling `key` of `ref` for the actor moves by `amount`
    event,     // an event named `text` at the actor's place
    tell,      // fact `ref` to `to`
  };
  Kind kind = Kind::event;
  Ref ref;
  std::optional<Ref> from;
  std::optional<Ref> to;
  std::string text;
  std::string key;
  Value value;
  Amount amount;
  Source at;
  bool operator==(const Effect&) const = default;
};

struct Verb {
  VerbId id;
  std::string text;  // an option as a model reads it: "light {lamp}"; only parameters in braces
  std::string does;  // "lights {lamp}", where the rule for the third person is wrong; may be empty
  std::vector<Param> params;
  std::vector<Condition> preconditions;
  std::vector<Effect> effects;
  int duration_minutes = 0;              // game minutes
  bool asks = true;                      // false: what it does to others is done without their word
  std::vector<std::string> wishes;       // how people ask for it: "Mend this for me."; words for it: "repair"
  std::optional<double> trust_at_least;  // how far an NPC must trust who asks them for it; otherwise by rule
  std::vector<ActorKind> who;
  std::vector<std::string> archetypes;  // of NPCs; empty = all
  std::vector<Nature> nature;           // what kind of deed it is; see natures_of() in query.h
  double threat = 0;                    // 0..1: how dangerous it looks to those who see it
  std::map<std::string, double> feels;  // what witnesses come to feel for the actor; empty = by rule
  std::optional<Mood> mood_actor;       // moods that it puts people in, before what the rules say
  std::optional<Mood> mood_target;
  std::optional<Mood> mood_witness;
  Source at;
  bool operator==(const Verb&) const = default;
};

// What wears off or is used up by itself, each `hours` game hours: oil burns, nets tear, wages are spent.
struct Wear {
  std::string of;           // a kind of feature, or "npc"
  std::string key;          // of its state
  double by = 0;            // a number changes by this much, never below 0; or
  std::optional<Value> to;  // the state becomes this
  int hours = 24;
  std::map<std::string, Value> when;  // only while its state says this
  Source at;
  bool operator==(const Wear&) const = default;
};

// What people of an archetype lean to, beside their traits.
struct Archetype {
  std::string id;
  std::map<Nature, double> likes;  // -1..1
  std::optional<Strategy> strategy;
  Source at;
  bool operator==(const Archetype&) const = default;
};

}  // namespace troupe::pack
