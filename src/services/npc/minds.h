#pragma once
// Everybody of the world: their records, memories and conversations, as they are kept. Owned by NpcService;
// io thread; what lasts is a turn's write. One loader of all of it. Bounds: NpcLimits.
#include <map>
#include <memory>
#include <string>

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
  std::int64_t next_memory(Turn& turn);  // its id

  bool thinks() const { return thinks_; }
  void set_thinks(Turn& turn, bool thinks);
  std::int64_t last_gold_ms() const { return last_gold_ms_; }
  void set_last_gold(Turn& turn);

  // Of people whom the pack has no more; until forget_strays().
  const std::map<std::string, pb::NpcRecord>& strays() const { return strays_; }
  void forget_strays() { strays_.clear(); }

 private:
  Result<void> load(db::Reader& reader);
  Result<void> load_memories(db::Reader& reader);
  Result<void> load_lines(db::Reader& reader);
  void save_counters(Turn& turn) const;
  void make_room(Turn& turn, Mind& mind, const std::string& spared) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  People people_;
  std::map<std::string, pb::NpcRecord> strays_;
  std::int64_t last_memory_ = 0;
  std::int64_t last_line_ = 0;
  std::int64_t last_gold_ms_ = 0;  // game time of the last question to the gold tier
  bool thinks_ = false;            // part of history: who decides depends on it
};

}  // namespace troupe::npc
