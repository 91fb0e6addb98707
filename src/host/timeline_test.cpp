// Keys, replay and what the database refuses: on a service of one counter.
#include <gmock/gmock.h>

#include "host/request_check.h"
#include "host/table.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/npc_store.pb.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/time.pb.h"

namespace troupe::test {
namespace {

struct Seen {
  int effects = 0;   // that ran after a commit
  int attempts = 0;  // of a task
};

constexpr std::int64_t kUnwelcome = 13;  // what the probe refuses

// Schedule adds `at_ms` and answers the sum; 0 changes nothing, kUnwelcome is refused. Unschedule does what its
// id says. Talk takes a second and adds 1.
class Probe {
 public:
  Probe(Seen& seen, Host& host) : seen_(seen), host_(host) {}

  void mount() {
    host_.serve(&Probe::add, this);
    host_.serve(&Probe::act, this);
    host_.serve(&Probe::get, static_cast<const Probe*>(this));
    host_.serve(&Probe::talk, this);
  }

 private:
  // Any record with a whole number and a text.
  using Record = pb::BusyRecord;
  std::int64_t value() const {
    const auto* row = rows_.find("probe", "");
    return row == nullptr ? 0 : row->until_ms();
  }
  void count(Turn& turn, std::int64_t by, const std::string& text = {}) {
    Record row;
    row.set_actor("probe");
    row.set_until_ms(value() + by);
    row.set_verb(text);
    rows_.put(turn, row);
    pb::TimerFired event;
    event.set_due_ms(value());
    turn.emit(event, {.subject = "probe"});
  }
  Result<pb::TimeScheduleReply> add(Turn& turn, const Caller& caller,
                                    const pb::TimeScheduleRequest& request) {
    if (request.at_ms() == kUnwelcome) return fail(Code::invalid_argument, "probe.unwelcome", "no");
    EXPECT_EQ(caller.idempotency_key, "") << "what a replay does not have";
    if (request.at_ms() > 0) count(turn, request.at_ms());
    pb::TimeScheduleReply reply;
    reply.set_at_ms(value());
    return reply;
  }
  Result<pb::TimeUnscheduleReply> act(Turn& turn, const Caller&, const pb::TimeUnscheduleRequest& request) {
    if (request.id() == "effect") turn.after_commit([this] { ++seen_.effects; });
    if (request.id() == "nul") count(turn, 100, std::string("a\0b", 3));  // what no database takes
    if (request.id() == "late") {
      count(turn, 100);
      return fail(Code::conflict, "probe.late", "an error after a change");
    }
    if (request.id() == "throws") {
      count(turn, 100);
      throw std::runtime_error("something that nobody thought of");
    }
    return pb::TimeUnscheduleReply();
  }
  Result<pb::TimeState> get(const Caller&, const pb::TimeGetRequest&) const {
    pb::TimeState state;
    state.set_now_ms(value());
    return state;
  }
  Task<pb::NpcTalkReply> talk(Caller caller, pb::NpcTalkRequest request) {
    ++seen_.attempts;
    EXPECT_EQ(caller.idempotency_key, "") << "what the task asks for is another request";
    if (request.text() == "busy") co_return fail(Code::unavailable, "probe.busy", "later");
    pb::TimeScheduleRequest one;
    one.set_at_ms(1);
    CO_TRY(const auto sum, co_await host_.submit<pb::TimeScheduleReply>(Caller::server(), one));
    if (request.text() == "lost") co_return fail(Code::deadline_exceeded, "probe.late", "late");
    co_await rt::sleep_for(host_.env(), std::chrono::seconds(1));
    pb::NpcTalkReply reply;
    reply.set_text("said " + std::to_string(sum.at_ms()));
    co_return reply;
  }

  Seen& seen_;
  Host& host_;
  Table<Record> rows_{host_.timeline()};
};

Caller keyed(std::string key, Caller caller = designer()) {
  caller.idempotency_key = std::move(key);
  return caller;
}
pb::TimeScheduleRequest adding(std::int64_t by) {
  pb::TimeScheduleRequest request;
  request.set_at_ms(by);
  return request;
}
pb::TimeUnscheduleRequest doing(std::string what) {
  pb::TimeUnscheduleRequest request;
  request.set_id(std::move(what));
  return request;
}
pb::NpcTalkRequest saying(std::string text) {
  pb::NpcTalkRequest request;
  request.set_npc("marta");
  request.set_text(std::move(text));
  return request;
}

struct TimelineTest : testing::Test {
  Seen seen;
  World world{{[this](Host& host) {
    auto probe = std::make_shared<Probe>(seen, host);
    probe->mount();
    return probe;
  }}};

