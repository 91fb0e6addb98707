#pragma once
// One call, shared by who waits for it and who works for it. Alive as long as either needs it.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "ports/engine.h"

namespace troupe::engine {

struct Ticket {
  // Set before it is shared.
  Tier tier = Tier::silver;
  rt::Instant deadline = rt::Instant::never();
  rt::Instant first_token_by = rt::Instant::never();
  rt::Instant think_again = rt::Instant::never();
  rt::Instant called;
  std::string caller;
  std::string model;
  std::uint64_t number = 0;

  // The caller has left: deadline, cancellation or answered.
  std::atomic<bool> gone = false;

  // Written by the engine thread, read by anybody.
  std::atomic<ThoughtView::State> state = ThoughtView::State::waiting;
  std::atomic<std::int64_t> began_ns = 0;  // the first step's beginning; 0 = not yet
  std::atomic<std::int64_t> slack_us = 0;
  std::atomic<std::int64_t> predicted_us = 0, computed_us = 0;
  std::atomic<int> prompt_tokens = 0, new_tokens = 0, preemptions = 0, wasted_tokens = 0;

  std::shared_ptr<std::atomic<std::uint64_t>> live;  // tickets of the engine

  Ticket() = default;
  Ticket(const Ticket&) = delete;
  ~Ticket() {
    if (live) live->fetch_sub(1);
  }

  // What the scheduler knows about the call.
  void fill(Usage& usage) const {
    usage.preemptions = preemptions.load();
    usage.wasted_tokens = wasted_tokens.load();
    usage.slack_us = slack_us.load();
    usage.predicted_us = predicted_us.load();
    usage.computed_us = computed_us.load();
  }
};
using TicketPtr = std::shared_ptr<Ticket>;

// How a call ended, as its caller saw it.
struct Ending {
  ThoughtView::Outcome outcome = ThoughtView::Outcome::cancelled;
  std::string reason;
  rt::nanoseconds late{0};
};

}  // namespace troupe::engine
