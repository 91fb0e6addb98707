#include "adapters/engine_llama/logprobs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe::engine {

TokenLogprob logprob_of(const Model& model, std::span<const float> logits, llama_token token, int top) {
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const auto logit : logits) sum += std::exp(static_cast<double>(logit) - most);
  const double whole = most + std::log(sum);
  const auto logprob = [&](llama_token t) {
    return std::min(0.0, static_cast<double>(logits[static_cast<std::size_t>(t)]) - whole);
  };
  TokenLogprob out{.token = model.piece(token), .logprob = logprob(token), .top = {}};
  if (top <= 0) return out;
  std::vector<llama_token> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto last = order.begin() + std::min<std::ptrdiff_t>(top, std::ssize(order));
  std::ranges::partial_sort(order, last, [&](llama_token a, llama_token b) {
    const float x = logits[static_cast<std::size_t>(a)];
    const float y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  });
  for (auto t = order.begin(); t != last; ++t) out.top.push_back({model.piece(*t), logprob(*t)});
  return out;
}

void trim_to(std::vector<TokenLogprob>& tokens, std::size_t text_bytes) {
  std::size_t bytes = 0;
  const auto beyond = std::ranges::find_if(tokens, [&](const TokenLogprob& one) {
    const bool out = bytes >= text_bytes;
    bytes += one.token.size();
    return out;
  });
  tokens.erase(beyond, tokens.end());
}

}  // namespace troupe::engine
