#pragma once
// Contract suite of port bus. An adapter's test includes this once and instantiates it:
//   INSTANTIATE_TEST_SUITE_P(Bus, BusSuite, testing::Values(BusMaker{"local", make_local_under_test}),
//   bus_name);
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>

#include "ports/bus.h"
#include "rt/virtual_clock.h"

namespace troupe::bus {

// The bus and what it needs to be driven. A remote adapter waits in settle() until what was sent has arrived.
class BusUnderTest {
 public:
  virtual ~BusUnderTest() = default;
  virtual const rt::Env& env() = 0;
  virtual Bus& bus() = 0;
  virtual void settle() = 0;                       // until nothing is on its way
  virtual void advance(rt::nanoseconds span) = 0;  // lets time pass
};

struct BusMaker {
  std::string name;
  std::function<std::unique_ptr<BusUnderTest>(Limits)> make;
};

inline std::string bus_name(const testing::TestParamInfo<BusMaker>& info) { return info.param.name; }

class BusSuite : public testing::TestWithParam<BusMaker> {
 protected:
  using Reply = std::shared_ptr<Result<std::string>>;

  BusSuite() { make({}); }
  void make(Limits limits) {
    subscriptions.clear();
    group.reset();
    under_test = GetParam().make(limits);
    group.emplace(under_test->env(), "test");
  }
  ~BusSuite() override {
    group->cancel();
    under_test->settle();
  }

  Bus& bus() { return under_test->bus(); }
  rt::Instant in(rt::nanoseconds span) { return under_test->env().now() + span; }

  void serve(const std::string& subject, RequestHandler handler) {
    auto served = bus().serve(subject, std::move(handler));
    ASSERT_TRUE(served.has_value()) << served.error().message;
    subscriptions.push_back(*std::move(served));
    under_test->settle();
  }
  void listen(const std::string& pattern, EventHandler handler) {
    auto subscribed = bus().subscribe(pattern, std::move(handler));
    ASSERT_TRUE(subscribed.has_value()) << subscribed.error().message;
    subscriptions.push_back(*std::move(subscribed));
    under_test->settle();
  }
  // The answer stands in what comes back once it is there.
  Reply ask(std::string subject, std::string payload = {},
            rt::nanoseconds within = std::chrono::seconds(10)) {
    auto reply = std::make_shared<Result<std::string>>(fail(Code::internal, "test.pending", "no answer yet"));
    const auto deadline = in(within);
    last = group->spawn_stoppable("ask", [=, this]() -> rt::asio::awaitable<void> {
      *reply = co_await bus().request({subject, "header", payload}, deadline);
    });
    return reply;
  }
  Reply ask_and_settle(std::string subject, std::string payload = {}) {
    auto reply = ask(std::move(subject), std::move(payload));
    under_test->settle();
    return reply;
  }
  static std::string said(const Result<std::string>& reply) { return reply ? *reply : reply.error().reason; }
  static std::string reason(const Result<void>& result) { return result ? "ok" : result.error().reason; }

  RequestHandler echo() {
    return [](Request request) -> Task<std::string> { co_return "<" + request.payload + ">"; };
  }
  // Waits for an hour; says how it ended.
  RequestHandler patient(std::string* ended) {
    return [this, ended](Request) -> Task<std::string> {
      *ended = "waiting";
      try {
        co_await rt::sleep_for(under_test->env(), std::chrono::hours(1));
      } catch (const boost::system::system_error&) {
        *ended = "cancelled";
        throw;
      }
      *ended = "finished";
      co_return "late";
    };
  }

