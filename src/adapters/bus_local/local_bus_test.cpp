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
  void land(std::size_t) override {}
  void close() override { bus_.reset(); }

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

TEST_P(LocalBusTest, AGroupTakesTurns) {
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    subscriptions.push_back(bus()
                                .share("svc.ai.Speak",
                                       [&order, name](Request) -> Task<std::string> {
                                         order.push_back(name);
                                         co_return "";
                                       })
                                .value());
  }
  for (int i = 0; i < 6; ++i) ask_and_settle("svc.ai.Speak");
  EXPECT_EQ(order, "abcabc");
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

}  // namespace
}  // namespace troupe::bus
