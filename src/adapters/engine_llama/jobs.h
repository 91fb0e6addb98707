#pragma once
// Work that is done without generation: whole calls of a lane, the most urgent first. Engine thread only;
// bounded by the inbox's tickets.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "adapters/engine_llama/inbox.h"
#include "inference/step_plan.h"

namespace troupe::engine {

// What such calls have in common; their lanes add a `call` that is answered through its OneShot.
struct Job {
  TicketPtr ticket;
  int tokens = 0;
  rt::Instant served;                // its last step, or its arrival
  std::optional<rt::Instant> began;  // its first step

  Job(TicketPtr t) : ticket(std::move(t)), served(ticket->called) {}
  void begin(rt::Instant now) {
    if (began) return;
    began = now;
    ticket->began_ns.store(now.ns);
    ticket->prompt_tokens.store(tokens);
    ticket->state.store(ThoughtView::State::prefill);
  }
  inference::Rank rank(rt::Instant now, rt::nanoseconds ageing) const {
    return inference::rank_of({.tier = ticket->tier,
                               .deadline = ticket->deadline,
                               .served = served,
                               .arrival = ticket->number,
                               .tokens = 1},
                              now, ageing);
  }
  Usage usage(rt::Instant now) const {
    Usage out{.prompt_tokens = tokens,
              .queue_us = micros(began.value_or(now) - ticket->called),
              .total_us = micros(now - ticket->called)};
    ticket->fill(out);
    return out;
  }
};

// Drops whom nobody waits for and who is late, and puts the others in order; the rank of the first.
template <class Jobs>
std::optional<inference::Rank> put_in_order(Jobs& jobs, rt::Instant now, rt::nanoseconds ageing) {
  std::erase_if(jobs, [&](auto& job) {
    if (job.ticket->gone.load()) return true;
    if (now < job.ticket->deadline) return false;
    job.call->done.set(
        fail(Code::deadline_exceeded, "engine.deadline", "the deadline passed before the answer was ready"));
    return true;
  });
  if (jobs.empty()) return std::nullopt;
  std::ranges::sort(jobs, {}, [&](const auto& job) { return job.rank(now, ageing); });
  return jobs.front().rank(now, ageing);
}

template <class Jobs>
void count_jobs(const Jobs& jobs, std::array<std::uint64_t, 4>& waiting, std::uint64_t& running) {
  for (const auto& job : jobs) {
    if (job.began) {
      ++running;
    } else {
      ++waiting[static_cast<std::size_t>(job.ticket->tier)];
    }
  }
}

template <class Jobs>
void fail_jobs(Jobs& jobs, const Error& error) {
  for (auto& job : jobs) job.call->done.set(std::unexpected(error));
  jobs.clear();
}

}  // namespace troupe::engine
