// The game's socket: events, live and resumed, filtered and paced; sockets that do not read.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "edge/edge_rig.h"
#include "host/event_log.h"

namespace troupe::edge {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr const char* kJson = "troupe.v1.json";

std::uint64_t sequence_of(const Json& event) {
  return std::stoull(event["envelope"]["sequence"].get<std::string>());
}

// The sequences of the next `count` events.
std::vector<std::uint64_t> sequences(WsClient& client, std::size_t count) {
  std::vector<std::uint64_t> got;
  while (got.size() < count) {
    const auto event = client.read_json("event");
    if (event.is_null()) break;
    got.push_back(sequence_of(event));
  }
  return got;
}

std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = first; i <= last; ++i) all.push_back(i);
  return all;
}

TEST(WsEvents, LiveWithTheirPayload) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"player", "anna"}, {"subscribe", {{"id", 4}}}});
  EXPECT_EQ(client.read_json("response")["id"], "4");
  rig.emit(1, "near");
  const auto event = client.read_json("event");
  EXPECT_EQ(event["envelope"]["type"], "PhaseChanged");
  EXPECT_EQ(event["envelope"]["sequence"], "1");
  EXPECT_EQ(event["envelope"]["place"], "near");
  EXPECT_EQ(event["json"], (Json{{"from", "DAWN"}, {"to", "DAY"}}));
  EXPECT_EQ(event["coalesced"], 0);

  WsClient binary(rig.port(), "troupe.v1");
  pb::Frame hello;
  hello.mutable_hello()->set_cursor(0);
  hello.mutable_hello()->mutable_subscribe();
  binary.send(hello);
  EXPECT_TRUE(binary.read_frame().welcome().resumed());
  const auto frame = binary.read_frame();
  pb::PhaseChanged phase;
  ASSERT_TRUE(phase.ParseFromString(frame.event().envelope().payload()));
  EXPECT_EQ(phase.to(), pb::DAY);
}

TEST(WsEvents, NothingIsLostBetweenWelcomeAndSubscribe) {
  Rig rig;
  rig.emit(2, "near");
  WsClient client(rig.port(), kJson);
  EXPECT_EQ(client.hello()["cursor"], "2");
  rig.emit(3, "near");
  client.send(Json{{"subscribe", {{"id", 1}}}});
  EXPECT_EQ(sequences(client, 3), range(3, 5));
}

TEST(WsEvents, FiltersByTypePlaceAreaAndAudience) {
  Rig rig;
  const auto emit_all = [&] {
    rig.emit(1, "near");
    rig.emit(1, "mid");
    rig.emit(1, "far");
    (void)post(rig.port(), "/api/time/SetScale", R"({"scale":3})");                // no place
    (void)post(rig.port(), "/api/time/Schedule", R"({"at_ms":1,"payload":"x"})");  // designers only
    (void)post(rig.port(), "/api/time/SetScale", R"({"scale":4})");
  };
  struct Case {
    const char* name;
    Json hello;
    std::vector<std::uint64_t> wanted;
  };
  const std::vector<Case> cases = {
      {"all", {{"player", "anna"}, {"subscribe", Json::object()}}, {1, 2, 3, 4, 6}},
      {"designer", {{"role", "designer"}, {"subscribe", Json::object()}}, {1, 2, 3, 4, 5, 6}},
      {"type", {{"player", "anna"}, {"subscribe", {{"types", {"TimeScaleChanged"}}}}}, {4, 6}},
      {"places", {{"player", "anna"}, {"subscribe", {{"places", {"far"}}}}}, {3, 4, 6}},
      {"area",
       {{"player", "anna"}, {"subscribe", {{"area", {{"x", 90}, {"y", 0}, {"radius", 95}}}}}},
       {1, 2, 4, 6}},
      {"area and place",
       {{"player", "anna"},
        {"subscribe", {{"area", {{"x", 0}, {"y", 0}, {"radius", 1}}}, {"places", {"far"}}}}},
       {1, 3, 4, 6}}};
  std::vector<std::unique_ptr<WsClient>> live;
  for (const auto& c : cases) {
    live.push_back(std::make_unique<WsClient>(rig.port(), kJson));
    auto hello = c.hello;
    hello["subscribe"]["id"] = 1;
    (void)live.back()->hello(hello);
    EXPECT_FALSE(live.back()->read_json("response").contains("error")) << c.name;
  }
  emit_all();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(sequences(*live[i], cases[i].wanted.size()), cases[i].wanted) << cases[i].name << ", live";
    WsClient resumed(rig.port(), kJson);
    auto hello = cases[i].hello;
    hello["cursor"] = 0;
    (void)resumed.hello(hello);
    EXPECT_EQ(sequences(resumed, cases[i].wanted.size()), cases[i].wanted)
        << cases[i].name << ", from the log";
  }
}

