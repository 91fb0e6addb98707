// The scheduler's policy in virtual time: seeded arrivals on a made-up machine, against FIFO and against
// earliest deadline first without dropping. No threads, no clock: seconds of a simulated machine take
// milliseconds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>

#include "inference/cost.h"
#include "inference/load.h"
#include "inference/preempt.h"
#include "inference/step_plan.h"
#include "rt/random.h"

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;
using engine::Tier;

constexpr rt::Instant kStart{};

struct Job {
  Tier tier = Tier::silver;
  rt::Instant arrival, deadline;
  int prompt = 0;
  int answer = 0;  // tokens to generate; the first comes with the prompt's last step
  // Progress.
  int done = 0;  // tokens computed
  rt::Instant served;
  rt::Instant first_step = rt::Instant::never();
  rt::Instant ended = rt::Instant::never();
  int all() const { return prompt + answer - 1; }
  int left() const { return all() - done; }
};

// A 0.5B model on two cores, about: 1.9 ms a token of prompt, 15 ms to generate one.
rt::nanoseconds step_time(const StepShape& s) {
  const double ms = std::max(1.9 * s.tokens, 13 + 0.9 * s.tokens) + 0.25 * s.rows;
  return rt::nanoseconds(static_cast<std::int64_t>(ms * 1e6));
}

enum class Policy { fifo, edf, troupe };

struct Outcome {
  std::size_t jobs = 0, met = 0, preemptions = 0;
  std::array<std::size_t, 4> of_tier{}, met_of_tier{};
  int tokens = 0;          // computed
  int wasted = 0;          // for jobs that missed
  double busy_s = 0;       // in steps
  double preempted_s = 0;  // in steps that were stopped
  std::vector<double> gold_wait_ms;
  rt::Instant end;
  double percentile(double p) {
    if (gold_wait_ms.empty()) return 0;
    std::ranges::sort(gold_wait_ms);
    return gold_wait_ms[std::min(gold_wait_ms.size() - 1,
                                 static_cast<std::size_t>(p * static_cast<double>(gold_wait_ms.size())))];
  }
};

class Simulation {
 public:
  Simulation(Policy policy, std::vector<Job> jobs) : policy_(policy), coming_(jobs.begin(), jobs.end()) {
    out_.jobs = jobs.size();
  }

  Outcome run() {
    while (!coming_.empty() || !present_.empty()) {
      take_arrivals();
      sweep();
      if (present_.empty()) {
        if (coming_.empty()) break;
        now_ = std::max(now_, coming_.front().arrival);
        continue;
      }
      step();
    }
    out_.end = now_;
    return out_;
  }

 private:
  static constexpr std::size_t kSlots = 8;

  void take_arrivals() {
    while (!coming_.empty() && coming_.front().arrival <= now_) {
      present_.push_back(coming_.front());
      if (present_.back().tier == Tier::gold) rate_.arrived(present_.back().arrival);
      present_.back().served = present_.back().arrival;
      coming_.pop_front();
    }
  }
  std::optional<rt::nanoseconds> prefill_of(const Job& job, bool least) const {
    const StepShape shape{.tokens = job.prompt - job.done, .rows = 1};
    if (shape.tokens <= 0) return rt::nanoseconds{0};
    return least ? cost_.at_least(shape) : cost_.predict(shape);
  }
  // What is left of a job with the machine to itself: at the least, or as it usually is.
  std::optional<rt::nanoseconds> rest_of(const Job& job, bool least) const {
    const StepShape one{.tokens = 1, .rows = 1};
    const auto prefill = prefill_of(job, least);
    const auto generate = least ? cost_.at_least(one) : cost_.predict(one);
    if (!prefill || !generate) return prefill;
    return *prefill + (job.all() - std::max(job.prompt, job.done)) * *generate;
  }
  bool worth_it(const Job& job) const {
    if (job.done > 0) return true;
    auto rest = rest_of(job, false);
    for (const auto& other : present_) {
      if (rest && other.tier == job.tier && other.done > 0) *rest += prefill_of(other, false).value_or(0ns);
    }
    return worth_starting(rest, now_, job.deadline, load_.left_for(job.tier, now_));
  }
  // Whose deadline has passed leaves, under every policy; ours also lets go of what cannot be in time.
  void sweep() {
    std::erase_if(present_, [&](Job& job) {
      const bool hopeless =
          policy_ == Policy::troupe ? doomed(rest_of(job, true), now_, job.deadline) : now_ >= job.deadline;
      if (hopeless) end(job, false);
      return hopeless;
    });
  }
  void end(Job& job, bool met) {
    ++out_.of_tier[static_cast<std::size_t>(job.tier)];
    if (met) {
      ++out_.met;
      ++out_.met_of_tier[static_cast<std::size_t>(job.tier)];
    } else {
      out_.wasted += job.done;
    }
  }
  StepItem item(const Job& job, std::size_t index) const {
    const int tokens = job.done < job.prompt ? job.prompt - job.done : 1;
    StepItem out{.tier = job.tier,
                 .deadline = job.deadline,
                 .served = job.served,
                 .arrival = index,
                 .tokens = tokens,
                 .rows_from = tokens - 1};
    if (policy_ != Policy::troupe) out.tier = Tier::silver;
    if (policy_ == Policy::fifo) {
      out.deadline = rt::Instant::never();
      out.served = job.arrival;
    }
    return out;
  }
  StepLimits limits(std::span<const StepItem> items) const {
    StepLimits out{.chunk = {64, 64, 64, 64}, .chunk_min = 16, .ageing = policy_ == Policy::troupe ? 2s : 0s};
    if (policy_ != Policy::troupe) return out;
    const auto generating = static_cast<int>(std::ranges::count(items, 1, &StepItem::tokens));
    const StepShape base{.tokens = generating, .rows = generating};
    const auto budget = [&](rt::nanoseconds normal, int least) {
      return cost_.chunk(base, 0, step_budget(normal, 30ms, rate_.per_second(now_), preempt_), least, 256);
    };
    out.chunk = {256, cost_.chunk({}, 0, 100ms, 16, 256), budget(120ms, 0), budget(60ms, 0)};
    return out;
  }

