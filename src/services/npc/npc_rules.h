#pragma once
// How people of this world react, weigh and feel. Pure functions; no clock, no bus, no SQL. The reflex
// allocates nothing.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"
#include "rt/random.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

namespace pb = troupe::v1;

// ---- reflex: every tick, for everybody, in well under 2 microseconds

enum class Strategy : std::uint8_t { neutral, aggressive, defensive, retreat, curious, social };
enum class Reflex : std::uint8_t { idle, move, dodge, attack, defend, interact, flee };
std::string_view reflex_name(Reflex reflex);

struct Surroundings {
  Strategy strategy = Strategy::neutral;
  float player_m = 1e9F;   // nearest player
  float threat_m = 1e9F;   // nearest who attacks
  bool spoken_to = false;  // a player talks or types to them
  bool looked_at = false;
  bool walking = false;
};

struct ReflexLimits {
  float interact_m = 6;
  float notice_m = 15;
  float melee_m = 2;
  float flee_m = 12;
};

Reflex react(const Surroundings& s, const ReflexLimits& limits = {});

// By traits: who attacks, who runs, who comes closer.
Strategy strategy_of(const pack::Traits& traits);

// ---- intent: utility over goals first

struct Option {
  std::string verb;  // "" = carry on with the day
  std::string text;
  std::string place;  // where it is done or leads to
};
struct Weighed {
  std::size_t option = 0;  // index into the options given
  double utility = 0;
  std::string reason;
};

// Best first; ties by index. `draw` breaks monotony by up to .1.
std::vector<Weighed> weigh(const pack::Npc& who, const pb::NpcRecord& record,
                           const pack::RoutineEntry& routine, std::span<const Option> options,
                           const rt::Draw& draw, std::uint64_t tick);

// Whether the choice is open enough to be worth a model's time.
bool is_open(std::span<const Weighed> weighed);

// Softmax of utilities: what the probabilities of a choice without a model mean.
std::vector<double> probabilities(std::span<const Weighed> weighed);

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
std::string_view describe(const pb::RelationRecord& relation);  // "trusts", "is wary of", ...

}  // namespace troupe::npc
