#include "services/npc/timers.h"

#include <gtest/gtest.h>

namespace troupe::npc {
namespace {

TEST(Timers, AKeySaysWhichAndWhose) {
  for (std::size_t i = 0; i < kTimerNames.size(); ++i) {
    const auto read = timer_of(timer_key(kTimerNames[i], "marta"));
    ASSERT_TRUE(read) << kTimerNames[i];
    EXPECT_EQ(read->first, static_cast<Timer>(i));
    EXPECT_EQ(read->second, "marta");
  }
}

TEST(Timers, WhatIsNoKeyOfTheirsIsNone) {
  for (const auto* key : {"", ":", "marta", "think", "dream:marta", ":marta"})
    EXPECT_FALSE(timer_of(key)) << key;
}

}  // namespace
}  // namespace troupe::npc
