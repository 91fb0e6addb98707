#include "services/world/market_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace troupe::world {
namespace {

constexpr std::int64_t kDay = 24;

pack::Good oil() {
  pack::Good good{.id = pack::GoodId("oil"), .name = "oil", .base_price = 48, .volatility = .5};
  good.sold_at = {pack::PlaceId("quay")};
  good.made = {{pack::PlaceId("quay"), 6}};
  good.used = {{pack::PlaceId("quay"), 5}};
  return good;
}

const MarketRules kRules = make_market(oil());
rt::Draw draw(std::uint64_t seed = 1) { return draw_of(seed, pack::PlaceId("quay"), pack::GoodId("oil")); }

Shock shock(ShockKind kind, std::int64_t strength, std::int64_t from = 48) {
  return {.kind = kind, .strength = strength, .from_hour = from, .until_hour = from + shock_hours(strength)};
}

// Prices of `days` days, an hour each.
std::vector<MarketState> live(std::int64_t days, const std::vector<Shock>& shocks = {},
                              std::uint64_t seed = 1) {
  std::vector<MarketState> out{begin_market(kRules, 0)};
  while (out.back().hour < days * kDay) out.push_back(step(kRules, out.back(), shocks, draw(seed)));
  return out;
}

TEST(Market, IsMadeOfThePack) {
  EXPECT_EQ(kRules.base, 48'000);
  EXPECT_EQ(kRules.volatility, 500);
  EXPECT_EQ(kRules.flow, 250) << "6 a day: what the pack makes beyond its use leaves by ship";
  EXPECT_EQ(kRules.normal, 250 * 24 * 3);
  auto two = oil();
  two.sold_at.emplace_back("square");
  EXPECT_EQ(make_market(two).flow, 125) << "in equal parts";
  auto none = oil();
  none.made = none.used = {};
  EXPECT_EQ(make_market(none).flow, 0);
}

TEST(Market, WithoutShocksThePriceStaysNearItsBaseAndMoves) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto hours = live(100, {}, seed);
    const auto [low, high] = std::ranges::minmax(hours, {}, &MarketState::price);
    EXPECT_GE(low.price, kRules.base * 8 / 10) << seed;
    EXPECT_LE(high.price, kRules.base * 12 / 10) << seed;
    EXPECT_GT(high.price - low.price, kRules.base / 20) << "a market lives";
    for (const auto& state : hours) EXPECT_FALSE(is_short(kRules, state, false));
  }
}

TEST(Market, ALeapIsTheSameAsItsSteps) {
  const std::vector<Shock> shocks = {shock(ShockKind::disruption, 700, 30), shock(ShockKind::boom, 400, 100)};
  const auto hours = live(60, shocks);
  std::int64_t came = 0;
  std::int64_t went = 0;
  for (const auto& state : hours) {
    came += state.hour == 0 ? 0 : state.supply;
    went += state.hour == 0 ? 0 : state.demand;
  }
  EXPECT_EQ(kRules.normal + came - went, hours.back().stock) << "no unit is lost";
  for (const std::int64_t leap : {1, 5, 6, 24, 240, 1440}) {
    auto state = begin_market(kRules, 0);
    while (state.hour < 1440) state = advanced(kRules, state, state.hour + leap, shocks, draw());
    EXPECT_EQ(state, hours.back()) << leap << " hours at once";
  }
  EXPECT_EQ(advanced(kRules, hours.back(), 3, shocks, draw()), hours.back()) << "never back";
}

struct Shaken {
  ShockKind kind;
  bool dearer;
  bool fewer;  // on the shelves
};
class EachShock : public testing::TestWithParam<Shaken> {};

TEST_P(EachShock, MovesThePriceAndFades) {
  const auto& [kind, dearer, fewer] = GetParam();
  const auto quiet = live(80);
  const auto shaken = live(80, {shock(kind, 600)});
  for (std::size_t hour = 0; hour < 48; ++hour) EXPECT_EQ(quiet[hour], shaken[hour]) << "not before it began";
  const auto at = static_cast<std::size_t>(48 + 2 * kDay);
  if (dearer) {
    EXPECT_GT(shaken[at].price, quiet[at].price * 125 / 100);
  } else {
    EXPECT_LT(shaken[at].price, quiet[at].price * 80 / 100);
  }
  const auto later = static_cast<std::size_t>(48 + 5 * kDay);
  EXPECT_EQ(shaken[later].stock < quiet[later].stock, fewer);
  const auto difference = std::abs(shaken.back().price - quiet.back().price);
  EXPECT_LT(difference, kRules.base / 20) << "and it returns";
  const auto struck_price = struck(kRules, quiet[47], shock(kind, 600)).price;
  EXPECT_EQ(struck_price > quiet[47].price, dearer) << "felt at once";
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachShock,
                         testing::Values(Shaken{ShockKind::crash, false, false},
                                         Shaken{ShockKind::boom, true, true},
                                         Shaken{ShockKind::discovery, false, false},
                                         Shaken{ShockKind::disruption, true, true}),
                         [](const auto& test) { return std::string(name_of(test.param.kind)); });