  std::unique_ptr<BusUnderTest> under_test;
  std::optional<rt::Group> group;
  std::vector<Subscription> subscriptions;
  rt::Group::Handle last;
};

TEST_P(BusSuite, ARequestIsAnswered) {
  Request seen;
  serve("svc.weather.Now", [&](Request request) -> Task<std::string> {
    seen = request;
    co_return "fog";
  });
  EXPECT_EQ(said(*ask_and_settle("svc.weather.Now", "harbour")), "fog");
  EXPECT_EQ(seen.subject, "svc.weather.Now");
  EXPECT_EQ(seen.header, "header");
  EXPECT_EQ(seen.payload, "harbour");
}

TEST_P(BusSuite, BytesTravelUnchanged) {
  serve("svc.echo.Echo", echo());
  std::string bytes;
  for (int i = 0; i < 1024; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo", bytes)), "<" + bytes + ">");
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo", "")), "<>");
  std::string got;
  listen("evt.w.echo.Bytes", [&](const Event& event) { got = event.payload; });
  ASSERT_EQ(reason(bus().publish({"evt.w.echo.Bytes", bytes})), "ok");
  under_test->settle();
  EXPECT_EQ(got, bytes);
}

TEST_P(BusSuite, NobodyServes) {
  const auto reply = ask_and_settle("svc.weather.Now");
  ASSERT_EQ(said(*reply), "bus.no_server");
  EXPECT_EQ(reply->error().code, Code::unavailable);
}

TEST_P(BusSuite, OneServerPerSubject) {
  serve("svc.echo.Echo", echo());
  const auto second = bus().serve("svc.echo.Echo", echo());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "bus.taken");
  EXPECT_EQ(second.error().code, Code::conflict);
  subscriptions.clear();
  under_test->settle();
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo")), "bus.no_server");
  serve("svc.echo.Echo", echo());
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo")), "<>");
}

TEST_P(BusSuite, ErrorsTravelWhole) {
  serve("svc.npc.Talk", [](Request) -> Task<std::string> {
    co_return fail(Code::exhausted, "npc.busy", "Marta is talking to somebody else", 1500);
  });
  const auto reply = ask_and_settle("svc.npc.Talk");
  ASSERT_FALSE(reply->has_value());
  EXPECT_EQ(reply->error().code, Code::exhausted);
  EXPECT_EQ(reply->error().reason, "npc.busy");
  EXPECT_EQ(reply->error().message, "Marta is talking to somebody else");
  EXPECT_EQ(reply->error().retry_after_ms, 1500);
}

TEST_P(BusSuite, AHandlerThatThrowsIsAnInternalError) {
  serve("svc.npc.Talk", [](Request) -> Task<std::string> {
    throw std::runtime_error("on purpose");
    co_return "";
  });
  const auto reply = ask_and_settle("svc.npc.Talk");
  ASSERT_EQ(said(*reply), "bus.threw");
  EXPECT_EQ(reply->error().code, Code::internal);
  EXPECT_THAT(reply->error().message, testing::Not(testing::HasSubstr("on purpose")))
      << "not for the other side";
}

TEST_P(BusSuite, TheDeadlineAnswersAndCancelsTheHandler) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask("svc.npc.Talk", "", std::chrono::milliseconds(50));
  under_test->advance(std::chrono::milliseconds(49));
  EXPECT_EQ(said(*reply), "test.pending");
  EXPECT_EQ(ended, "waiting");
  under_test->advance(std::chrono::milliseconds(1));
  under_test->settle();
  ASSERT_EQ(said(*reply), "deadline");
  EXPECT_EQ(reply->error().code, Code::deadline_exceeded);
  EXPECT_EQ(ended, "cancelled");
}

TEST_P(BusSuite, TheDeadlineAnswersThoughTheHandlerIsDeaf) {
  std::string ended;
  serve("svc.npc.Talk", [&](Request) -> Task<std::string> {
    co_await rt::shield();
    co_await rt::sleep_for(under_test->env(), std::chrono::seconds(5));
    ended = "finished";
    co_return "too late";
  });
  const auto reply = ask("svc.npc.Talk", "", std::chrono::milliseconds(50));
  under_test->advance(std::chrono::milliseconds(50));
  under_test->settle();
  EXPECT_EQ(said(*reply), "deadline");
  EXPECT_EQ(ended, "");
  under_test->advance(std::chrono::seconds(5));
  EXPECT_EQ(ended, "finished");
  EXPECT_EQ(said(*reply), "deadline");
}

TEST_P(BusSuite, ADeadlineThatHasPassedIsNotSent) {
  int served = 0;
  serve("svc.echo.Echo", [&](Request) -> Task<std::string> {
    ++served;
    co_return "";
  });
  const auto reply = ask("svc.echo.Echo", "", std::chrono::nanoseconds(0));
  under_test->settle();
  EXPECT_EQ(said(*reply), "deadline");
  EXPECT_EQ(served, 0);
}

