#include "inference/cost.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe::inference {

namespace {

constexpr double kNoise = 0.08;         // relative scatter of one measured step
constexpr double kWander = 0.01;        // how much a weight may change from step to step, of its spread
constexpr double kInnovationMax = 0.5;  // one slow step says little about the next
constexpr double kErrorDecay = 0.998;
constexpr int kSamplesToJudge = 3;  // before that nobody is called hopeless
constexpr int kFirstChunk = 32;     // prompt tokens while their cost is not known

}  // namespace

CostFit::Vector CostFit::features(const StepShape& shape) {
  return {1.0, shape.tokens / kTokensScale, shape.attended / kAttendedScale, shape.rows / kRowsScale};
}

double CostFit::structural(const Vector& x) const {
  return std::inner_product(x.begin(), x.end(), weights_.begin(), 0.0);
}

// The first step of its kind: a narrow one is mostly the reading of weights, a wide one mostly its tokens.
void CostFit::begin(const StepShape& shape, double took_ns) {
  const auto x = features(shape);
  const double fixed = shape.tokens <= CostModel::kNarrow ? 0.7 : 0.1;
  weights_ = {fixed * took_ns, (1 - fixed) * took_ns / x[1], 0, 0};
  spread_ = {took_ns, took_ns / x[1], took_ns / std::max(x[2], 0.5), took_ns / std::max(x[3], 0.5)};
  for (std::size_t i = 0; i < kWeights; ++i) {
    covariance_[i] = {};
    covariance_[i][i] = spread_[i] * spread_[i] / 4;
  }
}

void CostFit::measured(const StepShape& shape, double took_ns) {
  if (shape.tokens <= 0 || took_ns <= 0) return;
  if (samples_++ == 0) begin(shape, took_ns);
  const auto x = features(shape);
  const double guess = std::max(structural(x), took_ns * 1e-3);
  std::shift_left(ratios_.begin(), ratios_.end(), 1);
  ratios_.back() = took_ns / guess;
  ratio_count_ = std::min(ratio_count_ + 1, kRatios);

  // One Kalman step on 1 = (x / took) . weights, so that errors count relative to the step's size.
  Vector z{};
  for (std::size_t i = 0; i < kWeights; ++i) z[i] = x[i] / took_ns;
  for (std::size_t i = 0; i < kWeights; ++i) {
    auto& own = covariance_[i][i];
    own += kWander * kWander * spread_[i] * spread_[i];
    const double most = spread_[i] * spread_[i];
    if (own <= most) continue;
    const double shrink = std::sqrt(most / own);
    for (std::size_t j = 0; j < kWeights; ++j) {
      covariance_[i][j] *= shrink;
      covariance_[j][i] *= shrink;
    }
  }
  Vector gain{};
  for (std::size_t i = 0; i < kWeights; ++i) {
    gain[i] = std::inner_product(z.begin(), z.end(), covariance_[i].begin(), 0.0);
  }
  const double scatter = std::inner_product(z.begin(), z.end(), gain.begin(), kNoise * kNoise);
  const double surprise = std::clamp(1 - structural(z), -kInnovationMax, kInnovationMax);
  for (std::size_t i = 0; i < kWeights; ++i) {
    for (std::size_t j = 0; j < kWeights; ++j) covariance_[i][j] -= gain[i] * gain[j] / scatter;
  }
  for (std::size_t i = 0; i < kWeights; ++i) {
    weights_[i] = std::max(0.0, weights_[i] + gain[i] / scatter * surprise);  // nothing makes a step shorter
  }
}

double CostFit::ratio() const {
  if (ratio_count_ == 0) return 1;
  std::array<double, kRatios> newest = ratios_;
  const auto first = newest.end() - static_cast<std::ptrdiff_t>(ratio_count_);
  const auto middle = first + static_cast<std::ptrdiff_t>(ratio_count_ / 2);
  std::nth_element(first, middle, newest.end());
  return *middle;
}

double CostFit::predict(const StepShape& shape) const { return structural(features(shape)) * ratio(); }

