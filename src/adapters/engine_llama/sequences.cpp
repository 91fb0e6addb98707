#include "adapters/engine_llama/sequences.h"

#include "base/check.h"

namespace troupe::engine {

Sequences::Sequences(Model& model) : model_(model) {
  for (int i = model.config().slots - 1; i >= 0; --i) free_.push_back(i);
}

llama_seq_id Sequences::take() {
  TROUPE_CHECK(!free_.empty(), "nobody starts without a slot");
  const auto seq = free_.back();
  free_.pop_back();
  return seq;
}

llama_seq_id Sequences::fork(llama_seq_id donor, std::size_t length) {
  const auto seq = take();
  if (length > 0) llama_memory_seq_cp(model_.memory(), donor, seq, 0, static_cast<llama_pos>(length));
  return seq;
}

void Sequences::free(llama_seq_id seq) {
  llama_memory_seq_rm(model_.memory(), seq, -1, -1);
  free_.push_back(seq);
}

}  // namespace troupe::engine
