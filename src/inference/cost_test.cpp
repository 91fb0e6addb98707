#include "inference/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "rt/random.h"

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;

constexpr rt::Instant at(std::int64_t ms) { return {ms * 1'000'000}; }

// A made-up machine: reading the weights, arithmetic per token, attention, rows of logits, threads that do
// not scale perfectly.
struct Machine {
  double read_ms = 4, token_ms = 0.9, attend_ms = 0.0003, row_ms = 0.12, speed = 1;
  double milliseconds(const StepShape& s) const {
    const double arithmetic = s.tokens * token_ms + s.attended * attend_ms + s.rows * row_ms;
    const double memory = read_ms + 0.35 * s.tokens + s.rows * row_ms + s.attended * attend_ms;
    return speed * std::max(arithmetic, memory) / std::pow(s.threads, 0.85);
  }
};

// Steps as an engine has them: many that generate, prompts of all sizes, growing contexts.
StepShape shape_of(const rt::Draw& draw, std::uint64_t i) {
  const double cells = 50 + static_cast<double>(draw.below(2000, i, 0));
  const bool prompt = draw.below(3, i, 1) == 0;
  const int generating = static_cast<int>(draw.below(9, i, 2));
  const int tokens = std::max(1, generating + (prompt ? static_cast<int>(8 + draw.below(120, i, 3)) : 0));
  return {.tokens = tokens, .rows = std::max(1, generating), .attended = tokens * cells, .threads = 2};
}

rt::nanoseconds ms(double value) { return rt::nanoseconds(static_cast<std::int64_t>(value * 1e6)); }

// Scatter of +-5 %, and now and then a step that something else interrupted.
double scatter(const rt::Draw& draw, std::uint64_t i) {
  if (draw.below(40, i, 8) == 0) return 4;
  return 0.95 + 0.1 * draw.uniform(i, 9);
}

double median_error(const CostModel& cost, const Machine& machine, const rt::Draw& draw, std::uint64_t from) {
  std::vector<double> errors;
  for (std::uint64_t i = from; i < from + 200; ++i) {
    const auto shape = shape_of(draw, i);
    const auto predicted = cost.predict(shape);
    if (!predicted) return 1;
    const double real = machine.milliseconds(shape);
    errors.push_back(std::abs(static_cast<double>(predicted->count()) / 1e6 - real) / real);
  }
  std::ranges::nth_element(errors, errors.begin() + 100);
  return errors[100];
}

TEST(Cost, LearnsAMachineFromItsSteps) {
  for (const auto& machine : {Machine{}, Machine{.read_ms = 30, .token_ms = 7.5, .row_ms = 0.6},
                              Machine{.read_ms = 0.3, .token_ms = 0.02}}) {
    const rt::Draw draw(5, "test", "cost");
    CostModel cost;
    for (std::uint64_t i = 0; i < 300; ++i) {
      const auto shape = shape_of(draw, i);
      cost.measured(shape, ms(machine.milliseconds(shape) * scatter(draw, i)));
    }
    EXPECT_LT(median_error(cost, machine, draw, 1000), 0.12);
    EXPECT_LT(cost.error_median(), 0.15) << "as it knew while it learned";
    EXPECT_GT(cost.error_median(), 0.0);
  }
}

TEST(Cost, FollowsAMachineThatGetsSlowerWithinAFewSteps) {
  const rt::Draw draw(6, "test", "cost");
  CostModel cost;
  Machine machine;
  std::uint64_t i = 0;
  const auto steps = [&](int count) {
    for (int k = 0; k < count; ++k, ++i) {
      const auto shape = shape_of(draw, i);
      cost.measured(shape, ms(machine.milliseconds(shape)));
    }
  };
  steps(200);
  machine.speed = 2.5;
  EXPECT_GT(median_error(cost, machine, draw, 1000), 0.5);
  steps(16);
  EXPECT_LT(median_error(cost, machine, draw, 1000), 0.2);
  machine.speed = 1;
  steps(16);
  EXPECT_LT(median_error(cost, machine, draw, 1000), 0.2);
}

TEST(Cost, OneSlowStepMovesLittle) {
  CostModel cost;
  const StepShape shape{.tokens = 64, .rows = 1, .attended = 64 * 100, .threads = 1};
  for (int i = 0; i < 20; ++i) cost.measured(shape, 60ms);
  cost.measured(shape, 6s);
  const auto after = cost.predict(shape);
  ASSERT_TRUE(after);
  EXPECT_LT(*after, 75ms);
  EXPECT_GT(*after, 55ms);
}

