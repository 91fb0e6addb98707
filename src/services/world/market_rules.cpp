#include "services/world/market_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace troupe::world {

namespace {

// ---- Numbers; why each is so, README.md says.
constexpr std::int64_t kDayHours = 24;
constexpr std::int64_t kStockDays = 3;
constexpr std::int64_t kPriceHours = 8;  // a price goes this part of its way in an hour
constexpr std::int64_t kPriceTimes = 4;  // at most four times the base price, at least a quarter
constexpr std::int64_t kElasticity = 4;  // of a deviation of the price, this part moves supply and demand
constexpr std::int64_t kStockTimes = 3;  // of the normal stock; what is over is not taken in
constexpr std::int64_t kFlowTimes = 3;   // of the ordinary flow
constexpr std::int64_t kMoodPart = 4;    // of the volatility: how far a day's mood moves the price
constexpr std::int64_t kShockDaysLeast = 2;
constexpr std::int64_t kShockDaysMore = 8;
constexpr std::int64_t kShockChance = 20;  // a day, thousandths, of a good of volatility 1

constexpr std::uint32_t kMoodLane = 0;
constexpr std::uint32_t kChanceLane = 1;
constexpr std::uint32_t kKindLane = 2;
constexpr std::uint32_t kStrengthLane = 3;

std::int64_t per_hour(double per_day) {
  return std::llround(per_day * static_cast<double>(kWhole) / static_cast<double>(kDayHours));
}

// A part of the way, and always some of it, so that it arrives.
std::int64_t part_of(std::int64_t way, std::int64_t parts) {
  if (std::abs(way) >= parts) return way / parts;
  return way == 0 ? 0 : way > 0 ? 1 : -1;
}

// What all shocks of an hour do together, in shares.
struct Push {
  std::int64_t supply = 0;
  std::int64_t demand = 0;
  std::int64_t price = 0;  // people know of a shock before the shelves do
};

Push push_of(std::span<const Shock> shocks, std::int64_t hour) {
  Push push;
  for (const auto& shock : shocks) {
    const auto strength = shock.at(hour);
    const bool dearer = shock.kind == ShockKind::boom || shock.kind == ShockKind::disruption;
    const bool of_supply = shock.kind == ShockKind::discovery || shock.kind == ShockKind::disruption;
    push.price += dearer ? strength : -strength;
    if (of_supply) push.supply += dearer ? -strength : strength;
    if (!of_supply) push.demand += dearer ? strength : -strength;
  }
  push.price = std::clamp(push.price, -kWhole, kWhole);
  return push;
}

std::int64_t flow_of(const MarketRules& rules, std::int64_t share) {
  return rules.flow * std::clamp<std::int64_t>(share, 0, kFlowTimes * kWhole) / kWhole;
}

// How far a shock of this share moves the price.
std::int64_t shaken(const MarketRules& rules, std::int64_t share) {
  return (kWhole / 4 + rules.volatility / 2) * share / kWhole;
}

std::int64_t bounded(const MarketRules& rules, std::int64_t price) {
  return std::clamp(price, rules.base / kPriceTimes, rules.base * kPriceTimes);
}

// Where the price is drawn to, as a share of the base.
std::int64_t wanted(const MarketRules& rules, std::int64_t stock, const Push& push, std::int64_t mood) {
  const auto missing =
      rules.normal == 0 ? 0 : std::clamp((rules.normal - stock) * kWhole / rules.normal, -kWhole, kWhole);
  return kWhole + (kWhole / 2 + rules.volatility / 2) * missing / kWhole + shaken(rules, push.price) +
         rules.volatility * mood / (kMoodPart * kWhole);
}

}  // namespace

MarketRules make_market(const pack::Good& good) {
  const auto sum = [](const std::vector<pack::GoodFlow>& flows) {
    double all = 0;
    for (const auto& flow : flows) all += flow.per_day;
    return all;
  };
  MarketRules rules;
  rules.base = good.base_price * kWhole;
  rules.volatility = std::llround(good.volatility * static_cast<double>(kWhole));
  rules.flow = per_hour(std::max(sum(good.made), sum(good.used)) / static_cast<double>(good.sold_at.size()));
  rules.normal = rules.flow * kDayHours * kStockDays;
  return rules;
}

