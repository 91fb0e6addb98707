#include "inference/preempt.h"

#include <gtest/gtest.h>

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;

constexpr rt::Instant at(std::int64_t ms) { return {ms * 1'000'000}; }

TEST(Preempt, OnlyWhenWaitingIsWorseThanTheWaste) {
  const auto never = rt::Instant::never();
  const RunningStep step{.running = true, .may_stop = true, .began = at(1000), .ends = at(1100)};
  auto with = [&](auto change) {
    auto out = step;
    change(out);
    return out;
  };
  const auto gold = with([](auto& s) { s.gold_due = at(2000); });
  const auto ahead = with([](auto& s) { s.ahead = true; });
  const auto soon = with([](auto& s) { s.gold_due = at(1050); });
  WasteMeter clean;
  clean.worked(20s);
  WasteMeter full;
  full.worked(5s);
  full.wasted(3s);
  struct Row {
    const char* why;
    RunningStep step;
    GoldCall call;
    const WasteMeter& waste;
    std::int64_t now;
    bool expected;
  };
  for (const auto& row : std::vector<Row>{
           {"just begun", step, {never, 0ms}, clean, 1010, true},
           {"nearly done", step, {never, 0ms}, clean, 1097, false},
           {"nothing runs", with([](auto& s) { s.running = false; }), {never, 0ms}, clean, 1010, false},
           {"old work", with([](auto& s) { s.may_stop = false; }), {at(1011), 0ms}, clean, 1010, false},
           {"other gold, and time to wait", gold, {never, 0ms}, clean, 1010, false},
           {"other gold that is due later, and time to wait", gold, {at(1150), 20ms}, clean, 1010, false},
           {"other gold, and this one would miss", gold, {at(1050), 20ms}, full, 1010, true},
           {"other gold, which is due first", soon, {at(1050), 20ms}, clean, 1010, false},
           {"read ahead, whatever was wasted", ahead, {never, 0ms}, full, 1010, true},
           {"read ahead, and nearly done", ahead, {never, 0ms}, full, 1097, false},
           {"an end that nobody knows",
            with([](auto& s) { s.ends = rt::Instant::never(); }),
            {never, 0ms},
            clean,
            1010,
            true},
           {"just begun, and nobody knows its end",
            with([](auto& s) { s.ends = rt::Instant::never(); }),
            {never, 0ms},
            clean,
            1001,
            true},
           {"over its time for long", step, {never, 0ms}, clean, 1150, true},
           {"enough was wasted lately", step, {never, 0ms}, full, 1010, false},
           {"but gold would miss", step, {at(1050), 20ms}, full, 1010, true},
           {"gold has time to wait", step, {at(1150), 20ms}, full, 1010, false},
           {"gold misses anyway", step, {at(1020), 20ms}, full, 1010, false},
       }) {
    EXPECT_EQ(should_preempt(row.step, row.call, row.waste, {}, at(row.now)), row.expected) << row.why;
  }
}

TEST(Preempt, WasteIsAShareAndFades) {
  WasteMeter meter;
  EXPECT_LT(meter.share_with(90ms), 0.05) << "the first stops are free";
  EXPECT_GT(meter.share_with(600ms), 0.05);
  meter.wasted(500ms);
  EXPECT_GT(meter.share_with(50ms), 0.05);
  for (int i = 0; i < 100; ++i) meter.worked(100ms);
  EXPECT_LT(meter.share_with(50ms), 0.05);
}

TEST(Preempt, OftenGoldMeansShortSteps) {
  const PreemptLimits limits;
  EXPECT_EQ(step_budget(120ms, 15ms, 0, limits), 120ms);
  EXPECT_EQ(step_budget(120ms, 15ms, 0.1, limits), 120ms);
  EXPECT_EQ(step_budget(120ms, 15ms, 2, limits), 25ms);
  EXPECT_EQ(step_budget(120ms, 15ms, 100, limits), 15ms);
  EXPECT_EQ(step_budget(10ms, 15ms, 100, limits), 10ms);
  ArrivalRate rate;
  EXPECT_EQ(rate.per_second(at(0)), 0);
  for (int i = 1; i <= 600; ++i) rate.arrived(at(200 * i));
  EXPECT_NEAR(rate.per_second(at(200 * 600)), 5, 0.5);
  EXPECT_LT(rate.per_second(at(200 * 600 + 60'000)), 0.1);
  for (int i = 0; i < 3; ++i) rate.arrived(at(200'000 + 300 * i));
  EXPECT_GT(rate.per_second(at(200'600)), 1.4) << "a burst is seen at once";
  EXPECT_LT(rate.per_second(at(206'000)), 0.3) << "and forgotten soon";
}

}  // namespace
}  // namespace troupe::inference
