#include "inference/budget.h"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::inference {
namespace {

constexpr std::int64_t kDay = 20'000;

TEST(Price, TheMostThatAnAnswerCanCost) {
  const Price price{.prompt = 2'000'000, .output = 8'000'000};
  EXPECT_EQ(cost_max(price, 100, 1, 50), 2 * (100 + 16) + 8 * 50);
  EXPECT_EQ(cost_max({.prompt = 1, .output = 1}, 100, 1, 50), 2) << "rounded up, each part";
  EXPECT_EQ(cost_max({}, 100, 1, 50), 0);
  EXPECT_TRUE(Price{}.free());
  EXPECT_FALSE(price.free());
}

TEST(Price, TokensThatABudgetPaysFor) {
  const Price price{.prompt = 2'000'000, .output = 8'000'000};
  EXPECT_EQ(tokens_for(price, 100, 1, 232 + 80, 50), 10);
  EXPECT_EQ(tokens_for(price, 100, 1, 1'000'000, 50), 50);
  EXPECT_EQ(tokens_for(price, 100, 1, 231, 50), 0) << "not even the prompt";
  EXPECT_EQ(tokens_for({.prompt = 2'000'000}, 100, 1, 232, 50), 50);
  for (const Microusd budget : {300, 500, 633}) {
    EXPECT_LE(cost_max(price, 100, 1, tokens_for(price, 100, 1, budget, 1000)), budget);
  }
}

TEST(Budgets, OneRequestOfOvershootAtMostWhateverRunsAtOnce) {
  Budgets budgets({.player_day = 100});
  const Spender anna{.player = "anna"};
  std::vector<Reservation> open;
  // All at once: each holds the most that it can cost.
  for (int i = 0; i < 50; ++i) {
    const Reservation one{anna, kDay, 30};
    if (budgets.reserve(one)) open.push_back(one);
  }
  EXPECT_EQ(open.size(), 4U) << "30, 60, 90, and one over";
  for (const auto& one : open) budgets.settle(one, 30);
  EXPECT_EQ(budgets.view("player:anna", kDay).day_spent, 120);
  EXPECT_EQ(budgets.view("player:anna", kDay).reserved, 0);
  EXPECT_EQ(budgets.empty_account(anna, kDay), "player:anna");
  EXPECT_FALSE(budgets.reserve({anna, kDay, 1}));
  EXPECT_TRUE(budgets.reserve({{.player = "ben"}, kDay, 1})) << "the others have theirs";
}

TEST(Budgets, WhatWasCheaperThanThoughtIsGivenBack) {
  Budgets budgets({.npc_day = 100});
  const Spender marta{.npc = "marta"};
  for (int i = 0; i < 10; ++i) {
    const Reservation one{marta, kDay, 90};
    ASSERT_TRUE(budgets.reserve(one)) << i;
    budgets.settle(one, 10);
  }
  EXPECT_FALSE(budgets.reserve({marta, kDay, 90}));
}

TEST(Budgets, AnyEmptyAccountStops) {
  Budgets budgets({.player_day = 50, .npc_day = 70, .world_day = 90});
  const auto spend = [&](const Spender& who, Microusd cost) {
    const Reservation one{who, kDay, cost};
    if (!budgets.reserve(one)) return budgets.empty_account(who, kDay);
    budgets.settle(one, cost);
    return std::string("ok");
  };
  EXPECT_EQ(spend({.player = "anna", .npc = "marta"}, 50), "ok");
  EXPECT_EQ(spend({.player = "anna", .npc = "marta"}, 50), "player:anna");
  EXPECT_EQ(spend({.player = "ben", .npc = "marta"}, 20), "ok");
  EXPECT_EQ(spend({.player = "ben", .npc = "marta"}, 5), "npc:marta");
  EXPECT_EQ(spend({.player = "ben"}, 20), "ok");
  EXPECT_EQ(spend({}, 1), "world");
}

TEST(Budgets, ANewDayIsANewBudgetButNotANewTotal) {
  Budgets budgets({.world_day = 10, .world_total = 15});
  const auto spend = [&](std::int64_t day) {
    const Reservation one{{}, day, 10};
    if (!budgets.reserve(one)) return false;
    budgets.settle(one, 10);
    return true;
  };
  EXPECT_TRUE(spend(kDay));
  EXPECT_FALSE(spend(kDay));
  EXPECT_TRUE(spend(kDay + 1)) << "5 of the total were left: one request over";
  EXPECT_FALSE(spend(kDay + 2));
  EXPECT_EQ(budgets.view("world", kDay + 2).total_spent, 20);
  EXPECT_EQ(budgets.view("world", kDay + 2).day_spent, 0);
}

TEST(Budgets, WhatIsHeldAtMidnightIsStillHeld) {
  Budgets budgets({.player_day = 10});
  const Reservation before{{.player = "anna"}, kDay, 10};
  ASSERT_TRUE(budgets.reserve(before));
  EXPECT_FALSE(budgets.reserve({{.player = "anna"}, kDay + 1, 1}));
  EXPECT_TRUE(budgets.reserve({{.player = "ben"}, kDay + 1, 1}));
  budgets.settle(before, 10);
  EXPECT_EQ(budgets.view("world", kDay + 1).day_spent, 0);
  EXPECT_EQ(budgets.view("world", kDay + 1).total_spent, 10);
  EXPECT_TRUE(budgets.reserve({{.player = "anna"}, kDay + 1, 1})) << "it was yesterday's money";
}

TEST(Budgets, NothingIsAlsoABudget) {
  Budgets budgets({.world_day = 0});
  EXPECT_EQ(budgets.empty_account({}, kDay), "world");
}

TEST(Budgets, GoOnAfterARestart) {
  Budgets budgets({.player_day = 100, .world_total = 1000});
  budgets.restore("player:anna", kDay, 100);
  budgets.restore("world", Budgets::kTotal, 400);
  EXPECT_EQ(budgets.empty_account({.player = "anna"}, kDay), "player:anna");
  EXPECT_EQ(budgets.empty_account({.player = "anna"}, kDay + 1), "");
  EXPECT_EQ(budgets.view("world", kDay).total_spent, 400);
}

TEST(Budgets, AreBounded) {
  Budgets budgets({.player_day = 100, .accounts_max = 3});
  for (int i = 0; i < 10; ++i) {
    (void)budgets.reserve({{.player = "p" + std::to_string(i)}, kDay, 1});
  }
  EXPECT_EQ(budgets.empty_account({.player = "p0"}, kDay), "");
  EXPECT_EQ(budgets.empty_account({.player = "p9"}, kDay), "player:p9") << "no room to count what it spends";
  // Those who hold nothing are forgotten with their day.
  Budgets tomorrow({.player_day = 100, .accounts_max = 3});
  for (int i = 0; i < 10; ++i) {
    const Reservation one{{.player = "p" + std::to_string(i)}, kDay + i, 1};
    EXPECT_TRUE(tomorrow.reserve(one)) << i;
    tomorrow.settle(one, 1);
  }
}

}  // namespace
}  // namespace troupe::inference