TEST_P(BusSuite, RequestsRunSideBySideUpToTheirLimit) {
  make({.requests_max = 2});
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  serve("svc.echo.Echo", echo());
  const auto slow = ask("svc.npc.Talk", "", std::chrono::milliseconds(50));
  under_test->settle();
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo")), "<>") << "not behind the slow one";
  const auto second = ask("svc.npc.Talk", "", std::chrono::milliseconds(50));
  under_test->settle();
  const auto third = ask_and_settle("svc.echo.Echo");
  ASSERT_EQ(said(*third), "bus.busy");
  EXPECT_EQ(third->error().code, Code::exhausted);
  under_test->advance(std::chrono::milliseconds(50));
  under_test->settle();
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo")), "<>");
}

TEST_P(BusSuite, WhatIsAnsweredIsNoLongerInFlight) {
  make({.requests_max = 4});
  serve("svc.echo.Echo", echo());
  std::string failed;
  int answered = 0;
  group->spawn("client", [&]() -> rt::asio::awaitable<void> {
    for (; answered < 100 && failed.empty(); ++answered) {
      const auto reply = co_await bus().request({"svc.echo.Echo", "", ""}, in(std::chrono::seconds(1)));
      if (!reply) failed = reply.error().reason;
    }
  });
  under_test->advance(std::chrono::milliseconds(1));
  EXPECT_EQ(failed, "");
  EXPECT_EQ(answered, 100);
}

TEST_P(BusSuite, TooLargeIsRefused) {
  make({.payload_max = 1000});
  serve("svc.echo.Echo", echo());
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo", std::string(900, 'x'))).size(), 902U);
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Echo", std::string(1001, 'x'))), "bus.too_large");
  EXPECT_EQ(reason(bus().publish({"evt.w.s.E", std::string(1000, 'x')})), "ok");
  EXPECT_EQ(reason(bus().publish({"evt.w.s.E", std::string(1001, 'x')})), "bus.too_large");
  serve("svc.echo.Big", [](Request) -> Task<std::string> { co_return std::string(1001, 'x'); });
  EXPECT_EQ(said(*ask_and_settle("svc.echo.Big")), "bus.too_large");
}

TEST_P(BusSuite, BadSubjectsAreRefused) {
  const std::vector<std::string> bad = {"",      ".",
                                        "a.",    ".a",
                                        "a..b",  "a b",
                                        "a.\tb", "a.*b",
                                        "a>.b",  "a.>.b",
                                        "ä.b",   std::string(256, 'a'),
                                        "a\n",   std::string("a\0b", 3)};
  for (const auto& subject : bad) {
    EXPECT_EQ(reason(bus().publish({subject, ""})), "bus.bad_subject") << subject;
    EXPECT_EQ(said(*ask_and_settle(subject)), "bus.bad_subject") << subject;
    EXPECT_FALSE(bus().serve(subject, echo()).has_value()) << subject;
    EXPECT_FALSE(bus().subscribe(subject, [](const Event&) {}).has_value()) << subject;
  }
  for (const std::string wildcard : {"a.*", "a.>", "*", ">"}) {
    EXPECT_EQ(reason(bus().publish({wildcard, ""})), "bus.bad_subject") << wildcard;
    EXPECT_FALSE(bus().serve(wildcard, echo()).has_value()) << wildcard;
    EXPECT_TRUE(bus().subscribe(wildcard, [](const Event&) {}).has_value()) << wildcard;
  }
  EXPECT_EQ(reason(bus().publish({std::string(255, 'a'), ""})), "ok");
}

TEST_P(BusSuite, EventsKeepThePublishersOrder) {
  std::vector<std::string> got;
  listen("evt.w.>", [&](const Event& event) { got.push_back(event.payload); });
  std::vector<std::string> sent;
  for (int i = 0; i < 2000; ++i) {
    sent.push_back(std::to_string(i));
    ASSERT_EQ(reason(bus().publish({i % 3 == 0 ? "evt.w.a.X" : "evt.w.b.Y", sent.back()})), "ok");
  }
  under_test->settle();
  EXPECT_EQ(got, sent);
}

TEST_P(BusSuite, NoHandlerRunsInsidePublish) {
  int got = 0;
  listen("evt.w.s.E", [&](const Event&) { ++got; });
  ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  EXPECT_EQ(got, 0);
  under_test->settle();
  EXPECT_EQ(got, 1);
}

