#include "host/fair_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rt/virtual_clock.h"

namespace troupe {
namespace {

using testing::ElementsAre;

class FairGateTest : public testing::Test {
 protected:
  boost::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  rt::SeededIds ids_{1};
  rt::Env env_{io_.get_executor(), clock_, ids_};
  rt::Group group_{env_, "test"};
  FairGate gate_{env_, 1, 3};
  std::vector<std::string> served_;

  // Works for ten milliseconds once it is let in.
  rt::Group::Handle work(const std::string& who, rt::Instant deadline = rt::Instant::never()) {
    return group_.spawn_stoppable(who, [this, who, deadline]() -> boost::asio::awaitable<void> {
      const auto pass = co_await gate_.enter(who, deadline);
      served_.push_back(pass ? who : who + " " + pass.error().reason);
      if (pass) co_await rt::sleep_for(env_, rt::milliseconds(10));
    });
  }
  void run(int ms) {
    for (int i = 0; i < ms; ++i) clock_.advance(rt::milliseconds(1));
    clock_.settle();
  }
  void TearDown() override {
    group_.cancel();
    clock_.settle();
  }
};

TEST_F(FairGateTest, WhoAsksForMuchWaitsBehindThemselves) {
  for (int i = 0; i < 4; ++i) (void)work("greedy");
  (void)work("anna");
  (void)work("bert");
  run(100);
  EXPECT_THAT(served_, ElementsAre("greedy", "greedy", "anna", "bert", "greedy", "greedy"));
  EXPECT_EQ(gate_.waiting(), 0U);
}

TEST_F(FairGateTest, WhatOneAskerWaitsForIsBounded) {
  for (int i = 0; i < 5; ++i) (void)work("greedy");
  clock_.settle();
  EXPECT_THAT(served_, ElementsAre("greedy", "greedy reads.busy"));
}

TEST_F(FairGateTest, AWaiterThatLeavesLosesNobodysTurn) {
  (void)work("anna");
  const auto leaves = work("bert");
  (void)work("carl", env_.now() + rt::milliseconds(3));
  (void)work("dora");
  clock_.settle();
  leaves.stop();
  run(60);
  EXPECT_THAT(served_, ElementsAre("anna", "carl deadline", "dora"));
}

}  // namespace
}  // namespace troupe
