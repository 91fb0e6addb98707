#include "services/time/time_service.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/support/small_pack.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

GameTime at(std::int64_t day, int hour, int minute = 0) {
  return {(day - 1) * kDay + hour * kHour + minute * 60'000LL};
}

struct TimeServiceTest : testing::Test {
  const pack::Pack pack = test::small_pack();
  test::World world{{test::mount<TimeService>(pack)}};

  pb::TimeState get() { return *world.call<pb::TimeState>(test::player(), pb::TimeGetRequest()); }
  Result<pb::TimeState> set_scale(double scale) {
    pb::TimeSetScaleRequest request;
    request.set_scale(scale);
    return world.call<pb::TimeState>(test::designer(), request);
  }
  Result<pb::TimeState> advance_by(std::int64_t ms) {
    pb::TimeAdvanceRequest request;
    request.set_by_ms(ms);
    return world.call<pb::TimeState>(test::designer(), request);
  }
  Result<pb::TimeScheduleReply> schedule(std::string id, GameTime time, std::string payload = {}) {
    pb::TimeScheduleRequest request;
    request.set_id(std::move(id));
    request.set_at_ms(time.ms);
    request.set_name("job");
    request.set_payload(std::move(payload));
    return world.call<pb::TimeScheduleReply>(test::designer(), request);
  }
  bool unschedule(const std::string& id) {
    pb::TimeUnscheduleRequest request;
    request.set_id(id);
    return world.call<pb::TimeUnscheduleReply>(test::designer(), request)->removed();
  }
  // "TimerFired boat@25200000" of the log, for the types asked for.
  std::vector<std::string> log(const std::set<std::string>& types) {
    std::vector<std::string> lines;
    for (const auto& event : world.history()) {
      if (types.contains(event.type)) {
        lines.push_back(event.type + (event.subject.empty() ? "" : " " + event.subject) + "@" +
                        std::to_string(event.at.ms / 60'000));
      }
    }
    return lines;
  }
  std::vector<std::string> fired() { return log({"TimerFired"}); }
};

TEST_F(TimeServiceTest, AWorldStartsOnTheFirstMorning) {
  const auto state = get();
  EXPECT_EQ(state.now_ms(), 7 * kHour);
  EXPECT_EQ(state.day(), 1);
  EXPECT_EQ(state.clock(), "07:00");
  EXPECT_EQ(state.phase(), "day");
  EXPECT_EQ(state.season(), "spring");
  EXPECT_EQ(state.scale(), 60);
  EXPECT_FALSE(state.paused());
}

TEST_F(TimeServiceTest, ADayBringsItsEventsInOrder) {
  ASSERT_TRUE(set_scale(86'400).has_value());
  world.advance_to(at(3, 8));
  EXPECT_THAT(log({"PhaseChanged", "DayChanged", "DayWorldActivated", "NightWorldActivated",
                   "FestivalStarted", "SeasonChanged"}),
              ElementsAre("PhaseChanged@1080", "PhaseChanged@1200", "NightWorldActivated@1200",
                          "DayChanged@1440", "PhaseChanged@1740", "DayWorldActivated@1740",
                          "PhaseChanged@1860", "PhaseChanged@2520", "PhaseChanged@2640",
                          "NightWorldActivated@2640", "DayChanged@2880", "FestivalStarted lantern_night@2880",
                          "PhaseChanged@3180", "DayWorldActivated@3180", "PhaseChanged@3300"));
  const auto phases = world.events_of<pb::PhaseChanged>();
  EXPECT_EQ(phases[0].from(), pb::DAY);
  EXPECT_EQ(phases[0].to(), pb::DUSK);
  EXPECT_EQ(phases[2].from(), pb::NIGHT);
  EXPECT_EQ(phases[2].to(), pb::DAWN);
  const auto days = world.events_of<pb::DayChanged>();
  EXPECT_EQ(days[1].day(), 3);
  EXPECT_EQ(days[1].month(), "thaw");
  EXPECT_EQ(days[1].day_of_month(), 3);
  EXPECT_EQ(days[1].weekday(), "Netday");
  const auto festival = world.events_of<pb::FestivalStarted>("lantern_night");
  ASSERT_EQ(festival.size(), 1U);
  EXPECT_EQ(festival[0].name(), "Lantern Night");
  EXPECT_EQ(festival[0].text(), "Every lamp is lit.");
}

TEST_F(TimeServiceTest, AYearHasFourSeasonsAndFestivalsStartOnce) {
  ASSERT_TRUE(set_scale(86'400).has_value());
  world.advance_to(at(44, 1));
  EXPECT_THAT(log({"SeasonChanged"}), ElementsAre("SeasonChanged@14400", "SeasonChanged@28800",
                                                  "SeasonChanged@43200", "SeasonChanged@57600"));
  EXPECT_EQ(world.events_of<pb::SeasonChanged>()[3].from(), pb::WINTER);
  EXPECT_EQ(world.events_of<pb::SeasonChanged>()[3].to(), pb::SPRING);
  EXPECT_THAT(log({"FestivalStarted"}),
              ElementsAre("FestivalStarted lantern_night@2880", "FestivalStarted long_night@53280",
                          "FestivalStarted lantern_night@60480"));
}

TEST(TimeServiceGenesis, AFestivalThatIsOnWhenTheWorldStartsIsTold) {
  const pack::Pack pack = test::small_pack();
  test::World world({test::mount<TimeService>(pack)}, {.start = at(39, 7)});
  EXPECT_EQ(world.events_of<pb::FestivalStarted>("long_night").size(), 1U);
  EXPECT_EQ(world.history().size(), 1U);
}

TEST_F(TimeServiceTest, TheScaleChangesWithoutAJumpAndWithoutDrift) {
  const std::int64_t start = world.now().ms;
  double expected = 0;  // game milliseconds
  const double scales[] = {60, 0.5, 86'400, 1, 3600, 0, 7.25, 60};
  for (const double scale : scales) {
    const std::int64_t before = world.now().ms;
    const auto reply = set_scale(scale);
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
    EXPECT_EQ(reply->now_ms(), before) << "a jump";
    EXPECT_EQ(reply->scale(), scale);
    world.pass(milliseconds(12'345));
    expected += 12'345 * scale;
    EXPECT_NEAR(static_cast<double>(world.now().ms - start), expected, 8) << "at most a millisecond a change";
  }
}

TEST_F(TimeServiceTest, AThousandScaleChangesLoseNothingWhereTheClockIsWhole) {
  const std::int64_t start = world.now().ms;
  std::int64_t expected = 0;
  for (int i = 0; i < 1000; ++i) {
    const int scale = i % 2 == 0 ? 60 : 7;
    ASSERT_TRUE(set_scale(scale).has_value());
    world.pass(milliseconds(37));
    expected += 37 * scale;
  }
  EXPECT_EQ(world.now().ms - start, expected);
}

TEST_F(TimeServiceTest, OnlyChangesOfTheClockAreTold) {
  ASSERT_TRUE(set_scale(60).has_value());
  EXPECT_THAT(world.events_of<pb::TimeScaleChanged>(), IsEmpty());
  ASSERT_TRUE(set_scale(2.5).has_value());
  ASSERT_TRUE(world.call<pb::TimeState>(test::designer(), pb::TimePauseRequest()).has_value());
  ASSERT_TRUE(world.call<pb::TimeState>(test::designer(), pb::TimePauseRequest()).has_value());
  ASSERT_TRUE(world.call<pb::TimeState>(test::designer(), pb::TimeResumeRequest()).has_value());
  const auto told = world.events_of<pb::TimeScaleChanged>();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].scale(), 2.5);
  EXPECT_FALSE(told[0].paused());
  EXPECT_TRUE(told[1].paused());
  EXPECT_FALSE(told[2].paused());
  EXPECT_EQ(told[2].scale(), 2.5);
}

TEST_F(TimeServiceTest, APausedClockStandsAndGoesOnFromThere) {
  world.pass(seconds(3));
  const auto paused = world.call<pb::TimeState>(test::designer(), pb::TimePauseRequest());
  ASSERT_TRUE(paused.has_value());
  EXPECT_TRUE(paused->paused());
  const std::int64_t stood = world.now().ms;
  world.pass(seconds(100));
  EXPECT_EQ(get().now_ms(), stood);
  world.restart();
  world.pass(seconds(100));
  EXPECT_EQ(get().now_ms(), stood);
  EXPECT_TRUE(get().paused());
  const auto resumed = world.call<pb::TimeState>(test::designer(), pb::TimeResumeRequest());
  EXPECT_EQ(resumed->now_ms(), stood) << "a jump";
  world.pass(seconds(1));
  EXPECT_EQ(world.now().ms, stood + 60'000);
}

TEST_F(TimeServiceTest, AdvanceGoesThereAndEverythingDueOnTheWayHappens) {
  ASSERT_TRUE(schedule("boat", at(2, 3)).has_value());
  const auto reply = advance_by(2 * kDay);
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->now_ms(), at(3, 7).ms);
  EXPECT_EQ(reply->clock(), "07:00");
  EXPECT_EQ(reply->day(), 3);
  EXPECT_EQ(get().now_ms(), at(3, 7).ms);
  EXPECT_THAT(fired(), ElementsAre("TimerFired boat@1620"));
  EXPECT_EQ(world.events_of<pb::DayChanged>().size(), 2U);
  const auto told = world.events_of<pb::TimeAdvanced>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].from_ms(), 7 * kHour);
  EXPECT_EQ(told[0].to_ms(), at(3, 7).ms);
  world.pass(seconds(1));
  EXPECT_EQ(world.now().ms, at(3, 7, 1).ms) << "it goes on from there";
}

TEST_F(TimeServiceTest, AdvanceAnswersWhenTheWorldHasArrivedAndNotBefore) {
  std::optional<Result<std::string>> answer;
  pb::TimeAdvanceRequest request;
  request.set_by_ms(kDay);
  const auto* method = find_method(pb::TimeAdvanceRequest::descriptor());
  world.host().spawn("test", [&, bytes = request.SerializeAsString()]() -> rt::asio::awaitable<void> {
    answer.emplace(co_await world.host().call_bytes(method, test::designer(), bytes));
  });
  world.clock().settle();
  ASSERT_TRUE(
      world.timeline().flush_now().has_value());  // the command is durable; the world is still where it was
  world.clock().settle();
  EXPECT_EQ(world.now().ms, 7 * kHour);
  EXPECT_FALSE(answer.has_value());
  world.settle();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(test::World::parse<pb::TimeState>(*answer)->now_ms(), at(2, 7).ms);
}

TEST_F(TimeServiceTest, AdvanceAlsoMovesAPausedClock) {
  ASSERT_TRUE(world.call<pb::TimeState>(test::designer(), pb::TimePauseRequest()).has_value());
  const auto reply = advance_by(kHour);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(get().now_ms(), at(1, 8).ms);
  EXPECT_TRUE(get().paused());
}

TEST_F(TimeServiceTest, AJumpThatARestartInterruptsIsFinished) {
  ASSERT_TRUE(schedule("boat", at(1, 20)).has_value());
  pb::TimeAdvanceRequest request;
  request.set_by_ms(kDay);
  const auto* method = find_method(pb::TimeAdvanceRequest::descriptor());
  world.host().spawn("test", [&, bytes = request.SerializeAsString()]() -> rt::asio::awaitable<void> {
    (void)co_await world.host().call_bytes(method, test::designer(), bytes);
  });
  world.clock().settle();
  ASSERT_TRUE(world.timeline().flush_now().has_value());
  world.restart();
  EXPECT_EQ(get().now_ms(), at(2, 7).ms);
  EXPECT_THAT(fired(), ElementsAre("TimerFired boat@1200"));
}

TEST_F(TimeServiceTest, TimersFireOnceInOrderAcrossRestartsJumpsAndScales) {
  ASSERT_TRUE(schedule("c", at(2, 12), "third").has_value());
  ASSERT_TRUE(schedule("a", at(1, 9)).has_value());
  ASSERT_TRUE(schedule("b", at(1, 9, 30)).has_value());
  ASSERT_TRUE(schedule("d", at(5, 0)).has_value());
  world.advance_to(at(1, 9, 15));
  ASSERT_TRUE(world.timeline().run_to(at(1, 10)).has_value());  // b is applied and then lost
  world.restart();
  EXPECT_THAT(fired(), ElementsAre("TimerFired a@540"));
  ASSERT_TRUE(set_scale(86'400).has_value());
  world.advance_to(at(1, 10));
  world.restart();
  ASSERT_TRUE(set_scale(0.5).has_value());
  ASSERT_TRUE(advance_by(2 * kDay).has_value());
  world.restart();
  ASSERT_TRUE(set_scale(3600).has_value());
  world.advance_to(at(6, 0));
  EXPECT_THAT(fired(),
              ElementsAre("TimerFired a@540", "TimerFired b@570", "TimerFired c@2160", "TimerFired d@5760"));
  EXPECT_EQ(world.events_of<pb::TimerFired>().size(), 4U) << "published once each";
  const auto third = world.events_of<pb::TimerFired>("c");
  EXPECT_EQ(third[0].payload(), "third");
  EXPECT_EQ(third[0].name(), "job");
  EXPECT_EQ(third[0].due_ms(), at(2, 12).ms);
  EXPECT_THAT(world.rows("select id from time_timers"), IsEmpty());
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TimeServiceTest, ATimerIsReplacedAndTakenBack) {
  ASSERT_TRUE(schedule("a", at(1, 9)).has_value());
  ASSERT_TRUE(schedule("a", at(1, 11)).has_value());
  ASSERT_TRUE(schedule("b", at(1, 10)).has_value());
  world.restart();
  EXPECT_TRUE(unschedule("b"));
  EXPECT_FALSE(unschedule("b"));
  world.advance_to(at(1, 12));
  EXPECT_THAT(fired(), ElementsAre("TimerFired a@660"));
  EXPECT_FALSE(unschedule("a")) << "it has fired";
}

TEST_F(TimeServiceTest, IdsAreMadeWhereNoneIsGiven) {
  const auto first = schedule("", at(1, 9));
  const auto second = schedule("", at(1, 9));
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->id(), "timer-1");
  EXPECT_EQ(second->id(), "timer-2");
  EXPECT_EQ(first->at_ms(), at(1, 9).ms);
  world.advance_to(at(1, 10));
  EXPECT_THAT(fired(), ElementsAre("TimerFired timer-1@540", "TimerFired timer-2@540"));
}

TEST(TimeServiceLimits, TimersHaveABound) {
  const pack::Pack pack = test::small_pack();
  test::World world({[&](Host& host) {
    auto service = std::make_shared<TimeService>(pack, host, TimeLimits{.timers_max = 2});
    service->mount();
    return service;
  }});
  const auto schedule = [&](std::string id) {
    pb::TimeScheduleRequest request;
    request.set_id(std::move(id));
    request.set_at_ms(at(2, 0).ms);
    return world.call<pb::TimeScheduleReply>(test::designer(), request);
  };
  EXPECT_TRUE(schedule("a").has_value());
  EXPECT_TRUE(schedule("b").has_value());
  const auto third = schedule("c");
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, Code::exhausted);
  EXPECT_EQ(third.error().reason, "time.timers_full");
  EXPECT_EQ(third.error().message, "2 timers are scheduled, the most there may be");
  EXPECT_TRUE(schedule("a").has_value()) << "to replace one is no third";
}

TEST_F(TimeServiceTest, MinutesAreToldAtMostTenTimesASecond) {
  const struct {
    double scale;
    std::size_t told;  // in 20 real seconds
  } table[] = {{1, 0}, {60, 20}, {600, 200}, {86'400, 200}, {0, 0}};
  for (const auto& row : table) {
    ASSERT_TRUE(advance_by(kHour - world.now().ms % kHour).has_value());  // a full hour
    ASSERT_TRUE(set_scale(row.scale).has_value());
    world.pass(milliseconds(100));
    world.clear_events();
    world.pass(seconds(20));
    EXPECT_NEAR(static_cast<double>(world.events_of<pb::MinuteTicked>().size()),
                static_cast<double>(row.told), 1)
        << row.scale;
    EXPECT_LE(world.events_of<pb::MinuteTicked>().size(), 200U);
  }
}

TEST_F(TimeServiceTest, AMinuteSaysWhichItIs) {
  world.pass(seconds(2));
  const auto minutes = world.events_of<pb::MinuteTicked>();
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_EQ(minutes[0].clock(), "07:01");
  EXPECT_EQ(minutes[0].now_ms(), 7 * kHour + 60'000);
  EXPECT_TRUE(world.history().empty()) << "minutes are live only";
}

TEST_F(TimeServiceTest, BadRequestsAreRefusedInWords) {
  const auto scale = set_scale(90'000);
  ASSERT_FALSE(scale.has_value());
  EXPECT_EQ(scale.error().code, Code::invalid_argument);
  EXPECT_EQ(scale.error().message, "scale is 0 to 86400, not 90000");
  const auto advance = advance_by(0);
  ASSERT_FALSE(advance.has_value());
  EXPECT_EQ(advance.error().message, "say how far: by_ms, or to_day and to_clock");
  const auto past = schedule("a", {5});
  ASSERT_FALSE(past.has_value());
  EXPECT_EQ(past.error().reason, "time.past");
  EXPECT_TRUE(world.history().empty());
  EXPECT_TRUE(world.inputs().empty()) << "what is refused is no input";
}

TEST_F(TimeServiceTest, PlayersMayLookButNotTouch) {
  pb::TimeSetScaleRequest request;
  request.set_scale(5);
  const auto reply = world.call<pb::TimeState>(test::player(), request);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, Code::permission_denied);
  EXPECT_EQ(get().scale(), 60);
}

TEST_F(TimeServiceTest, TheCalendarIsThePacks) {
  const auto reply = world.call<pb::TimeCalendarReply>(test::player(), pb::TimeCalendarRequest());
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->months_size(), 4);
  EXPECT_EQ(reply->months(3).id(), "frost");
  EXPECT_EQ(reply->months(3).name(), "Frost");
  EXPECT_EQ(reply->months(3).days(), 10);
  EXPECT_EQ(reply->months(3).season(), "winter");
  EXPECT_EQ(reply->weekdays(6), "Restday");
  ASSERT_EQ(reply->festivals_size(), 2);
  EXPECT_EQ(reply->festivals(1).month(), "frost");
  EXPECT_EQ(reply->festivals(1).day(), 8);
}

}  // namespace
}  // namespace troupe
