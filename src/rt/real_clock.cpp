#include "rt/real_clock.h"

#include <boost/asio/steady_timer.hpp>

namespace troupe::rt {

namespace {

struct AsioTimer final : Timer::Impl {
  struct Shared {
    boost::asio::steady_timer timer;
    std::move_only_function<void()> callback;
  };
  explicit AsioTimer(std::shared_ptr<Shared> shared_state) : shared(std::move(shared_state)) {}
  void cancel() override {
    shared->callback = nullptr;
    shared->timer.cancel();
  }
  std::shared_ptr<Shared> shared;
};

}  // namespace

Instant RealClock::now() const {
  return {
      std::chrono::duration_cast<nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

std::int64_t RealClock::wall_ms() const {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Timer RealClock::call_at(Instant when, std::move_only_function<void()> callback) {
  auto shared =
      std::make_shared<AsioTimer::Shared>(boost::asio::steady_timer(executor_), std::move(callback));
  shared->timer.expires_at(std::chrono::steady_clock::time_point(nanoseconds(when.ns)));
  shared->timer.async_wait([shared](const boost::system::error_code& error) {
    if (error || !shared->callback) return;
    auto run = std::move(shared->callback);
    shared->callback = nullptr;
    run();
  });
  return Timer(std::make_unique<AsioTimer>(std::move(shared)));
}

}  // namespace troupe::rt
