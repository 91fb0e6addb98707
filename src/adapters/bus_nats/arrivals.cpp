#include "adapters/bus_nats/arrivals.h"

#include "base/log.h"

namespace troupe::bus {

namespace {

constexpr std::size_t kBytesMax = 64U << 20;
constexpr std::size_t kSliceMax = 256;  // messages handed over before other work gets its turn

}  // namespace

bool Arrivals::add(const std::shared_ptr<Ear>& ear, Message message) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return true;
  const std::size_t bytes = message.bytes();
  if (ear->backlog.size() < limits_.backlog_max && bytes_ + bytes <= kBytesMax) {
    bytes_ += bytes;
    ear->backlog.push_back(std::move(message));
    order_.push_back(ear);
    schedule();
    return true;
  }
  const std::uint64_t dropped = ++ear->dropped;
  if ((dropped & (dropped - 1)) == 0)
    log::error("bus", "{} is read too slowly: {} messages were dropped", ear->subject, dropped);
  if (ear->kind == Kind::call || ear->backlog.empty()) return false;
  bytes_ += bytes - ear->backlog.front().bytes();
  ear->backlog.pop_front();
  ear->backlog.push_back(std::move(message));
  return false;
}

void Arrivals::mute(const std::shared_ptr<Ear>& ear) {
  const auto heard = std::move(ear->heard);  // goes here, not on a thread of the library
  std::deque<Message> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(ear->backlog);
    for (const auto& message : left) bytes_ -= message.bytes();
  }
  for (const auto& message : left) unheard_(message);
}

void Arrivals::post(std::move_only_function<void()> fn) {
  const std::lock_guard lock(mutex_);
  if (!stopped_) rt::post(env_, std::move(fn));
}

void Arrivals::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  order_.clear();
}

void Arrivals::schedule() {
  if (scheduled_ || stopped_ || order_.empty()) return;
  scheduled_ = true;
  rt::post(env_, [self = shared_from_this()] { self->hand_over(); });
}

void Arrivals::hand_over() {
  std::vector<std::pair<std::shared_ptr<Ear>, Message>> slice;
  {
    const std::lock_guard lock(mutex_);
    while (!order_.empty() && slice.size() < kSliceMax) {
      auto ear = std::move(order_.front());
      order_.pop_front();
      if (ear->backlog.empty()) continue;  // muted meanwhile
      bytes_ -= ear->backlog.front().bytes();
      slice.emplace_back(ear, std::move(ear->backlog.front()));
      ear->backlog.pop_front();
    }
  }
  for (auto& [ear, message] : slice) {
    if (const auto heard = ear->heard) {
      (*heard)(std::move(message));
    } else {
      unheard_(message);
    }
  }
  const std::lock_guard lock(mutex_);
  scheduled_ = false;
  schedule();
}

}  // namespace troupe::bus
