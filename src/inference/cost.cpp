#include "inference/cost.h"

#include <algorithm>

namespace troupe::inference {

namespace {

constexpr double kSmoothing = 0.2;  // weight of the newest measurement
constexpr int kChunkTokens = 8;     // from here on a step measures the cost of prompt tokens
constexpr int kSamplesToJudge = 3;  // before that nobody is called hopeless

void smooth(double& value, double measured) {
  value = value == 0 ? measured : value + kSmoothing * (measured - value);
}

}  // namespace

void CostModel::measured(int tokens, rt::nanoseconds took) {
  if (tokens <= 0 || took.count() <= 0) return;
  const auto ns = static_cast<double>(took.count());
  if (tokens >= kChunkTokens) {
    smooth(per_token_ns_, ns / tokens);
    ++samples_;
  } else if (tokens == 1) {
    smooth(per_step_ns_, ns);
  }
}

int CostModel::chunk(rt::nanoseconds budget, int least, int most) const {
  if (per_token_ns_ <= 0) return most;
  const double fits = static_cast<double>(budget.count()) / per_token_ns_;
  return static_cast<int>(std::clamp(fits, static_cast<double>(least), static_cast<double>(most)));
}

bool CostModel::doomed(int tokens, rt::Instant now, rt::Instant deadline) const {
  if (deadline.is_never()) return false;
  if (now >= deadline) return true;
  if (samples_ < kSamplesToJudge) return false;
  const double expected = per_token_ns_ * tokens;
  return expected / 2 > static_cast<double>((deadline - now).count());
}

}  // namespace troupe::inference
