#pragma once
// What is computed already, as a radix tree over tokens: entries (sequences of an engine's cache) that share
// world, persona or conversation share the path, each token of it once. Finding the longest prefix costs its
// length, however many entries there are. One owner, one thread; bounded by its owner, who erases what
// victim() names.
//
// Who goes first is decided by when an entry is likely to be used next: when its owner said so, that moment;
// else (or when that moment has passed) as long from now as it has been idle. Without hints this is least
// recently used.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rt/clock.h"

namespace troupe::inference {

using Tokens = std::span<const std::int32_t>;

std::size_t common_prefix(Tokens a, Tokens b);

// What to do about a prefix that another sequence is computing right now: `have` tokens can be forked at
// once, `shared` when the other has come that far. Waiting pays when it saves at least `least` tokens.
inline bool worth_waiting(std::size_t have, std::size_t shared, std::size_t least) {
  return shared >= have + least;
}

class PrefixTree {
 public:
  PrefixTree();
  ~PrefixTree();
  PrefixTree(PrefixTree&&) noexcept;
  PrefixTree& operator=(PrefixTree&&) noexcept;

  struct Use {
    rt::Instant used;
    rt::Instant think_again = rt::Instant::never();
  };
  // `tokens` is not empty, `id` is new, and no entry has exactly these tokens.
  void insert(int id, Tokens tokens, Use use);
  void erase(int id);
  void touch(int id, rt::Instant used, std::optional<rt::Instant> think_again = std::nullopt);

  struct Found {
    int id = -1;
    std::size_t length = 0;
    bool operator==(const Found&) const = default;
  };
  // An entry with the longest common prefix; id -1 when none shares a token.
  Found find(Tokens wanted) const;
  // Entries that are wholly a prefix of `tokens` (or equal), shortest first.
  std::vector<int> within(Tokens tokens) const;

  // The entry whose next use is likely to be the farthest; `spared` is not named. nullopt = there is none.
  std::optional<int> victim(rt::Instant now, int spared = -1) const;

  bool contains(int id) const { return entries_.contains(id); }
  std::size_t length(int id) const;
  const Use& use(int id) const { return entries_.at(id).use; }
  std::vector<std::int32_t> tokens(int id) const;
  std::size_t total_tokens() const;  // shared ones counted once
  std::size_t size() const { return entries_.size(); }
  std::vector<int> ids() const;

 private:
  struct Node;
  struct Entry {
    Node* node;
    Use use;
  };
  struct Walk {
    Node* node;          // the last node whose edge was entered
    std::size_t length;  // tokens matched in all
    std::size_t into;    // of them on the last edge
  };
  Walk walk(Tokens tokens) const;

  std::unique_ptr<Node> root_;
  std::map<int, Entry> entries_;
};

// When an entry is likely to be used next.
rt::Instant next_use(const PrefixTree::Use& use, rt::Instant now);

}  // namespace troupe::inference