TEST(WsEvents, BadSubscriptionsAreAnswered) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"player", "anna"}});
  client.send(Json{{"subscribe", {{"id", 3}, {"types", {"PhaseChnged"}}}}});
  auto response = client.read_json("response");
  EXPECT_EQ(response["id"], "3");
  EXPECT_EQ(response["error"]["reason"], "events.unknown_type");
  client.send(Json{{"subscribe", {{"types", {"TimerFired"}}}}});
  EXPECT_EQ(client.read_json("response")["error"]["reason"], "events.audience");
}

TEST(WsEvents, ResumesWithoutGapOrRepeat) {
  RigOptions options;
  options.config.limits.socket.resume_page = 7;
  options.config.limits.socket.live_buffer_max = 20;  // overflows below: the log is read again
  options.config.limits.socket.queue_frames_max = 64;
  Rig rig(std::move(options));
  constexpr std::uint64_t kEvents = 2000;
  std::thread world([&] {
    for (std::uint64_t i = 0; i < kEvents / 10; ++i) rig.emit(10, "near");
  });
  // Comes and goes all the time, each time with the last sequence that it has seen.
  std::vector<std::uint64_t> seen;
  std::size_t visits = 0;
  while (seen.size() < kEvents) {
    WsClient client(rig.port(), kJson);
    const auto welcome =
        client.hello({{"player", "anna"}, {"cursor", seen.size()}, {"subscribe", Json::object()}});
    ASSERT_TRUE(welcome["resumed"].get<bool>()) << welcome.dump();
    ++visits;
    const auto wanted = std::min<std::size_t>(kEvents - seen.size(), 97);
    const auto got = sequences(client, wanted);
    ASSERT_EQ(got.size(), wanted);
    seen.insert(seen.end(), got.begin(), got.end());
  }
  world.join();
  EXPECT_EQ(seen, range(1, kEvents));
  EXPECT_GT(visits, 20U);
}

TEST(WsEvents, CursorsThatCannotBeResumed) {
  RigOptions options;
  options.config.limits.socket.resume_events_max = 10;
  Rig rig(std::move(options));
  rig.emit(20, "near");
  struct Case {
    std::uint64_t cursor;
    bool resumed;
    const char* reason;
    std::uint64_t position;
  };
  const auto expect = [&](const Case& c) {
    WsClient client(rig.port(), kJson);
    const auto welcome = client.hello({{"cursor", c.cursor}});
    EXPECT_EQ(welcome["resumed"], c.resumed) << c.cursor;
    EXPECT_EQ(welcome["resume_reason"], c.reason) << c.cursor;
    EXPECT_EQ(welcome["cursor"], std::to_string(c.position)) << c.cursor;
    if (c.resumed) return;
    // How things are now, before any event: each method that the protos mark, as this caller may see it.
    std::vector<std::string> methods;
    for (bool last = false; !last;) {
      const auto snapshot = client.read_json("snapshot");
      ASSERT_TRUE(snapshot.is_object());
      methods.push_back(snapshot["method"]);
      last = snapshot["last"];
      if (methods.back() == "world.Get") {
        EXPECT_EQ(snapshot["json"]["places"].size(), 3U);
      }
    }
    EXPECT_EQ(methods, (std::vector<std::string>{"npc.List", "time.Get", "weather.List", "world.Get"}));
  };
  expect({20, true, "", 20});
  expect({10, true, "", 10});
  expect({9, false, "too_far", 20});
  expect({21, false, "ahead", 20});
  expect({9'223'372'036'854'775'809U, false, "ahead", 20});
  // What retention would do: the oldest entries are gone.
  rig.on_io([&] {
    const auto cut = rig.world().db().transact_now([](db::Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec("delete from events where sequence <= 15"));
      return {};
    });
    ASSERT_TRUE(cut);
  });
  expect({14, false, "too_old", 20});
  expect({15, true, "", 15});
}

