#pragma once
// The clock of a running server: steady_clock for instants, the system clock for wall time, asio timers.
#include <boost/asio/any_io_executor.hpp>

#include "rt/clock.h"

namespace troupe::rt {

class RealClock final : public Clock {
 public:
  explicit RealClock(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  Instant now() const override;
  std::int64_t wall_ms() const override;
  Timer call_at(Instant when, std::move_only_function<void()> callback) override;

 private:
  boost::asio::any_io_executor executor_;
};

}  // namespace troupe::rt
