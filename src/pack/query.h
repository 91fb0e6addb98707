#pragma once
// Pure questions to a pack that several services ask. Nothing is cached: the caller keeps what it needs
// often.
#include <set>

#include "pack/pack.h"

namespace troupe::pack {

// What everybody knows of the world, as the head of a prompt.
std::string world_text(const World& world);

inline constexpr double kWalkMetresPerSecond = 1.4;  // game seconds; an easy pace

// The shortest way on foot by metres, both ends included; ties go to the smaller id. Empty where there is
// none.
std::vector<PlaceId> path(const Pack& pack, const PlaceId& from, const PlaceId& to);

// Metres along path(); negative where there is none.
double distance(const Pack& pack, const PlaceId& from, const PlaceId& to);

// What an NPC does at a time of day. A loaded NPC always has an answer.
const RoutineEntry& routine_at(const Npc& npc, Clock clock);

// The feelings of an NPC for another at the world's start; Npc::strangers where the pack says nothing.
const Relation& relation_to(const Npc& npc, std::string_view npc_id);

// A day of the world (from 1) in the pack's calendar.
struct Date {
  std::int64_t year = 1;
  std::size_t month = 0;  // index into Calendar::months
  int day = 1;            // of the month
  std::size_t weekday = 0;
  Season season = Season::spring;
  std::vector<std::string> festivals;  // ids of those going on
};
Date date_of(const Calendar& calendar, std::int64_t day);

// The state of `matrix` that is the fewest steps of weather away from `from`: where a region goes when a new
// season has no such state. `from` itself where the matrix has it.
Weather nearest_state(const WeatherMatrix& matrix, Weather from);

// Somebody who might be told something: an NPC, or a player (then `npc` is empty).
struct Listener {
  NpcId npc;
  FactionId faction;
  double trust = 0;  // the holder's trust in them
  std::set<FactId> knows;
};

// What kinds of deed a verb is, as a bit per Nature: what the pack says, otherwise what its parameters and
// effects show (who moves travels, who pays trades, a gift is care, a loss for somebody else is harm).
using Natures = std::uint32_t;
constexpr Natures bit(Nature nature) { return Natures{1} << static_cast<unsigned>(nature); }
Natures natures_of(const Verb& verb);

// What one effect is worth to the person it is done to: the feelings that it earns (fear, disgust and anger
// count against), and a tenth for what they are given, or lose unpaid. 0 for all else.
double kindness(const Effect& effect);

bool knows(const Fact& fact, const NpcId& npc);

// May `holder` say this fact to `listener`? False where the holder does not know it. What is not secret may
// be said to anybody; a secret only as its share_with allows, or to another holder.
bool may_share(const Fact& fact, const NpcId& holder, const Listener& listener);

}  // namespace troupe::pack
