#pragma once
// What the io thread and the engine thread share: calls on their way in, who has left, the order to stop, the
// running step and whether gold may stop it, counters, who thinks now. Created with the engine, held by it,
// by its thread and by each call. Bounded by Limits::waiting_max tickets and kThoughtsMax thoughts that
// ended.
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "adapters/engine_llama/llama_engine.h"
#include "adapters/engine_llama/ticket.h"
#include "inference/load.h"
#include "inference/preempt.h"

namespace troupe::engine {

// Begins a call on the engine thread; called with an Error instead when the engine stops.
using Start = std::move_only_function<void(const Error* stopping)>;

// Counters, written by the engine thread (the outcomes: by the io thread), read by anybody.
struct Counters {
  using Count = std::atomic<std::uint64_t>;
  std::array<Count, 4> waiting{}, met{}, late{}, dropped{};
  Count running = 0, steps = 0, steps_aborted = 0, prompt_tokens = 0, cached_tokens = 0, new_tokens = 0,
        wasted_tokens = 0, evictions = 0, doomed = 0, restarts = 0, busy_us = 0, threads = 0, preemptions = 0,
        preempted_us = 0, lateness_us = 0, lateness_max_us = 0, prefixes_restored = 0;
  std::atomic<double> cost_error_median = 0;
};

class Inbox {
 public:
  Inbox(rt::Env env, const LlamaConfig& config);

  // io thread. `exhausted` engine.busy when waiting_max calls are in the engine.
  struct Opening {
    Tier tier = Tier::silver;
    rt::Instant deadline = rt::Instant::never();
    rt::Instant first_token_by = rt::Instant::never();
    rt::Instant think_again = rt::Instant::never();
    std::string caller;
    std::string model;
  };
  Result<TicketPtr> open(Opening opening);
  // A gold call stops the running step when it should (inference/preempt.h).
  void submit(TicketPtr ticket, Start start);
  // io thread: the caller of `ticket` waits no longer. Stops the running step when nobody is left who wants
  // it.
  void leave(const TicketPtr& ticket, Ending ending);

  // Any thread: ends the engine thread.
  void stop();

  // Engine thread. Sleeps while `idle` and nothing arrives; false once stopped. Every gold call is handed out
  // at once, and a few of the others when there is no gold: beginning a call costs time too.
  struct Arrival {
    TicketPtr ticket;
    Start start;
  };
  bool wait(bool idle, std::vector<Arrival>& out);
  std::vector<Arrival> drain();
  // False: somebody has come who should go first; the step does not begin.
  bool step_begins(std::vector<TicketPtr> tickets, inference::RunningStep step);
  // True when it was stopped for somebody.
  bool step_ended(rt::nanoseconds took, bool stopped);
  // Engine thread: how long a step of a worse tier than gold may take.
  rt::nanoseconds step_budget(rt::nanoseconds normal, rt::nanoseconds least) const;
  inference::LoadMeter& load() { return load_; }  // engine thread only
  // How many answers are being written, by all models; engine thread only.
  void set_writing(int answers) { writing_ = answers; }
  int writing() const { return writing_; }

  const std::atomic<bool>* abort_flag() const { return &abort_; }
  EngineStats stats() const;
  std::vector<ThoughtView> thoughts() const;
  Counters& counters() { return counters_; }
  const rt::Env& env() const { return env_; }
  bool stopping() const { return stop_.load(); }

 private:
  void count(const Ticket& ticket, const Ending& ending);
  bool stops(const Ticket& ticket, const inference::RunningStep& step, rt::Instant now) const;

  rt::Env env_;
  std::size_t waiting_max_;
  Order order_;
  inference::PreemptLimits preempt_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::array<std::deque<Arrival>, 4> arrivals_;  // by tier
  std::vector<TicketPtr> in_step_;
  inference::RunningStep step_;
  bool preempting_ = false;
  inference::WasteMeter waste_;
  inference::ArrivalRate gold_rate_;
  rt::nanoseconds gold_takes_{0};
  std::map<std::uint64_t, TicketPtr> open_;  // by number, until the caller leaves
  std::deque<ThoughtView> ended_;            // newest last
  std::uint64_t next_ = 0;
  bool poked_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> abort_ = false;
  std::shared_ptr<std::atomic<std::uint64_t>> live_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  inference::LoadMeter load_;
  int writing_ = 0;
  Counters counters_;
};

// The error that answers calls when the engine goes away.
Error stopping_error();

std::int64_t micros(rt::nanoseconds span);

}  // namespace troupe::engine
