#pragma once
// How a market goes, an hour of the game at a time: what comes and goes, what is left, what it costs. Pure and in
// whole numbers, so that a leap over many hours and a step each hour give the same, to the last unit. Thousandths
// throughout: of a coin, of a unit, of a share (kWhole is all of it). Allocates nothing.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "pack/pack.h"
#include "rt/random.h"

namespace troupe::world {

inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr std::int64_t kWhole = 1000;

// A good at a place that sells it, compiled.
struct MarketRules {
  std::int64_t base = 0;        // price, thousandths of a coin
  std::int64_t volatility = 0;  // share
  std::int64_t flow = 0;        // units that come and go in an hour when nothing disturbs it
  std::int64_t normal = 0;      // the stock that there is then
};
// What the pack makes and uses of a good in a day goes over its markets in equal parts. Where it makes more than it
// uses, the rest leaves by ship, and what it lacks comes by ship: in ordinary times as much goes as comes.
MarketRules make_market(const pack::Good& good);

struct MarketState {
  std::int64_t hour = 0;   // hours of the world; the step that led here
  std::int64_t price = 0;  // thousandths of a coin
  std::int64_t stock = 0;  // thousandths of a unit, as what follows
  std::int64_t supply = 0;
  std::int64_t demand = 0;
  bool operator==(const MarketState&) const = default;
};

enum class ShockKind { crash, boom, discovery, disruption };
inline constexpr std::array<std::string_view, 4> kShockNames{"crash", "boom", "discovery", "disruption"};
constexpr std::string_view name_of(ShockKind kind) { return kShockNames[static_cast<std::size_t>(kind)]; }
std::optional<ShockKind> shock_kind(std::string_view name);

// Fades evenly from its beginning to its end.
struct Shock {
  ShockKind kind = ShockKind::crash;
  std::int64_t strength = 0;  // share, at its beginning
  std::int64_t from_hour = 0;
  std::int64_t until_hour = 0;
  std::int64_t at(std::int64_t hour) const;  // its strength then
};
// How long a shock lasts: 2 days, and up to 8 more by its strength.
std::int64_t shock_hours(std::int64_t strength);

// The draws of a market: counter-based, at (place, good).
rt::Draw draw_of(std::uint64_t seed, const pack::PlaceId& place, const pack::GoodId& good);

MarketState begin_market(const MarketRules& rules, std::int64_t hour);
// A shock is felt at once: half of what it does to the price; the rest comes hour by hour.
MarketState struck(const MarketRules& rules, MarketState state, const Shock& shock);
// The hour after `before`; `shocks` are those of this market, whether they have begun or not.
MarketState step(const MarketRules& rules, const MarketState& before, std::span<const Shock> shocks,
                 const rt::Draw& draw);
// As many steps as lead to `hour`; none where it is there already.
MarketState advanced(const MarketRules& rules, MarketState state, std::int64_t hour,
                     std::span<const Shock> shocks, const rt::Draw& draw);

// A shock that comes by itself at the beginning of a day: the more volatile a good, the more often.
struct DrawnShock {
  ShockKind kind;
  std::int64_t strength;
};
std::optional<DrawnShock> shock_of_day(const MarketRules& rules, std::int64_t day, const rt::Draw& draw);

// Whole coins that people ask, at least one.
std::int64_t coins(std::int64_t price);
// Whether a price is another than the one that was told: a tenth of it, and a whole coin.
bool is_news(std::int64_t told, std::int64_t price);
// A shortage begins below half of the normal stock, and ends above seven tenths.
bool is_short(const MarketRules& rules, const MarketState& state, bool was);

}  // namespace troupe::world
