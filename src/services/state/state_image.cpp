#include "services/state/state_image.h"

#include <algorithm>

namespace troupe::state {

namespace {

TableKey table_key_of(const Key& key) { return table_key({key.kind, key.id}); }

// Of a live document: what it is found by, where it says it.
std::vector<std::string> listed(const Document& document, const std::string& name) {
  if (document.deleted() || name.empty()) return {};
  return {name};
}

bool matches(const Filter& filter, const Document& document) {
  if (document.deleted()) return false;
  if (!filter.kind.empty() && document.kind() != filter.kind) return false;
  if (!filter.place.empty() && document.place() != filter.place) return false;
  if (!filter.player.empty() && document.player() != filter.player) return false;
  return filter.tag.empty() || std::ranges::binary_search(document.tags(), filter.tag);
}

}  // namespace

Image::Image(Timeline& timeline, const Limits& limits)
    : limits_(limits),
      documents_(timeline, [](const Document& document) { return is_document(document.document()); }),
      deleted_(documents_.index<std::int64_t>([](const Document& document) -> std::optional<std::int64_t> {
        if (!document.deleted()) return std::nullopt;
        return document.changed_ms();
      })),
      newcomers_(documents_.index<std::int64_t>([](const Document& document) -> std::optional<std::int64_t> {
        if (document.deleted() || !is_newcomer(key_of(document), document.document())) return std::nullopt;
        return document.changed_ms();
      })),
      by_place_(documents_.groups<std::string>(
          [](const Document& document) { return listed(document, document.place()); })),
      by_player_(documents_.groups<std::string>(
          [](const Document& document) { return listed(document, document.player()); })),
      by_tag_(documents_.groups<std::string>([](const Document& document) {
        return document.deleted() ? std::vector<std::string>()
                                  : std::vector<std::string>(document.tags().begin(), document.tags().end());
      })) {
  documents_.on_change([this](const TableKey& key, const Document*, const Document*) { uncache(key); });
}

void Image::uncache(const TableKey& key) {
  const auto found = cached_.find(key);
  if (found == cached_.end()) return;
  cache_.erase(found->second);
  cached_.erase(found);
}

const Document* Image::newcomer_too_many() const {
  const auto& newcomers = newcomers_.entries();
  return newcomers.size() <= limits_.newcomers_max ? nullptr : documents_.at(newcomers.begin()->second);
}

void Image::forget_oldest(Turn& turn) {
  const auto& deleted = deleted_.entries();
  while (deleted.size() > limits_.deleted_max) documents_.erase_at(turn, deleted.begin()->second);
}

std::shared_ptr<const google::protobuf::Struct> Image::decoded(const Document& document) const {
  ++reads_;
  const auto key = table_key_of(key_of(document));
  if (const auto found = cached_.find(key); found != cached_.end()) {
    ++hits_;
    cache_.splice(cache_.begin(), cache_, found->second);
    return found->second->content;
  }
  auto content = std::make_shared<const google::protobuf::Struct>(decode(document.document()));
  cache_.push_front({key, content});
  cached_[key] = cache_.begin();
  if (cache_.size() > limits_.decoded_max) {
    cached_.erase(cache_.back().key);
    cache_.pop_back();
  }
  return content;
}

std::vector<std::string> Image::players_at(const std::string& place) const {
  std::vector<std::string> names;
  const auto* there = by_place_.find(place);
  if (there == nullptr) return names;
  const auto players = table_key({"player"});
  for (auto key = there->lower_bound(players); key != there->end() && key->starts_with(players); ++key)
    names.push_back(documents_.at(*key)->id());
  return names;
}

// The smallest group that the filter names; nullptr: none, go through everything of the kind.
const std::set<TableKey>* Image::narrowest(const Filter& filter) const {
  static const std::set<TableKey> kNothing;
  const std::set<TableKey>* best = nullptr;
  const auto consider = [&](const Groups& groups, const std::string& name) {
    if (name.empty()) return;
    const auto* keys = groups.find(name);
    if (keys == nullptr) keys = &kNothing;
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
  const auto start = table_key_of(std::max(filter.after, Key{filter.kind, ""}));
  const auto take = [&](const Document& document) {
    if (!filter.kind.empty() && document.kind() != filter.kind) return false;  // past the kind
    if (!matches(filter, document)) return true;
    if (!page.empty() && bytes + document.document().size() > limits_.page_bytes_max) return false;
    bytes += document.document().size();
    page.push_back(key_of(document));
    return page.size() < limit;
  };
  if (const auto* keys = narrowest(filter)) {
    for (auto key = keys->upper_bound(start); key != keys->end() && take(*documents_.at(*key)); ++key) {
    }
    return page;
  }
  const auto& rows = documents_.rows();
  for (auto row = rows.upper_bound(start); row != rows.end() && take(row->second); ++row) {
  }
  return page;
}

std::vector<Key> Image::keys() const {
  std::vector<Key> keys;
  for (const auto& [key, document] : documents_.rows()) {
    if (!document.deleted()) keys.push_back(key_of(document));
  }
  return keys;
}

std::vector<std::string> Image::ids(const std::string& kind) const {
  std::vector<std::string> ids;
  for (const auto& [key, document] : documents_.under(kind)) {
    if (ids.size() == limits_.suggest_max) break;
    if (!document.deleted()) ids.push_back(document.id());
  }
  return ids;
}

}  // namespace troupe::state