TEST_P(BusSuite, WildcardsMatchAsWritten) {
  const struct {
    const char* pattern;
    const char* subject;
    bool matches;
  } table[] = {
      {"evt.w.weather.Rain", "evt.w.weather.Rain", true},
      {"evt.w.weather.Rain", "evt.w.weather.Snow", false},
      {"evt.w.weather.Rain", "evt.w.weather", false},
      {"evt.w.weather", "evt.w.weather.Rain", false},
      {"evt.*.weather.Rain", "evt.w.weather.Rain", true},
      {"evt.*.weather.Rain", "evt.w.x.weather.Rain", false},
      {"evt.w.weather.*", "evt.w.weather.Rain", true},
      {"evt.w.weather.*", "evt.w.weather", false},
      {"evt.w.weather.*", "evt.w.weather.Rain.x", false},
      {"evt.w.>", "evt.w.weather.Rain", true},
      {"evt.w.>", "evt.w", false},
      {"evt.*.weather.>", "evt.w.weather.Rain.x", true},
      {"*.*.*.*", "evt.w.weather.Rain", true},
      {"*.*.*", "evt.w.weather.Rain", false},
      {">", "evt.w.weather.Rain", true},
      {"EVT.>", "evt.w.weather.Rain", false},
  };
  for (const auto& row : table) {
    subscriptions.clear();
    int got = 0;
    listen(row.pattern, [&](const Event&) { ++got; });
    ASSERT_EQ(reason(bus().publish({row.subject, ""})), "ok");
    under_test->settle();
    EXPECT_EQ(got, row.matches ? 1 : 0) << row.pattern << " on " << row.subject;
  }
}

TEST_P(BusSuite, EachMatchingSubscriberGetsEachEventOnce) {
  std::vector<std::string> got;
  listen("evt.w.s.E", [&](const Event&) { got.push_back("exact"); });
  listen("evt.*.s.E", [&](const Event&) { got.push_back("star"); });
  listen("evt.>", [&](const Event&) { got.push_back("rest"); });
  listen("evt.w.s.E", [&](const Event&) { got.push_back("twin"); });
  ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  under_test->settle();
  EXPECT_THAT(got, testing::UnorderedElementsAre("exact", "star", "rest", "twin"));
}

TEST_P(BusSuite, WhoEndsASubscriptionHearsNothingMore) {
  int got = 0;
  auto listening = bus().subscribe("evt.w.s.E", [&](const Event&) { ++got; }).value();
  under_test->settle();
  ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  under_test->settle();
  ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  listening = Subscription();
  under_test->settle();
  ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  under_test->settle();
  EXPECT_EQ(got, 1);
  listen("evt.w.s.*", [&](const Event&) { got += 10; });
  ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  under_test->settle();
  EXPECT_EQ(got, 11) << "who comes later is found too";
}

TEST_P(BusSuite, ASubscriptionMayEndInItsOwnHandler) {
  int got = 0;
  std::optional<Subscription> once;
  once = bus()
             .subscribe("evt.w.s.E",
                        [&, owned = std::string(100, 'x')](const Event&) {
                          once.reset();
                          got += static_cast<int>(owned.size());
                        })
             .value();
  under_test->settle();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  under_test->settle();
  EXPECT_EQ(got, 100);
}

TEST_P(BusSuite, AThrowingEventHandlerHurtsNobodyElse) {
  int got = 0;
  listen("evt.w.s.E", [](const Event&) { throw std::runtime_error("on purpose"); });
  listen("evt.w.s.E", [&](const Event&) { ++got; });
  for (int i = 0; i < 3; ++i) ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  under_test->settle();
  EXPECT_EQ(got, 3);
}

TEST_P(BusSuite, WhatAHandlerPublishesFollows) {
  std::vector<std::string> got;
  listen("evt.w.s.Cause",
         [&](const Event&) { ASSERT_EQ(reason(bus().publish({"evt.w.s.Effect", ""})), "ok"); });
  listen("evt.w.s.*", [&](const Event& event) { got.push_back(event.subject); });
  ASSERT_EQ(reason(bus().publish({"evt.w.s.Cause", ""})), "ok");
  under_test->settle();
  EXPECT_THAT(got, testing::ElementsAre("evt.w.s.Cause", "evt.w.s.Effect"));
}

}  // namespace troupe::bus
