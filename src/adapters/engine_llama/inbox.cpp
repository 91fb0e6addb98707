#include "adapters/engine_llama/inbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace troupe::engine {

namespace {

constexpr std::size_t kStartsPerStep = 8;  // of silver and bronze each
constexpr std::size_t kEndedKept = kThoughtsMax / 2;

ThoughtView view_of(const Ticket& ticket, rt::Instant now) {
  const auto began = ticket.began_ns.load();
  return {.number = ticket.number,
          .caller = ticket.caller,
          .model = ticket.model,
          .tier = ticket.tier,
          .state = ticket.state.load(),
          .waited_us = micros((began == 0 ? now : rt::Instant{began}) - ticket.called),
          .slack_us = ticket.deadline.is_never() ? 0 : micros(ticket.deadline - now),
          .prompt_tokens = ticket.prompt_tokens.load(),
          .new_tokens = ticket.new_tokens.load(),
          .preemptions = ticket.preemptions.load(),
          .wasted_tokens = ticket.wasted_tokens.load()};
}

}  // namespace

Error stopping_error() { return {Code::unavailable, "engine.stopping", "the engine is shutting down", 0}; }

std::int64_t micros(rt::nanoseconds span) { return span.count() / 1000; }

Inbox::Inbox(rt::Env env, const LlamaConfig& config)
    : env_(env),
      waiting_max_(config.limits.waiting_max),
      order_(config.order),
      preempt_{.wait_max = config.gold_wait, .waste_max = config.waste_max} {}

Result<TicketPtr> Inbox::open(Opening opening) {
  if (stop_.load()) return std::unexpected(stopping_error());
  if (live_->fetch_add(1) >= waiting_max_) {
    live_->fetch_sub(1);
    return fail(Code::exhausted, "engine.busy", fmt::format("{} calls wait already; try again", waiting_max_),
                100);
  }
  auto ticket = std::make_shared<Ticket>();
  ticket->tier = order_ == Order::tiers ? opening.tier : Tier::silver;
  ticket->deadline = opening.deadline;
  ticket->first_token_by = opening.first_token_by;
  ticket->think_again = opening.think_again;
  if (is_utf8(opening.caller)) ticket->caller = utf8_prefix(opening.caller, kCallerBytesMax);
  ticket->model = std::move(opening.model);
  ticket->called = env_.now();
  ticket->live = live_;
  const std::lock_guard lock(mutex_);
  ticket->number = next_++;
  open_.emplace(ticket->number, ticket);
  return ticket;
}

// Whether this call goes before a step that runs, or is about to.
bool Inbox::stops(const Ticket& ticket, const inference::RunningStep& step, rt::Instant now) const {
  const bool gold = ticket.tier <= Tier::gold;
  if (!gold && !(step.ahead && ticket.tier == Tier::silver)) return false;
  const auto takes = gold ? gold_takes_ : rt::nanoseconds{0};
  return inference::should_preempt(step, {ticket.deadline, takes}, waste_, preempt_, now);
}

void Inbox::submit(TicketPtr ticket, Start start) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_.load()) {
      const auto now = env_.now();
      if (ticket->tier == Tier::gold) gold_rate_.arrived(now);
      if (stops(*ticket, step_, now)) {
        preempting_ = true;
        abort_.store(true);
      }
      const auto tier = static_cast<std::size_t>(ticket->tier);
      arrivals_[tier].push_back({std::move(ticket), std::move(start)});
      ready_.notify_one();
      return;
    }
  }
  const auto error = stopping_error();
  start(&error);
}

void Inbox::count(const Ticket& ticket, const Ending& ending) {
  const auto tier = static_cast<std::size_t>(ticket.tier);
  switch (ending.outcome) {
    case ThoughtView::Outcome::met:
      counters_.met[tier].fetch_add(1);
      break;
    case ThoughtView::Outcome::late: {
      const auto late = static_cast<std::uint64_t>(micros(ending.late));
      counters_.late[tier].fetch_add(1);
      counters_.lateness_us.fetch_add(late);
      counters_.lateness_max_us.store(std::max(counters_.lateness_max_us.load(), late));
      break;
    }
    case ThoughtView::Outcome::dropped:
      counters_.dropped[tier].fetch_add(1);
      break;
    case ThoughtView::Outcome::open:
    case ThoughtView::Outcome::cancelled:
    case ThoughtView::Outcome::failed:
      break;
  }
}

