#pragma once
// The calendar's arithmetic and what a caller may ask of the clock. Pure functions over pack::Calendar.
#include "base/error.h"
#include "base/units.h"
#include "host/game_clock.h"
#include "pack/pack.h"
#include "troupe/v1/time.pb.h"

namespace troupe {

namespace pb = troupe::v1;

struct TimeLimits {
  GameSpan advance_max = game_days(30);  // at once: what is due on the way happens, and that takes real time
  std::size_t timers_max = 10'000;       // kept in memory
};

namespace time_rules {

std::int64_t day_of(GameTime time);  // from 1
pack::Clock clock_of(GameTime time);
GameTime time_at(std::int64_t day, pack::Clock clock);
pack::Phase phase_at(pack::Clock clock);
pack::Season season_of(const pack::Calendar& calendar, GameTime time);

GameTime next_midnight(GameTime after);
GameTime next_phase_start(GameTime after);
// The game minute that has begun at `time`, counted from day 1, 00:00.
std::int64_t minute_of(GameTime time);

pb::Phase to_pb(pack::Phase phase);
pb::Season to_pb(pack::Season season);
pb::TimeState describe(const pack::Calendar& calendar, GameTime time, Scale scale, bool paused);

// Rounded to thousandths.
Scale scale_from(double scale);
// Where Advance goes; `invalid_argument` time.bad_advance or time.past.
Result<GameTime> advance_target(const pb::TimeAdvanceRequest& request, GameTime now,
                                const TimeLimits& limits);
// `invalid_argument` time.bad_timer or time.past.
Result<void> check_timer(const pb::TimeScheduleRequest& request, GameTime now);

}  // namespace time_rules
}  // namespace troupe
