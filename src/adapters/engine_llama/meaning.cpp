#include "adapters/engine_llama/meaning.h"

#include <numeric>

#include "adapters/engine_llama/llama_engine.h"
#include "base/check.h"
#include "inference/choice.h"

namespace troupe::engine {

MeaningQuestion::MeaningQuestion(ChooseRequest request, OptionVectors& known) : request_(std::move(request)) {
  for (const auto& option : request_.options) {
    const auto* vector = known.find(option);
    options_.push_back(vector != nullptr ? *vector : std::vector<float>{});
  }
}

EmbedRequest MeaningQuestion::embedding() const {
  EmbedRequest out{.model = request_.model,
                   .caller = request_.caller,
                   .texts = {request_.scene},
                   .deadline = request_.deadline};
  for (std::size_t i = 0; i < options_.size(); ++i) {
    if (options_[i].empty()) out.texts.push_back(request_.options[i]);
  }
  return out;
}

ChooseReply MeaningQuestion::answer(EmbedReply embedded, double temperature, OptionVectors& known) {
  auto next = embedded.vectors.begin();
  const auto scene = *next++;
  std::vector<double> scores;
  for (std::size_t i = 0; i < options_.size(); ++i) {
    if (options_[i].empty()) {
      TROUPE_CHECK(next != embedded.vectors.end(), "one vector per text");
      options_[i] = std::move(*next++);
      known.put(request_.options[i], options_[i]);
    }
    scores.push_back(std::inner_product(scene.begin(), scene.end(), options_[i].begin(), 0.0));
  }
  auto probabilities = inference::softmax(scores, temperature);
  embedded.usage.first_token_us = embedded.usage.total_us;
  return {.choice = inference::best_of(probabilities),
          .probabilities = std::move(probabilities),
          .method = std::string(choose_method_name(ChooseMethod::meaning)),
          .model = std::move(embedded.model),
          .model_hash = {},
          .prompt = std::move(request_.scene),
          .usage = embedded.usage};
}

}  // namespace troupe::engine
