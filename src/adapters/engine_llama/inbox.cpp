#include "adapters/engine_llama/inbox.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::engine {

namespace {

constexpr std::size_t kStartsPerStep = 8;  // of silver and bronze each

}  // namespace

Error stopping_error() { return {Code::unavailable, "engine.stopping", "the engine is shutting down", 0}; }

Result<TicketPtr> Inbox::open(Tier tier, rt::Instant deadline) {
  if (stop_.load()) return std::unexpected(stopping_error());
  if (live_->fetch_add(1) >= limits_.waiting_max) {
    live_->fetch_sub(1);
    return fail(Code::exhausted, "engine.busy",
                fmt::format("{} calls wait already; try again", limits_.waiting_max), 100);
  }
  auto ticket = std::make_shared<Ticket>();
  ticket->tier = tier;
  ticket->deadline = deadline;
  ticket->called = env_.now();
  ticket->live = live_;
  return ticket;
}

void Inbox::submit(TicketPtr ticket, Start start) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_.load()) {
      ticket->number = next_++;
      const auto tier = static_cast<std::size_t>(ticket->tier);
      arrivals_[tier].push_back({std::move(ticket), std::move(start)});
      ready_.notify_one();
      return;
    }
  }
  const auto error = stopping_error();
  start(&error);
}

void Inbox::leave(const TicketPtr& ticket) {
  ticket->gone.store(true);
  const std::lock_guard lock(mutex_);
  if (!in_step_.empty() && std::ranges::all_of(in_step_, [](const auto& t) { return t->gone.load(); })) {
    abort_.store(true);
  }
  poked_ = true;
  ready_.notify_one();
}

void Inbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
    abort_.store(true);
  }
  ready_.notify_all();
}

bool Inbox::wait(bool idle, std::vector<Arrival>& out) {
  std::unique_lock lock(mutex_);
  const auto arrived = [this] {
    return std::ranges::any_of(arrivals_, [](const auto& queue) { return !queue.empty(); });
  };
  if (idle) ready_.wait(lock, [&] { return stop_.load() || poked_ || arrived(); });
  poked_ = false;
  if (stop_.load()) return false;
  for (std::size_t tier = 0; tier < arrivals_.size(); ++tier) {
    auto& queue = arrivals_[tier];
    auto take =
        tier <= static_cast<std::size_t>(Tier::gold) ? queue.size() : std::min(queue.size(), kStartsPerStep);
    for (; take > 0; --take) {
      out.push_back(std::move(queue.front()));
      queue.pop_front();
    }
  }
  return true;
}

std::vector<Inbox::Arrival> Inbox::drain() {
  const std::lock_guard lock(mutex_);
  std::vector<Arrival> out;
  for (auto& queue : arrivals_) {
    for (auto& arrival : queue) out.push_back(std::move(arrival));
    queue.clear();
  }
  return out;
}

void Inbox::step_begins(std::vector<TicketPtr> tickets) {
  const std::lock_guard lock(mutex_);
  in_step_ = std::move(tickets);
  abort_.store(stop_.load());
}

void Inbox::step_ended() {
  std::vector<TicketPtr> ended;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  ended.swap(in_step_);
}

EngineStats Inbox::stats() const {
  EngineStats out;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < out.waiting.size(); ++i) {
      out.waiting[i] = arrivals_[i].size() + counters_.waiting[i].load();
    }
  }
  out.running = counters_.running.load();
  out.in_flight = live_->load();
  out.steps = counters_.steps.load();
  out.steps_aborted = counters_.steps_aborted.load();
  out.prompt_tokens = counters_.prompt_tokens.load();
  out.cached_tokens = counters_.cached_tokens.load();
  out.new_tokens = counters_.new_tokens.load();
  out.wasted_tokens = counters_.wasted_tokens.load();
  out.evictions = counters_.evictions.load();
  out.doomed = counters_.doomed.load();
  out.restarts = counters_.restarts.load();
  out.busy_us = counters_.busy_us.load();
  out.threads = counters_.threads.load();
  return out;
}

}  // namespace troupe::engine
