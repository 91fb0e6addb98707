#pragma once
// Picks the next token: penalties, grammar, then llama.cpp's chain (top-p, min-p, temperature, seeded
// draw) over the best candidates. Deterministic: the same logits in the same order give the same tokens.
// Engine thread only.
//
// Only the kCandidates best logits enter the chain: sorting 150,000 candidates for each token costs more than
// what their tail (below a thousandth of the mass, cut by top-p and min-p anyway) could contribute.
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "adapters/engine_llama/model.h"
#include "inference/anytime.h"

namespace troupe::engine {

class Sampler {
 public:
  static constexpr std::size_t kCandidates = 64;
  static constexpr std::size_t kPenaltyWindow = 64;  // generated tokens that count as repetition

  // `invalid_argument` engine.bad_grammar when the schema or the grammar cannot be used.
  static Result<Sampler> make(const Model& model, const GenerateRequest& request);

  // A token that ends generation also when the grammar allows nothing more.
  llama_token next(std::span<const float> logits);
  // From here on what the grammar allows is taken in the order in which it shortens the JSON.
  void close() { closing_ = true; }
  bool closing() const { return closing_; }
  int open() const { return cursor_.depth(); }  // objects and arrays of the JSON that have yet to be closed
  // The JSON object or array is complete. Always false without a schema.
  bool complete() const { return json_ && cursor_.complete(); }

 private:
  explicit Sampler(const Model& model) : model_(&model) {}
  void best_candidates(std::span<const float> logits);
  std::span<const float> penalised(std::span<const float> logits);
  bool constrain(std::span<const float> logits);
  std::optional<llama_token> shortest(std::span<const float> logits);
  llama_token take(llama_token token);

  const Model* model_;
  std::unique_ptr<llama_sampler, LlamaFree> chain_;
  std::unique_ptr<llama_sampler, LlamaFree> grammar_;
  bool json_ = false;
  bool closing_ = false;
  inference::JsonCursor cursor_;
  float repeat_penalty_ = 1;
  float presence_penalty_ = 0, frequency_penalty_ = 0;
  std::vector<llama_token> recent_;
  std::unordered_map<llama_token, int> said_;  // how often
  std::vector<float> penalised_;
  std::vector<llama_token_data> candidates_;
};

// The grammar of a request in GBNF; "" = free text. `broad`: patterns and ranges of numbers are left to the
// check of the answer.
Result<std::string> grammar_of(const GenerateRequest& request, bool broad = false);

}  // namespace troupe::engine
