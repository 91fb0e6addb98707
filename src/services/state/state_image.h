#pragma once
// Every document of a world, with its indexes and the read cache. Owned by StateService; io thread. Bounds:
// Limits, and those of the record.
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/table.h"
#include "services/state/state_rules.h"
#include "troupe/v1/state.pb.h"

namespace troupe::state {

using Document = pb::StateRecord;

inline Key key_of(const Document& document) { return {document.kind(), document.id()}; }
// Nothing, or one that is deleted: not there.
inline bool live(const Document* document) { return document != nullptr && !document->deleted(); }

struct Filter {
  std::string kind;
  std::string player;
  std::string place;
  std::string tag;
  Key after;  // of the page before; kind "" = from the start
};

class Image {
 public:
  Image(Timeline& timeline, const Limits& limits);

  // Live or deleted; nullptr where there was never one.
  const Document* find(const Key& key) const { return documents_.find(key.kind, key.id); }
  void put(Turn& turn, Document document) { documents_.put(turn, std::move(document)); }

  // Forgets the longest deleted documents beyond Limits::deleted_max.
  void forget_oldest(Turn& turn);
  // Who of the newcomers beyond Limits::newcomers_max did nothing for the longest; nullptr: there are not so
  // many.
  const Document* newcomer_too_many() const;

  // The content as a Struct, from the read cache where it was read since it changed.
  std::shared_ptr<const google::protobuf::Struct> decoded(const Document& document) const;

  // Keys of live documents in the order of (kind, id), at most `limit` of them and about page_bytes_max of
  // text.
  std::vector<Key> query(const Filter& filter, std::size_t limit) const;
  std::vector<Key> keys() const;                                // of all live ones
  std::vector<std::string> ids(const std::string& kind) const;  // live ones, for did_you_mean()

  std::vector<std::string> players_at(const std::string& place) const;  // in the order of their names

  std::size_t live_count() const { return documents_.size() - deleted_.entries().size(); }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t hits() const { return hits_; }

 private:
  using ByTime = TableIndex<Document, std::int64_t>;
  using Groups = TableGroups<Document, std::string>;
  void uncache(const TableKey& key);
  const std::set<TableKey>* narrowest(const Filter& filter) const;

  const Limits limits_;
  Table<Document> documents_;
  const ByTime& deleted_;    // longest deleted first
  const ByTime& newcomers_;  // longest unchanged first
  const Groups& by_place_;   // of these three: live ones
  const Groups& by_player_;
  const Groups& by_tag_;

  // The read cache, most recently read first. Mutable: reading is a query.
  struct Decoded {
    TableKey key;
    std::shared_ptr<const google::protobuf::Struct> content;
  };
  mutable std::list<Decoded> cache_;
  mutable std::map<TableKey, std::list<Decoded>::iterator> cached_;
  mutable std::uint64_t reads_ = 0;
  mutable std::uint64_t hits_ = 0;
};

}  // namespace troupe::state
