#pragma once
// Test only: a bus before another one, on which faults are played.
#include "ports/bus.h"

namespace troupe::bus {

struct Fault {
  rt::nanoseconds before{};    // until it is delivered
  rt::nanoseconds after{};     // from its answer until whoever asked has it
  std::optional<Error> error;  // instead of delivering it: the bus is full, or nobody is there
  bool lost = false;           // it is done, and the answer never comes
};

class FaultyBus final : public Bus {
 public:
  using Next = std::function<Fault()>;  // what the next request meets
  FaultyBus(const rt::Env& env, std::unique_ptr<Bus> bus, Next next)
      : env_(env), bus_(std::move(bus)), next_(std::move(next)) {}

  Result<Subscription> serve(std::string subject, RequestHandler handler) override {
    return bus_->serve(std::move(subject), std::move(handler));
  }
  Result<Subscription> share(std::string subject, RequestHandler handler) override {
    return bus_->share(std::move(subject), std::move(handler));
  }
  Task<std::string> request(Request request, rt::Instant deadline) override {
    const Fault fault = next_();
    if (fault.error) co_return std::unexpected(*fault.error);
    co_await rt::sleep_for(env_, fault.before);
    auto reply = co_await bus_->request(std::move(request), deadline);
    if (fault.lost) {
      co_await rt::sleep_until(env_, deadline);
      co_return fail(Code::deadline_exceeded, "deadline", "no answer came in time");
    }
    co_await rt::sleep_for(env_, fault.after);
    co_return reply;
  }
  Result<Subscription> subscribe(std::string pattern, EventHandler handler) override {
    return bus_->subscribe(std::move(pattern), std::move(handler));
  }
  Result<void> publish(Event event) override { return bus_->publish(std::move(event)); }
  Result<void> health() const override { return bus_->health(); }

 private:
  rt::Env env_;
  std::unique_ptr<Bus> bus_;
  Next next_;
};

}  // namespace troupe::bus
