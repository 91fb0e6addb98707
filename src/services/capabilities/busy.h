#pragma once
// Who is in the middle of what: a verb takes its minutes, whoever does it and through whatever door it came.
// A player does one thing at a time. An NPC may be interrupted, by a talk say, and do something else; but
// what they began is not begun again before its time is over. Owned by the capabilities service; io thread.
// Bounds: one entry a player, one a verb of an NPC; those that are over are forgotten as new ones come.
#include <string>

#include "host/table.h"
#include "pack/pack.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::capabilities {

class Busy {
 public:
  explicit Busy(Timeline& timeline)
      : deeds_(timeline),
        ending_(deeds_.index<std::int64_t>([](const pb::BusyRecord& deed) { return deed.until_ms(); })) {}

  // What keeps them from `verb` at `now`; nullptr: nothing. `key` is relation_key().
  const pb::BusyRecord* with(pack::ActorKind kind, const std::string& key, const std::string& verb,
                             GameTime now) const;
  void begin(Turn& turn, pack::ActorKind kind, const std::string& key, const std::string& verb,
             GameTime until);

  // Forgets deeds of which the pack knows the verb no more, or who does them.
  void keep_known(Turn& turn, const pack::Pack& pack);

 private:
  void forget(Turn& turn);

  Table<pb::BusyRecord> deeds_;
  const TableIndex<pb::BusyRecord, std::int64_t>& ending_;
};

}  // namespace troupe::capabilities
