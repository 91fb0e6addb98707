#pragma once
// How people of this world react, weigh and feel. Pure functions; no clock, no bus, no SQL. The reflex
// allocates nothing.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "services/npc/choice_rules.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

// ---- reflex: every tick, for everybody, in well under 2 microseconds

using pack::Strategy;
enum class Reflex : std::uint8_t { idle, move, dodge, attack, defend, interact, flee };
std::string_view reflex_name(Reflex reflex);
Reflex reflex_named(std::string_view name);  // idle where there is none of that name

struct Surroundings {
  Strategy strategy = Strategy::neutral;
  float player_m = 1e9F;   // nearest player
  float threat_m = 1e9F;   // nearest who attacks
  bool storm = false;      // what threatens them is the sky: nobody fights it
  bool spoken_to = false;  // a player talks or types to them
  bool looked_at = false;
  bool walking = false;
};

// What a threat of the sky is called: "weather:harbour".
inline constexpr std::string_view kWeatherPrefix = "weather:";

struct ReflexLimits {
  float interact_m = 6;
  float notice_m = 15;
  float melee_m = 2;
  float flee_m = 12;
};

Reflex react(const Surroundings& s, const ReflexLimits& limits = {});

// By traits, then by archetype: who attacks, who runs, who comes closer.
Strategy strategy_of(const pack::Pack& pack, const pack::Npc& who);

// ---- intent: how choice_rules.h weighs

// Whether the choice is open enough to be worth a model's time.
bool is_open(std::span<const Weighed> weighed);

// Softmax of utilities: what the probabilities of a choice without a model mean.
std::vector<double> probabilities(std::span<const Weighed> weighed);

// The first person whom an action is about, as an NPC's id or "player:<name>"; "" = nobody.
std::string target_of(const pack::Pack& pack, const pb::Action& action);
// The players whom an action is about, as "player:<name>".
std::vector<std::string> players_named(const pack::Pack& pack, const pb::Action& action);

// ---- walking

struct Position {
  double x = 0;
  double y = 0;
};
// Along the journey's path at walking pace; at `place` when there is none.
Position position(const pack::Pack& pack, const pb::NpcRecord& record, std::int64_t now_ms);
// The last place of the path that was reached.
std::string place_now(const pack::Pack& pack, const pb::NpcRecord& record, std::int64_t now_ms);

struct Journey {
  std::vector<std::string> path;
  std::int64_t departs_ms = 0;
  std::int64_t arrives_ms = 0;
};
// From wherever they are, also in the middle of a street. Empty path: no way, or already there.
Journey plan_journey(const pack::Pack& pack, const pb::NpcRecord& record, const std::string& to,
                     std::int64_t now_ms);

// The place nearest to a point.
const pack::Place& nearest_place(const pack::Pack& pack, double x, double y);

// ---- feelings

double score(const pb::RelationRecord& relation);  // -1 to 1
// Moves one feeling by `by`, kept in 0..1. False: no such feeling.
bool shift(pb::RelationRecord& relation, std::string_view feeling, double by);
double feeling(const pb::RelationRecord& relation, std::string_view name);
// What is felt most, for words: PromptTexts::person.
enum class Attitude : std::uint8_t { angry_with, afraid_of, trusts, likes, distrusts, wary_of };
Attitude attitude(const pb::RelationRecord& relation);

}  // namespace troupe::npc
