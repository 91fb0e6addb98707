#pragma once
// Contract suite of port bus: requests. An adapter's test includes this once and instantiates it:
//   INSTANTIATE_TEST_SUITE_P(Bus, BusSuite, testing::Values(BusMaker{"local", make_local_under_test}),
//   bus_name);
#include "ports/bus_events_suite.h"

namespace troupe::bus {

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

TEST_P(BusSuite, CancellingTheCallerCancelsTheHandler) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask_and_settle("svc.npc.Talk");
  ASSERT_EQ(ended, "waiting");
  last.stop();
  under_test->settle();
  EXPECT_EQ(ended, "cancelled");
  EXPECT_EQ(said(*reply), "test.pending") << "the caller is gone";
}

TEST_P(BusSuite, EndingAServerEndsItsRequests) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask_and_settle("svc.npc.Talk");
  subscriptions.clear();
  under_test->settle();
  EXPECT_EQ(ended, "cancelled");
  EXPECT_EQ(said(*reply), "bus.no_server");
}

TEST_P(BusSuite, ClosingTheBusAnswersEverybody) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask_and_settle("svc.npc.Talk");
  under_test->close();
  under_test->settle();
  EXPECT_EQ(ended, "cancelled");
  ASSERT_FALSE(reply->has_value());
  EXPECT_EQ(reply->error().code, Code::unavailable) << reply->error().reason;
}

TEST_P(BusSuite, AGroupSharesItsRequests) {
  std::vector<int> served(3);
  for (int& count : served) {
    auto one = bus().share("svc.ai.Speak", [&count](Request request) -> Task<std::string> {
      ++count;
      co_return request.payload;
    });
    ASSERT_TRUE(one.has_value()) << one.error().message;
    subscriptions.push_back(*std::move(one));
  }
  under_test->settle();
  const auto ask_all = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_EQ(said(*ask_and_settle("svc.ai.Speak", std::to_string(i))), std::to_string(i));
    }
  };
  ask_all(60);
  EXPECT_EQ(served[0] + served[1] + served[2], 60) << "each request goes to one";
  for (const int count : served) EXPECT_GT(count, 0) << "and none is passed over";

  subscriptions.erase(subscriptions.begin());
  under_test->settle();
  const int before = served[0];
  ask_all(10);
  EXPECT_EQ(served[0], before) << "one that ended takes no more";
  subscriptions.clear();
  under_test->settle();
  EXPECT_EQ(said(*ask_and_settle("svc.ai.Speak")), "bus.no_server");
}

TEST_P(BusSuite, AGroupAndOneServerDoNotMix) {
  serve("svc.echo.Echo", echo());
  EXPECT_EQ(bus().share("svc.echo.Echo", echo()).error().reason, "bus.taken");
  const auto shared = bus().share("svc.echo.Shared", echo());
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(bus().serve("svc.echo.Shared", echo()).error().reason, "bus.taken");
  EXPECT_TRUE(bus().share("svc.echo.Shared", echo()).has_value());
}

TEST_P(BusSuite, AHandlerAsksOthers) {
  serve("svc.npc.Talk", [&](Request request) -> Task<std::string> {
    CO_TRY(const std::string words,
           co_await bus().request({"svc.ai.Speak", "", request.payload}, in(std::chrono::seconds(1))));
    co_return words + "!";
  });
  serve("svc.ai.Speak", echo());
  EXPECT_EQ(said(*ask_and_settle("svc.npc.Talk", "hm")), "<hm>!");
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

TEST_P(BusSuite, ADeafHandlerCountsUntilItEnds) {
  make({.requests_max = 1});
  serve("svc.npc.Talk", [&](Request) -> Task<std::string> {
    co_await rt::shield();
    co_await rt::sleep_for(under_test->env(), std::chrono::seconds(5));
    co_return "";
  });
  ask("svc.npc.Talk", "", std::chrono::milliseconds(50));
  under_test->advance(std::chrono::milliseconds(60));
  EXPECT_EQ(said(*ask_and_settle("svc.npc.Talk")), "bus.busy");
  under_test->advance(std::chrono::seconds(5));
  EXPECT_EQ(said(*ask_and_settle("svc.npc.Talk")), "test.pending") << "taken";
  under_test->advance(std::chrono::seconds(5));
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

TEST_P(BusSuite, ItSaysThatItIsThere) { EXPECT_EQ(reason(bus().health()), "ok"); }

}  // namespace troupe::bus
