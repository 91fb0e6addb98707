#include "tests/support/world_fixture.h"

#include <gmock/gmock.h>

#include "host/table.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/time.pb.h"

namespace troupe::test {
namespace {

// What a test says and sees of the service.
struct Knobs {
  int step = 1;
  mutable int ticks = 0;
};

// A service of one counter: Schedule adds to it and tells; each game hour it adds one more.
class CounterService {
 public:
  CounterService(const Knobs& knobs, Host& host) : knobs_(knobs), host_(host) {}

  void mount() {
    host_.serve(&CounterService::add, this);
    host_.serve(&CounterService::get, this);
    host_.serve(&CounterService::wait, this);
    auto& timeline = host_.timeline();
    timeline.add_genesis("count", [this](Turn& turn) { count(turn, 0); });
    timeline.add_timer_handler(
        "counter", [this](Turn& turn, const std::string&, const std::string&) { count(turn, knobs_.step); });
    timeline.add_tick([this](Turn&) { ++knobs_.ticks; });
  }

 private:
  using Record = pb::BusyRecord;  // any record with a whole number
  std::int64_t value() const {
    const auto* row = rows_.find("counter", "");
    return row == nullptr ? 0 : row->until_ms();
  }
  void count(Turn& turn, std::int64_t by) {
    Record row;
    row.set_actor("counter");
    row.set_until_ms(value() + by);
    rows_.put(turn, row);
    turn.schedule("counter", "hour", turn.now() + game_hours(1));
    pb::TimerFired event;
    event.set_due_ms(value());
    turn.emit(event, {.subject = "counter"});
  }
  Result<pb::TimeScheduleReply> add(Turn& turn, const Caller&, const pb::TimeScheduleRequest& request) {
    if (request.at_ms() == 13) return fail(Code::invalid_argument, "counter.unlucky", "no");
    count(turn, request.at_ms());
    pb::TimeScheduleReply reply;
    reply.set_at_ms(value());
    return reply;
  }
  Result<pb::TimeState> get(const Caller& caller, const pb::TimeGetRequest&) const {
    pb::TimeState state;
    state.set_now_ms(value());
    state.set_month(caller.name);
    return state;
  }
  Task<pb::TimeCalendarReply> wait(Caller, pb::TimeCalendarRequest) {
    co_await rt::sleep_for(host_.env(), std::chrono::seconds(5));
    co_return pb::TimeCalendarReply();
  }

  const Knobs& knobs_;
  Host& host_;
  Table<Record> rows_{host_.timeline()};
};

pb::TimeScheduleRequest adding(std::int64_t by) {
  pb::TimeScheduleRequest request;
  request.set_at_ms(by);
  return request;
}

struct WorldFixture : testing::Test {
  Knobs knobs;
  World world{{mount<CounterService>(knobs)}};

  std::int64_t value() { return world.call<pb::TimeState>(player(), pb::TimeGetRequest())->now_ms(); }
};

TEST_F(WorldFixture, CallsAreAnsweredAndErrorsTravel) {
  const auto reply = world.call<pb::TimeScheduleReply>(designer(), adding(5));
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->at_ms(), 5);
  EXPECT_EQ(world.call<pb::TimeState>(player("bela"), pb::TimeGetRequest())->month(), "bela");
  EXPECT_EQ(world.call<pb::TimeScheduleReply>(designer(), adding(13)).error().reason, "counter.unlucky");
  EXPECT_EQ(world.call<pb::TimeScheduleReply>(player(), adding(1)).error().reason, "rpc.role");
}

TEST_F(WorldFixture, TimeMovesExactlyAndTogetherWithTheClock) {
  const auto real = world.env().now();
  world.advance(game_hours(2));
  EXPECT_EQ(world.now().ms, game_hours(9).ms);
  EXPECT_EQ(world.env().now() - real, std::chrono::seconds(120));
  world.pass(std::chrono::milliseconds(50));
  EXPECT_EQ(world.now().ms, game_hours(9).ms + 3000);
  EXPECT_EQ(value(), 2);
}

TEST_F(WorldFixture, NoTickIsLostToATimerOfTheSameMoment) {
  world.advance(game_hours(2));  // each hour a timer, which is a tick's moment, too
  EXPECT_EQ(value(), 2);
  EXPECT_EQ(knobs.ticks, 1200) << "ten a second of 120 s";
}

TEST_F(WorldFixture, PublishedEventsAndTheLogAgree) {
  world.advance(game_hours(3));
  const auto events = world.events_of<pb::TimerFired>("counter");
  ASSERT_EQ(events.size(), 4U) << "genesis and three hours";
  EXPECT_EQ(events.back().due_ms(), 3);
  EXPECT_TRUE(world.events_of<pb::TimerFired>("nobody").empty());
  EXPECT_EQ(world.history().size(), 4U);
  world.clear_events();
  EXPECT_TRUE(world.events().empty());
}

TEST_F(WorldFixture, ARestartKeepsWhatWasCommittedAndNothingElse) {
  world.advance(game_hours(2));
  ASSERT_TRUE(world.timeline().run_to({game_hours(10).ms}).has_value());  // applied, not committed
  EXPECT_EQ(value(), 3) << "a call commits what is waiting";
  ASSERT_TRUE(world.timeline().run_to({game_hours(11).ms}).has_value());
  world.restart();
  EXPECT_EQ(value(), 3);
  EXPECT_EQ(world.rows("select until_ms from capabilities_busy")[0].integer(0), 3);
}

TEST_F(WorldFixture, TasksThatTakeTimeEndWhenTimeMoves) {
  const auto answer = world.start(player(), pb::TimeCalendarRequest());
  world.pass(std::chrono::seconds(4));
  EXPECT_FALSE(answer->has_value());
  world.pass(std::chrono::seconds(2));
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE(World::parse<pb::TimeCalendarReply>(**answer).has_value());
}

TEST_F(WorldFixture, AReplayGivesTheSameState) {
  world.advance(game_hours(2));
  (void)world.call<pb::TimeScheduleReply>(designer(), adding(5));
  world.restart();
  world.advance(game_hours(2));
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  knobs.step = 2;  // a service that does not do the same again is found out
  EXPECT_NE(world.state_hash(), world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe::test
