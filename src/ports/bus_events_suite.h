#pragma once
// Contract suite of port bus: events and the parts of answers. Included by bus_suite.h.
#include "ports/bus_under_test.h"

namespace troupe::bus {

TEST_P(BusSuite, PartsComeBeforeTheAnswer) {
  std::vector<std::string> got;
  listen("str.anna.*", [&](const Event& event) { got.push_back(event.payload); });
  serve("svc.npc.Talk", [&](Request) -> Task<std::string> {
    for (int i = 0; i < 100; ++i) {
      CO_TRY_VOID(bus().publish({"str.anna.7", std::to_string(i)}));
    }
    co_return "all";
  });
  std::size_t heard = 0;
  std::string answer;
  group->spawn("client", [&]() -> rt::asio::awaitable<void> {
    const auto reply = co_await bus().request({"svc.npc.Talk", "", ""}, in(std::chrono::seconds(1)));
    answer = said(reply);
    heard = got.size();
  });
  under_test->settle();
  EXPECT_EQ(answer, "all");
  EXPECT_EQ(heard, 100U);
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

TEST_P(BusSuite, ASlowSubscriberLosesTheOldestAndCountsThem) {
  make({.backlog_max = 100});
  std::vector<std::string> slow;
  std::vector<std::string> exact;
  listen("evt.w.>", [&](const Event& event) { slow.push_back(event.payload); });
  listen("evt.w.s.F", [&](const Event& event) { exact.push_back(event.payload); });
  for (int i = 0; i < 150; ++i) ASSERT_EQ(reason(bus().publish({"evt.w.s.E", std::to_string(i)})), "ok");
  ASSERT_EQ(reason(bus().publish({"evt.w.s.F", "f"})), "ok");
  under_test->land(152);
  under_test->settle();
  ASSERT_EQ(slow.size(), 100U);
  EXPECT_EQ(slow.front(), "51");
  EXPECT_EQ(slow.back(), "f");
  EXPECT_EQ(subscriptions[0].dropped(), 51U);
  EXPECT_EQ(exact.size(), 1U);
  EXPECT_EQ(subscriptions[1].dropped(), 0U) << "one slow reader costs the others nothing";
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
