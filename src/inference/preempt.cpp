#include "inference/preempt.h"

#include <algorithm>
#include <cmath>

namespace troupe::inference {

namespace {

constexpr double kAllowanceNs = 10e9;  // counts as work done before the first step: gold comes in bursts
constexpr double kMemoryNs = 300e9;    // work older than this counts for about a third
constexpr rt::nanoseconds kAnyTime = std::chrono::hours(1);

double ns(rt::nanoseconds span) { return static_cast<double>(span.count()); }

}  // namespace

void WasteMeter::add(double& sum, rt::nanoseconds took) {
  const double fade = std::exp(-ns(took) / kMemoryNs);
  worked_ns_ *= fade;
  wasted_ns_ *= fade;
  sum += ns(took);
}

void WasteMeter::worked(rt::nanoseconds took) { add(worked_ns_, took); }
void WasteMeter::wasted(rt::nanoseconds took) { add(wasted_ns_, took); }

double WasteMeter::share_with(rt::nanoseconds more) const {
  const double wasted = wasted_ns_ + ns(more);
  return wasted / (kAllowanceNs + worked_ns_ + wasted);
}

bool should_preempt(const RunningStep& step, const GoldCall& call, const WasteMeter& waste,
                    const PreemptLimits& limits, rt::Instant now) {
  if (!step.running || !step.may_stop) return false;
  const auto done = now - step.began;
  // A step whose end is not known could take any time; one that is over its time, as long again as it has
  // run.
  const rt::nanoseconds rest = step.ends.is_never() ? kAnyTime : step.ends <= now ? done : step.ends - now;
  if (rest <= limits.wait_max) return false;
  if (step.ahead) return true;
  if (!step.gold_due && waste.share_with(done) <= limits.waste_max) return true;
  if (call.deadline.is_never() || (step.gold_due && call.deadline >= *step.gold_due)) return false;
  const auto left = call.deadline - now;
  return rest + call.takes > left && limits.stop_takes + call.takes <= left;
}

void ArrivalRate::arrived(rt::Instant now) {
  for (auto& [memory, arrivals] : counts_) arrivals = arrivals * std::exp(-ns(now - last_) / memory) + 1;
  last_ = now;
}

double ArrivalRate::per_second(rt::Instant now) const {
  double most = 0;
  for (const auto& [memory, arrivals] : counts_)
    most = std::max(most, arrivals * std::exp(-ns(now - last_) / memory) / (memory / 1e9));
  return most;
}

rt::nanoseconds step_budget(rt::nanoseconds normal, rt::nanoseconds least, double gold_per_second,
                            const PreemptLimits& limits) {
  if (gold_per_second <= 0) return normal;
  const double seconds = limits.waste_max / gold_per_second;
  const auto fits = rt::nanoseconds(static_cast<std::int64_t>(std::min(seconds, 3600.0) * 1e9));
  return std::clamp(fits, std::min(least, normal), normal);
}

}  // namespace troupe::inference
