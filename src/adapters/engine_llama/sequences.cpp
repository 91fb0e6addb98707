#include "adapters/engine_llama/sequences.h"

#include "base/check.h"

namespace troupe::engine {

Sequences::Sequences(Model& model)
    : model_(model), rent_at_use_(static_cast<std::size_t>(model.sequences())) {
  for (int i = model.sequences() - 1; i >= 0; --i) free_.push_back(i);
}

llama_seq_id Sequences::fork(llama_seq_id donor, std::size_t length, rt::Instant now) {
  // Who is only shared in part was not asked for: its own use did not come.
  const bool kept = length > 0 && kept_.contains(donor);
  if (kept && kept_.length(donor) == length) {
    kept_.touch(donor, now);
    rent_at_use(donor) = rent_;
  }
  if (free_.empty() && !evict(now, donor)) {
    // The only one left to evict is the donor itself: take it over.
    TROUPE_CHECK(kept, "slots and kept sequences are all there are");
    kept_.erase(donor);
    llama_memory_seq_rm(model_.memory(), donor, static_cast<llama_pos>(length), -1);
    return donor;
  }
  const auto seq = free_.back();
  free_.pop_back();
  if (length > 0) llama_memory_seq_cp(model_.memory(), donor, seq, 0, static_cast<llama_pos>(length));
  return seq;
}

void Sequences::free(llama_seq_id seq) {
  llama_memory_seq_rm(model_.memory(), seq, -1, -1);
  free_.push_back(seq);
}

std::optional<llama_seq_id> Sequences::take() {
  if (free_.empty()) return std::nullopt;
  const auto seq = free_.back();
  free_.pop_back();
  return seq;
}

void Sequences::drop(llama_seq_id seq) {
  kept_.erase(seq);
  free(seq);
}

Sequences::Found Sequences::find(std::span<const llama_token> wanted) const {
  const auto found = kept_.find(wanted);
  if (found.length < kLeastShared) return {};
  return {found.id, found.length};
}

void Sequences::keep(llama_seq_id seq, std::span<const llama_token> tokens, Use use) {
  const auto most = static_cast<std::size_t>(model_.config().cached_prefixes);
  if (tokens.size() < kLeastShared || most == 0) return free(seq);
  if (const auto found = kept_.find(tokens); found.length == tokens.size()) {
    if (kept_.length(found.id) == found.length) {
      kept_.touch(found.id, use.used, use.think_again);
      rent_at_use(found.id) = rent_;
    }
    return free(seq);
  }
  for (const auto redundant : kept_.within(tokens)) drop(redundant);
  while (kept_.size() >= most) evict(use.used);
  llama_memory_seq_rm(model_.memory(), seq, static_cast<llama_pos>(tokens.size()), -1);
  kept_.insert(seq, tokens, use);
  rent_at_use(seq) = rent_;
}

std::size_t Sequences::charge(double rent, double price, rt::Instant now) {
  rent_ += rent;
  if (price <= 0) return 0;
  std::size_t forgotten = 0;
  for (const auto seq : kept_.ids()) {
    const auto& use = kept_.use(seq);
    const bool expected = !use.think_again.is_never() && use.think_again > now;
    if (expected || rent_ - rent_at_use(seq) < price) continue;
    drop(seq);
    ++forgotten;
  }
  return forgotten;
}

bool Sequences::evict(rt::Instant now, llama_seq_id spared) {
  const auto victim = kept_.victim(now, spared);
  if (victim) drop(*victim);
  return victim.has_value();
}

}  // namespace troupe::engine
