#include "services/world/faction_rules.h"

#include <gtest/gtest.h>

#include <map>

namespace troupe::world {
namespace {

rt::Draw draw(std::uint64_t seed = 1) { return {seed, "world", "a/b"}; }

TEST(Resolutions, MoveBothAsTheSpecificationSays) {
  EXPECT_EQ(relation_moved(-600, Resolution::negotiate), -400);
  EXPECT_EQ(relation_moved(-600, Resolution::war), -900);
  EXPECT_EQ(relation_moved(-600, Resolution::ally), -100);
  EXPECT_EQ(relation_moved(-900, Resolution::war), -1000) << "never below -1";
  EXPECT_EQ(relation_moved(800, Resolution::ally), 1000);
  for (const auto name : kResolutionNames) EXPECT_EQ(name_of(*resolution(name)), name);
  EXPECT_FALSE(resolution("surrender"));
}

TEST(Conflicts, BeginBelowMinusAHalfAndEndAboveMinusFourTenths) {
  EXPECT_FALSE(in_conflict(-500, -500, false));
  EXPECT_TRUE(in_conflict(-501, -501, false));
  EXPECT_TRUE(in_conflict(-1000, -10, false)) << "the mean of both counts";
  EXPECT_TRUE(in_conflict(-401, -401, true));
  EXPECT_FALSE(in_conflict(-400, -400, true));
}

TEST(Days, BringEverythingHome) {
  std::int64_t relation = -1000;
  std::int64_t power = 100'000;
  std::int64_t treasury = 1'000'000;
  for (std::uint64_t day = 0; day < 400; ++day) {
    relation = relation_after_day(relation, 200, day, draw());
    power = power_after_day(power, 35'000);
    treasury = treasury_after_day(treasury, 36'000, 4, 4);
  }
  EXPECT_NEAR(relation, 200, 150);
  EXPECT_EQ(power, 35'000);
  EXPECT_NEAR(treasury, 36'000, 500);
}

TEST(Days, DriftIsSmallAndBothWays) {
  std::int64_t least = 0;
  std::int64_t most = 0;
  for (std::uint64_t day = 0; day < 1000; ++day) {
    const auto by = relation_after_day(0, 0, day, draw());
    least = std::min(least, by);
    most = std::max(most, by);
  }
  EXPECT_EQ(least, -15);
  EXPECT_EQ(most, 15);
}

TEST(Days, WhoHoldsMoreEarnsMore) {
  std::int64_t rich = 36'000;
  std::int64_t poor = 36'000;
  std::int64_t homeless = 36'000;
  for (int day = 0; day < 400; ++day) {
    rich = treasury_after_day(rich, 36'000, 8, 4);
    poor = treasury_after_day(poor, 36'000, 0, 4);
    homeless = treasury_after_day(homeless, 36'000, 0, 0);
  }
  EXPECT_NEAR(rich, 72'000, 100);
  EXPECT_NEAR(poor, 0, 100);
  EXPECT_EQ(homeless, 36'000) << "whoever the pack gives no place lives of something else";
}

TEST(Wars, CostBothAndAreNotWagedEveryDay) {
  EXPECT_EQ(power_after_war(60'000), 57'000);
  EXPECT_EQ(power_after_war(1'000), 0);
  EXPECT_EQ(treasury_after_war(480'000), 456'000);
  std::map<std::string_view, int> found;
  for (std::uint64_t day = 0; day < 10'000; ++day) {
    EXPECT_NE(resolution_of_day(19, false, day, draw()), Resolution::war) << "they have had one lately";
    if (const auto how = resolution_of_day(std::nullopt, false, day, draw())) ++found[name_of(*how)];
  }
  EXPECT_NEAR(found["negotiate"] + found["war"] + found["ally"], 1500, 150) << "15 of a hundred days";
  EXPECT_NEAR(found["war"], 583, 90);
  EXPECT_NEAR(found["ally"], 83, 40);
  int with_enemy = 0;
  for (std::uint64_t day = 0; day < 10'000; ++day)
    with_enemy += resolution_of_day(std::nullopt, true, day, draw()) == Resolution::ally ? 1 : 0;
  EXPECT_GT(with_enemy, 2 * found["ally"]) << "the enemy of an enemy";
}

TEST(Strength, IsPowerGarrisonAndTheHoldersBonus) {
  const Side side{.power = 35'000, .places = 4, .places_home = 4};
  EXPECT_EQ(garrison(side), 10'000);
  EXPECT_EQ(strength(side, false), 45'000);
  EXPECT_EQ(strength(side, true), 55'000);
  EXPECT_EQ(garrison({.power = 0, .places = 8, .places_home = 4}), 5'000)
      << "the same people at twice the places";
  EXPECT_EQ(garrison({.power = 0, .places = 1, .places_home = 4}), 40'000) << "and what is left is held hard";
  EXPECT_EQ(garrison({.power = 0, .places = 0, .places_home = 0}), 10'000);
}

TEST(Strength, AChallengerNeedsAClearLead) {
  const auto lead = [](std::int64_t challenger, std::int64_t holder) {
    return clear_lead({.power = challenger, .places = 3, .places_home = 3},
                      {.power = holder, .places = 3, .places_home = 3});
  };
  EXPECT_FALSE(lead(60'000, 60'000));
  EXPECT_FALSE(lead(79'999, 60'000));
  EXPECT_EQ(lead(80'000, 60'000), 10'000);
}

// A strong one takes from a weak one, and stops before the weak one is gone.
TEST(Strength, WhoHoldsMuchIsSpreadThin) {
  Side strong{.power = 60'000, .places = 5, .places_home = 5};
  Side weak{.power = 30'000, .places = 5, .places_home = 5};
  while (weak.places > 0 && clear_lead(strong, weak)) {
    ++strong.places;
    --weak.places;
  }
  EXPECT_GE(weak.places, 1);
  EXPECT_LT(weak.places, 5);
}

TEST(Contested, IsANeighbourOrOnesOwnHome) {
  const std::vector<Ground> grounds = {
      {.place = "quay", .holder = "a", .home = "a", .neighbours = {"market"}},
      {.place = "market", .holder = "b", .home = "b", .neighbours = {"quay", "gate"}},
      {.place = "gate", .holder = "c", .home = "d", .neighbours = {"market"}},
  };
  EXPECT_EQ(contested(grounds, "a", "b"), "market");
  EXPECT_EQ(contested(grounds, "a", "c"), std::nullopt) << "not next to it";
  EXPECT_EQ(contested(grounds, "d", "c"), "gate") << "one may always come home";
  EXPECT_EQ(contested(grounds, "b", "nobody"), std::nullopt);
}

}  // namespace
}  // namespace troupe::world
