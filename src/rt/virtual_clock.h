#pragma once
// A clock that stands still until it is moved: tests, simulation, replay. Timers fire in the order of
// (instant, creation), each with everything that it causes run to the end before the next.
#include <boost/asio/io_context.hpp>

#include <map>
#include <mutex>

#include "rt/clock.h"

namespace troupe::rt {

class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(boost::asio::io_context& io, Instant start = {1'000'000'000},
                        std::int64_t wall_ms_at_start = 1'790'000'000'000)
      : io_(io), now_(start), start_(start), wall_ms_at_start_(wall_ms_at_start) {}

  Instant now() const override;
  std::int64_t wall_ms() const override;
  Timer call_at(Instant when, std::move_only_function<void()> callback) override;

  // Runs what is ready, then moves to each timer up to `now + span` and runs it and what it causes.
  void advance(nanoseconds span);
  // Runs what is ready without moving time.
  void settle();

 private:
  struct Entry;
  struct Handle;
  using Key = std::pair<std::int64_t, std::uint64_t>;

  boost::asio::io_context& io_;
  mutable std::mutex mutex_;
  Instant now_;
  Instant start_;
  std::int64_t wall_ms_at_start_;
  std::uint64_t next_ = 0;
  std::shared_ptr<std::map<Key, std::move_only_function<void()>>> timers_ =
      std::make_shared<std::map<Key, std::move_only_function<void()>>>();
};

}  // namespace troupe::rt
