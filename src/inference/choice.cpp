#include "inference/choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace troupe::inference {

namespace {

constexpr double kLeastProbability = 1e-12;

}  // namespace

std::vector<double> softmax(std::span<const double> scores, double temperature) {
  TROUPE_CHECK(temperature > 0, "softmax needs a temperature above 0");
  double most = -std::numeric_limits<double>::infinity();
  for (const auto score : scores) {
    if (std::isfinite(score)) most = std::max(most, score);
  }
  std::vector<double> out(scores.size(), 0.0);
  if (scores.empty()) return out;
  if (!std::isfinite(most)) {
    std::ranges::fill(out, 1.0 / static_cast<double>(scores.size()));
    return out;
  }
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isfinite(scores[i])) out[i] = std::exp((scores[i] - most) / temperature);
    sum += out[i];
  }
  for (auto& value : out) value /= sum;
  return out;
}

std::vector<double> subtract_prior(std::span<const double> scores, std::span<const double> prior,
                                   double weight) {
  TROUPE_CHECK(scores.size() == prior.size(), "one prior per score");
  std::vector<double> out(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) out[i] = scores[i] - weight * prior[i];
  return out;
}

std::vector<double> mean_log_probabilities(std::span<const std::vector<double>> scores) {
  TROUPE_CHECK(!scores.empty(), "the mean of nothing");
  std::vector<double> out(scores.front().size(), 0.0);
  for (const auto& way : scores) {
    TROUPE_CHECK(way.size() == out.size(), "each way has all options");
    const auto p = softmax(way, 1);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] += std::log(std::max(p[i], kLeastProbability)) / static_cast<double>(scores.size());
    }
  }
  return out;
}

namespace {

std::vector<double> at_temperature(const Judged& judged, double temperature) {
  std::vector<double> scores;
  for (const auto p : judged.probabilities) scores.push_back(std::log(std::max(p, kLeastProbability)));
  return softmax(scores, temperature);
}

}  // namespace

double fit_temperature(std::span<const Judged> judged) {
  const auto loss = [&](double log_temperature) {
    double sum = 0;
    for (const auto& one : judged) {
      const auto p = at_temperature(one, std::exp(log_temperature));
      sum -= std::log(std::max(p.at(one.right), kLeastProbability));
    }
    return sum;
  };
  // The loss has one valley in the inverse temperature: narrow it down by thirds.
  double low = std::log(0.1);
  double high = std::log(10.0);
  for (int i = 0; i < 60; ++i) {
    const double a = low + (high - low) / 3;
    const double b = high - (high - low) / 3;
    if (loss(a) < loss(b)) {
      high = b;
    } else {
      low = a;
    }
  }
  return std::exp((low + high) / 2);
}

double calibration_error(std::span<const Judged> judged, double temperature) {
  constexpr std::size_t kBins = 10;
  std::array<double, kBins> confidence{};
  std::array<double, kBins> right{};
  for (const auto& one : judged) {
    const auto p = at_temperature(one, temperature);
    const auto best = best_of(p);
    const auto bin = std::min(kBins - 1, static_cast<std::size_t>(p[best] * kBins));
    confidence[bin] += p[best];
    right[bin] += best == one.right ? 1 : 0;
  }
  double gap = 0;
  for (std::size_t i = 0; i < kBins; ++i) gap += std::abs(confidence[i] - right[i]);
  return judged.empty() ? 0 : gap / static_cast<double>(judged.size());
}

std::size_t best_of(std::span<const double> probabilities) {
  TROUPE_CHECK(!probabilities.empty(), "best of nothing");
  return static_cast<std::size_t>(std::ranges::max_element(probabilities) - probabilities.begin());
}

double log_probability(std::span<const float> logits, std::size_t index) {
  TROUPE_CHECK(index < logits.size(), "token outside the vocabulary");
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const auto logit : logits) sum += std::exp(static_cast<double>(logit) - most);
  return static_cast<double>(logits[index]) - most - std::log(sum);
}

}  // namespace troupe::inference
