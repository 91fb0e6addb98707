#pragma once
// Every document of a world in memory, with its indexes and the read cache. Owned by StateService; io thread.
// Bounds: Limits. Ordered throughout, so that pages and replays do not depend on hashing.
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/state/state_rules.h"

namespace troupe::state {

struct Document {
  std::uint64_t version = 0;  // from 1; goes on counting through a deletion
  std::string text;           // canonical JSON
  Members members;
  std::int64_t changed_ms = 0;
  bool deleted = false;

  bool live() const { return version > 0 && !deleted; }
};

struct Filter {
  std::string kind;
  std::string player;
  std::string place;
  std::string tag;
  Key after;  // of the page before; kind "" = from the start
};

class Image {
 public:
  explicit Image(const Limits& limits) : limits_(limits) {}

  // Live or deleted; nullptr where there was never one.
  const Document* find(const Key& key) const;
  void put(const Key& key, Document document);
  void clear();

  // Forgets the longest deleted documents beyond Limits::deleted_max; answers them, for the table.
  std::vector<Key> forget_oldest();
  // Who of the newcomers beyond Limits::newcomers_max did nothing for the longest; nullopt: there are not so
  // many.
  std::optional<Key> newcomer_too_many() const;

  // The content as a Struct, from the read cache where it was read since it changed.
  std::shared_ptr<const google::protobuf::Struct> decoded(const Key& key, const Document& document) const;

  // Keys of live documents in the order of (kind, id), at most `limit` of them and about page_bytes_max of
  // text.
  std::vector<Key> query(const Filter& filter, std::size_t limit) const;
  std::vector<Key> keys() const;                                // of all live ones
  std::vector<std::string> ids(const std::string& kind) const;  // live ones, for did_you_mean()

  std::vector<std::string> players_at(const std::string& place) const;  // in the order of their names

  std::size_t live() const { return documents_.size() - deleted_.size(); }
  std::size_t deleted() const { return deleted_.size(); }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t hits() const { return hits_; }

 private:
  using Index = std::map<std::string, std::set<Key>>;
  static void enter(Index& index, const std::string& name, const Key& key);
  static void leave(Index& index, const std::string& name, const Key& key);
  void unlist(const Key& key, const Document& document);
  void uncache(const Key& key);
  bool matches(const Filter& filter, const Key& key, const Document& document) const;
  const std::set<Key>* narrowest(const Filter& filter) const;

  const Limits limits_;
  std::map<Key, Document> documents_;
  Index by_place_;
  Index by_player_;
  Index by_tag_;
  std::set<std::pair<std::int64_t, Key>> deleted_;    // longest deleted first
  std::set<std::pair<std::int64_t, Key>> newcomers_;  // longest unchanged first

  // The read cache, most recently read first. Mutable: reading is a query.
  struct Decoded {
    Key key;
    std::shared_ptr<const google::protobuf::Struct> content;
  };
  mutable std::list<Decoded> cache_;
  mutable std::map<Key, std::list<Decoded>::iterator> cached_;
  mutable std::uint64_t reads_ = 0;
  mutable std::uint64_t hits_ = 0;
};

}  // namespace troupe::state
