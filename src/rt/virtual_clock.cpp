#include "rt/virtual_clock.h"

namespace troupe::rt {

struct VirtualClock::Handle final : Timer::Impl {
  using Timers = std::map<Key, std::move_only_function<void()>>;
  Handle(std::weak_ptr<Timers> timers, Key key) : timers_(std::move(timers)), key_(key) {}
  void cancel() override {
    if (auto timers = timers_.lock()) timers->erase(key_);
  }
  std::weak_ptr<Timers> timers_;
  Key key_;
};

Instant VirtualClock::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

std::int64_t VirtualClock::wall_ms() const {
  return wall_ms_at_start_ + (now() - start_).count() / 1'000'000;
}

Timer VirtualClock::call_at(Instant when, std::move_only_function<void()> callback) {
  const Key key{when.ns, next_++};
  timers_->emplace(key, std::move(callback));
  return Timer(std::make_unique<Handle>(timers_, key));
}

void VirtualClock::settle() {
  io_.restart();
  io_.poll();
}

void VirtualClock::advance(nanoseconds span) {
  const Instant end = now() + span;
  settle();
  while (!timers_->empty() && timers_->begin()->first.first <= end.ns) {
    auto node = timers_->extract(timers_->begin());
    {
      const std::lock_guard lock(mutex_);
      now_ = std::max(now_, Instant{node.key().first});
    }
    node.mapped()();
    settle();
  }
  const std::lock_guard lock(mutex_);
  now_ = end;
}

}  // namespace troupe::rt
