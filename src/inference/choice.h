#pragma once
// The arithmetic of a choice among options. Pure functions; nothing here knows what made the scores.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::inference {

// Sum 1; temperature > 0. Scores that are not finite count as hopeless; when all are, every option is equal.
std::vector<double> softmax(std::span<const double> scores, double temperature);

// What the scene adds: score minus what the option scores anyway. Small models prefer a letter (or a phrase)
// before they have read anything; that preference is the prior.
std::vector<double> subtract_prior(std::span<const double> scores, std::span<const double> prior,
                                   double weight = 1);

// The mean over several ways to ask (the options in another order each time): `scores[k][i]` is option i
// asked in way k. Each way is normalised first, so that none counts more because its logits are larger.
std::vector<double> mean_log_probabilities(std::span<const std::vector<double>> scores);

// A choice whose answer is known.
struct Judged {
  std::vector<double> probabilities;  // as given at temperature 1
  std::size_t right = 0;
};
// The temperature at which probabilities mean what they say: the likeliest for these answers, 0.1 to 10.
double fit_temperature(std::span<const Judged> judged);
// How far confidence and accuracy are apart, averaged over ten bins of confidence; 0 is perfect.
double calibration_error(std::span<const Judged> judged, double temperature);

std::size_t best_of(std::span<const double> probabilities);  // the first of equals; needs one at least

// log p(index) under the softmax of `logits`.
double log_probability(std::span<const float> logits, std::size_t index);

}  // namespace troupe::inference
