#pragma once
// What an upstream answers, read with distrust. Pure: bytes in, values or errors out. Everything in a reply
// may be a lie: numbers are clamped, texts become UTF-8, messages are cut to one printable line.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/engine_openai/openai_engine.h"
#include "adapters/engine_openai/transport.h"

namespace troupe::engine {

// UTF-8, whatever came: broken characters become U+FFFD.
std::string as_utf8(std::string_view bytes);

// A failure, and whether asking the same again can help.
struct Failure {
  Error error;
  bool retryable = false;
};

// Tokens as the upstream counted them.
struct Counted {
  int prompt_tokens = 0;
  int cached_tokens = 0;
  int new_tokens = 0;
  int reasoning_tokens = 0;  // of new_tokens; 0 = it does not say
};

// One piece of a stream, or a whole answer.
struct Piece {
  std::string text;
  std::string reasoning;  // where the upstream keeps it apart
  std::optional<Finish> finish;
  std::optional<Counted> counted;
  std::vector<TokenLogprob> logprobs;
};
// `data` of one event that is not "[DONE]". An error inside of a 200 is an error.
std::expected<Piece, Failure> read_piece(std::string_view data, const OpenAiModelConfig& model);

// The answer to choose_body(): what the first token could have been, and the text.
struct Choice {
  std::string text;
  std::vector<double> scores;  // log probability per letter; empty: the reply has none, or none of a letter
  std::optional<Counted> counted;
};
std::expected<Choice, Failure> read_choice(std::string_view body, const OpenAiModelConfig& model,
                                           std::size_t options);
// The option that a text names: a letter alone, or {"choice":"B"}.
std::optional<std::size_t> named_option(std::string_view text, std::size_t options);

struct Vectors {
  std::vector<std::vector<float>> vectors;  // unit length, in the order of the texts
  std::optional<Counted> counted;
};
std::expected<Vectors, Failure> read_vectors(std::string_view body, const OpenAiModelConfig& model,
                                             std::size_t texts);

bool is_json(std::string_view text);

// Whether `model` is among what /models lists; an error where it is no such list.
std::expected<bool, Failure> lists_model(std::string_view body, const OpenAiModelConfig& model);

// A status that is not 200, with its body.
Failure failure_of_status(int status, std::string_view body, std::int64_t retry_after_ms,
                          const OpenAiModelConfig& model, std::string_view key);
// A request that did not end as it should.
Failure failure_of_end(HttpEnd end, const std::string& detail, const OpenAiModelConfig& model);
Failure bad_reply(const OpenAiModelConfig& model, std::string_view what);

// In millionths of a dollar, rounded up.
std::int64_t cost_of(const Counted& counted, const Prices& prices);

}  // namespace troupe::engine
