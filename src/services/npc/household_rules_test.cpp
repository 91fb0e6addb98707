#include "services/npc/household_rules.h"

#include <gtest/gtest.h>

namespace troupe::npc {
namespace {

TEST(Household, WhatIsUsualStays) {
  const Holdings usual{.money = 340, .items = {{"rope", 3}, {"oil", 40}}};
  EXPECT_EQ(next_day(usual, usual), usual);
  const Holdings full{.money = 340, .items = {{"rope", 20}, {"oil", 40}}};
  EXPECT_EQ(next_day(full, usual), full);
}

TEST(Household, WhoHasNothingEarnsAndWhoHasMuchSpends) {
  const Holdings usual{.money = 340, .items = {}};
  EXPECT_EQ(next_day({.money = 0, .items = {}}, usual).money, 17);
  EXPECT_EQ(next_day({.money = 339, .items = {}}, usual).money, 340);
  EXPECT_EQ(next_day({.money = 341, .items = {}}, usual).money, 340);
  Holdings rich{.money = 0, .items = {}};
  for (int day = 0; day < 1000; ++day) {
    rich.money += 114;
    rich = next_day(rich, usual);
  }
  EXPECT_LT(rich.money, 340 + 114 * 20) << "a steady profit ends in a fortune of a bounded size";
  EXPECT_GT(rich.money, 340);
}

TEST(Household, NobodyCarriesMoreAndMore) {
  const Holdings usual{.money = 0, .items = {{"oil", 40}}};
  Holdings now{.money = 0, .items = {{"brandy", 473}, {"oil", 41}, {"rope", 1}}};
  now = next_day(now, usual);
  EXPECT_EQ(now.items.at("brandy"), 427);
  EXPECT_EQ(now.items.at("oil"), 40);
  EXPECT_EQ(now.items.at("rope"), 1);
  for (int day = 0; day < 500; ++day) {
    now.items["brandy"] += 3;
    now = next_day(now, usual);
  }
  EXPECT_LE(now.items.at("brandy"), kPocket + 30);
}

}  // namespace
}  // namespace troupe::npc
