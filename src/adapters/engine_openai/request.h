#pragma once
// What is asked, as JSON. Pure.
#include <string>

#include "adapters/engine_openai/openai_engine.h"

namespace troupe::engine {

inline constexpr int kTopLogprobs = 20;  // the most that clouds give

// Texts are tokenised by the upstream, which takes what looks like one of its control tokens for one. So they
// are broken up: a space after '<' before a letter, '/', '|', '!' or anything beyond ASCII, and after '['
// before a letter or '/'.
std::string inert(std::string_view text);

// The largest prompt that could fit, in bytes: a token is about four of them. What passes and is still too
// long, the upstream refuses.
int estimated_tokens(const std::vector<ChatMessage>& messages);
int estimated_tokens(std::size_t bytes);

std::unexpected<Error> no_logprobs(const OpenAiModelConfig& model);  // `not_found` engine.no_logprobs

// Streamed. `invalid_argument` engine.bad_grammar; `not_found` engine.no_grammar where the dialect has none,
// engine.no_logprobs where the model is configured to have none.
// `thoughts`: tokens beside the answer's. With them stop strings are looked for here only: the upstream would
// find them in its thoughts.
Result<std::string> generate_body(const OpenAiModelConfig& model, const GenerateRequest& request,
                                  int thoughts = 0);
// Prefills the prompt: the same, with one token to generate.
std::string warm_body(const OpenAiModelConfig& model, const GenerateRequest& request);

// The letter of an option, with the likelihoods of others; or, with `as_json`, {"choice":"B"} by its schema.
std::vector<ChatMessage> choose_messages(const ChooseRequest& request, bool with_scene);
std::string choose_body(const OpenAiModelConfig& model, Tier tier, const std::vector<ChatMessage>& messages,
                        std::size_t options, bool as_json);

std::string embed_body(const OpenAiModelConfig& model, const std::vector<std::string>& texts);

}  // namespace troupe::engine