TEST(WsEvents, AHoleLeftByTheBusIsFilledFromTheLog) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"subscribe", {{"id", 1}}}});
  (void)client.read_json("response");
  rig.emit(1, "near");
  EXPECT_EQ(sequences(client, 1), range(1, 1));
  // Logged and never published, as when the bus drops some for a slow reader.
  rig.on_io([&] {
    const auto added = rig.world().db().transact_now([](db::Tx& tx) -> Result<void> {
      for (std::uint64_t i = 2; i <= 3; ++i) {
        TRY_VOID(event_log::append(tx, EventRecord{.sequence = i, .type = "PhaseChanged"}));
      }
      return event_log::append(tx, EventRecord{.sequence = 4, .type = "PhaseChanged"});
    });
    ASSERT_TRUE(added);
    pb::Envelope live;
    live.set_world("testland");
    live.set_sequence(4);
    live.set_type("PhaseChanged");
    ASSERT_TRUE(rig.bus().publish({"evt.testland.PhaseChanged", live.SerializeAsString()}));
    ASSERT_TRUE(rig.bus().publish({"evt.testland.PhaseChanged", live.SerializeAsString()}));  // a repeat
    live.set_sequence(0);
    live.set_type("MinuteTicked");
    ASSERT_TRUE(rig.bus().publish({"evt.testland.MinuteTicked", live.SerializeAsString()}));
  });
  EXPECT_EQ(sequences(client, 4), (std::vector<std::uint64_t>{2, 3, 4, 0}));
}

TEST(WsEvents, RateLimitSendsTheNewest) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello({{"subscribe", {{"id", 1}, {"rate_per_s", 20}}}});
  (void)client.read_json("response");
  rig.emit(100, "near");
  rig.emit(1, "far");
  const auto first = sequences(client, 20);
  EXPECT_EQ(first, range(1, 20));
  auto event = client.read_json("event");
  EXPECT_EQ(sequence_of(event), 100U);
  EXPECT_EQ(event["coalesced"], 79);
  event = client.read_json("event");
  EXPECT_EQ(sequence_of(event), 101U);
  EXPECT_EQ(event["coalesced"], 0);
  EXPECT_EQ(rig.metric("troupe_edge_events_coalesced_total"), 79);
}

// Queues that a reader who does not read fills soon.
RigOptions small_queues() {
  RigOptions options;
  options.config.limits.socket.queue_frames_max = 64;
  options.config.limits.socket.queue_bytes_max = 256 * 1024;
  options.config.limits.socket.send_buffer_bytes = 16 * 1024;
  return options;
}

