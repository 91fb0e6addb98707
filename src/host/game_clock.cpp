#include "host/game_clock.h"

#include <algorithm>

namespace troupe {

namespace {
// now - base in nanoseconds times scale: 128 bits hold 292 years at a day a second.
constexpr __int128 kNsMilliPerGameMs = 1'000'000LL * 1000LL;
}  // namespace

GameTime GameClock::at(rt::Instant now) const {
  if (!running() || now.ns <= base_real_.ns) return base_;
  const __int128 elapsed = static_cast<__int128>(now.ns - base_real_.ns) * scale_.milli;
  return {base_.ms + static_cast<std::int64_t>(elapsed / kNsMilliPerGameMs)};
}

rt::Instant GameClock::when(GameTime time) const {
  if (time <= base_) return base_real_;
  if (!running()) return rt::Instant::never();
  const __int128 span = static_cast<__int128>(time.ms - base_.ms) * kNsMilliPerGameMs;
  const __int128 ns = (span + scale_.milli - 1) / scale_.milli + base_real_.ns;
  return ns > rt::Instant::never().ns ? rt::Instant::never() : rt::Instant{static_cast<std::int64_t>(ns)};
}

std::int64_t GameClock::tick_step_ms() const {
  return std::max<std::int64_t>(1, span_of(rt::milliseconds(kTickRealMs)).ms);
}

GameTime GameClock::first_tick_after(GameTime time) const {
  const std::int64_t step = tick_step_ms();
  const std::int64_t past = std::max<std::int64_t>(0, time.ms - base_.ms);
  return {base_.ms + (past / step + 1) * step};
}

}  // namespace troupe
