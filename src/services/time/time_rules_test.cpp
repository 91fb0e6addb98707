#include "services/time/time_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/text.h"
#include "tests/support/small_pack.h"

namespace troupe {
namespace {

namespace rules = time_rules;
using pack::Clock;
using pack::Phase;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

GameTime at(std::int64_t day, int hour, int minute = 0) { return rules::time_at(day, {hour * 60 + minute}); }

TEST(TimeRules, DaysCountFromOneAndClocksFromMidnight) {
  EXPECT_EQ(rules::day_of({0}), 1);
  EXPECT_EQ(rules::day_of({kDay - 1}), 1);
  EXPECT_EQ(rules::day_of({kDay}), 2);
  EXPECT_EQ(rules::clock_of({7 * kHour}).minute, 420);
  EXPECT_EQ(rules::clock_of({7 * kHour + 59'999}).minute, 420);
  EXPECT_EQ(rules::clock_of({kDay - 1}).minute, 1439);
  EXPECT_EQ(rules::time_at(3, {90}).ms, 2 * kDay + 90 * 60'000);
}

TEST(TimeRules, PhasesOfTheDay) {
  const struct {
    int minute;
    Phase phase;
  } table[] = {{0, Phase::night},          {4 * 60 + 59, Phase::night}, {5 * 60, Phase::dawn},
               {6 * 60 + 59, Phase::dawn}, {7 * 60, Phase::day},        {17 * 60 + 59, Phase::day},
               {18 * 60, Phase::dusk},     {19 * 60 + 59, Phase::dusk}, {20 * 60, Phase::night},
               {1439, Phase::night}};
  for (const auto& row : table) EXPECT_EQ(rules::phase_at({row.minute}), row.phase) << row.minute;
}

TEST(TimeRules, NextPhaseAndNextMidnightAreAlwaysAhead) {
  const struct {
    GameTime now, phase, midnight;
  } table[] = {{at(1, 0), at(1, 5), at(2, 0)},          {at(1, 5), at(1, 7), at(2, 0)},
               {{at(1, 5).ms - 1}, at(1, 5), at(2, 0)}, {at(1, 7), at(1, 18), at(2, 0)},
               {at(1, 19, 30), at(1, 20), at(2, 0)},    {at(1, 20), at(2, 5), at(2, 0)},
               {at(9, 23, 59), at(10, 5), at(10, 0)}};
  for (const auto& row : table) {
    EXPECT_EQ(rules::next_phase_start(row.now).ms, row.phase.ms) << row.now.ms;
    EXPECT_EQ(rules::next_midnight(row.now).ms, row.midnight.ms) << row.now.ms;
  }
}

TEST(TimeRules, DescribesAMoment) {
  const pack::Pack pack = test::small_pack();
  const auto state = rules::describe(pack.calendar, at(43, 19, 30), Scale{1500}, true);
  EXPECT_EQ(state.now_ms(), at(43, 19, 30).ms);
  EXPECT_EQ(state.day(), 43);
  EXPECT_EQ(state.clock(), "19:30");
  EXPECT_EQ(state.phase(), "dusk");
  EXPECT_EQ(state.season(), "spring");
  EXPECT_DOUBLE_EQ(state.scale(), 1.5);
  EXPECT_TRUE(state.paused());
  EXPECT_EQ(state.year(), 2);
  EXPECT_EQ(state.month(), "thaw");
  EXPECT_EQ(state.day_of_month(), 3);
  EXPECT_EQ(state.weekday(), "Moonday");
  EXPECT_EQ(state.festival(), "lantern_night");
}

TEST(TimeRules, CalendarOverTheYear) {
  const pack::Pack pack = test::small_pack();
  const struct {
    std::int64_t day;
    const char *month, *season, *weekday, *festival;
    int of_month;
  } table[] = {{1, "thaw", "spring", "Moonday", "", 1},
               {3, "thaw", "spring", "Netday", "lantern_night", 3},
               {10, "thaw", "spring", "Netday", "", 10},
               {11, "high", "summer", "Saltday", "", 1},
               {21, "reap", "autumn", "Restday", "", 1},
               {40, "frost", "winter", "Windday", "long_night", 10},
               {41, "thaw", "spring", "Lampday", "", 1},
               {42, "thaw", "spring", "Restday", "", 2},
               {83, "thaw", "spring", "Lampday", "lantern_night", 3}};
  for (const auto& row : table) {
    const auto state = rules::describe(pack.calendar, at(row.day, 12), {}, false);
    EXPECT_EQ(state.month(), row.month) << row.day;
    EXPECT_EQ(state.season(), row.season) << row.day;
    EXPECT_EQ(state.weekday(), row.weekday) << row.day;
    EXPECT_EQ(state.festival(), row.festival) << row.day;
    EXPECT_EQ(state.day_of_month(), row.of_month) << row.day;
  }
}

TEST(TimeRules, EnumsOfTheContractMatchThoseOfThePack) {
  for (std::size_t i = 0; i < pack::kPhaseNames.size(); ++i) {
    EXPECT_EQ(lower_ascii(pb::Phase_Name(rules::to_pb(static_cast<Phase>(i)))), pack::kPhaseNames[i]);
  }
  for (std::size_t i = 0; i < pack::kSeasonNames.size(); ++i) {
    EXPECT_EQ(lower_ascii(pb::Season_Name(rules::to_pb(static_cast<pack::Season>(i)))),
              pack::kSeasonNames[i]);
  }
}

TEST(TimeRules, Scales) {
  EXPECT_EQ(rules::scale_from(0).milli, 0);
  EXPECT_EQ(rules::scale_from(60).milli, 60'000);
  EXPECT_EQ(rules::scale_from(0.0125).milli, 13);
  EXPECT_EQ(rules::scale_from(86'400).milli, Scale::kMax);
}

pb::TimeAdvanceRequest going(std::int64_t by_ms, std::int64_t to_day, std::string to_clock) {
  pb::TimeAdvanceRequest request;
  request.set_by_ms(by_ms);
  request.set_to_day(to_day);
  request.set_to_clock(std::move(to_clock));
  return request;
}

TEST(TimeRules, AdvanceTargets) {
  const TimeLimits limits;
  const GameTime now = at(2, 9, 30);
  const struct {
    pb::TimeAdvanceRequest request;
    GameTime to;
  } table[] = {{going(1, 0, ""), {now.ms + 1}},       {going(30 * kDay, 0, ""), {now.ms + 30 * kDay}},
               {going(0, 0, "19:30"), at(2, 19, 30)}, {going(0, 0, "07:00"), at(3, 7)},
               {going(0, 0, "09:30"), at(3, 9, 30)},  {going(0, 2, "09:31"), at(2, 9, 31)},
               {going(0, 5, ""), at(5, 0)},           {going(0, 32, "09:30"), at(32, 9, 30)}};
  for (const auto& row : table) {
    const auto to = rules::advance_target(row.request, now, limits);
    ASSERT_TRUE(to.has_value()) << to.error().message;
    EXPECT_EQ(to->ms, row.to.ms) << row.request.ShortDebugString();
  }
}

TEST(TimeRules, BadAdvances) {
  const TimeLimits limits;
  const GameTime now = at(2, 9, 30);
  const struct {
    pb::TimeAdvanceRequest request;
    const char *reason, *message;
  } table[] = {
      {going(0, 0, ""), "time.bad_advance", "say how far: by_ms, or to_day and to_clock"},
      {going(5, 3, ""), "time.bad_advance", "by_ms and to_day, to_clock are two ways; use one"},
      {going(5, 0, "19:30"), "time.bad_advance", "by_ms and to_day, to_clock are two ways; use one"},
      {going(0, 0, "7:00"), "time.bad_advance", "'7:00' is not a clock; write it as '19:30'"},
      {going(0, 0, "24:00"), "time.bad_advance", "'24:00' is not a clock; write it as '19:30'"},
      {going(0, 1, "08:00"), "time.past", "day 1, 08:00 is not in the future: it is day 2, 09:30"},
      {going(0, 2, "09:30"), "time.past", "day 2, 09:30 is not in the future: it is day 2, 09:30"},
      {going(0, 2, ""), "time.past", "day 2, 00:00 is not in the future: it is day 2, 09:30"},
      {going(0, -5, ""), "time.past", "day -5, 00:00 is not in the future: it is day 2, 09:30"},
      {going(0, std::numeric_limits<std::int64_t>::min(), ""), "time.past",
       "day -9223372036854775808, 00:00 is not in the future: it is day 2, 09:30"},
      {going(0, 32, "09:31"), "time.bad_advance",
       "day 32, 09:31 is more than 30 days ahead, the most at once"},
      {going(0, std::numeric_limits<std::int64_t>::max(), ""), "time.bad_advance",
       "day 9223372036854775807, 00:00 is more than 30 days ahead, the most at once"},
  };
  for (const auto& row : table) {
    const auto to = rules::advance_target(row.request, now, limits);
    ASSERT_FALSE(to.has_value()) << row.request.ShortDebugString();
    EXPECT_EQ(to.error().code, Code::invalid_argument);
    EXPECT_EQ(to.error().reason, row.reason);
    EXPECT_EQ(to.error().message, row.message);
  }
}

TEST(TimeRules, Timers) {
  pb::TimeScheduleRequest request;
  request.set_at_ms(1001);
  EXPECT_TRUE(rules::check_timer(request, {1000}).has_value());
  const auto done = rules::check_timer(request, {1001});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().reason, "time.past");
  EXPECT_EQ(done.error().message, "at_ms is 1001, which is not in the future: it is 1001");
}

}  // namespace
}  // namespace troupe
