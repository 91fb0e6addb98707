#pragma once
// A loaded GGUF model with its context. Loaded on the caller's thread, then used by the engine thread only;
// freed after that thread has ended. Memory: the weights (mapped) and kv_tokens cells, on a graphics card
// what `place` says of them.
#include <llama.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/engine_llama/card.h"
#include "adapters/engine_llama/gguf_file.h"
#include "adapters/engine_llama/llama_engine.h"

namespace troupe::engine {

struct LlamaFree {
  void operator()(llama_model* model) const { llama_model_free(model); }
  void operator()(llama_context* context) const { llama_free(context); }
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};

void prepare_backend();  // llama.cpp's lines go to our log from here on; before anything else of it

struct LoadOptions {
  int batch_max = 0;  // tokens of one step
  int rows_max = 0;   // rows of logits of one step
  int threads = 1;
  std::uint64_t memory_max = 0;             // 0 = ask the machine
  Cards* cards = nullptr;                   // what is left of them; null = none
  const std::atomic<bool>* stop = nullptr;  // true stops the running step; outlives the model
};

class Model {
 public:
  // On a card as far as its memory allows; a model that its card does not take is loaded again without.
  static Result<std::unique_ptr<Model>> load(LlamaModelConfig config, const LoadOptions& options);

  const LlamaModelConfig& config() const { return config_; }
  const ModelInfo& info() const { return info_; }
  const Placement& place() const { return place_; }
  llama_context* context() const { return context_.get(); }
  llama_memory_t memory() const { return llama_get_memory(context_.get()); }
  const llama_model* weights() const { return model_.get(); }
  const llama_vocab* vocab() const { return llama_model_get_vocab(model_.get()); }
  std::size_t vocab_size() const { return static_cast<std::size_t>(llama_vocab_n_tokens(vocab())); }

  // `special`: control tokens in the text become control tokens. Never for text from outside.
  std::vector<llama_token> tokenize(std::string_view text, bool special, bool add_ends = false) const;
  std::string piece(llama_token token) const;
  bool ends(llama_token token) const { return llama_vocab_is_eog(vocab(), token); }
  const ChoiceHead& choice_head() const { return choice_head_; }  // of a cross-encoder
  // Tokens that can end JSON: quotes, brackets, separators, and the end itself.
  const std::vector<llama_token>& closing_tokens() const { return closing_tokens_; }

 private:
  Model() = default;
  static Result<std::unique_ptr<Model>> open(LlamaModelConfig config, const LoadOptions& options,
                                             std::uint64_t bytes, const Placement& place);
  Result<void> try_card(int batch_max);
  void find_closing_tokens();
  LlamaModelConfig config_;
  Placement place_;
  ModelInfo info_;
  std::vector<llama_token> closing_tokens_;
  ChoiceHead choice_head_;
  std::unique_ptr<llama_model, LlamaFree> model_;
  std::unique_ptr<llama_context, LlamaFree> context_;
};

}  // namespace troupe::engine
