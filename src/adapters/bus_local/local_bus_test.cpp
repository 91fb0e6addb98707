// Port bus's contract in one process, and what only holds there.
#include "adapters/bus_local/local_bus.h"

#include "ports/bus_suite.h"

namespace troupe::bus {
namespace {

class LocalUnderTest final : public BusUnderTest {
 public:
  explicit LocalUnderTest(Limits limits) : bus_(make_local_bus(env_, limits)) {}
  const rt::Env& env() override { return env_; }
  Bus& bus() override { return *bus_; }
  void settle() override { clock_.settle(); }
  void advance(rt::nanoseconds span) override { clock_.advance(span); }
  void close() { bus_.reset(); }

 private:
  rt::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  rt::SeededIds ids_{1};
  rt::Env env_{io_.get_executor(), clock_, ids_};
  std::unique_ptr<Bus> bus_;
};

const BusMaker kLocal{"local", [](Limits limits) { return std::make_unique<LocalUnderTest>(limits); }};

INSTANTIATE_TEST_SUITE_P(Bus, BusSuite, testing::Values(kLocal), bus_name);

class LocalBusTest : public BusSuite {};
INSTANTIATE_TEST_SUITE_P(Local, LocalBusTest, testing::Values(kLocal), bus_name);

TEST_P(LocalBusTest, CancellingTheCallerCancelsTheHandler) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask_and_settle("svc.npc.Talk");
  ASSERT_EQ(ended, "waiting");
  last.stop();
  under_test->settle();
  EXPECT_EQ(ended, "cancelled");
  EXPECT_EQ(said(*reply), "test.pending") << "the caller is gone";
}

TEST_P(LocalBusTest, EndingAServerEndsItsRequests) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask_and_settle("svc.npc.Talk");
  subscriptions.clear();
  under_test->settle();
  EXPECT_EQ(ended, "cancelled");
  EXPECT_EQ(said(*reply), "bus.no_server");
}

TEST_P(LocalBusTest, ClosingTheBusAnswersEverybody) {
  std::string ended;
  serve("svc.npc.Talk", patient(&ended));
  const auto reply = ask_and_settle("svc.npc.Talk");
  static_cast<LocalUnderTest&>(*under_test).close();
  under_test->settle();
  EXPECT_EQ(ended, "cancelled");
  EXPECT_EQ(said(*reply), "bus.no_server");
}

TEST_P(LocalBusTest, ASlowSubscriberLosesTheOldestAndCountsThem) {
  make({.backlog_max = 100});
  std::vector<std::string> slow;
  std::vector<std::string> exact;
  listen("evt.w.>", [&](const Event& event) { slow.push_back(event.payload); });
  listen("evt.w.s.F", [&](const Event& event) { exact.push_back(event.payload); });
  for (int i = 0; i < 150; ++i) ASSERT_EQ(reason(bus().publish({"evt.w.s.E", std::to_string(i)})), "ok");
  ASSERT_EQ(reason(bus().publish({"evt.w.s.F", "f"})), "ok");
  under_test->settle();
  ASSERT_EQ(slow.size(), 100U);
  EXPECT_EQ(slow.front(), "51");
  EXPECT_EQ(slow.back(), "f");
  EXPECT_EQ(subscriptions[0].dropped(), 51U);
  EXPECT_EQ(exact.size(), 1U);
  EXPECT_EQ(subscriptions[1].dropped(), 0U) << "one slow reader costs the others nothing";
}

TEST_P(LocalBusTest, RequestsGetTheirTurnBetweenManyEvents) {
  int delivered = 0;
  int seen_by_request = -1;
  listen("evt.w.s.E", [&](const Event&) { ++delivered; });
  serve("svc.echo.Count", [&](Request) -> Task<std::string> {
    seen_by_request = delivered;
    co_return "";
  });
  for (int i = 0; i < 4000; ++i) ASSERT_EQ(reason(bus().publish({"evt.w.s.E", ""})), "ok");
  ask_and_settle("svc.echo.Count");
  EXPECT_EQ(delivered, 4000);
  EXPECT_LT(seen_by_request, 2000);
}

TEST_P(LocalBusTest, ADeafHandlerCountsUntilItEnds) {
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

}  // namespace
}  // namespace troupe::bus
