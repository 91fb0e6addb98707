#pragma once
// What a model's steps cost here and now, learned from its own steps: predicts a step's time from what it is
// made of, sizes prompt chunks, and says which work cannot be in time. Owned by whoever runs the steps; one
// thread.
//
// Steps of a few tokens wait for memory, larger ones for arithmetic, and each number of threads is another
// machine: each (threads, narrow or wide) has its own fit. A fit is a Kalman filter over four weights (per
// step, per token, per cell looked at, per row of logits) on relative errors, times the median of the last
// ratios of real to predicted time, which follows a machine that got busy within three steps. One slow step
// alone moves neither much.
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "rt/clock.h"

namespace troupe::inference {

// What a step is made of.
struct StepShape {
  int tokens = 0;       // in the batch
  int rows = 0;         // of logits
  double attended = 0;  // cells that its tokens look at: tokens x cells in use
  int threads = 1;
};

class CostFit {
 public:
  void measured(const StepShape& shape, double took_ns);
  double predict(const StepShape& shape) const;  // ns; only when known()
  bool known() const { return samples_ > 0; }
  int samples() const { return samples_; }
  // The same fit as a first guess for another number of threads.
  CostFit scaled(double factor) const;

 private:
  static constexpr std::size_t kWeights = 4;
  static constexpr std::size_t kRatios = 5;
  using Vector = std::array<double, kWeights>;
  // Scales that bring the features near 1, so that one step size fits all of them.
  static constexpr double kTokensScale = 32;
  static constexpr double kAttendedScale = 32'768;
  static constexpr double kRowsScale = 8;
  static Vector features(const StepShape& shape);
  double ratio() const;  // median of the last, real to predicted
  double structural(const Vector& x) const;
  void begin(const StepShape& shape, double took_ns);

  Vector weights_{};
  Vector spread_{};  // of a weight, at most
  std::array<Vector, kWeights> covariance_{};
  std::array<double, kRatios> ratios_{};  // real / structural, newest last
  std::size_t ratio_count_ = 0;
  int samples_ = 0;
};

class CostModel {
 public:
  static constexpr int kNarrow = 4;  // tokens of a step that waits for memory

  void measured(const StepShape& shape, rt::nanoseconds took);

  // nullopt while nothing like it was measured.
  std::optional<rt::nanoseconds> predict(const StepShape& shape) const;
  // What it will take at the least, for decisions that cannot be taken back: the prediction less twice the
  // usual error (at least half of the prediction: a machine that is busy for a moment must not make hopeless
  // what is not).
  std::optional<rt::nanoseconds> at_least(const StepShape& shape) const;

  // How many tokens of prompt can be added to `base` so that the step stays within `budget`: `least` to
  // `most`, and few while nothing is known.
  int chunk(const StepShape& base, double cells, rt::nanoseconds budget, int least, int most) const;

  // Median of |predicted - real| / real over the steps that had a prediction; 0 before the first.
  double error_median() const;

 private:
  struct Machine {
    int threads = 1;
    CostFit narrow, wide;
  };
  const CostFit* fit_for(const StepShape& shape) const;
  static constexpr std::size_t kMachinesMax = 8;
  static constexpr std::size_t kErrorBins = 50;  // of 2 % each

  std::vector<Machine> machines_;
  std::array<double, kErrorBins> errors_{};  // decaying counts
};

// True when what is left to do takes longer than there is time, even in the best case.
bool doomed(std::optional<rt::nanoseconds> least_rest, rt::Instant now, rt::Instant deadline);

}  // namespace troupe::inference
