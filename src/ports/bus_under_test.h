#pragma once
// What the contract suite of port bus (bus_suite.h) runs on: a bus of some adapter and what drives it.
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
  virtual void land(std::size_t messages) = 0;     // so many have come, and no handler has run yet
  virtual void close() = 0;                        // the bus goes
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

}  // namespace troupe::bus