TEST(Shocks, FadeEvenly) {
  const Shock one{.kind = ShockKind::boom, .strength = 1000, .from_hour = 10, .until_hour = 110};
  EXPECT_EQ(one.at(9), 0);
  EXPECT_EQ(one.at(10), 1000);
  EXPECT_EQ(one.at(60), 500);
  EXPECT_EQ(one.at(109), 10);
  EXPECT_EQ(one.at(110), 0);
  EXPECT_EQ(shock_hours(0), 48);
  EXPECT_EQ(shock_hours(1000), 240);
}

TEST(Shocks, ComeByThemselvesTheMoreOftenTheMoreVolatile) {
  const auto count = [](std::int64_t volatility) {
    auto rules = kRules;
    rules.volatility = volatility;
    int found = 0;
    for (std::int64_t day = 0; day < 10'000; ++day) {
      const auto drawn = shock_of_day(rules, day, draw());
      if (!drawn) continue;
      ++found;
      EXPECT_GE(drawn->strength, 200);
      EXPECT_LE(drawn->strength, 800);
    }
    return found;
  };
  EXPECT_EQ(count(0), 0);
  EXPECT_NEAR(count(500), 100, 40);
  EXPECT_NEAR(count(1000), 200, 60);
}

TEST(Market, WhateverHappensPricesAndStocksKeepTheirBounds) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<Shock> shocks;
    for (std::int64_t i = 0; i < 40; ++i)
      shocks.push_back(
          shock(static_cast<ShockKind>(draw(seed).below(4, static_cast<std::uint64_t>(i))), 1000, 20 * i));
    for (const auto& state : live(60, shocks, seed)) {
      ASSERT_GE(state.price, kRules.base / 4);
      ASSERT_LE(state.price, kRules.base * 4);
      ASSERT_GE(state.stock, 0);
      ASSERT_LE(state.stock, kRules.normal * 3);
      ASSERT_GE(state.supply, 0);
      ASSERT_GE(state.demand, 0);
    }
  }
}

// The largest that a pack can say: nothing overflows.
TEST(Market, TheDearestAndBusiestGoodIsCounted) {
  auto good = oil();
  good.base_price = 1'000'000'000'000;
  good.volatility = 1;
  good.made = std::vector<pack::GoodFlow>(50'000, {pack::PlaceId("quay"), 1'000'000});
  const auto rules = make_market(good);
  const std::vector<Shock> shocks(256, shock(ShockKind::disruption, 1000, 1));
  auto state = begin_market(rules, 0);
  for (int hour = 0; hour < 300; ++hour) {
    state = step(rules, state, shocks, draw());
    ASSERT_GE(state.price, rules.base / 4);
    ASSERT_LE(state.price, rules.base * 4);
    ASSERT_GE(state.stock, 0);
  }
}

TEST(Prices, AreWholeCoinsWherePeopleAskThem) {
  EXPECT_EQ(coins(18'499), 18);
  EXPECT_EQ(coins(18'500), 19);
  EXPECT_EQ(coins(200), 1) << "nothing is free";
  EXPECT_FALSE(is_news(18'000, 19'700));
  EXPECT_TRUE(is_news(18'000, 19'800));
  EXPECT_FALSE(is_news(5'000, 5'900)) << "a coin at least";
  EXPECT_TRUE(is_news(5'000, 4'000));
}

TEST(Shortage, BeginsBelowHalfAndEndsAboveSevenTenths) {
  const auto with = [](std::int64_t percent) { return MarketState{.stock = kRules.normal * percent / 100}; };
  EXPECT_FALSE(is_short(kRules, with(51), false));
  EXPECT_TRUE(is_short(kRules, with(49), false));
  EXPECT_TRUE(is_short(kRules, with(69), true));
  EXPECT_FALSE(is_short(kRules, with(70), true));
  EXPECT_FALSE(is_short(MarketRules{}, MarketState{}, false)) << "of what nobody uses nothing is short";
}

// The chain that designers rely on: a shipment that is lost empties the shelves.
TEST(Shortage, AGreatDisruptionEmptiesTheShelves) {
  const auto hours = live(20, {shock(ShockKind::disruption, 1000)});
  EXPECT_TRUE(std::ranges::any_of(hours, [](const auto& state) { return is_short(kRules, state, false); }));
  const auto small = live(20, {shock(ShockKind::disruption, 300)});
  EXPECT_FALSE(std::ranges::any_of(small, [](const auto& state) { return is_short(kRules, state, false); }));
}

}  // namespace
}  // namespace troupe::world
