#pragma once
// How likely the tokens of an answer were. Engine thread only.
#include <llama.h>

#include <span>

#include "adapters/engine_llama/model.h"

namespace troupe::engine {

// `token` in the distribution of `logits`, with the `top` likeliest in its place.
TokenLogprob logprob_of(const Model& model, std::span<const float> logits, llama_token token, int top);

// Drops at the end what `text` does not show: a stop string's tokens, what was held back.
void trim_to(std::vector<TokenLogprob>& tokens, std::size_t text_bytes);

}  // namespace troupe::engine
