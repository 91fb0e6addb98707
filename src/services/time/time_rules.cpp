#include "services/time/time_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "pack/query.h"

namespace troupe::time_rules {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;

struct PhaseStart {
  int minute;
  pack::Phase phase;
};
constexpr std::array kPhases{
    PhaseStart{5 * 60, pack::Phase::dawn},
    PhaseStart{7 * 60, pack::Phase::day},
    PhaseStart{18 * 60, pack::Phase::dusk},
    PhaseStart{20 * 60, pack::Phase::night},
};

std::string when_text(GameTime time) {
  return fmt::format("day {}, {}", day_of(time), pack::clock_text(clock_of(time)));
}

}  // namespace

std::int64_t day_of(GameTime time) { return time.ms / kDayMs + 1; }
pack::Clock clock_of(GameTime time) { return {static_cast<int>(time.ms % kDayMs / kMinuteMs)}; }
std::int64_t minute_of(GameTime time) { return time.ms / kMinuteMs; }
GameTime time_at(std::int64_t day, pack::Clock clock) {
  return {(day - 1) * kDayMs + clock.minute * kMinuteMs};
}

pack::Phase phase_at(pack::Clock clock) {
  pack::Phase phase = kPhases.back().phase;  // before the first of the day, last night goes on
  for (const auto& start : kPhases) {
    if (start.minute <= clock.minute) phase = start.phase;
  }
  return phase;
}

pack::Season season_of(const pack::Calendar& calendar, GameTime time) {
  return pack::date_of(calendar, day_of(time)).season;
}

GameTime next_midnight(GameTime after) { return {(after.ms / kDayMs + 1) * kDayMs}; }

GameTime next_phase_start(GameTime after) {
  const std::int64_t day = day_of(after);
  for (const auto& start : kPhases) {
    const GameTime at = time_at(day, {start.minute});
    if (at > after) return at;
  }
  return time_at(day + 1, {kPhases.front().minute});
}

pb::Phase to_pb(pack::Phase phase) { return static_cast<pb::Phase>(static_cast<int>(phase) + 1); }
pb::Season to_pb(pack::Season season) { return static_cast<pb::Season>(static_cast<int>(season) + 1); }

pb::TimeState describe(const pack::Calendar& calendar, GameTime time, Scale scale, bool paused) {
  const pack::Clock clock = clock_of(time);
  const pack::Date date = pack::date_of(calendar, day_of(time));
  pb::TimeState state;
  state.set_now_ms(time.ms);
  state.set_day(day_of(time));
  state.set_clock(pack::clock_text(clock));
  state.set_phase(std::string(pack::name_of(phase_at(clock))));
  state.set_season(std::string(pack::name_of(date.season)));
  state.set_scale(static_cast<double>(scale.milli) / 1000);
  state.set_paused(paused);
  state.set_year(date.year);
  state.set_month(calendar.months[date.month].id);
  state.set_day_of_month(date.day);
  state.set_weekday(calendar.weekdays[date.weekday]);
  if (!date.festivals.empty()) state.set_festival(date.festivals.front());
  return state;
}

Scale scale_from(double scale) { return Scale{std::llround(scale * 1000)}; }

Result<GameTime> advance_target(const pb::TimeAdvanceRequest& request, GameTime now,
                                const TimeLimits& limits) {
  const auto bad = [](std::string message) {
    return fail(Code::invalid_argument, "time.bad_advance", std::move(message));
  };
  const bool by_span = request.by_ms() != 0;
  const bool to_clock = request.to_day() != 0 || !request.to_clock().empty();
  if (by_span == to_clock) {
    return bad(by_span ? "by_ms and to_day, to_clock are two ways; use one"
                       : "say how far: by_ms, or to_day and to_clock");
  }
  if (by_span) return now + GameSpan{request.by_ms()};
  pack::Clock clock;
  if (!request.to_clock().empty()) {
    const auto parsed = pack::parse_clock(request.to_clock());
    if (!parsed) return bad(fmt::format("'{}' is not a clock; write it as '19:30'", request.to_clock()));
    clock = *parsed;
  }
  if (request.to_day() == 0) {
    const GameTime today = time_at(day_of(now), clock);
    return today > now ? today : time_at(day_of(now) + 1, clock);
  }
  // The day alone first: a day far off cannot be counted in milliseconds.
  const bool too_far = request.to_day() > day_of(now + limits.advance_max);
  const bool past = request.to_day() < day_of(now);
  if (too_far || (!past && time_at(request.to_day(), clock) - now > limits.advance_max)) {
    return bad(fmt::format("day {}, {} is more than {} days ahead, the most at once", request.to_day(),
                           pack::clock_text(clock), limits.advance_max.ms / kDayMs));
  }
  if (past || time_at(request.to_day(), clock) <= now) {
    return fail(Code::invalid_argument, "time.past",
                fmt::format("day {}, {} is not in the future: it is {}", request.to_day(),
                            pack::clock_text(clock), when_text(now)));
  }
  return time_at(request.to_day(), clock);
}

Result<void> check_timer(const pb::TimeScheduleRequest& request, GameTime now) {
  if (request.at_ms() > now.ms) return {};
  return fail(Code::invalid_argument, "time.past",
              fmt::format("at_ms is {}, which is not in the future: it is {}", request.at_ms(), now.ms));
}

}  // namespace troupe::time_rules