  std::int64_t value() { return world.call<pb::TimeState>(player(), pb::TimeGetRequest())->now_ms(); }
  std::string add(Caller caller, std::int64_t by) {
    const auto reply = world.call<pb::TimeScheduleReply>(std::move(caller), adding(by));
    return reply ? std::to_string(reply->at_ms()) : reply.error().reason;
  }
  std::string talk(Caller caller, const std::string& text) {
    const auto answer = world.start(std::move(caller), saying(text));
    world.pass(std::chrono::seconds(2));
    return said(answer);
  }
  static std::string said(const World::Answer& answer) {
    if (!answer->has_value()) return "nothing";
    const auto reply = World::parse<pb::NpcTalkReply>(**answer);
    return reply ? reply->text() : reply.error().reason;
  }
  // Applied at once, before anything of it is durable.
  template <class Request>
  std::shared_ptr<std::optional<Result<std::string>>> submit(const Request& request) {
    auto answer = std::make_shared<std::optional<Result<std::string>>>();
    world.host().spawn("submit", [this, answer, request]() -> rt::asio::awaitable<void> {
      answer->emplace(co_await world.timeline().submit(designer(), Request::descriptor()->full_name(),
                                                       request.SerializeAsString()));
    });
    return answer;
  }
};

std::string outcome(const World::Answer& answer) {
  if (!answer->has_value()) return "nothing";
  return **answer ? "ok" : (**answer).error().reason;
}

TEST_F(TimelineTest, WhoSaysNoRoleHasNoRight) {
  EXPECT_EQ(add(Caller{}, 1), "rpc.no_role");
  EXPECT_EQ(add({.name = "anna"}, 1), "rpc.no_role");
  EXPECT_EQ(world.call<pb::TimeState>({}, pb::TimeGetRequest()).error().reason, "rpc.no_role");
  EXPECT_FALSE(Caller{}.acts_for_others());
  EXPECT_EQ(add(Caller::server(), 1), "1");
}

TEST_F(TimelineTest, AKeyStandsForOneRequestOfOneCaller) {
  EXPECT_EQ(add(keyed("k"), 5), "5");
  EXPECT_EQ(add(designer(), 1), "6");
  EXPECT_EQ(add(keyed("k"), 5), "5") << "the same answer, no second effect";
  EXPECT_EQ(add(keyed("k"), 7), "idempotency.other_request") << "another body";
  EXPECT_EQ(world.call<pb::TimeUnscheduleReply>(keyed("k"), doing("")).error().reason,
            "idempotency.other_request")
      << "another method";
  EXPECT_EQ(add(keyed("k", designer("ben")), 5), "11") << "another caller has keys of their own";
  EXPECT_EQ(add(keyed("k", {.name = "dora", .role = pb::ROLE_GAME_SERVER}), 5), "16") << "another role, too";
  world.restart();
  EXPECT_EQ(add(keyed("k"), 5), "5");
  EXPECT_EQ(add(keyed("k"), 7), "idempotency.other_request");
  EXPECT_EQ(value(), 16);
}

TEST_F(TimelineTest, AReadRefusesAKeyByName) {
  EXPECT_EQ(world.call<pb::TimeState>(keyed("k", player()), pb::TimeGetRequest()).error().reason,
            "idempotency.not_taken");
}

TEST_F(TimelineTest, ARefusedCommandLeavesItsKeyFree) {
  EXPECT_EQ(add(keyed("k"), kUnwelcome), "probe.unwelcome");
  EXPECT_EQ(add(keyed("k"), 5), "5");
}

TEST_F(TimelineTest, ATaskWithAKeyHasOneEffect) {
  const auto first = world.start(keyed("t", player()), saying("hello"));
  const auto second = world.start(keyed("t", player()), saying("hello"));
  const auto other = world.start(keyed("t", player()), saying("good-bye"));
  EXPECT_EQ(said(first), "nothing") << "it takes a second";
  EXPECT_EQ(said(other), "idempotency.other_request");
  world.pass(std::chrono::seconds(2));
  EXPECT_EQ(said(first), "said 1");
  EXPECT_EQ(said(second), "said 1") << "waits for the first";
  EXPECT_EQ(talk(keyed("t", player()), "hello"), "said 1");
  EXPECT_EQ(talk(keyed("t", player()), "good-bye"), "idempotency.other_request");
  world.restart();
  EXPECT_EQ(talk(keyed("t", player()), "hello"), "said 1");
  EXPECT_EQ(value(), 1);
  EXPECT_EQ(seen.attempts, 1);
}

TEST_F(TimelineTest, ATaskThatDidNothingMayTryAgainAndOneThatIsUnknownMayNot) {
  EXPECT_EQ(talk(keyed("b", player()), "busy"), "probe.busy");
  EXPECT_EQ(talk(keyed("b", player()), "busy"), "probe.busy");
  EXPECT_EQ(seen.attempts, 2);
  EXPECT_EQ(talk(keyed("l", player()), "lost"), "probe.late");
  EXPECT_EQ(talk(keyed("l", player()), "lost"), "idempotency.interrupted");
  EXPECT_EQ(seen.attempts, 3);
  (void)world.start(keyed("s", player()), saying("hello"));
  world.run_until([&] { return seen.attempts == 4 && value() == 2; });
  world.restart();  // in the middle
  EXPECT_EQ(talk(keyed("s", player()), "hello"), "idempotency.interrupted");
  EXPECT_EQ(value(), 2) << "each at most once";
}

TEST_F(TimelineTest, KeysAreBounded) {
  KeyStore keys({.keys_max = 3, .bytes_max = 10});
  const auto use = [](std::string key) { return KeyUse{"player/anna", std::move(key), "r"}; };
  for (const char* key : {"a", "b", "c", "d"}) (void)keys.answer(use(key), "1");
  EXPECT_FALSE(*keys.find(use("a"))) << "the oldest went";
  EXPECT_TRUE(*keys.find(use("b")));
  (void)keys.answer(use("e"), std::string(9, 'x'));
  EXPECT_FALSE(*keys.find(use("c"))) << "by bytes, too";
  EXPECT_TRUE(*keys.find(use("d")));
  EXPECT_EQ(keys.find({"player/anna", "e", "other"}).error().reason, "idempotency.other_request");
}

// ---- Replay: each input that was recorded is one again.

TEST_F(TimelineTest, WhateverWasRecordedIsRepeated) {
  world.advance(game_minutes(5));
  EXPECT_EQ(add(designer(), 0), "0");
  EXPECT_EQ(add(keyed("none"), 0), "0");
  EXPECT_EQ(add(keyed("some"), 4), "4");
  EXPECT_EQ(add(keyed("bad"), kUnwelcome), "probe.unwelcome");
  ASSERT_TRUE(world.call<pb::TimeUnscheduleReply>(designer(), doing("effect")).has_value());
  ASSERT_TRUE(world.call<pb::TimeUnscheduleReply>(keyed("effect"), doing("effect")).has_value());
  EXPECT_EQ(talk(keyed("task", player()), "hello"), "said 5");
  world.restart();
  world.advance(game_minutes(5));
  EXPECT_EQ(add(keyed("none"), 0), "0");
  EXPECT_EQ(add(keyed("some"), 4), "4");
  EXPECT_EQ(add(designer(), 2), "7");
  EXPECT_EQ(seen.effects, 2);
  EXPECT_EQ(world.inputs().size(), 6U) << "4, two effects, the task's 1, the restart, 2: no keys";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(TimelineTest, AnInputThatChangesNothingIsStillOneInAReplay) {
  WorldOptions options = world.options();
  options.replay = true;
  Seen none;
  World copy({[&none](Host& host) {
               auto probe = std::make_shared<Probe>(none, host);
               probe->mount();
               return probe;
             }},
             options);
  const InputRecord input{.sequence = 1,
                          .at = world.now(),
                          .type = "troupe.v1.TimeScheduleRequest",
                          .caller = "dora",
                          .role = pb::ROLE_DESIGNER};
  ASSERT_TRUE(copy.timeline().replay(input).has_value());
  EXPECT_EQ(copy.timeline().tail().inputs, 1U) << "logs of before have such inputs";
}

// ---- What the database refuses.

TEST_F(TimelineTest, ATurnThatCannotBeStoredTakesNobodyWithIt) {
  for (const char* bad : {"nul", "nul"}) {
    const auto before = value();
    const auto first = submit(adding(1));
    const auto broken = submit(doing(bad));
    const auto after = submit(adding(2));
    const auto saw = submit(adding(0));
    world.settle();
    world.run_until([&] { return after->has_value() && saw->has_value(); });
    EXPECT_EQ(outcome(first), "ok");
    EXPECT_EQ(outcome(broken), "timeline.not_stored");
    EXPECT_EQ(outcome(after), "ok") << "applied again, without its caller's doing";
    EXPECT_EQ(outcome(saw), "ok");
    EXPECT_EQ(value(), before + 3);
  }
  EXPECT_TRUE(world.timeline().health().has_value());
  EXPECT_EQ(world.rows("select until_ms from capabilities_busy")[0].integer(0), 6);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  world.restart();
  EXPECT_EQ(value(), 6);
}

// What a handler that throws left beside its tables is not known, so all of it is loaded anew.
TEST_F(TimelineTest, ATurnThatFailsHalfWayEndsNothing) {
  for (const char* bad : {"late", "throws"}) {
    const auto before = value();
    const auto first = submit(adding(1));
    const auto broken = submit(doing(bad));
    const auto after = submit(adding(2));
    world.run_until([&] { return after->has_value(); });
    EXPECT_EQ(outcome(first), "ok");
    EXPECT_EQ(outcome(broken), bad == std::string("late") ? "probe.late" : "rpc.bug");
    EXPECT_EQ(outcome(after), "ok");
    EXPECT_EQ(value(), before + 3);
  }
  EXPECT_TRUE(world.timeline().health().has_value());
  world.advance(game_minutes(3));
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  world.restart();
  EXPECT_EQ(value(), 6);
}

TEST_F(TimelineTest, TheCommitLoopKeepsTheOthersToo) {
  rt::Group group(world.env(), "commits");
  world.timeline().start(group);
  for (const std::string bad : {"nul", "late", "throws"}) {
    const auto before = value();
    const auto first = submit(adding(1));
    const auto broken = submit(doing(bad));
    const auto after = submit(adding(2));
    world.run_until([&] { return after->has_value() && broken->has_value(); });
    EXPECT_EQ(outcome(first), "ok");
    EXPECT_EQ(outcome(broken), bad == "late"     ? "probe.late"
                               : bad == "throws" ? "rpc.bug"
                                                 : "timeline.not_stored");
    EXPECT_EQ(outcome(after), "ok");
    EXPECT_EQ(value(), before + 3);
  }
  EXPECT_TRUE(world.timeline().health().has_value()) << "no second without writes";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  group.cancel();
  world.settle();
}

TEST_F(TimelineTest, ACommandWithoutEffectWaitsForWhatItSaw) {
  const auto change = submit(adding(3));
  const auto look = submit(adding(0));
  const auto refused = submit(adding(kUnwelcome));
  world.clock().settle();  // applied; nothing is durable yet
  EXPECT_EQ(outcome(change), "nothing");
  EXPECT_EQ(outcome(look), "nothing") << "it would tell of a 3 that a power cut takes back";
  EXPECT_EQ(outcome(refused), "nothing");
  world.settle();
  EXPECT_EQ(outcome(change), "ok");
  EXPECT_EQ(outcome(look), "ok");
  EXPECT_EQ(outcome(refused), "probe.unwelcome");
}

// ---- Requests.

TEST(RequestCheck, WhatCannotBeStoredIsRefusedWithItsPlace) {
  const std::string nul("a\0b", 3);
  pb::NpcRememberRequest remember;
  remember.set_npc("marta");
  remember.add_memories()->set_text("fine");
  EXPECT_TRUE(check_request(remember).has_value());
  remember.add_memories()->add_witnesses(nul);
  auto refused = check_request(remember);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason, "rpc.bad_text");
  EXPECT_THAT(refused.error().message, testing::HasSubstr("memories[1].witnesses[0]"));
  pb::NpcInputRequest input;
  input.set_x(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(check_request(input).error().reason, "rpc.bad_number");
  pb::StatePutRequest put;
  auto& fields = *put.mutable_document()->mutable_fields();
  fields["a"].mutable_list_value()->add_values()->set_string_value(nul);
  EXPECT_EQ(check_request(put).error().reason, "rpc.bad_text");
  fields.clear();
  fields[nul].set_bool_value(true);
  EXPECT_EQ(check_request(put).error().reason, "rpc.bad_text");
  pb::NpcEmbedded bytes;
  bytes.add_vectors()->set_vector(nul);
  EXPECT_TRUE(check_request(bytes).has_value()) << "bytes are bytes";
}

TEST(GameClock, RealTimeBecomesGameTimeAtAnyScale) {
  EXPECT_EQ(Scale{60'000}.span_of(std::chrono::minutes(1)), game_hours(1));
  EXPECT_EQ(Scale{10}.span_of(std::chrono::minutes(1)).ms, 600) << "a hundredth of real time: no zero";
  EXPECT_EQ(Scale{0}.span_of(std::chrono::minutes(1)).ms, 0);
  EXPECT_EQ(Scale{Scale::kMax}.span_of(std::chrono::seconds(2)), game_days(2));
}

}  // namespace
}  // namespace troupe::test
