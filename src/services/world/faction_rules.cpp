#include "services/world/faction_rules.h"

#include <algorithm>
#include <cstdlib>

namespace troupe::world {

namespace {

// ---- Numbers; why each is so, README.md says.
constexpr std::int64_t kConflictBelow = -500;
constexpr std::int64_t kPeaceAbove = -400;
constexpr std::array<std::int64_t, 3> kMoves{200, -300, 500};  // negotiate, war, ally
constexpr std::int64_t kDriftDays = 40;  // a relation goes this part of its way home in a day
constexpr std::int64_t kDriftDraw = 15;  // and as far to either side by draw
constexpr std::int64_t kPowerDays = 20;
constexpr std::int64_t kTreasuryDays = 50;
constexpr std::int64_t kWarPower = 3000;
constexpr std::int64_t kWarTreasuryPart = 20;
constexpr std::uint64_t kResolvedChance = 150;  // a day, of a thousand
constexpr std::int64_t kWarEveryDays = 20;
constexpr std::uint64_t kNegotiateWeight = 50;
constexpr std::uint64_t kWarWeight = 35;
constexpr std::uint64_t kAllyWeight = 5;
constexpr std::uint64_t kCommonEnemyWeight = 15;
constexpr std::int64_t kGarrisonPerHome = 10'000;  // points for each place that the pack gives, one at least
constexpr std::int64_t kHolderBonus = 10'000;
constexpr std::int64_t kClearLead = 10'000;

constexpr std::uint32_t kDriftLane = 0;
constexpr std::uint32_t kChanceLane = 1;
constexpr std::uint32_t kHowLane = 2;

// A part of the way, and always some of it, so that it arrives.
std::int64_t nearer(std::int64_t value, std::int64_t home, std::int64_t parts) {
  const auto way = home - value;
  if (std::abs(way) >= parts) return value + way / parts;
  return value + (way == 0 ? 0 : way > 0 ? 1 : -1);
}

}  // namespace

std::optional<Resolution> resolution(std::string_view name) {
  const auto found = std::ranges::find(kResolutionNames, name);
  if (found == kResolutionNames.end()) return std::nullopt;
  return static_cast<Resolution>(found - kResolutionNames.begin());
}

std::int64_t clamp_relation(std::int64_t relation) {
  return std::clamp(relation, -kRelationMax, kRelationMax);
}

std::int64_t relation_moved(std::int64_t relation, Resolution how) {
  return clamp_relation(relation + kMoves[static_cast<std::size_t>(how)]);
}

std::int64_t relation_after_day(std::int64_t relation, std::int64_t home, std::uint64_t day,
                                const rt::Draw& draw) {
  const auto drawn = static_cast<std::int64_t>(draw.below(2 * kDriftDraw + 1, day, kDriftLane)) - kDriftDraw;
  return clamp_relation(nearer(relation, home, kDriftDays) + drawn);
}

std::int64_t power_after_day(std::int64_t power, std::int64_t home) {
  return std::clamp<std::int64_t>(nearer(power, home, kPowerDays), 0, kPowerMax);
}

std::int64_t treasury_after_day(std::int64_t treasury, std::int64_t home, std::int64_t places,
                                std::int64_t places_home) {
  const auto wanted = home * places / std::max<std::int64_t>(places_home, 1);
  return std::max<std::int64_t>(nearer(treasury, places_home == 0 ? home : wanted, kTreasuryDays), 0);
}

std::int64_t power_after_war(std::int64_t power) { return std::max<std::int64_t>(power - kWarPower, 0); }

std::int64_t treasury_after_war(std::int64_t treasury) { return treasury - treasury / kWarTreasuryPart; }

bool in_conflict(std::int64_t first, std::int64_t second, bool was) {
  return first + second < 2 * (was ? kPeaceAbove : kConflictBelow);
}

std::optional<Resolution> resolution_of_day(std::optional<std::int64_t> war_days, bool common_enemy,
                                            std::uint64_t day, const rt::Draw& draw) {
  if (draw.below(1000, day, kChanceLane) >= kResolvedChance) return std::nullopt;
  const auto war = war_days && *war_days < kWarEveryDays ? std::uint64_t{0} : kWarWeight;
  const auto ally = common_enemy ? kCommonEnemyWeight : kAllyWeight;
  const auto drawn = draw.below(kNegotiateWeight + war + ally, day, kHowLane);
  if (drawn < kNegotiateWeight) return Resolution::negotiate;
  return drawn < kNegotiateWeight + war ? Resolution::war : Resolution::ally;
}

std::int64_t garrison(const Side& side) {
  return kGarrisonPerHome * std::max<std::int64_t>(side.places_home, 1) /
         std::max<std::int64_t>(side.places, 1);
}

std::int64_t strength(const Side& side, bool holder) {
  return side.power + garrison(side) + (holder ? kHolderBonus : 0);
}

std::optional<std::int64_t> clear_lead(const Side& challenger, const Side& holder) {
  const auto lead = strength(challenger, false) - strength(holder, true);
  return lead >= kClearLead ? std::optional(lead) : std::nullopt;
}

std::optional<std::string> contested(std::span<const Ground> grounds, std::string_view challenger,
                                     std::string_view holder) {
  const auto own = [&](const std::string& place) {
    const auto found = std::ranges::find(grounds, place, &Ground::place);
    return found != grounds.end() && found->holder == challenger;
  };
  for (const auto& ground : grounds) {
    if (ground.holder != holder) continue;
    if (ground.home == challenger || std::ranges::any_of(ground.neighbours, own)) return ground.place;
  }
  return std::nullopt;
}

}  // namespace troupe::world
