#include "services/router/router_rules.h"

#include <gtest/gtest.h>

namespace troupe::router {
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
  EXPECT_TRUE(breaker.admit(now + 10s)) << "one probe";
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
  EXPECT_TRUE(is_fault({Code::unavailable, "engine.failed", ""}));
  EXPECT_TRUE(is_fault({Code::internal, "engine.failed", ""}));
  EXPECT_TRUE(is_fault({Code::deadline_exceeded, "engine.silent", ""}));
  EXPECT_FALSE(is_fault({Code::deadline_exceeded, "deadline", ""}));
  EXPECT_FALSE(is_fault({Code::invalid_argument, "engine.bad_grammar", ""}));
  EXPECT_FALSE(is_fault({Code::exhausted, "engine.upstream_busy", ""}));
}

TEST(Estimate, FitsOrNot) {
  Measured m;
  EXPECT_TRUE(fits(m, 1ms, 8)) << "not measured yet: given the chance";
  EXPECT_FALSE(fits(m, 0ms, 8));
  measure(m, {}, true, 100'000, 100'000 + 7 * 10'000, 8, true);
  EXPECT_TRUE(fits(m, 200ms, 8));
  EXPECT_FALSE(fits(m, 150ms, 8));
  EXPECT_TRUE(fits(m, 150ms, 1));
  measure(m, {}, false, 0, 0, 0, false);
  EXPECT_NEAR(m.error_rate, .2, 1e-9);
  EXPECT_EQ(m.deadlines_missed, 1);
}

}  // namespace
}  // namespace troupe::router
