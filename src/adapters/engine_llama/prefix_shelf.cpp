#include "adapters/engine_llama/prefix_shelf.h"

#include <algorithm>

namespace troupe::engine {

namespace {

constexpr std::size_t kPartsMax = 8;  // a prompt of more is written down anew, whole

llama_pos pos(std::size_t token) { return static_cast<llama_pos>(token); }

}  // namespace

PrefixShelf::Piece::Piece(std::size_t& all, std::size_t first, std::size_t end, std::size_t size)
    : all_bytes(all),
      from(first),
      to(end),
      bytes(size),
      data(std::make_unique_for_overwrite<std::uint8_t[]>(size)) {
  all_bytes += bytes;
}

inference::PrefixTree::Found PrefixShelf::find(std::span<const llama_token> wanted) const {
  const auto found = kept_.find(wanted);
  return found.length < kLeastShared ? inference::PrefixTree::Found{} : found;
}

std::size_t PrefixShelf::restore(int id, std::size_t have, std::size_t length, llama_seq_id seq,
                                 rt::Instant now) {
  auto* memory = model_.memory();
  std::size_t done = have;
  for (const auto& [piece, to] : parts_.at(id)) {
    if (done >= length) break;
    if (to <= done) continue;
    if (llama_state_seq_set_data(model_.context(), piece->data.get(), piece->bytes, scratch()) == 0) break;
    const auto end = std::min(to, length);
    llama_memory_seq_cp(memory, scratch(), seq, pos(done), pos(end));
    llama_memory_seq_rm(memory, scratch(), -1, -1);
    done = end;
  }
  // Who is only shared in part was not asked for: its own use did not come.
  if (kept_.length(id) == length) kept_.touch(id, now);
  return done;
}

// Null when it is larger than all that may be kept.
std::shared_ptr<const PrefixShelf::Piece> PrefixShelf::write_down(llama_seq_id seq, std::size_t from,
                                                                  std::size_t to) {
  auto* memory = model_.memory();
  llama_memory_seq_cp(memory, seq, scratch(), pos(from), pos(to));
  const auto size = llama_state_seq_get_size(model_.context(), scratch());
  std::shared_ptr<Piece> piece;
  if (size > 0 && size <= model_.config().prefix_bytes) {
    piece = std::make_shared<Piece>(bytes_, from, to, size);
    if (llama_state_seq_get_data(model_.context(), piece->data.get(), size, scratch()) != size) piece.reset();
  }
  llama_memory_seq_rm(memory, scratch(), -1, -1);
  return piece;
}

std::size_t PrefixShelf::keep(llama_seq_id seq, std::span<const llama_token> tokens, Use use) {
  const auto most = static_cast<std::size_t>(model_.config().cached_prefixes);
  if (tokens.size() < kLeastShared || most == 0) return 0;
  const auto like = find(tokens);
  if (like.length == tokens.size()) {
    if (kept_.length(like.id) == like.length) kept_.touch(like.id, use.used, use.think_again);
    return 0;
  }
  std::vector<Part> parts;
  if (like.length > 0) {
    for (const auto& part : parts_.at(like.id)) {
      if (part.piece->from >= like.length) break;
      parts.push_back({part.piece, std::min(part.to, like.length)});
    }
    if (parts.size() >= kPartsMax) parts.clear();
  }
  auto own = write_down(seq, parts.empty() ? 0 : like.length, tokens.size());
  if (!own) return 0;
  parts.push_back({std::move(own), tokens.size()});
  for (const auto redundant : kept_.within(tokens)) drop(redundant);
  std::size_t gone = 0;
  while (kept_.size() >= most || bytes_ > model_.config().prefix_bytes) {
    if (!evict(use.used)) break;
    ++gone;
  }
  if (bytes_ > model_.config().prefix_bytes) return gone;
  kept_.insert(next_, tokens, use);
  parts_.emplace(next_++, std::move(parts));
  return gone;
}

bool PrefixShelf::evict(rt::Instant now) {
  const auto victim = kept_.victim(now);
  if (victim) drop(*victim);
  return victim.has_value();
}

void PrefixShelf::drop(int id) {
  kept_.erase(id);
  parts_.erase(id);
}

}  // namespace troupe::engine
