#pragma once
// How many threads the next step should use. Threads of a step wait for each other at hundreds of barriers,
// spinning: on a machine that is busy with something else one thread alone is many times faster than two that
// are never scheduled together. The sign is the engine thread's own share of a core during a step; below
// kContended it was waiting for one. Halves the threads then, and tries more again after a pause that doubles
// while trying fails. One owner, one thread.
#include "rt/clock.h"

namespace troupe::inference {

class ThreadGovernor {
 public:
  static constexpr double kContended = 0.75;
  static constexpr double kHealthy = 0.9;
  static constexpr rt::nanoseconds kPauseFirst = std::chrono::seconds(1);
  static constexpr rt::nanoseconds kPauseMost = std::chrono::seconds(16);

  explicit ThreadGovernor(int threads) : most_(threads), now_(threads) {}

  int threads() const { return now_; }
  // A step took `wall`, of which the engine thread was on a core for `cpu`.
  void measured(rt::nanoseconds wall, rt::nanoseconds cpu, rt::Instant when);

 private:
  int most_;
  int now_;
  double share_ = 1;  // smoothed
  rt::nanoseconds pause_ = kPauseFirst;
  rt::Instant try_again_;
  int healthy_ = 0;  // steps in a row
};

}  // namespace troupe::inference
