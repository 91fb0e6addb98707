#include "services/state/state_image.h"

#include <algorithm>

namespace troupe::state {

const Document* Image::find(const Key& key) const {
  const auto found = documents_.find(key);
  return found == documents_.end() ? nullptr : &found->second;
}

void Image::enter(Index& index, const std::string& name, const Key& key) {
  if (!name.empty()) index[name].insert(key);
}

void Image::leave(Index& index, const std::string& name, const Key& key) {
  const auto found = index.find(name);
  if (found == index.end()) return;
  found->second.erase(key);
  if (found->second.empty()) index.erase(found);
}

void Image::unlist(const Key& key, const Document& document) {
  leave(by_place_, document.members.place, key);
  leave(by_player_, document.members.player, key);
  for (const auto& tag : document.members.tags) leave(by_tag_, tag, key);
  deleted_.erase({document.changed_ms, key});
  newcomers_.erase({document.changed_ms, key});
}

void Image::uncache(const Key& key) {
  const auto found = cached_.find(key);
  if (found == cached_.end()) return;
  cache_.erase(found->second);
  cached_.erase(found);
}

void Image::put(const Key& key, Document document) {
  auto& slot = documents_[key];
  unlist(key, slot);
  uncache(key);
  slot = std::move(document);
  if (slot.deleted) {
    deleted_.emplace(slot.changed_ms, key);
    return;
  }
  enter(by_place_, slot.members.place, key);
  enter(by_player_, slot.members.player, key);
  for (const auto& tag : slot.members.tags) enter(by_tag_, tag, key);
  if (is_newcomer(key, slot.text)) newcomers_.emplace(slot.changed_ms, key);
}

void Image::clear() {
  documents_.clear();
  by_place_.clear();
  by_player_.clear();
  by_tag_.clear();
  deleted_.clear();
  newcomers_.clear();
  cache_.clear();
  cached_.clear();
}

std::optional<Key> Image::newcomer_too_many() const {
  if (newcomers_.size() <= limits_.newcomers_max) return std::nullopt;
  return newcomers_.begin()->second;
}

std::vector<Key> Image::forget_oldest() {
  std::vector<Key> forgotten;
  while (deleted_.size() > limits_.deleted_max) {
    forgotten.push_back(deleted_.begin()->second);
    deleted_.erase(deleted_.begin());
    documents_.erase(forgotten.back());
  }
  return forgotten;
}

std::shared_ptr<const google::protobuf::Struct> Image::decoded(const Key& key,
                                                               const Document& document) const {
  ++reads_;
  if (const auto found = cached_.find(key); found != cached_.end()) {
    ++hits_;
    cache_.splice(cache_.begin(), cache_, found->second);
    return found->second->content;
  }
  auto content = std::make_shared<const google::protobuf::Struct>(decode(document.text));
  cache_.push_front({key, content});
  cached_[key] = cache_.begin();
  if (cache_.size() > limits_.decoded_max) {
    cached_.erase(cache_.back().key);
    cache_.pop_back();
  }
  return content;
}

bool Image::matches(const Filter& filter, const Key& key, const Document& document) const {
  if (document.deleted) return false;
  if (!filter.kind.empty() && key.kind != filter.kind) return false;
  if (!filter.place.empty() && document.members.place != filter.place) return false;
  if (!filter.player.empty() && document.members.player != filter.player) return false;
  return filter.tag.empty() || std::ranges::binary_search(document.members.tags, filter.tag);
}

std::vector<std::string> Image::players_at(const std::string& place) const {
  std::vector<std::string> names;
  const auto there = by_place_.find(place);
  if (there == by_place_.end()) return names;
  for (auto key = there->second.lower_bound(Key{"player", ""});
       key != there->second.end() && key->kind == "player"; ++key) {
    names.push_back(key->id);
  }
  return names;
}

// The smallest index that the filter names; nullptr: none, go through everything of the kind.
const std::set<Key>* Image::narrowest(const Filter& filter) const {
  static const std::set<Key> kNothing;
  const std::set<Key>* best = nullptr;
  const auto consider = [&](const Index& index, const std::string& name) {
    if (name.empty()) return;
    const auto found = index.find(name);
    const auto* keys = found == index.end() ? &kNothing : &found->second;
    if (best == nullptr || keys->size() < best->size()) best = keys;
  };
  consider(by_place_, filter.place);
  consider(by_player_, filter.player);
  consider(by_tag_, filter.tag);
  return best;
}

std::vector<Key> Image::query(const Filter& filter, std::size_t limit) const {
  std::vector<Key> page;
  std::size_t bytes = 0;
  // The first key of a kind is (kind, ""): no id is empty.
  const Key start = std::max(filter.after, Key{filter.kind, ""});
  const auto take = [&](const Key& key, const Document& document) {
    if (!filter.kind.empty() && key.kind != filter.kind) return false;  // past the kind
    if (!matches(filter, key, document)) return true;
    if (!page.empty() && bytes + document.text.size() > limits_.page_bytes_max) return false;
    bytes += document.text.size();
    page.push_back(key);
    return page.size() < limit;
  };
  if (const auto* keys = narrowest(filter)) {
    for (auto key = keys->upper_bound(start); key != keys->end() && take(*key, documents_.at(*key)); ++key) {
    }
    return page;
  }
  for (auto entry = documents_.upper_bound(start);
       entry != documents_.end() && take(entry->first, entry->second); ++entry) {
  }
  return page;
}

std::vector<Key> Image::keys() const {
  std::vector<Key> keys;
  for (const auto& [key, document] : documents_) {
    if (document.live()) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> Image::ids(const std::string& kind) const {
  std::vector<std::string> ids;
  for (auto entry = documents_.lower_bound(Key{kind, ""});
       entry != documents_.end() && entry->first.kind == kind; ++entry) {
    if (ids.size() == limits_.suggest_max) break;
    if (!entry->second.deleted) ids.push_back(entry->first.id);
  }
  return ids;
}

}  // namespace troupe::state
