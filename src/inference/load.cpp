#include "inference/load.h"

#include <algorithm>
#include <cmath>

namespace troupe::inference {

namespace {

constexpr double kMemoryNs = 5e9;

double fade(rt::nanoseconds span) {
  return std::exp(-static_cast<double>(std::max(span.count(), std::int64_t{0})) / kMemoryNs);
}

}  // namespace

void LoadMeter::worked(engine::Tier lead, rt::nanoseconds took, rt::Instant now) {
  for (auto& busy : busy_ns_) busy *= fade(now - last_);
  busy_ns_[static_cast<std::size_t>(lead)] += static_cast<double>(took.count());
  last_ = now;
}

double LoadMeter::left_for(engine::Tier tier, rt::Instant now) const {
  double taken = 0;
  for (std::size_t better = 0; better < static_cast<std::size_t>(tier); ++better) taken += busy_ns_[better];
  return std::clamp(1 - taken * fade(now - last_) / kMemoryNs, 0.0, 1.0);
}

bool worth_starting(std::optional<rt::nanoseconds> rest, rt::Instant now, rt::Instant deadline,
                    double share) {
  if (!rest || deadline.is_never()) return true;
  return static_cast<double>(rest->count()) <= share * static_cast<double>((deadline - now).count());
}

}  // namespace troupe::inference
