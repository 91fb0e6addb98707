#pragma once
// Everybody of the world: their records, memories and conversations, as they are kept. Owned by NpcService;
// io thread. Bounds: NpcLimits.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "host/table.h"
#include "services/npc/conversations.h"
#include "services/npc/ground.h"
#include "services/npc/mind.h"

namespace troupe::npc {

class Minds {
 public:
  using People = std::map<std::string, std::unique_ptr<Mind>>;

  explicit Minds(const Ground& ground);
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

  // Their record, to be changed in place while the turn runs; begun where there was none.
  pb::NpcRecord& edit(Turn& turn, const Mind& mind);
  // In memory only: what they noticed last.
  void perceive(Mind& mind, Perception perception) const;

  const Conversations& conversations() const { return conversations_; }
  Conversations& conversations() { return conversations_; }
  // A line of a conversation, said now.
  void add_line(Turn& turn, const Mind& mind, pb::LineRecord line);

  // What is pointed at is valid until the next change.
  MemoryList memories(const Mind& mind) const;
  MemoryList newest_memories(const Mind& mind, std::size_t most) const;  // the newest first
  // Of everybody, the oldest first.
  MemoryList without_vector(std::size_t most) const;
  // Answers its id. Beyond the bound another one goes.
  std::int64_t remember(Turn& turn, const Mind& mind, pb::MemoryRecord memory);
  void set_vector(Turn& turn, std::int64_t memory, const std::string& vector, const std::string& model);
  std::int64_t forget(Turn& turn, const Mind& mind,
                      const std::function<bool(const pb::MemoryRecord&)>& is_meant);

  // Part of history: who decides depends on it.
  bool thinks() const { return counter(kThinks) != 0; }
  void set_thinks(Turn& turn, bool thinks);
  // Game time of the last question to the gold tier.
  std::int64_t last_gold_ms() const { return counter(kGold); }
  void set_last_gold(Turn& turn) { set_counter(turn, kGold, turn.now().ms); }

  // Of people whom the pack has no more.
  std::vector<pb::NpcRecord> strays() const;
  // With all that they remember and said.
  void erase(Turn& turn, const std::string& npc);

 private:
  static constexpr const char* kMemory = "memory";
  static constexpr const char* kLine = "line";
  static constexpr const char* kGold = "gold_ms";
  static constexpr const char* kThinks = "thinks";

  bool has_vector(const pb::MemoryRecord& memory) const;
  void keep_in_index(const pb::MemoryRecord* gone, const pb::MemoryRecord* came) const;
  std::int64_t counter(const char* name) const;
  void set_counter(Turn& turn, const char* name, std::int64_t value);
  std::int64_t next(Turn& turn, const char* name);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  People people_;
  Table<pb::NpcRecord> records_;
  Table<pb::NpcCounterRecord> counters_;
  Table<pb::MemoryRecord> memories_;
  const TableIndex<pb::MemoryRecord, std::int64_t>& without_vector_;  // by id; none where no model makes any
  Conversations conversations_;
};

}  // namespace troupe::npc
