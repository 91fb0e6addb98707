#pragma once
// How factions stand to each other, a day of the game at a time, and who takes what from whom. Pure and in whole
// numbers: thousandths of a relation (-1,000 to 1,000) and of a point of power (0 to 100,000). Nothing runs away:
// relations, power and treasury return to what the pack says, and who holds more holds each place with fewer.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rt/random.h"

namespace troupe::world {

inline constexpr std::int64_t kPowerMax = 100'000;
inline constexpr std::int64_t kRelationMax = 1000;

enum class Resolution { negotiate, war, ally };
inline constexpr std::array<std::string_view, 3> kResolutionNames{"negotiate", "war", "ally"};
constexpr std::string_view name_of(Resolution how) { return kResolutionNames[static_cast<std::size_t>(how)]; }
std::optional<Resolution> resolution(std::string_view name);
// What a resolution does to how both stand to each other.
std::int64_t relation_moved(std::int64_t relation, Resolution how);
std::int64_t clamp_relation(std::int64_t relation);

// A day's drift: towards what the pack says, and a little by draw.
std::int64_t relation_after_day(std::int64_t relation, std::int64_t home, std::uint64_t day,
                                const rt::Draw& draw);
std::int64_t power_after_day(std::int64_t power, std::int64_t home);
// With as many places as in the pack it returns to the pack's; with twice as many to twice that.
std::int64_t treasury_after_day(std::int64_t treasury, std::int64_t home, std::int64_t places,
                                std::int64_t places_home);
std::int64_t power_after_war(std::int64_t power);
std::int64_t treasury_after_war(std::int64_t treasury);

// Of two factions: the mean of how each stands to the other.
bool in_conflict(std::int64_t first, std::int64_t second, bool was);

// What a conflict comes to today, if to anything. `war_days`: since they last went to war; none = never.
// `common_enemy`: both are in conflict with a third.
std::optional<Resolution> resolution_of_day(std::optional<std::int64_t> war_days, bool common_enemy,
                                            std::uint64_t day, const rt::Draw& draw);

struct Side {
  std::int64_t power = 0;
  std::int64_t places = 0;       // that it holds now
  std::int64_t places_home = 0;  // that the pack gives it
};
// Its people, spread over the places that it holds.
std::int64_t garrison(const Side& side);
// Of one place: power, garrison, and of its holder a bonus.
std::int64_t strength(const Side& side, bool holder);
// By how much it is over, where that is a clear lead; else nothing.
std::optional<std::int64_t> clear_lead(const Side& challenger, const Side& holder);

// A place as a war sees it.
struct Ground {
  std::string place;
  std::string holder;
  std::string home;  // whose the pack says it is; "" = nobody's
  std::vector<std::string> neighbours;
};
// The first place of `holder` that `challenger` can reach: a neighbour of one of its own, or its home.
std::optional<std::string> contested(std::span<const Ground> grounds, std::string_view challenger,
                                     std::string_view holder);

}  // namespace troupe::world
