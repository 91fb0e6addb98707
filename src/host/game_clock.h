#pragma once
// Game time as a function of real time, in integers: no drift, no jump when the scale changes. Pure values.
#include <cstdint>

#include "base/units.h"
#include "rt/clock.h"

namespace troupe {

// Thousandths of a game second per real second: 60'000 = one game minute a second.
struct Scale {
  std::int64_t milli = 60'000;
  static constexpr std::int64_t kMax = 86'400'000;  // a day a second
  bool operator==(const Scale&) const = default;

  // What passes in the game meanwhile: the one place where real time becomes game time, to the millisecond at
  // any scale.
  constexpr GameSpan span_of(rt::milliseconds real) const { return {milli * real.count() / 1000}; }
};

class GameClock {
 public:
  GameClock() = default;
  GameClock(GameTime base, rt::Instant base_real, Scale scale, bool paused)
      : base_(base), base_real_(base_real), scale_(scale), paused_(paused) {}

  // Game time at `now`; never before the segment's base.
  GameTime at(rt::Instant now) const;
  // When `time` comes, if nothing changes; never() while paused or at scale 0.
  rt::Instant when(GameTime time) const;

  // The segments that start at `from`.
  GameClock with_scale(GameTime from, rt::Instant real, Scale scale) const {
    return {from, real, scale, paused_};
  }
  GameClock with_paused(GameTime from, rt::Instant real, bool paused) const {
    return {from, real, scale_, paused};
  }
  GameClock moved_to(GameTime to, rt::Instant real) const { return {to, real, scale_, paused_}; }

  GameTime base() const { return base_; }
  Scale scale() const { return scale_; }
  bool paused() const { return paused_; }
  bool running() const { return !paused_ && scale_.milli > 0; }

  GameSpan span_of(rt::milliseconds real) const { return scale_.span_of(real); }
  // The way back: how long it takes until so much has passed in the game; 0 while the clock stands.
  rt::milliseconds real_of(GameSpan span) const {
    return rt::milliseconds(running() ? span.ms * 1000 / scale_.milli : 0);
  }

  // Reflex ticks: every 100 ms of real time, as game times base + k * step. A pure function of the segment,
  // so that a replay ticks at the same game times.
  std::int64_t tick_step_ms() const;
  GameTime first_tick_after(GameTime time) const;

 private:
  GameTime base_;
  rt::Instant base_real_;
  Scale scale_;
  bool paused_ = false;
};

inline constexpr std::int64_t kTickRealMs = 100;

}  // namespace troupe