void Inbox::leave(const TicketPtr& ticket, Ending ending) {
  ticket->gone.store(true);
  const auto now = env_.now();
  auto view = view_of(*ticket, now);
  view.state = ThoughtView::State::ended;
  view.outcome = ending.outcome;
  count(*ticket, ending);
  const bool answered =
      ending.outcome == ThoughtView::Outcome::met || ending.outcome == ThoughtView::Outcome::late;
  view.reason = std::move(ending.reason);

  const std::lock_guard lock(mutex_);
  if (ticket->tier == Tier::gold && answered && ticket->began_ns.load() != 0) {
    const auto took = now - rt::Instant{ticket->began_ns.load()};
    gold_takes_ = gold_takes_.count() == 0 ? took : (3 * gold_takes_ + took) / 4;
  }
  open_.erase(ticket->number);
  ended_.push_back(std::move(view));
  if (ended_.size() > kEndedKept) ended_.pop_front();
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
    const bool gold = tier <= static_cast<std::size_t>(Tier::gold);
    if (!gold && !out.empty() && out.front().ticket->tier <= Tier::gold) break;
    auto take = gold ? queue.size() : std::min(queue.size(), kStartsPerStep);
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

bool Inbox::step_begins(std::vector<TicketPtr> tickets, inference::RunningStep step) {
  const std::lock_guard lock(mutex_);
  step.running = true;
  // Who came since the last look goes first: nothing is lost yet.
  for (const auto tier : {Tier::gold, Tier::silver}) {
    const auto& queue = arrivals_[static_cast<std::size_t>(tier)];
    if (std::ranges::any_of(queue, [&](const Arrival& one) { return stops(*one.ticket, step, step.began); }))
      return false;
  }
  in_step_ = std::move(tickets);
  step_ = step;
  preempting_ = false;
  abort_.store(stop_.load());
  return true;
}

bool Inbox::step_ended(rt::nanoseconds took, bool stopped) {
  std::vector<TicketPtr> ended;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  ended.swap(in_step_);
  step_.running = false;
  const bool preempted = stopped && preempting_;
  if (step_.ahead) return preempted;  // its loss is nobody's
  if (preempted) {
    waste_.wasted(took);
  } else if (!stopped) {
    waste_.worked(took);
  }
  return preempted;
}

rt::nanoseconds Inbox::step_budget(rt::nanoseconds normal, rt::nanoseconds least) const {
  const std::lock_guard lock(mutex_);
  return inference::step_budget(normal, least, gold_rate_.per_second(env_.now()), preempt_);
}

std::vector<ThoughtView> Inbox::thoughts() const {
  const auto now = env_.now();
  std::vector<ThoughtView> out;
  const std::lock_guard lock(mutex_);
  // Those at work first, then the oldest of those that wait.
  for (const bool at_work : {true, false}) {
    for (const auto& [number, ticket] : open_) {
      if ((ticket->state.load() != ThoughtView::State::waiting) == at_work)
        out.push_back(view_of(*ticket, now));
    }
  }
  if (out.size() > kThoughtsMax) out.resize(kThoughtsMax);
  for (auto view = ended_.rbegin(); view != ended_.rend() && out.size() < kThoughtsMax; ++view)
    out.push_back(*view);
  return out;
}

EngineStats Inbox::stats() const {
  EngineStats out;
  const auto& c = counters_;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < out.waiting.size(); ++i) {
      out.waiting[i] = arrivals_[i].size() + c.waiting[i].load();
    }
  }
  for (std::size_t i = 0; i < out.met.size(); ++i) {
    out.met[i] = c.met[i].load();
    out.late[i] = c.late[i].load();
    out.dropped[i] = c.dropped[i].load();
  }
  out.running = c.running.load();
  out.in_flight = live_->load();
  out.steps = c.steps.load();
  out.steps_aborted = c.steps_aborted.load();
  out.prompt_tokens = c.prompt_tokens.load();
  out.cached_tokens = c.cached_tokens.load();
  out.new_tokens = c.new_tokens.load();
  out.wasted_tokens = c.wasted_tokens.load();
  out.evictions = c.evictions.load();
  out.doomed = c.doomed.load();
  out.restarts = c.restarts.load();
  out.busy_us = c.busy_us.load();
  out.threads = c.threads.load();
  out.preemptions = c.preemptions.load();
  out.preempted_us = c.preempted_us.load();
  out.lateness_us = c.lateness_us.load();
  out.lateness_max_us = c.lateness_max_us.load();
  out.cost_error_median = c.cost_error_median.load();
  out.prefixes_restored = c.prefixes_restored.load();
  return out;
}

}  // namespace troupe::engine
