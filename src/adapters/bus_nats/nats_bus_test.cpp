// Port bus's contract over a real NATS, and what only holds between processes.
#include "adapters/bus_nats/nats_bus.h"

#include <nats/nats.h>

#include "adapters/bus_nats/link.h"
#include "adapters/bus_nats/nats_fixture.h"
#include "ports/bus_suite.h"

namespace troupe::bus {
namespace {

NatsServer& shared_server() {
  static NatsServer server;
  return server;
}

std::unique_ptr<NatsUnderTest> make_bus(const NatsServer& server, Limits limits = {},
                                        const std::string& key = kTestKey) {
  return std::make_unique<NatsUnderTest>(
      NatsConfig{.url = server.url(), .auth_file = {}, .ca_file = {}, .key = key}, limits);
}

const BusMaker kNats{"nats", [](Limits limits) { return make_bus(shared_server(), limits); }};
INSTANTIATE_TEST_SUITE_P(Bus, BusSuite, testing::Values(kNats), bus_name);

// A program of somebody else on the same NATS.
class Stranger {
 public:
  explicit Stranger(const NatsServer& server) {
    EXPECT_EQ(natsConnection_ConnectTo(&connection_, server.url().c_str()), NATS_OK);
  }
  ~Stranger() {
    natsSubscription_Destroy(subscription_);
    natsConnection_Destroy(connection_);
  }
  Stranger(const Stranger&) = delete;

