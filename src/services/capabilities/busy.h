#pragma once
// Who is in the middle of what: a verb takes its minutes, whoever does it and through whatever door it came.
// A player does one thing at a time. An NPC may be interrupted, by a talk say, and do something else; but
// what they began is not begun again before its time is over. Owned by the capabilities service; io thread.
// Bounds: one entry a player, one a verb of an NPC; those that are over are forgotten as new ones come.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/turn.h"
#include "pack/pack.h"

namespace troupe::capabilities {

class Busy {
 public:
  struct Deed {
    std::string verb;
    std::int64_t until_ms = 0;
  };
  // What keeps them from `verb` at `now`; nullptr: nothing. `key` is relation_key().
  const Deed* with(pack::ActorKind kind, const std::string& key, const std::string& verb, GameTime now) const;
  void begin(Turn& turn, pack::ActorKind kind, const std::string& key, const std::string& verb,
             GameTime until);

  // Forgets deeds of which the pack knows the verb no more, or who does them.
  void keep_known(Turn& turn, const pack::Pack& pack);

  Result<void> load(db::Reader& reader);
  static const char* schema();

 private:
  using Slot = std::pair<std::string, std::string>;  // key; of an NPC also the verb
  static Slot slot_of(pack::ActorKind kind, const std::string& key, const std::string& verb) {
    return {key, kind == pack::ActorKind::player ? std::string() : verb};
  }
  void forget(Turn& turn);

  std::map<Slot, Deed> deeds_;
  std::set<std::pair<std::int64_t, Slot>> ending_;
};

}  // namespace troupe::capabilities
