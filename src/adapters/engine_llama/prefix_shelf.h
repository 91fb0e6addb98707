#pragma once
// What finished prompts of one model have computed, in memory beside the cache: a copy in takes milliseconds
// where computing took seconds, and in the cache it would cost every step of everybody. Prompts that begin
// alike share what is alike. Engine thread only. Bounded: LlamaModelConfig::cached_prefixes prompts and
// prefix_bytes; beyond, whose next use is likely to be the farthest goes.
#include <llama.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "adapters/engine_llama/model.h"
#include "inference/prefix_tree.h"

namespace troupe::engine {

class PrefixShelf {
 public:
  static constexpr std::size_t kLeastShared = 8;  // tokens: below that a copy is not worth it
  using Use = inference::PrefixTree::Use;

  explicit PrefixShelf(Model& model) : model_(model) {}

  // The prompt with the longest common prefix; length 0 = none.
  inference::PrefixTree::Found find(std::span<const llama_token> wanted) const;
  // Puts tokens of prompt `id` into `seq`, which holds the first `have`, until it holds `length`. How many
  // there are now: fewer where cells are short.
  std::size_t restore(int id, std::size_t have, std::size_t length, llama_seq_id seq, rt::Instant now);
  // Copies what `seq` holds, whose tokens are these; what it makes redundant goes. How many others had to go
  // for it.
  std::size_t keep(llama_seq_id seq, std::span<const llama_token> tokens, Use use);

  const inference::PrefixTree& kept() const { return kept_; }
  std::size_t bytes() const { return bytes_; }

 private:
  // Cells of successive tokens, as llama.cpp writes them down.
  struct Piece {
    Piece(std::size_t& all, std::size_t first, std::size_t end, std::size_t size);
    Piece(const Piece&) = delete;
    ~Piece() { all_bytes -= bytes; }
    std::size_t& all_bytes;
    std::size_t from, to;  // tokens
    std::size_t bytes;
    std::unique_ptr<std::uint8_t[]> data;
  };
  struct Part {
    std::shared_ptr<const Piece> piece;
    std::size_t to = 0;  // what is behind belongs to another prompt
  };
  std::shared_ptr<const Piece> write_down(llama_seq_id seq, std::size_t from, std::size_t to);
  bool evict(rt::Instant now);
  void drop(int id);
  llama_seq_id scratch() const { return model_.config().slots; }

  Model& model_;
  std::size_t bytes_ = 0;
  int next_ = 0;
  inference::PrefixTree kept_;
  std::map<int, std::vector<Part>> parts_;  // of a prompt, from its first token on without a gap
};

}  // namespace troupe::engine