  void step() {
    std::vector<StepItem> items;
    for (std::size_t i = 0; i < present_.size(); ++i) items.push_back(item(present_[i], i));
    // The slots go to the best.
    std::vector<std::size_t> order(items.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto ageing = policy_ == Policy::troupe ? 2s : 0s;
    std::ranges::sort(order, {}, [&](std::size_t i) { return rank_of(items[i], now_, ageing); });
    if (policy_ == Policy::troupe) {
      std::erase_if(order, [&](std::size_t i) { return !worth_it(present_[i]); });
    }
    order.resize(std::min(order.size(), kSlots));
    std::vector<StepItem> slots;
    for (const auto i : order) slots.push_back(items[i]);

    const auto plan = plan_step(slots, limits(slots), now_);
    if (plan.shares.empty()) {
      // Nothing that is here is worth beginning.
      now_ = now_ + 1ms;
      return;
    }
    StepShape shape;
    for (const auto& share : plan.shares) {
      shape.tokens += share.tokens;
      shape.rows += std::max(0, share.tokens - slots[share.item].rows_from);
      auto& job = present_[order[share.item]];
      if (!job.first_step.is_never()) continue;
      job.first_step = now_;
      if (job.tier == Tier::gold)
        out_.gold_wait_ms.push_back(static_cast<double>((now_ - job.arrival).count()) / 1e6);
    }
    const double scatter = 0.95 + 0.1 * draw_.uniform(steps_++);
    const auto took =
        rt::nanoseconds(static_cast<std::int64_t>(static_cast<double>(step_time(shape).count()) * scatter));
    const auto end_of_step = now_ + took;
    const auto predicted = cost_.predict(shape);
    const RunningStep running{.running = true,
                              .may_stop = plan.lead > Tier::gold,
                              .began = now_,
                              .ends = predicted ? now_ + *predicted : rt::Instant::never()};
    if (const auto stopped = stop_at(running, end_of_step)) {
      out_.preempted_s += seconds(*stopped - now_);
      out_.busy_s += seconds(*stopped - now_);
      waste_.wasted(*stopped - now_);
      ++out_.preemptions;
      out_.wasted += shape.tokens;
      out_.tokens += shape.tokens;
      now_ = *stopped;
      return;
    }
    waste_.worked(took);
    load_.worked(plan.lead, took, end_of_step);
    cost_.measured(shape, took);
    out_.busy_s += seconds(took);
    out_.tokens += shape.tokens;
    now_ = end_of_step;
    for (const auto& share : plan.shares) {
      auto& job = present_[order[share.item]];
      job.done += share.tokens;
      job.served = now_;
    }
    std::erase_if(present_, [&](Job& job) {
      if (job.left() > 0) return false;
      end(job, now_ <= job.deadline);
      return true;
    });
  }
  // When gold that arrives meanwhile stops the step.
  std::optional<rt::Instant> stop_at(const RunningStep& running, rt::Instant end_of_step) {
    if (policy_ != Policy::troupe) return std::nullopt;
    for (const auto& job : coming_) {
      if (job.arrival >= end_of_step) break;
      if (job.tier != Tier::gold) continue;
      if (!should_preempt(running, {job.deadline, 60ms}, waste_, preempt_, job.arrival)) continue;
      return std::min(end_of_step, job.arrival + 3ms);
    }
    return std::nullopt;
  }
  static double seconds(rt::nanoseconds span) { return static_cast<double>(span.count()) / 1e9; }

  Policy policy_;
  std::deque<Job> coming_;
  std::vector<Job> present_;
  rt::Instant now_ = kStart;
  CostModel cost_;
  WasteMeter waste_;
  LoadMeter load_;
  ArrivalRate rate_;
  PreemptLimits preempt_;
  rt::Draw draw_{1, "test", "scatter"};
  std::uint64_t steps_ = 0;
  Outcome out_;
};

// NPCs that decide (gold), talk (silver) and reflect (bronze).
std::vector<Job> arrivals(std::uint64_t seed, std::size_t count, double per_second) {
  const rt::Draw draw(seed, "test", "arrivals");
  std::vector<Job> out;
  rt::Instant when = kStart;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double gap = per_second > 0 ? -std::log(1 - draw.uniform(i, 0)) / per_second : 0;
    when = when + rt::nanoseconds(static_cast<std::int64_t>(gap * 1e9));
    const auto kind = draw.below(20, i, 1);
    const auto span = [&](int from, int to) {
      return from + static_cast<int>(draw.below(static_cast<std::uint64_t>(to - from), i, 2));
    };
    Job job{.tier = Tier::gold, .arrival = when, .deadline = {}, .prompt = span(20, 50), .answer = 1};
    auto within = std::chrono::milliseconds(span(150, 300));
    if (kind >= 10) {
      job.tier = kind < 17 ? Tier::silver : Tier::bronze;
      const bool silver = job.tier == Tier::silver;
      job.prompt = silver ? span(40, 160) : span(150, 500);
      job.answer = silver ? span(10, 30) : span(20, 60);
      within = std::chrono::milliseconds(silver ? span(1000, 4000) : span(8000, 20'000));
    }
    job.deadline = per_second > 0 ? when + within : rt::Instant::never();
    out.push_back(job);
  }
  return out;
}

// What this machine can do, batching as well as it can: everything is there at once and nobody is in a hurry.
double jobs_per_second() {
  const auto all = Simulation(Policy::fifo, arrivals(99, 400, 0)).run();
  return 400 / (static_cast<double>((all.end - kStart).count()) / 1e9);
}

std::string describe(const Outcome& o) {
  return std::to_string(o.met) + " of " + std::to_string(o.jobs) + " met, " + std::to_string(o.wasted) +
         " of " + std::to_string(o.tokens) + " tokens wasted, " +
         std::to_string(100 * o.preempted_s / o.busy_s) + " % stopped";
}

TEST(ScheduleSim, MeetsMoreDeadlinesThanFifoAndPlainEdfUnderOverload) {
  const double capacity = jobs_per_second();
  for (const double load : {1.5, 2.0}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const auto jobs = arrivals(seed, 1500, load * capacity);
      const auto fifo = Simulation(Policy::fifo, jobs).run();
      const auto edf = Simulation(Policy::edf, jobs).run();
      const auto ours = Simulation(Policy::troupe, jobs).run();
      SCOPED_TRACE("load " + std::to_string(load) + " seed " + std::to_string(seed) + "\nfifo " +
                   describe(fifo) + "\nedf  " + describe(edf) + "\nours " + describe(ours));
      EXPECT_GT(ours.met, 2 * fifo.met);
      EXPECT_GT(ours.met, 2 * edf.met);
      EXPECT_LT(2 * ours.wasted, edf.wasted);
      // At twice the capacity FIFO lets nearly all work expire before it is begun, and so wastes little.
      if (load <= 1.5) EXPECT_LT(2 * ours.wasted, fifo.wasted);
      EXPECT_GE(ours.met_of_tier[1], 0.97 * static_cast<double>(ours.of_tier[1])) << "gold";
      EXPECT_GT(ours.met_of_tier[2] * ours.of_tier[3], ours.met_of_tier[3] * ours.of_tier[2])
          << "silver before bronze";
      EXPECT_LT(ours.preempted_s, 0.05 * ours.busy_s);
    }
  }
}

TEST(ScheduleSim, GoldHardlyWaitsWhileSilverAndBronzeFillTheMachine) {
  auto jobs = arrivals(4, 1200, 0.8 * jobs_per_second());
  // Now and then a decision, all the time something to say.
  std::erase_if(jobs, [i = 0](const Job& job) mutable { return job.tier == Tier::gold && i++ % 4 != 0; });
  auto ours = Simulation(Policy::troupe, jobs).run();
  EXPECT_LT(ours.percentile(0.99), 10) << "ms; " << describe(ours);
  EXPECT_LT(ours.preempted_s, 0.05 * ours.busy_s);
  EXPECT_GT(ours.preemptions, 10U);
}

TEST(ScheduleSim, BronzeNeverStarves) {
  // Gold fills the machine for a minute; one bronze job without a deadline has to get through.
  std::vector<Job> jobs;
  for (int i = 0; i < 1200; ++i) {
    const rt::Instant when = kStart + i * 50ms;
    jobs.push_back(
        {.tier = Tier::gold, .arrival = when, .deadline = when + 400ms, .prompt = 40, .answer = 1});
  }
  jobs.insert(jobs.begin(), Job{.tier = Tier::bronze,
                                .arrival = kStart,
                                .deadline = rt::Instant::never(),
                                .prompt = 60,
                                .answer = 2});
  const auto ours = Simulation(Policy::troupe, jobs).run();
  EXPECT_EQ(ours.met_of_tier[3], 1U);
  EXPECT_LT(ours.end, kStart + 100s);
}

}  // namespace
}  // namespace troupe::inference
