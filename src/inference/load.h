#pragma once
// How much of the machine is left for whom, and what is worth beginning with that. Pure policy.
//
// Work that is begun and then misses its deadline was in vain, and under overload that is what most of a
// machine's time goes into. So work is begun only when it would be ready in time with the share of the
// machine that better tiers have left lately; until then it waits, and is dropped when even the whole machine
// would not do.
#include <array>
#include <optional>

#include "ports/engine.h"

namespace troupe::inference {

class LoadMeter {
 public:
  // A step that `lead` led ended at `now`.
  void worked(engine::Tier lead, rt::nanoseconds took, rt::Instant now);
  // The share of the last seconds that better tiers did not take, 0 to 1.
  double left_for(engine::Tier tier, rt::Instant now) const;

 private:
  std::array<double, 4> busy_ns_{};
  rt::Instant last_;
};

// `rest`: what the work takes with the machine to itself; not known = begin it.
bool worth_starting(std::optional<rt::nanoseconds> rest, rt::Instant now, rt::Instant deadline, double share);

}  // namespace troupe::inference