TEST(Cost, AnotherNumberOfThreadsIsAnotherMachine) {
  const rt::Draw draw(7, "test", "cost");
  CostModel cost;
  const Machine machine;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto shape = shape_of(draw, i);
    cost.measured(shape, ms(machine.milliseconds(shape)));
  }
  StepShape one{.tokens = 40, .rows = 1, .attended = 4000, .threads = 1};
  EXPECT_EQ(cost.predict(one), std::nullopt) << "never seen";
  cost.measured(one, ms(machine.milliseconds(one)));
  one.tokens = 90;
  one.attended = 9000;
  const auto guess = cost.predict(one);
  ASSERT_TRUE(guess);
  EXPECT_NEAR(static_cast<double>(guess->count()) / 1e6, machine.milliseconds(one),
              0.25 * machine.milliseconds(one))
      << "from what two threads taught";
}

TEST(Cost, WhateverItIsFedPredictionsAreFiniteAndNeverNegative) {
  const rt::Draw draw(8, "test", "cost");
  CostModel cost;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const StepShape shape{.tokens = static_cast<int>(draw.below(400, i, 0)),
                          .rows = static_cast<int>(draw.below(65, i, 1)),
                          .attended = static_cast<double>(draw.below(1'000'000, i, 2)),
                          .threads = 1 + static_cast<int>(draw.below(20, i, 3))};
    cost.measured(shape,
                  rt::nanoseconds(static_cast<std::int64_t>(draw.below(1ULL << draw.below(40, i, 5), i, 4))));
    if (const auto predicted = cost.predict(shape)) {
      ASSERT_GE(predicted->count(), 0) << i;
      ASSERT_LT(predicted->count(), std::int64_t{1} << 60) << i;
    }
  }
}

TEST(Cost, ChunksFollowTheMeasuredCost) {
  CostModel cost;
  EXPECT_EQ(cost.chunk({}, 100, 100ms, 16, 256), 32) << "nothing known: a step to learn from";
  EXPECT_EQ(cost.chunk({}, 100, 100ms, 64, 64), 64) << "the bounds hold";
  for (int i = 0; i < 60; ++i) {
    const int tokens = 10 + 10 * (i % 10);
    cost.measured({.tokens = tokens, .rows = 1, .attended = tokens * 100.0}, ms(5 + 2.0 * tokens));
  }
  EXPECT_NEAR(cost.chunk({}, 100, 105ms, 16, 256), 50, 5);
  EXPECT_EQ(cost.chunk({}, 100, 1ms, 16, 256), 16);
  EXPECT_EQ(cost.chunk({}, 100, 10s, 16, 256), 256);
  const StepShape base{.tokens = 30, .rows = 1, .attended = 3000};
  EXPECT_NEAR(cost.chunk(base, 100, 105ms, 0, 256), 20, 5) << "what is in the step already counts";
  EXPECT_EQ(cost.chunk(base, 100, 20ms, 0, 256), 0);
}

TEST(Cost, DoomedIsWhatCannotBeInTime) {
  EXPECT_FALSE(doomed(std::nullopt, at(0), at(1))) << "nothing known";
  EXPECT_TRUE(doomed(std::nullopt, at(5), at(5))) << "over";
  EXPECT_TRUE(doomed(11ms, at(0), at(10)));
  EXPECT_FALSE(doomed(9ms, at(0), at(10)));
  EXPECT_FALSE(doomed(1h, at(0), rt::Instant::never()));
  CostModel cost;
  const StepShape shape{.tokens = 100, .rows = 1, .attended = 100};
  cost.measured(shape, 100ms);
  EXPECT_EQ(cost.at_least(shape), std::nullopt) << "one step is no experience";
  for (int i = 0; i < 40; ++i) cost.measured(shape, 100ms);
  EXPECT_GT(*cost.at_least(shape), 90ms) << "a machine that is always the same is believed";
  EXPECT_LT(*cost.at_least(shape), 100ms);
  for (int i = 0; i < 200; ++i) cost.measured(shape, i % 2 == 0 ? 60ms : 180ms);
  EXPECT_LT(*cost.at_least(shape), 100ms) << "one that scatters is not";
}

}  // namespace
}  // namespace troupe::inference
