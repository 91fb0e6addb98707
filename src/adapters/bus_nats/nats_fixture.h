#pragma once
// Test only: a bus over a real NATS with a clock that stands still. What the network does takes real time, and is waited for.
#include <poll.h>

#include "adapters/bus_nats/nats_bus.h"
#include "adapters/bus_nats/nats_server.h"
#include "ports/bus_under_test.h"

namespace troupe::bus {

inline const std::string kTestKey = "a key that all processes of this test share";

class NatsUnderTest final : public BusUnderTest {
 public:
  NatsUnderTest(const NatsConfig& config, Limits limits) {
    auto opened = open_nats_bus(env_, config, limits);
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      std::abort();
    }
    bus_ = *std::move(opened);
  }
  const rt::Env& env() override { return env_; }
  NatsBus& bus() override { return *bus_; }

  // Until a message that went once around finds that nobody sent anything meanwhile.
  void settle() override {
    clock_.settle();
    while (bus_ && bus_->health()) {
      const auto before = bus_->counts().sent;
      bool back = false;
      rt::Group group(env_, "settle");
      group.spawn("round trip", [&]() -> rt::asio::awaitable<void> {
        (void)co_await bus_->round_trip(rt::Instant::never());
        back = true;
      });
      ASSERT_TRUE(wait_for([&] { return back; })) << "a message does not come back";
      clock_.settle();
      landed_ = bus_->counts().received;
      if (bus_->counts().sent == before + 1) return;
    }
  }
  void advance(rt::nanoseconds span) override {
    settle();
    clock_.advance(span);
    settle();
  }
  // Time passes, and nobody waits for what the network does.
  void pass(rt::nanoseconds span) { clock_.advance(span); }
  void land(std::size_t messages) override {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    messages += landed_;
    while (bus_->counts().received < messages && std::chrono::steady_clock::now() < end)
      ::poll(nullptr, 0, 1);
    EXPECT_GE(bus_->counts().received, messages);
  }
  void close() override { bus_.reset(); }

  // Runs what comes until `good`.
  template <class F>
  bool wait_for(F good) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (clock_.settle(); !good(); clock_.settle()) {
      if (std::chrono::steady_clock::now() > end) return false;
      ::poll(nullptr, 0, 1);
    }
    return true;
  }

 private:
  static constexpr std::chrono::seconds kPatience{20};
  std::uint64_t landed_ = 0;
  rt::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  rt::SystemIds ids_;
  rt::Env env_{io_.get_executor(), clock_, ids_};
  std::unique_ptr<NatsBus> bus_;
};

}  // namespace troupe::bus