CostFit CostFit::scaled(double factor) const {
  CostFit out = *this;
  for (std::size_t i = 0; i < kWeights; ++i) {
    out.weights_[i] *= factor;
    out.spread_[i] *= factor;
    for (auto& value : out.covariance_[i]) value *= factor * factor;
    // A guess: open to what is measured next.
    out.covariance_[i][i] = std::max(out.covariance_[i][i], out.spread_[i] * out.spread_[i] / 16);
  }
  return out;
}

const CostFit* CostModel::fit_for(const StepShape& shape) const {
  const auto machine = std::ranges::find(machines_, shape.threads, &Machine::threads);
  if (machine == machines_.end()) return nullptr;
  const auto& fit = shape.tokens <= kNarrow ? machine->narrow : machine->wide;
  return fit.known() ? &fit : nullptr;
}

std::optional<rt::nanoseconds> CostModel::predict(const StepShape& shape) const {
  const auto* fit = fit_for(shape);
  if (fit == nullptr) return std::nullopt;
  return rt::nanoseconds(static_cast<std::int64_t>(fit->predict(shape)));
}

std::optional<rt::nanoseconds> CostModel::at_least(const StepShape& shape) const {
  const auto* fit = fit_for(shape);
  if (fit == nullptr || fit->samples() < kSamplesToJudge) return std::nullopt;
  const double sure = std::clamp(1 - 2 * error_median(), 0.5, 0.95);
  return rt::nanoseconds(static_cast<std::int64_t>(sure * fit->predict(shape)));
}

void CostModel::measured(const StepShape& shape, rt::nanoseconds took) {
  if (shape.tokens <= 0 || took.count() <= 0) return;
  const auto ns = static_cast<double>(took.count());
  if (const auto* fit = fit_for(shape)) {
    const double error = std::abs(fit->predict(shape) - ns) / ns;
    for (auto& count : errors_) count *= kErrorDecay;
    errors_[std::min(kErrorBins - 1, static_cast<std::size_t>(error * kErrorBins))] += 1;
  }
  auto machine = std::ranges::find(machines_, shape.threads, &Machine::threads);
  if (machine == machines_.end()) {
    if (machines_.size() >= kMachinesMax) machines_.erase(machines_.begin());
    Machine fresh{.threads = shape.threads, .narrow = {}, .wide = {}};
    if (!machines_.empty()) {
      const auto& known = machines_.back();
      const double factor = static_cast<double>(known.threads) / shape.threads;
      fresh.narrow = known.narrow.scaled(factor);
      fresh.wide = known.wide.scaled(factor);
    }
    machine = machines_.insert(machines_.end(), fresh);
  }
  (shape.tokens <= kNarrow ? machine->narrow : machine->wide).measured(shape, ns);
}

int CostModel::chunk(const StepShape& base, double cells, rt::nanoseconds budget, int least, int most) const {
  const auto time_of = [&](int tokens) {
    auto shape = base;
    shape.tokens += tokens;
    shape.attended += tokens * cells;
    return predict(shape);
  };
  least = std::min(least, most);
  if (!time_of(most)) return std::clamp(kFirstChunk, least, most);
  // A step's time grows with its tokens.
  int low = least;
  int high = most;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    const auto time = time_of(middle);
    if (time && *time <= budget) {
      low = middle;
    } else if (!time) {
      low = middle;  // narrow steps are short
    } else {
      high = middle - 1;
    }
  }
  return low;
}

double CostModel::error_median() const {
  const double all = std::accumulate(errors_.begin(), errors_.end(), 0.0);
  if (all <= 0) return 0;
  double below = 0;
  for (std::size_t i = 0; i < kErrorBins; ++i) {
    below += errors_[i];
    if (below >= all / 2) return (static_cast<double>(i) + 0.5) / kErrorBins;
  }
  return 1;
}

bool doomed(std::optional<rt::nanoseconds> least_rest, rt::Instant now, rt::Instant deadline) {
  if (deadline.is_never()) return false;
  if (now >= deadline) return true;
  return least_rest && *least_rest > deadline - now;
}

}  // namespace troupe::inference