std::optional<ShockKind> shock_kind(std::string_view name) {
  const auto found = std::ranges::find(kShockNames, name);
  if (found == kShockNames.end()) return std::nullopt;
  return static_cast<ShockKind>(found - kShockNames.begin());
}

std::int64_t Shock::at(std::int64_t hour) const {
  if (hour < from_hour || hour >= until_hour) return 0;
  return strength * (until_hour - hour) / (until_hour - from_hour);
}

std::int64_t shock_hours(std::int64_t strength) {
  return kDayHours * kShockDaysLeast + kDayHours * kShockDaysMore * strength / kWhole;
}

rt::Draw draw_of(std::uint64_t seed, const pack::PlaceId& place, const pack::GoodId& good) {
  return {seed, "world", place.str() + "/" + good.str()};
}

MarketState begin_market(const MarketRules& rules, std::int64_t hour) {
  return {
      .hour = hour, .price = rules.base, .stock = rules.normal, .supply = rules.flow, .demand = rules.flow};
}

MarketState struck(const MarketRules& rules, MarketState state, const Shock& shock) {
  const auto push = push_of(std::span(&shock, 1), shock.from_hour);
  state.price = bounded(rules, state.price + rules.base * shaken(rules, push.price) / (2 * kWhole));
  return state;
}

MarketState step(const MarketRules& rules, const MarketState& before, std::span<const Shock> shocks,
                 const rt::Draw& draw) {
  MarketState after = before;
  after.hour = before.hour + 1;
  const auto push = push_of(shocks, after.hour);
  const auto dearer = (before.price - rules.base) * kWhole / rules.base / kElasticity;
  after.supply = flow_of(rules, kWhole + push.supply + dearer);
  // Nobody buys what is not there.
  after.demand = std::min(flow_of(rules, kWhole + push.demand - dearer), before.stock + after.supply);
  after.stock = std::min(before.stock + after.supply - after.demand, kStockTimes * rules.normal);
  const auto day = static_cast<std::uint64_t>(after.hour / kDayHours);
  const auto mood = static_cast<std::int64_t>(draw.below(2 * kWhole + 1, day, kMoodLane)) - kWhole;
  const auto target = rules.base * std::max<std::int64_t>(wanted(rules, after.stock, push, mood), 0) / kWhole;
  after.price = bounded(rules, before.price + part_of(target - before.price, kPriceHours));
  return after;
}

MarketState advanced(const MarketRules& rules, MarketState state, std::int64_t hour,
                     std::span<const Shock> shocks, const rt::Draw& draw) {
  while (state.hour < hour) state = step(rules, state, shocks, draw);
  return state;
}

std::optional<DrawnShock> shock_of_day(const MarketRules& rules, std::int64_t day, const rt::Draw& draw) {
  const auto tick = static_cast<std::uint64_t>(day);
  const auto chance = static_cast<std::uint64_t>(rules.volatility * kShockChance);
  if (draw.below(kWhole * kWhole, tick, kChanceLane) >= chance) return std::nullopt;
  return DrawnShock{
      .kind = static_cast<ShockKind>(draw.below(kShockNames.size(), tick, kKindLane)),
      .strength = 200 + static_cast<std::int64_t>(draw.below(601, tick, kStrengthLane)),
  };
}

std::int64_t coins(std::int64_t price) { return std::max<std::int64_t>(1, (price + kWhole / 2) / kWhole); }

bool is_news(std::int64_t told, std::int64_t price) {
  return std::abs(price - told) >= std::max(told / 10, kWhole) && coins(told) != coins(price);
}

bool is_short(const MarketRules& rules, const MarketState& state, bool was) {
  return state.stock * 10 < rules.normal * (was ? 7 : 5);
}

}  // namespace troupe::world
