#pragma once
// Everybody of the world: their records, memories and conversations, as they are kept. Owned by NpcService;
// io thread; what lasts is a turn's write. One loader of all of it. Bounds: NpcLimits.
#include <map>
#include <memory>
#include <string>

#include "host/table.h"
#include "services/npc/ground.h"
#include "services/npc/mind.h"

namespace troupe::npc {

class Minds {
 public:
  using People = std::map<std::string, std::unique_ptr<Mind>>;

  explicit Minds(const Ground& ground);
  // What is kept, as tables and their migrations; before the timeline opens.
  void mount();

  // `not_found` npc.unknown; near misses are named.
  Result<Mind*> find(const std::string& npc) const;
  // `conflict` npc.dead.
  Result<Mind*> find_living(const std::string& npc) const;
  // The same for whoever waits afterwards: nothing that points at a mind survives a wait.
  Result<void> check(const std::string& npc) const;
  // nullptr: nobody of the world.
  Mind* known(const std::string& npc) const;
  bool has(const std::string& npc) const { return people_.contains(npc); }
  const People& people() const { return people_; }

  void save(Turn& turn, const Mind& mind) const;
  // In memory only: what they noticed last.
  void perceive(Mind& mind, Perception perception) const;
  // A line of a conversation; beyond the bounds the oldest goes, and whoever said little is forgotten first.
  void add_line(Turn& turn, Mind& mind, const std::string& player, bool by_player, std::uint64_t talk,
                const std::string& text);
  std::int64_t next_memory(Turn& turn) { return next(turn, kMemory); }  // its id

  // Part of history: who decides depends on it.
  bool thinks() const { return counter(kThinks) != 0; }
  void set_thinks(Turn& turn, bool thinks);
  // Game time of the last question to the gold tier.
  std::int64_t last_gold_ms() const { return counter(kGold); }
  void set_last_gold(Turn& turn) { set_counter(turn, kGold, turn.now().ms); }

  // Of people whom the pack has no more; until forget_strays().
  const std::map<std::string, pb::NpcRecord>& strays() const { return strays_; }
  void forget_strays() { strays_.clear(); }

 private:
  static constexpr const char* kMemory = "memory";
  static constexpr const char* kLine = "line";
  static constexpr const char* kGold = "gold_ms";
  static constexpr const char* kThinks = "thinks";

  Result<void> load(db::Reader& reader);
  Result<void> load_memories(db::Reader& reader);
  Result<void> load_lines(db::Reader& reader);
  std::int64_t counter(const char* name) const;
  void set_counter(Turn& turn, const char* name, std::int64_t value);
  std::int64_t next(Turn& turn, const char* name);
  void make_room(Turn& turn, Mind& mind, const std::string& spared) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  People people_;
  std::map<std::string, pb::NpcRecord> strays_;
  Table<pb::NpcCounterRecord> counters_;
};

}  // namespace troupe::npc
