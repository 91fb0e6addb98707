#include "inference/thread_governor.h"

#include <algorithm>

namespace troupe::inference {

namespace {

constexpr auto kShortest = std::chrono::milliseconds(2);  // shorter steps say nothing
constexpr double kSmoothing = 0.4;
constexpr int kProven = 20;  // healthy steps after which a try has succeeded

}  // namespace

void ThreadGovernor::measured(rt::nanoseconds wall, rt::nanoseconds cpu, rt::Instant when) {
  if (most_ == 1 || wall < kShortest) return;
  const double share = std::min(1.0, static_cast<double>(cpu.count()) / static_cast<double>(wall.count()));
  share_ += kSmoothing * (share - share_);
  healthy_ = share_ >= kHealthy ? healthy_ + 1 : 0;
  if (share_ < kContended && now_ > 1) {
    now_ = std::max(1, now_ / 2);
    try_again_ = when + pause_;
    pause_ = std::min(pause_ * 2, kPauseMost);
    share_ = 1;  // judge the new number by itself
    healthy_ = 0;
    return;
  }
  if (now_ == most_ && healthy_ >= kProven) pause_ = kPauseFirst;
  if (now_ < most_ && when >= try_again_) {
    if (share_ >= kHealthy) {
      now_ = std::min(most_, now_ * 2);
      share_ = 1;
      healthy_ = 0;
    } else {
      try_again_ = when + pause_;  // one thread alone has to wait for a core: no time to try two
    }
  }
}

}  // namespace troupe::inference
