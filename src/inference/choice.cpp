#include "inference/choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace troupe::inference {

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

std::vector<double> subtract_prior(std::span<const double> scores, std::span<const double> prior) {
  TROUPE_CHECK(scores.size() == prior.size(), "one prior per score");
  std::vector<double> out(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) out[i] = scores[i] - prior[i];
  return out;
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

std::string lettered(std::span<const std::string> options) {
  TROUPE_CHECK(options.size() <= 26, "letters end at Z");
  std::string out;
  for (std::size_t i = 0; i < options.size(); ++i) {
    out += static_cast<char>('A' + i);
    out += ". " + options[i] + "\n";
  }
  return out;
}

}  // namespace troupe::inference