  void overhear(const char* pattern) {
    EXPECT_EQ(natsConnection_SubscribeSync(&subscription_, connection_, pattern), NATS_OK);
    flush();
  }
  natsMsg* next() {
    natsMsg* message = nullptr;
    EXPECT_EQ(natsSubscription_NextMsg(&message, subscription_, 5'000), NATS_OK);
    return message;
  }
  void say(const char* subject, const std::string& body, const std::string& proof = "",
           const std::string& call = "", const char* reply = nullptr) {
    natsMsg* message = nullptr;
    natsMsg_Create(&message, subject, reply, body.data(), static_cast<int>(body.size()));
    if (!proof.empty()) natsMsgHeader_Set(message, "Troupe-Proof", proof.c_str());
    if (!call.empty()) natsMsgHeader_Set(message, "Troupe-Call", call.c_str());
    EXPECT_EQ(natsConnection_PublishMsg(connection_, message), NATS_OK);
    natsMsg_Destroy(message);
    flush();
  }
  void flush() { EXPECT_EQ(natsConnection_FlushTimeout(connection_, 5'000), NATS_OK); }

 private:
  natsConnection* connection_ = nullptr;
  natsSubscription* subscription_ = nullptr;
};

class NatsBusTest : public testing::Test {
 protected:
  using Reply = std::shared_ptr<Result<std::string>>;

  // What is cancelled unwinds while everything that it refers to is there.
  ~NatsBusTest() override {
    held_.clear();
    for (const auto& group : groups_) group->cancel();
    for (const auto& bus : buses_) {
      bus->close();
      bus->settle();
    }
  }

  // Asks from `one`; the answer stands in what comes back once it is there.
  Reply ask(NatsUnderTest& one, const std::string& subject, const std::string& payload = "",
            rt::nanoseconds within = std::chrono::seconds(10)) {
    auto reply = std::make_shared<Result<std::string>>(fail(Code::internal, "test.pending", ""));
    auto& group = groups_.emplace_back(std::make_unique<rt::Group>(one.env(), "test"));
    group->spawn("ask", [reply, &one, subject, payload, within]() -> rt::asio::awaitable<void> {
      *reply = co_await one.bus().request({subject, "header", payload}, one.env().now() + within);
    });
    return reply;
  }
  static std::string said(const Result<std::string>& reply) { return reply ? *reply : reply.error().reason; }
  static std::string reason(const Result<void>& result) { return result ? "ok" : result.error().reason; }
  static bool answered(const Reply& reply) { return said(*reply) != "test.pending"; }

  NatsUnderTest& open(const NatsServer& server, Limits limits = {}, const std::string& key = kTestKey) {
    return *buses_.emplace_back(make_bus(server, limits, key));
  }

  // Lets both sides work until `good`.
  template <class F>
  static bool both(NatsUnderTest& one, NatsUnderTest& other, F good) {
    return one.wait_for([&] {
      other.settle();
      return good();
    });
  }

  std::vector<std::unique_ptr<NatsUnderTest>> buses_;  // go last
  std::vector<std::unique_ptr<rt::Group>> groups_;
  std::vector<Subscription> held_;
};

TEST_F(NatsBusTest, TwoProcessesAskEachOther) {
  auto& a = open(shared_server());
  auto& b = open(shared_server());
  Request seen;
  held_.push_back(a.bus()
                      .serve("svc.two.Ask",
                             [&](Request request) -> Task<std::string> {
                               seen = request;
                               co_return "yes";
                             })
                      .value());
  held_.push_back(a.bus()
                      .serve("svc.two.Fail",
                             [](Request) -> Task<std::string> {
                               Error why{Code::conflict, "state.version", "somebody was faster", 0};
                               why.current_version = 7;
                               co_return std::unexpected(why);
                             })
                      .value());
  a.settle();
  auto reply = ask(b, "svc.two.Ask", "payload");
  ASSERT_TRUE(both(b, a, [&] { return answered(reply); }));
  EXPECT_EQ(said(*reply), "yes");
  EXPECT_EQ(seen.header + " " + seen.payload, "header payload");
  reply = ask(b, "svc.two.Fail");
  ASSERT_TRUE(both(b, a, [&] { return answered(reply); }));
  EXPECT_EQ(reply->error().message, "somebody was faster");
  EXPECT_EQ(reply->error().current_version, 7U);
}

TEST_F(NatsBusTest, EventsReachEveryProcessInOrder) {
  auto& a = open(shared_server());
  auto& b = open(shared_server());
  std::vector<std::string> at_a;
  std::vector<std::string> at_b;
  held_.push_back(
      a.bus().subscribe("evt.w.>", [&](const Event& event) { at_a.push_back(event.payload); }).value());
  held_.push_back(
      b.bus().subscribe("evt.*.s.E", [&](const Event& event) { at_b.push_back(event.payload); }).value());
  a.settle();
  b.settle();
  std::vector<std::string> sent;
  for (int i = 0; i < 500; ++i) {
    sent.push_back(std::to_string(i));
    ASSERT_EQ(reason(a.bus().publish({"evt.w.s.E", sent.back()})), "ok");
  }
  ASSERT_TRUE(both(b, a, [&] { return at_b.size() == sent.size(); }));
  EXPECT_EQ(at_a, sent);
  EXPECT_EQ(at_b, sent);
}

TEST_F(NatsBusTest, AGroupOfTwoProcessesSharesItsRequests) {
  auto& a = open(shared_server());
  auto& b = open(shared_server());
  int at_a = 0;
  int at_b = 0;
  const auto count = [](int& to) {
    return [&to](Request) -> Task<std::string> {
      ++to;
      co_return "";
    };
  };
  held_.push_back(a.bus().share("svc.group.Do", count(at_a)).value());
  held_.push_back(b.bus().share("svc.group.Do", count(at_b)).value());
  a.settle();
  b.settle();
  for (int i = 0; i < 60; ++i) {
    const auto reply = ask(a, "svc.group.Do");
    ASSERT_TRUE(both(a, b, [&] { return answered(reply); }));
    ASSERT_EQ(said(*reply), "");
  }
  EXPECT_EQ(at_a + at_b, 60);
  EXPECT_GT(at_a, 0);
  EXPECT_GT(at_b, 0);
}

TEST_F(NatsBusTest, WhoHasAnotherKeyIsNobody) {
  auto& ours = open(shared_server());
  auto& theirs = open(shared_server(), {}, "a key that nobody of ours has ever seen");
  int reached = 0;
  held_.push_back(ours.bus()
                      .serve("svc.key.Ask",
                             [&](Request) -> Task<std::string> {
                               ++reached;
                               co_return "";
                             })
                      .value());
  held_.push_back(ours.bus().subscribe("evt.key.>", [&](const Event&) { ++reached; }).value());
  ours.settle();
  const auto reply = ask(theirs, "svc.key.Ask", "", std::chrono::milliseconds(50));
  ASSERT_EQ(reason(theirs.bus().publish({"evt.key.s.E", ""})), "ok");
  ASSERT_TRUE(both(ours, theirs, [&] { return ours.bus().counts().refused == 2; }));
  theirs.advance(std::chrono::milliseconds(50));
  EXPECT_EQ(said(*reply), "deadline");
  EXPECT_EQ(reached, 0);
}

TEST_F(NatsBusTest, AStrangerIsToldThatCallsAreSigned) {
  auto& bus = open(shared_server());
  int reached = 0;
  held_.push_back(bus.bus()
                      .serve("svc.stranger.Ask",
                             [&](Request) -> Task<std::string> {
                               ++reached;
                               co_return "";
                             })
                      .value());
  bus.settle();
  Stranger stranger(shared_server());
  stranger.overhear("_INBOX.stranger");
  for (const std::string proof :
       {"", "call", "call.....", "call.1.2.3.4", "event.9999999999999.00000000000000000000000000000000.0.00",
        "call.9999999999999.00000000000000000000000000000000.0.00", "rubbish"}) {
    stranger.say("svc.stranger.Ask", "", proof, "", "_INBOX.stranger");
    natsMsg* const answer = stranger.next();
    ASSERT_NE(answer, nullptr);
    const Error why =
        decode_error({natsMsg_GetData(answer), static_cast<std::size_t>(natsMsg_GetDataLength(answer))});
    EXPECT_EQ(why.reason, "bus.unsigned") << proof;
    EXPECT_EQ(why.code, Code::unauthenticated);
    natsMsg_Destroy(answer);
  }
  stranger.say("svc.stranger.Ask", "", "", "not base64!", "_INBOX.stranger");
  natsMsg_Destroy(stranger.next());
  bus.settle();
  EXPECT_EQ(reached, 0);
}

TEST_F(NatsBusTest, WhatWasOverheardCannotBeSaidAgainOrOtherwise) {
  auto& bus = open(shared_server());
  std::vector<std::string> served;
  const auto serve = [&](const std::string& subject) {
    held_.push_back(bus.bus()
                        .serve(subject,
                               [&](Request request) -> Task<std::string> {
                                 served.push_back(request.subject + " " + request.header + " " +
                                                  request.payload);
                                 co_return "";
                               })
                        .value());
  };
  serve("svc.heard.Ask");
  serve("svc.heard.Other");
  Stranger stranger(shared_server());
  stranger.overhear("svc.heard.*");
  bus.settle();
  const auto reply = ask(bus, "svc.heard.Ask", "one coin");
  bus.settle();
  ASSERT_EQ(said(*reply), "");
  natsMsg* const message = stranger.next();
  ASSERT_NE(message, nullptr);
  const char* proof = nullptr;
  const char* call = nullptr;
  ASSERT_EQ(natsMsgHeader_Get(message, "Troupe-Proof", &proof), NATS_OK);
  ASSERT_EQ(natsMsgHeader_Get(message, "Troupe-Call", &call), NATS_OK);
  const std::string again = proof;
  const std::string header = call;
  natsMsg_Destroy(message);

  stranger.say("svc.heard.Ask", "one coin", again, header);
  stranger.say("svc.heard.Ask", "two coins", again, header);
  stranger.say("svc.heard.Other", "one coin", again, header);
  stranger.say("svc.heard.Ask", "one coin", again, encode_base64("administrator"));
  stranger.say("svc.heard.Ask", "one coin", again);
  ASSERT_TRUE(bus.wait_for([&] { return bus.bus().counts().refused == 5; }));
  bus.settle();
  EXPECT_THAT(served, testing::ElementsAre("svc.heard.Ask header one coin"));
}

TEST_F(NatsBusTest, RubbishReachesNobody) {
  auto& bus = open(shared_server());
  int heard = 0;
  held_.push_back(bus.bus().subscribe(">", [&](const Event&) { ++heard; }).value());
  Stranger stranger(shared_server());
  stranger.overhear("_INBOX.>");
  bus.settle();
  natsMsg* const message = stranger.next();  // of settle()'s round trip: where answers come
  ASSERT_NE(message, nullptr);
  const std::string inbox = natsMsg_GetSubject(message);
  natsMsg_Destroy(message);
  const std::string bytes(1000, '\xff');
  for (const std::string& subject :
       {std::string("troupe.cancel"), inbox, inbox.substr(0, inbox.rfind('.') + 1) + "x",
        std::string("evt.w.s.E"), std::string("other.program")}) {
    for (const std::string proof :
         {"", "event", "answer", "error.1.1.1.1", "cancel.1.00000000000000000000000000000000.1.1"}) {
      stranger.say(subject.c_str(), bytes, proof, "====");
    }
  }
  bus.settle();
  EXPECT_EQ(heard, 0);
  EXPECT_GT(bus.bus().counts().refused, 0U);
  EXPECT_EQ(reason(bus.bus().publish({"evt.w.s.E", ""})), "ok");
  bus.settle();
  EXPECT_EQ(heard, 1) << "and the bus goes on";
}

TEST_F(NatsBusTest, AwayIsSaidOfEachRequestAndEndsByItself) {
  NatsServer server;
  auto& bus = open(server);
  int heard = 0;
  held_.push_back(bus.bus().subscribe("evt.w.>", [&](const Event&) { ++heard; }).value());
  held_.push_back(
      bus.bus().serve("svc.away.Quick", [](Request) -> Task<std::string> { co_return "here"; }).value());
  held_.push_back(bus.bus()
                      .serve("svc.away.Slow",
                             [&](Request) -> Task<std::string> {
                               co_await rt::sleep_for(bus.env(), std::chrono::hours(1));
                               co_return "";
                             })
                      .value());
  const auto under_way = ask(bus, "svc.away.Slow", "", std::chrono::minutes(30));
  bus.settle();
  for (int round = 1; round <= 3; ++round) {
    server.kill();
    ASSERT_TRUE(bus.wait_for([&] { return !bus.bus().health(); }));
    ASSERT_TRUE(bus.wait_for([&] { return answered(under_way); })) << "what was under way is told";
    EXPECT_EQ(said(*under_way), "bus.away");
    EXPECT_EQ(under_way->error().code, Code::unavailable);
    const auto reply = ask(bus, "svc.away.Quick");
    ASSERT_TRUE(bus.wait_for([&] { return answered(reply); }));
    EXPECT_EQ(said(*reply), "bus.away");
    EXPECT_GT(reply->error().retry_after_ms, 0);
    EXPECT_EQ(reason(bus.bus().publish({"evt.w.s.Lost", ""})), "bus.away");
    auto later = bus.bus().serve("svc.away.Later", [](Request) -> Task<std::string> { co_return "later"; });
    ASSERT_TRUE(later.has_value()) << "who begins to serve meanwhile is found afterwards";

    ASSERT_TRUE(server.start());
    ASSERT_TRUE(bus.wait_for([&] { return bus.bus().health().has_value(); }));
    for (const auto& [subject, words] :
         {std::pair{"svc.away.Quick", "here"}, std::pair{"svc.away.Later", "later"}}) {
      const auto again = ask(bus, subject);
      ASSERT_TRUE(bus.wait_for([&] { return answered(again); }));
      EXPECT_EQ(said(*again), words);
    }
    ASSERT_EQ(reason(bus.bus().publish({"evt.w.s.E", ""})), "ok");
    ASSERT_TRUE(bus.wait_for([&] { return heard == round; }))
        << "subscriptions are there again, and nothing came late";
  }
  EXPECT_EQ(bus.bus().counts().lost, 3U);
}

TEST_F(NatsBusTest, AServerThatTakesNothingStopsNobody) {
  NatsServer server;
  auto& bus = open(server);
  held_.push_back(
      bus.bus().serve("svc.frozen.Ask", [](Request) -> Task<std::string> { co_return ""; }).value());
  bus.settle();
  server.freeze();
  std::string told = "ok";
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 200 && told == "ok"; ++i)
    told = reason(bus.bus().publish({"evt.w.s.E", std::string(1'000'000, 'x')}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2)) << "the io thread is not held";
  EXPECT_EQ(told, "bus.busy") << "and no more than so much waits";
  server.thaw();
  ASSERT_TRUE(bus.wait_for([&] {
    if (!bus.bus().health()) return false;
    const auto reply = ask(bus, "svc.frozen.Ask");
    return bus.wait_for([&] { return answered(reply); }) && said(*reply).empty();
  }));
}

TEST_F(NatsBusTest, AFrozenServerIsADeadline) {
  NatsServer server;
  auto& bus = open(server);
  held_.push_back(
      bus.bus().serve("svc.frozen.Ask", [](Request) -> Task<std::string> { co_return ""; }).value());
  bus.settle();
  server.freeze();
  const auto reply = ask(bus, "svc.frozen.Ask", "", std::chrono::milliseconds(50));
  ASSERT_TRUE(bus.wait_for([&] {
    bus.pass(std::chrono::milliseconds(50));
    return answered(reply);
  }));
  EXPECT_EQ(said(*reply), "deadline");
  server.thaw();
}

TEST_F(NatsBusTest, ASecondServerIsRefusedWhereOneServesAlready) {
  auto& bus = open(shared_server());
  rt::asio::io_context io;
  rt::VirtualClock clock(io);
  rt::SystemIds ids;
  const rt::Env env{io.get_executor(), clock, ids};
  const NatsConfig config{.url = shared_server().url(),
                          .auth_file = {},
                          .ca_file = {},
                          .key = kTestKey,
                          .alone_on = "svc.alone.Ask"};
  ASSERT_TRUE(open_nats_bus(env, config).has_value()) << "nobody serves it yet";
  held_.push_back(
      bus.bus().serve("svc.alone.Ask", [](Request) -> Task<std::string> { co_return ""; }).value());
  bus.settle();
  const auto second = open_nats_bus(env, config);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "bus.taken");
}

TEST_F(NatsBusTest, NoServerIsOneClearError) {
  rt::asio::io_context io;
  rt::VirtualClock clock(io);
  rt::SystemIds ids;
  const rt::Env env{io.get_executor(), clock, ids};
  const std::string where = "127.0.0.1:" + std::to_string(NatsServer::free_port());
  const auto none = open_nats_bus(
      env, {.url = "nats://anna:secret@" + where, .auth_file = {}, .ca_file = {}, .key = kTestKey});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().reason, "bus.away");
  EXPECT_THAT(none.error().message, testing::HasSubstr(where));
  EXPECT_THAT(none.error().message, testing::Not(testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace troupe::bus