TEST(WsEvents, SlowSocketsAreSentAwayAndMayComeBack) {
  Rig rig(small_queues());
  WsClient slow(rig.port(), kJson, {}, 4096);
  (void)slow.hello({{"role", "designer"}, {"subscribe", {{"id", 1}}}});
  (void)slow.read_json("response");
  const std::string payload(4000, 'x');
  for (int i = 0; i < 100 && rig.metric("troupe_edge_dropped_total{why=\"slow\"}") == 0; ++i) {
    const auto answer =
        post(rig.port(), "/api/time/Schedule", fmt::format(R"({{"at_ms":20,"payload":"{}"}})", payload));
    ASSERT_EQ(answer.status, 200);
  }
  EXPECT_EQ(rig.metric("troupe_edge_dropped_total{why=\"slow\"}"), 1);
  // What was sent is a prefix; then goaway, and the rest comes with the cursor.
  std::uint64_t last = 0;
  Json goaway;
  for (;;) {
    const auto json = slow.read_json();
    if (json.is_null()) break;
    if (json.contains("goaway")) goaway = json["goaway"];
    if (!json.contains("event")) continue;
    EXPECT_EQ(sequence_of(json["event"]), last + 1);
    ++last;
  }
  EXPECT_EQ(goaway["reason"], "slow");
  std::uint64_t end = 0;
  rig.on_io([&] { end = rig.world().tail().events; });
  ASSERT_LT(last, end);
  WsClient back(rig.port(), kJson);
  EXPECT_TRUE(back.hello({{"role", "designer"}, {"cursor", last}, {"subscribe", Json::object()}})["resumed"]
                  .get<bool>());
  EXPECT_EQ(sequences(back, end - last), range(last + 1, end));
}

TEST(WsEvents, WhoReadsSlowlyMissesWhatIsOfLowPriorityFirst) {
  Rig rig(small_queues());
  WsClient slow(rig.port(), kJson, {}, 4096);
  (void)slow.hello({{"role", "designer"}, {"subscribe", {{"id", 1}}}});
  (void)slow.read_json("response");
  const auto schedule = [&](int count, const char* priority) {
    const Json body = {{"at_ms", count}, {"name", priority}, {"payload", std::string(4000, 'x')}};
    ASSERT_EQ(post(rig.port(), "/api/time/Schedule", body.dump()).status, 200);
  };
  // What the kernel takes besides differs from run to run.
  std::uint64_t sent = 1;
  for (; sent < 2'000 && rig.metric("troupe_edge_dropped_total{why=\"low\"}") == 0; sent += 20)
    schedule(20, "low");
  schedule(1, "normal");
  EXPECT_GT(rig.metric("troupe_edge_dropped_total{why=\"low\"}"), 0);
  EXPECT_EQ(rig.metric("troupe_edge_dropped_total{why=\"slow\"}"), 0) << "nobody is sent away for them";
  std::uint64_t seen = 0;
  std::uint64_t left_out = 0;
  for (std::uint64_t last = 0; last < sent;) {
    const auto event = slow.read_json("event");
    ASSERT_FALSE(event.is_null());
    last = sequence_of(event);
    ++seen;
    left_out += event["left_out"].get<std::uint64_t>();
    EXPECT_EQ(seen + left_out, last) << "and it is told how many";
  }
  EXPECT_GT(left_out, 0U);
}

TEST(WsEvents, OneSlowSocketCostsTheOthersNothing) {
  RigOptions options;
  options.config.limits.socket.send_buffer_bytes = 16 * 1024;
  options.config.limits.socket.queue_frames_max = 64;
  Rig rig(std::move(options));
  WsClient slow(rig.port(), kJson, {}, 4096);
  (void)slow.hello({{"role", "designer"}, {"subscribe", {{"id", 1}}}});
  WsClient good(rig.port(), kJson);
  (void)good.hello({{"role", "designer"}, {"subscribe", {{"id", 1}}}});
  (void)good.read_json("response");
  const std::string body = fmt::format(R"({{"at_ms":10,"payload":"{}"}})", std::string(4000, 'x'));
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_EQ(post(rig.port(), "/api/time/Schedule", body).status, 200);
    EXPECT_EQ(sequences(good, 10), range(i * 10 + 1, i * 10 + 10));
  }
}

TEST(WsEvents, DropSocketsSaysWhy) {
  Rig rig;
  WsClient client(rig.port(), kJson);
  (void)client.hello();
  rig.on_io(
      [&] { rig.edge().drop_sockets(rig.world().config().world, "world", "the world was rolled back"); });
  EXPECT_EQ(client.read_json("goaway")["reason"], "world");
}

}  // namespace
}  // namespace troupe::edge
