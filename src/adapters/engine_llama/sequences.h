#pragma once
// The sequences of one context: which are free, which hold a finished prompt that others may fork. Engine
// thread only. A fork copies no cells: llama.cpp marks them as shared (unified cache). Bounded by
// Model::sequences().
#include <llama.h>

#include <optional>
#include <span>
#include <vector>

#include "adapters/engine_llama/model.h"
#include "inference/prefix_tree.h"

namespace troupe::engine {

class Sequences {
 public:
  static constexpr std::size_t kLeastShared = 8;  // tokens: below that a fork is not worth it
  using Use = inference::PrefixTree::Use;

  explicit Sequences(Model& model);

  // A sequence that holds the first `length` tokens of what `donor` (a sequence at work or kept) holds;
  // length 0 = empty.
  llama_seq_id fork(llama_seq_id donor, std::size_t length, rt::Instant now);
  void free(llama_seq_id seq);
  // A sequence for something that comes from elsewhere; nullopt = all are in use or kept.
  std::optional<llama_seq_id> take();

  // A kept sequence with the longest common prefix.
  struct Found {
    llama_seq_id seq = -1;
    std::size_t length = 0;
  };
  Found find(std::span<const llama_token> wanted) const;

  // Keeps `seq`, which holds `tokens`, for later; what it makes redundant goes. Takes the sequence over.
  void keep(llama_seq_id seq, std::span<const llama_token> tokens, Use use);
  // Forgets the kept sequence whose next use is likely to be the farthest. false = none is kept.
  bool evict(rt::Instant now, llama_seq_id spared = -1);

  // A step of everybody's made each cell in use cost `rent`; computing one anew costs `price` (both ns, 0 =
  // not known). Who has cost more since its last use than it can save is forgotten, unless its owner said
  // that it will think again: at most twice the cost of knowing the future. Returns how many went.
  std::size_t charge(double rent, double price, rt::Instant now);

  const inference::PrefixTree& kept() const { return kept_; }

 private:
  void drop(llama_seq_id seq);
  double& rent_at_use(llama_seq_id seq) { return rent_at_use_[static_cast<std::size_t>(seq)]; }

  Model& model_;
  std::vector<llama_seq_id> free_;
  inference::PrefixTree kept_;
  double rent_ = 0;                  // of one cell, so far
  std::vector<double> rent_at_use_;  // by sequence
};

}  // namespace troupe::engine
