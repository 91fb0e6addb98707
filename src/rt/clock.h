#pragma once
// Time enters the program here and nowhere else. `Instant` is monotonic (deadlines, timers); wall time is
// for people and expiry only. A VirtualClock stands still until a test or a replay moves it.
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

namespace troupe::rt {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A point on the monotonic clock. Instant::never() is later than every other.
struct Instant {
  std::int64_t ns = 0;
  auto operator<=>(const Instant&) const = default;
  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
  bool is_never() const { return *this == never(); }
  Instant operator+(nanoseconds span) const { return is_never() ? *this : Instant{ns + span.count()}; }
  nanoseconds operator-(Instant other) const { return nanoseconds{ns - other.ns}; }
};

// Cancels its timer when destroyed. Movable; callbacks never run after cancel() on the io thread.
class Timer {
 public:
  struct Impl {
    virtual ~Impl() = default;
    virtual void cancel() = 0;
  };
  Timer() = default;
  explicit Timer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
  Timer(Timer&&) noexcept = default;
  Timer& operator=(Timer&& other) noexcept {
    cancel();
    impl_ = std::move(other.impl_);
    return *this;
  }
  ~Timer() { cancel(); }
  void cancel() {
    if (impl_) impl_->cancel();
    impl_.reset();
  }

 private:
  std::unique_ptr<Impl> impl_;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;           // any thread
  virtual std::int64_t wall_ms() const = 0;  // any thread; Unix time
  // Runs `callback` on the io thread at or after `when`. Call on the io thread.
  virtual Timer call_at(Instant when, std::move_only_function<void()> callback) = 0;
};

}  // namespace troupe::rt
