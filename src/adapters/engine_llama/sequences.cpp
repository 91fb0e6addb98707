#include "adapters/engine_llama/sequences.h"

#include <algorithm>

#include "base/check.h"
#include "inference/prefix.h"

namespace troupe::engine {

Sequences::Sequences(Model& model) : model_(model) {
  for (int i = model.sequences() - 1; i >= 0; --i) free_.push_back(i);
}

void Sequences::touch(llama_seq_id seq) {
  for (auto& kept : kept_) {
    if (kept.seq == seq) kept.used = ++clock_;
  }
}

llama_seq_id Sequences::fork(llama_seq_id donor, std::size_t length) {
  if (length > 0) touch(donor);  // most recent: the eviction below takes it last
  if (free_.empty() && kept_.size() == 1 && kept_.front().seq == donor && length > 0) {
    // The only one left to evict is the donor itself: take it over.
    kept_.clear();
    ++evictions_;
    llama_memory_seq_rm(model_.memory(), donor, static_cast<llama_pos>(length), -1);
    return donor;
  }
  if (free_.empty()) evict();
  TROUPE_CHECK(!free_.empty(), "slots and kept sequences are all there are");
  const auto seq = free_.back();
  free_.pop_back();
  if (length > 0) llama_memory_seq_cp(model_.memory(), donor, seq, 0, static_cast<llama_pos>(length));
  return seq;
}

void Sequences::free(llama_seq_id seq) {
  llama_memory_seq_rm(model_.memory(), seq, -1, -1);
  free_.push_back(seq);
}

Sequences::Found Sequences::find(std::span<const llama_token> wanted) const {
  std::vector<inference::Tokens> candidates;
  candidates.reserve(kept_.size());
  for (const auto& kept : kept_) candidates.emplace_back(kept.tokens);
  const auto donor = inference::longest_donor(wanted, candidates, kLeastShared);
  if (!donor) return {};
  return {kept_[donor->index].seq, donor->length};
}

void Sequences::keep(llama_seq_id seq, std::vector<llama_token> tokens) {
  if (tokens.size() < kLeastShared || model_.config().cached_prefixes == 0) return free(seq);
  for (auto& kept : kept_) {
    if (kept.tokens.size() >= tokens.size() &&
        inference::common_prefix(kept.tokens, tokens) == tokens.size()) {
      kept.used = ++clock_;
      return free(seq);
    }
  }
  std::erase_if(kept_, [&](const Kept& kept) {
    if (inference::common_prefix(kept.tokens, tokens) < kept.tokens.size()) return false;
    free(kept.seq);
    return true;
  });
  while (kept_.size() >= static_cast<std::size_t>(model_.config().cached_prefixes)) evict();
  llama_memory_seq_rm(model_.memory(), seq, static_cast<llama_pos>(tokens.size()), -1);
  kept_.push_back({seq, std::move(tokens), ++clock_});
}

std::optional<std::size_t> Sequences::evict() {
  if (kept_.empty()) return std::nullopt;
  const auto oldest = std::ranges::min_element(kept_, {}, &Kept::used);
  const auto tokens = oldest->tokens.size();
  free(oldest->seq);
  kept_.erase(oldest);
  ++evictions_;
  return tokens;
}

}  // namespace troupe::engine
