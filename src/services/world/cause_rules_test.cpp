#include "services/world/cause_rules.h"

#include <gtest/gtest.h>

#include <set>

namespace troupe::world {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

TEST(Causes, EachRuleHasANameOfItsOwnAndANumberThatMeansSomething) {
  std::set<std::string_view> names;
  for (const auto& rule : kCausalRules) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_EQ(find_causal_rule(rule.name), &rule);
    EXPECT_GT(rule.hours_least, 0) << rule.name << ": nothing follows in its own turn";
    EXPECT_GE(rule.hours_most, rule.hours_least);
    EXPECT_GT(rule.chance, 0U);
    EXPECT_LE(rule.chance, 1000U);
  }
  EXPECT_EQ(find_causal_rule("rain makes wet"), nullptr);
}

TEST(Causes, ActAsOftenAsTheySayAndAfterTheTimeThatTheySay) {
  for (const auto& rule : kCausalRules) {
    const rt::Draw draw(7, "world", rule.name);
    int acts = 0;
    for (std::uint64_t event = 1; event <= 2000; ++event) {
      const auto delay = delay_ms(rule, event, 0, draw);
      if (!delay) continue;
      ++acts;
      EXPECT_GE(*delay, rule.hours_least * kHourMs);
      EXPECT_LE(*delay, rule.hours_most * kHourMs);
      EXPECT_EQ(delay_ms(rule, event, 0, draw), delay) << "the same event, the same answer";
    }
    EXPECT_NEAR(acts, static_cast<int>(2 * rule.chance), 80) << rule.name;
  }
}

TEST(Causes, NoChainIsWithoutEnd) {
  const auto& rule = kCausalRules.front();
  const rt::Draw draw(7, "world", rule.name);
  for (std::uint64_t event = 1; event <= 200; ++event) EXPECT_FALSE(delay_ms(rule, event, kDepthMax, draw));
}

}  // namespace
}  // namespace troupe::world
