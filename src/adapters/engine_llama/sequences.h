#pragma once
// The sequences of one context: which are free, which hold a finished prompt that others may fork. Engine
// thread only. A fork copies no cells: llama.cpp marks them as shared (unified cache). Bounded by
// Model::sequences().
#include <llama.h>

#include <optional>
#include <span>
#include <vector>

#include "adapters/engine_llama/model.h"

namespace troupe::engine {

class Sequences {
 public:
  static constexpr std::size_t kLeastShared = 8;  // tokens: below that a fork is not worth it

  explicit Sequences(Model& model);

  // A sequence that holds the first `length` tokens of what `donor` (a sequence at work or kept) holds;
  // length 0 = empty.
  llama_seq_id fork(llama_seq_id donor, std::size_t length);
  void free(llama_seq_id seq);

  // The kept sequence with the longest common prefix.
  struct Found {
    llama_seq_id seq = -1;
    std::size_t length = 0;
  };
  Found find(std::span<const llama_token> wanted) const;

  // Keeps `seq`, which holds `tokens`, for later; what it makes redundant goes. Takes the sequence over.
  void keep(llama_seq_id seq, std::vector<llama_token> tokens);
  // Forgets the kept sequence that was not used for longest. Tokens that were lost; nullopt = none is kept.
  std::optional<std::size_t> evict();

  std::size_t kept() const { return kept_.size(); }
  std::size_t evictions() const { return evictions_; }

 private:
  struct Kept {
    llama_seq_id seq;
    std::vector<llama_token> tokens;
    std::uint64_t used;
  };
  void touch(llama_seq_id seq);

  Model& model_;
  std::vector<llama_seq_id> free_;
  std::vector<Kept> kept_;
  std::uint64_t clock_ = 0;
  std::size_t evictions_ = 0;
};

}  // namespace troupe::engine
