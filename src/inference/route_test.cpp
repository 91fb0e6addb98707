#include "inference/route.h"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;

TEST(Breaker, OpensAfterFailuresAndProbes) {
  Breaker breaker({.failures_max = 3, .open_for = 10s});
  rt::Instant now{1'000'000'000};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(breaker.admit(now));
    breaker.failed(now);
  }
  EXPECT_FALSE(breaker.admit(now + 9s));
  EXPECT_EQ(breaker.state(now + 9s), BreakerState::open);
  EXPECT_TRUE(breaker.admits(now + 10s)) << "looking takes no place";
  EXPECT_TRUE(breaker.admit(now + 10s)) << "one probe";
  EXPECT_FALSE(breaker.admits(now + 10s));
  EXPECT_FALSE(breaker.admit(now + 10s)) << "and only one";
  breaker.failed(now + 10s);
  EXPECT_FALSE(breaker.admit(now + 15s)) << "a failed probe starts the wait anew";
  EXPECT_TRUE(breaker.admit(now + 20s));
  breaker.succeeded();
  EXPECT_TRUE(breaker.admit(now + 20s));
  EXPECT_EQ(breaker.state(now + 20s), BreakerState::closed);
}

TEST(Breaker, AProbeOfWhichNothingIsHeardMakesRoomForTheNext) {
  Breaker breaker({.failures_max = 1, .open_for = 10s});
  const rt::Instant now{1'000'000'000};
  breaker.failed(now);
  EXPECT_TRUE(breaker.admit(now + 10s));
  EXPECT_FALSE(breaker.admit(now + 19s));
  EXPECT_TRUE(breaker.admit(now + 20s)) << "its caller left; nobody will say how it went";
}

TEST(Breaker, WhatIsAFault) {
  const Heard long_enough{.given = 15s};
  EXPECT_TRUE(is_fault({Code::unavailable, "engine.failed", ""}, long_enough));
  EXPECT_TRUE(is_fault({Code::internal, "engine.failed", ""}, long_enough));
  EXPECT_TRUE(is_fault({Code::deadline_exceeded, "engine.silent", ""}, long_enough));
  EXPECT_FALSE(is_fault({Code::deadline_exceeded, "deadline", ""}, long_enough));
  EXPECT_FALSE(is_fault({Code::invalid_argument, "engine.bad_grammar", ""}, long_enough));
  EXPECT_FALSE(is_fault({Code::exhausted, "engine.upstream_busy", ""}, long_enough));
}

// What other callers do is no fault of an engine: neither their load nor a deadline that was too short.
TEST(Breaker, LearnsFromTheEngineOnly) {
  const Error silent{Code::deadline_exceeded, "engine.silent", ""};
  EXPECT_FALSE(is_fault(silent, {.given = 100ms})) << "a caller in a hurry";
  EXPECT_FALSE(is_fault(silent, {.given = 15s, .answered_others = true})) << "it was busy with others";
  Breaker breaker({.failures_max = 1, .open_for = 10s});
  const rt::Instant now{1'000'000'000};
  breaker.failed(now);
  EXPECT_TRUE(breaker.admit(now + 10s));
  breaker.unknown();
  EXPECT_EQ(breaker.state(now + 10s), BreakerState::probing) << "a probe that ran out of time proves nothing";
  EXPECT_TRUE(breaker.admit(now + 10s)) << "the next may try at once";
  // Nor do they make it shaky.
  RouteStats stats;
  for (int i = 0; i < 100; ++i) measure(stats, {}, {.ok = false, .given_us = 100'000}, now);
  EXPECT_EQ(stats.error_rate, 0);
  measure(stats, {}, {.ok = false, .fault = true}, now);
  EXPECT_GT(stats.error_rate, 0);
}

// Some routes to choose from.
struct Routes {
  explicit Routes(std::size_t count) : stats(count), breakers(count), views(count), passes(count) {
    for (std::size_t i = 0; i < count; ++i) {
      views[i].stats = &stats[i];
      views[i].breaker = &breakers[i];
    }
  }
  // Answers take `first` and then 10 ms a token.
  void takes(std::size_t route, std::chrono::milliseconds first, std::chrono::milliseconds queue = 0ms) {
    const auto us = [](std::chrono::milliseconds span) { return std::chrono::microseconds(span).count(); };
    measure(stats[route], limits,
            {.ok = true,
             .queue_us = us(queue),
             .first_token_us = us(queue + first),
             .total_us = us(queue + first + 70ms),
             .new_tokens = 8,
             .deadline_met = true},
            now);
  }
  Decision decide_within(std::chrono::milliseconds left, int tokens = 8) {
    return decide(views, {.left = left, .tokens = tokens}, limits, now, passes);
  }

  rt::Instant now{1'000'000'000'000};
  StatsLimits limits;
  std::vector<RouteStats> stats;
  std::vector<Breaker> breakers;
  std::vector<RouteView> views;
  std::vector<Pass> passes;
};

TEST(Decide, TheFirstThatWouldBeInTime) {
  Routes routes(3);
  routes.takes(0, 400ms);
  routes.takes(1, 100ms);
  EXPECT_EQ(routes.decide_within(1s).route, 0U);
  EXPECT_FALSE(routes.decide_within(1s).downgraded);
  const auto hurried = routes.decide_within(200ms);
  EXPECT_EQ(hurried.route, 1U);
  EXPECT_TRUE(hurried.downgraded);
  EXPECT_EQ(routes.passes[0], Pass::late);
  EXPECT_EQ(hurried.hedge, 2U) << "not measured yet: given the chance";
  EXPECT_EQ(routes.decide_within(120ms, 1).route, 1U) << "one token is sooner there than eight";
  EXPECT_EQ(routes.decide_within(120ms).route, 2U);
}

TEST(Decide, WhoIsTheLeastLateWhenAllAre) {
  Routes routes(3);
  routes.takes(0, 400ms);
  routes.takes(1, 200ms);
  routes.takes(2, 300ms);
  const auto late = routes.decide_within(50ms);
  EXPECT_EQ(late.route, 1U);
  EXPECT_FALSE(late.hedge);
  EXPECT_EQ(routes.decide_within(0ms).route, 2U)
      << "when time is over, the last: the one that always answers";
}

TEST(Decide, RatherNobodyThanWhoIsLateBecauseOfOthers) {
  Routes routes(2);
  routes.takes(0, 400ms);
  routes.takes(1, 200ms);
  const auto ask = [&] {
    return decide(routes.views, {.left = 50ms, .tokens = 8, .in_time_or_never = true}, routes.limits,
                  routes.now, routes.passes);
  };
  EXPECT_EQ(ask().route, 1U) << "it has nothing else to do";
  routes.views[1].in_flight = 1;
  EXPECT_EQ(ask().route, 0U);
  routes.views[0].waiting = 1;
  EXPECT_FALSE(ask().route);
  EXPECT_EQ(ask().why, Pass::late);
  EXPECT_EQ(routes.decide_within(50ms).route, 1U);
}

TEST(Decide, OneWhoTriesWhatWasPassedOverIsEnough) {
  Routes routes(2);
  routes.takes(0, 400ms);
  routes.now = routes.now + 60s;
  EXPECT_EQ(routes.decide_within(200ms).route, 0U) << "that was long ago";
  routes.views[0].in_flight = 1;
  EXPECT_EQ(routes.decide_within(200ms).route, 1U);
}

TEST(Decide, TheLineBeforeARouteCounts) {
  Routes routes(2);
  routes.takes(0, 100ms);
  routes.views[0].places = 2;
  EXPECT_EQ(routes.decide_within(300ms).route, 0U);
  routes.views[0].waiting = 3;  // each takes 170 ms, two at a time: 255 ms
  EXPECT_EQ(routes.decide_within(300ms).route, 1U);
  EXPECT_EQ(routes.decide_within(500ms).route, 0U);
}

TEST(Decide, TheWaitInsideOfAnEngineCountsWhileItHasWork) {
  Routes routes(2);
  routes.takes(0, 100ms, 400ms);
  EXPECT_EQ(routes.decide_within(300ms).route, 0U) << "nobody is there any more";
  routes.views[0].in_flight = 1;
  EXPECT_EQ(routes.decide_within(300ms).route, 1U);
}

TEST(Decide, WhatFailedForLackOfTimeWouldHaveTakenLongerThanItHad) {
  Routes routes(2);
  routes.takes(0, 100ms);
  routes.views[0].in_flight = 1;
  EXPECT_EQ(routes.decide_within(300ms).route, 0U);
  for (int i = 0; i < 3; ++i)
    measure(routes.stats[0], routes.limits, {.ok = false, .given_us = 900'000}, routes.now);
  EXPECT_EQ(routes.decide_within(300ms).route, 1U);
  const auto learnt = routes.stats[0].queue_us;
  measure(routes.stats[0], routes.limits, {.ok = false, .given_us = 5'000}, routes.now);
  EXPECT_EQ(routes.stats[0].queue_us, learnt) << "that 5 ms were not enough says nothing";
}

TEST(Decide, SaysWhatTheSecondWouldTake) {
  Routes routes(2);
  routes.takes(1, 100ms);
  const auto decision = routes.decide_within(1s);
  EXPECT_EQ(decision.hedge, 1U);
  EXPECT_DOUBLE_EQ(decision.hedge_ready_us, 170'000);
}

TEST(Decide, WhatWasMeasuredLongAgoIsTriedAgain) {
  Routes routes(2);
  routes.takes(0, 400ms);
  EXPECT_EQ(routes.decide_within(200ms).route, 1U);
  routes.now = routes.now + 10s;
  EXPECT_EQ(routes.decide_within(200ms).route, 1U) << "still fresh";
  routes.now = routes.now + 30s;
  EXPECT_EQ(routes.decide_within(200ms).route, 0U);
  // And what is measured then counts more than what is old.
  routes.takes(0, 50ms);
  EXPECT_LT(routes.stats[0].begin_us, 100'000);
}

TEST(Decide, PassesOverWhoIsIllBusyDearOrShaky) {
  const auto with = [](const std::function<void(Routes&)>& change, Pass pass, bool downgraded) {
    Routes routes(2);
    change(routes);
    const auto decision = routes.decide_within(1s);
    EXPECT_EQ(decision.route, 1U) << pass_text(pass);
    EXPECT_EQ(routes.passes[0], pass);
    EXPECT_EQ(decision.downgraded, downgraded) << pass_text(pass);
  };
  with(
      [](Routes& r) {
        for (int i = 0; i < 3; ++i) r.breakers[0].failed(r.now);
      },
      Pass::ill, false);
  with([](Routes& r) { r.views[0].room = false; }, Pass::busy, true);
  with([](Routes& r) { r.views[0].affordable = false; }, Pass::dear, true);
  with([](Routes& r) { r.views[0].tried = true; }, Pass::tried, false);
  with(
      [](Routes& r) {
        for (int i = 0; i < 4; ++i) measure(r.stats[0], r.limits, {.ok = false, .fault = true}, r.now);
      },
      Pass::shaky, false);
}

// A late answer is measured as lateness; the better model is asked again as soon as it would be in time.
TEST(Decide, LatenessAndASingleFaultAreNoIllness) {
  Routes late(2);
  late.takes(0, 100ms);
  for (int i = 0; i < 5; ++i)
    measure(late.stats[0], late.limits, {.ok = false, .given_us = 900'000}, late.now);
  EXPECT_EQ(late.decide_within(1s).route, 0U) << "nobody is in its way now";
  Routes once(2);
  measure(once.stats[0], once.limits, {.ok = false, .fault = true}, once.now);
  EXPECT_EQ(once.decide_within(1s).route, 0U);
  measure(once.stats[0], once.limits, {.ok = false, .fault = true}, once.now);
  EXPECT_EQ(once.decide_within(1s).route, 1U) << "two in a row";
}

TEST(Decide, AShakyOneIsBetterThanNobody) {
  Routes routes(1);
  for (int i = 0; i < 9; ++i)
    measure(routes.stats[0], routes.limits, {.ok = false, .fault = true}, routes.now);
  EXPECT_EQ(routes.decide_within(1s).route, 0U);
}

TEST(Decide, ARefusalSaysWhatMattersMost) {
  Routes routes(3);
  for (int i = 0; i < 3; ++i) routes.breakers[0].failed(routes.now);
  routes.views[1].room = false;
  routes.views[2].affordable = false;
  EXPECT_FALSE(routes.decide_within(1s).route);
  EXPECT_EQ(routes.decide_within(1s).why, Pass::dear);
  routes.views[2].tried = true;
  EXPECT_EQ(routes.decide_within(1s).why, Pass::busy);
  routes.views[1].tried = true;
  EXPECT_EQ(routes.decide_within(1s).why, Pass::ill);
  EXPECT_FALSE(routes.decide_within(1s).downgraded);
}

TEST(Canary, IsForAStableShare) {
  int takers = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "npc" + std::to_string(i);
    const bool takes = takes_canary(.05, name);
    EXPECT_EQ(takes, takes_canary(.05, name));
    EXPECT_TRUE(!takes || takes_canary(.25, name)) << "a larger share keeps who was in";
    takers += takes ? 1 : 0;
  }
  EXPECT_NEAR(takers, 100, 30);
  EXPECT_FALSE(takes_canary(0, "marta"));
  EXPECT_TRUE(takes_canary(1, "marta"));
}

}  // namespace
}  // namespace troupe::inference
