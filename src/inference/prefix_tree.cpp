#include "inference/prefix_tree.h"

#include <algorithm>
#include <ranges>

#include "base/check.h"

namespace troupe::inference {

struct PrefixTree::Node {
  Node* parent = nullptr;
  std::vector<std::int32_t> edge;  // tokens from the parent to here
  int entry = -1;                  // the entry that ends here
  std::vector<std::unique_ptr<Node>> children;

  std::unique_ptr<Node>* child(std::int32_t token) {
    const auto found =
        std::ranges::find(children, token, [](const auto& node) { return node->edge.front(); });
    return found == children.end() ? nullptr : &*found;
  }
};

std::size_t common_prefix(Tokens a, Tokens b) {
  const auto length = std::min(a.size(), b.size());
  const auto [end, other] =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin());
  return static_cast<std::size_t>(end - a.begin());
}

PrefixTree::PrefixTree() : root_(std::make_unique<Node>()) {}
PrefixTree::~PrefixTree() = default;
PrefixTree::PrefixTree(PrefixTree&&) noexcept = default;
PrefixTree& PrefixTree::operator=(PrefixTree&&) noexcept = default;

PrefixTree::Walk PrefixTree::walk(Tokens tokens) const {
  Walk out{.node = root_.get(), .length = 0, .into = 0};
  while (out.into == out.node->edge.size() && out.length < tokens.size()) {
    auto* next = out.node->child(tokens[out.length]);
    if (next == nullptr) break;
    out.node = next->get();
    out.into = common_prefix(out.node->edge, tokens.subspan(out.length));
    out.length += out.into;
  }
  return out;
}

void PrefixTree::insert(int id, Tokens tokens, Use use) {
  TROUPE_CHECK(!tokens.empty() && !entries_.contains(id), "an entry is new and not empty");
  const auto end = walk(tokens);
  auto* node = end.node;
  if (end.into < node->edge.size()) {
    // Split the edge: a new node takes its beginning, the old one becomes its child.
    auto* above = node->parent;
    auto& slot = *above->child(node->edge.front());
    auto upper = std::make_unique<Node>();
    const auto cut = node->edge.begin() + static_cast<std::ptrdiff_t>(end.into);
    upper->parent = above;
    upper->edge.assign(node->edge.begin(), cut);
    node->edge.erase(node->edge.begin(), cut);
    node->parent = upper.get();
    upper->children.push_back(std::move(slot));
    slot = std::move(upper);
    node = slot.get();
  }
  if (end.length < tokens.size()) {
    auto leaf = std::make_unique<Node>();
    leaf->parent = node;
    const auto rest = tokens.subspan(end.length);
    leaf->edge.assign(rest.begin(), rest.end());
    node->children.push_back(std::move(leaf));
    node = node->children.back().get();
  }
  TROUPE_CHECK(node->entry < 0, "two entries with the same tokens");
  node->entry = id;
  entries_.emplace(id, Entry{node, use});
}

void PrefixTree::erase(int id) {
  const auto found = entries_.find(id);
  TROUPE_CHECK(found != entries_.end(), "no such entry");
  Node* node = found->second.node;
  entries_.erase(found);
  node->entry = -1;
  // Nodes that nobody needs go; a node with one child and no entry melts into the child.
  while (node->parent != nullptr && node->entry < 0 && node->children.empty()) {
    Node* above = node->parent;
    std::erase_if(above->children, [&](const auto& child) { return child.get() == node; });
    node = above;
  }
  if (node->parent == nullptr || node->entry >= 0 || node->children.size() != 1) return;
  auto child = std::move(node->children.front());
  child->edge.insert(child->edge.begin(), node->edge.begin(), node->edge.end());
  child->parent = node->parent;
  *node->parent->child(node->edge.front()) = std::move(child);
}

void PrefixTree::touch(int id, rt::Instant used, std::optional<rt::Instant> think_again) {
  const auto found = entries_.find(id);
  TROUPE_CHECK(found != entries_.end(), "no such entry");
  found->second.use.used = used;
  if (think_again) found->second.use.think_again = *think_again;
}

std::size_t PrefixTree::length(int id) const {
  std::size_t out = 0;
  for (const Node* node = entries_.at(id).node; node != nullptr; node = node->parent)
    out += node->edge.size();
  return out;
}

PrefixTree::Found PrefixTree::find(Tokens wanted) const {
  const auto end = walk(wanted);
  if (end.length == 0) return {};
  const Node* node = end.node;
  while (node->entry < 0) node = node->children.front().get();
  return {node->entry, end.length};
}

std::vector<int> PrefixTree::within(Tokens tokens) const {
  std::vector<int> out;
  const auto end = walk(tokens);
  const Node* node = end.into == end.node->edge.size() ? end.node : end.node->parent;
  for (; node != nullptr; node = node->parent) {
    if (node->entry >= 0) out.push_back(node->entry);
  }
  std::ranges::reverse(out);
  return out;
}

rt::Instant next_use(const PrefixTree::Use& use, rt::Instant now) {
  if (!use.think_again.is_never() && use.think_again > now) return use.think_again;
  const auto quiet_since = use.think_again.is_never() ? use.used : std::max(use.used, use.think_again);
  return now + std::max(rt::nanoseconds{0}, now - quiet_since);
}

std::optional<int> PrefixTree::victim(rt::Instant now, int spared) const {
  std::optional<int> out;
  rt::Instant farthest;
  for (const auto& [id, entry] : entries_) {
    if (id == spared) continue;
    const auto next = next_use(entry.use, now);
    if (!out || next > farthest) {
      out = id;
      farthest = next;
    }
  }
  return out;
}

std::vector<std::int32_t> PrefixTree::tokens(int id) const {
  std::vector<const Node*> path;
  for (const Node* node = entries_.at(id).node; node != nullptr; node = node->parent) path.push_back(node);
  std::vector<std::int32_t> out;
  for (const auto* node : path | std::views::reverse)
    out.insert(out.end(), node->edge.begin(), node->edge.end());
  return out;
}

std::size_t PrefixTree::total_tokens() const {
  std::size_t out = 0;
  std::vector<const Node*> open = {root_.get()};
  while (!open.empty()) {
    const auto* node = open.back();
    open.pop_back();
    out += node->edge.size();
    for (const auto& child : node->children) open.push_back(child.get());
  }
  return out;
}

std::vector<int> PrefixTree::ids() const {
  std::vector<int> out;
  for (const auto& [id, entry] : entries_) out.push_back(id);
  return out;
}

}  // namespace troupe::inference
