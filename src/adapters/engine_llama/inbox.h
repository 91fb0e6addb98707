#pragma once
// What the io thread and the engine thread share: calls on their way in, who has left, the order to stop,
// counters. Created with the engine, held by it, by its thread and by each call. Bounded by
// Limits::waiting_max tickets.
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "adapters/engine_llama/llama_engine.h"

namespace troupe::engine {

// One call. Alive as long as the caller waits or the engine works for it.
struct Ticket {
  Tier tier = Tier::silver;
  rt::Instant deadline = rt::Instant::never();
  rt::Instant called;
  std::uint64_t number = 0;
  std::atomic<bool> gone = false;  // the caller has left: deadline, cancellation or answered
  std::shared_ptr<std::atomic<std::uint64_t>> live;  // tickets of the engine
  Ticket() = default;
  Ticket(const Ticket&) = delete;
  ~Ticket() {
    if (live) live->fetch_sub(1);
  }
};
using TicketPtr = std::shared_ptr<Ticket>;

// Begins a call on the engine thread; called with an Error instead when the engine stops.
using Start = std::move_only_function<void(const Error* stopping)>;

// Counters, written by the engine thread, read by anybody.
struct Counters {
  std::array<std::atomic<std::uint64_t>, 4> waiting{};
  std::atomic<std::uint64_t> running = 0, steps = 0, steps_aborted = 0, prompt_tokens = 0, cached_tokens = 0,
                             new_tokens = 0, wasted_tokens = 0, evictions = 0, doomed = 0, restarts = 0,
                             busy_us = 0, threads = 0;
};

class Inbox {
 public:
  Inbox(rt::Env env, const Limits& limits) : env_(env), limits_(limits) {}

  // io thread. `exhausted` engine.busy when waiting_max calls are in the engine.
  Result<TicketPtr> open(Tier tier, rt::Instant deadline);
  void submit(TicketPtr ticket, Start start);
  // io thread: the caller of `ticket` waits no longer. Stops the running step when nobody is left who wants
  // it.
  void leave(const TicketPtr& ticket);

  // Any thread: ends the engine thread.
  void stop();

  // Engine thread. Sleeps while `idle` and nothing arrives; false once stopped. Every gold call and a few of
  // the others are handed out at once: beginning a call costs time too.
  struct Arrival {
    TicketPtr ticket;
    Start start;
  };
  bool wait(bool idle, std::vector<Arrival>& out);
  std::vector<Arrival> drain();
  void step_begins(std::vector<TicketPtr> tickets);
  void step_ended();

  const std::atomic<bool>* abort_flag() const { return &abort_; }
  EngineStats stats() const;
  Counters& counters() { return counters_; }
  const rt::Env& env() const { return env_; }
  bool stopping() const { return stop_.load(); }

 private:
  rt::Env env_;
  Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::array<std::deque<Arrival>, 4> arrivals_;  // by tier
  std::vector<TicketPtr> in_step_;
  std::uint64_t next_ = 0;
  bool poked_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> abort_ = false;
  std::shared_ptr<std::atomic<std::uint64_t>> live_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  Counters counters_;
};

// The error that answers calls when the engine goes away.
Error stopping_error();

}  // namespace troupe::engine
