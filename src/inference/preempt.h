#pragma once
// When a running step is stopped for a gold call, and how long steps may be so that it seldom has to be. Pure
// policy.
//
// Stopping a step throws its work away. So it is stopped only when waiting for its predicted end would make
// gold wait longer than `wait_max`, and only as long as what is thrown away stays below `waste_max` of the
// work; when gold would miss its deadline by waiting, always. A step that is led by other gold is stopped
// only for that, by a call that is due sooner. A step of what is only read ahead is stopped for whoever
// comes, silver too, and what is lost of it is nobody's. A step that is led by work which has waited too long
// is never stopped: that is how nothing starves.
#include <array>
#include <optional>

#include "ports/engine.h"

namespace troupe::inference {

struct PreemptLimits {
  rt::nanoseconds wait_max = std::chrono::milliseconds(4);
  rt::nanoseconds stop_takes = std::chrono::milliseconds(4);  // from the wish to the end of the step
  double waste_max = 0.05;                                    // of the time that steps take
};

struct RunningStep {
  bool running = false;
  bool may_stop = false;                // nobody leads it who has waited too long
  bool ahead = false;                   // all of it is read ahead of any need
  std::optional<rt::Instant> gold_due;  // the deadline of the gold that leads it
  rt::Instant began;
  rt::Instant ends = rt::Instant::never();  // predicted; never = not known
};

// A call that arrives while the step runs.
struct GoldCall {
  rt::Instant deadline = rt::Instant::never();
  rt::nanoseconds takes{0};  // what such calls usually take; 0 = not known
};

// How much of the work was thrown away lately. Old work counts less; an allowance makes the first few steps
// cheap.
class WasteMeter {
 public:
  void worked(rt::nanoseconds took);  // steps that were finished
  void wasted(rt::nanoseconds took);  // steps that were stopped
  // The share of the wasted if `more` is thrown away now.
  double share_with(rt::nanoseconds more) const;

 private:
  void add(double& sum, rt::nanoseconds took);
  double worked_ns_ = 0;
  double wasted_ns_ = 0;
};

bool should_preempt(const RunningStep& step, const GoldCall& call, const WasteMeter& waste,
                    const PreemptLimits& limits, rt::Instant now);

// Arrivals per second: what the last ten seconds say, or the last one and a half where that is more. Gold
// comes in bursts, and the first steps of one should not be as long as those of a quiet time.
class ArrivalRate {
 public:
  void arrived(rt::Instant now);
  double per_second(rt::Instant now) const;

 private:
  struct Count {
    double memory_ns;
    double arrivals = 0;
  };
  std::array<Count, 2> counts_{{{10e9}, {1.5e9}}};
  rt::Instant last_;
};

// A stopped step has done half of its work on average, so with gold coming this often steps have to be this
// short for the waste to stay within the limit. Between `least` and `normal`.
rt::nanoseconds step_budget(rt::nanoseconds normal, rt::nanoseconds least, double gold_per_second,
                            const PreemptLimits& limits);

}  // namespace troupe::inference
