#pragma once
// One person in memory: what is kept of them, and what is only seen while the server runs. Plain values; the
// io thread. Owned by Minds.
#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "host/caller.h"
#include "host/game_clock.h"
#include "pack/pack.h"
#include "ports/index.h"
#include "services/npc/memory_rules.h"
#include "services/npc/npc_rules.h"
#include "services/npc/player_key.h"
#include "troupe/v1/ai.pb.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

struct Perception {
  std::int64_t at_ms = 0;
  std::string text;
  std::uint64_t sequence = 0;
  bool news = false;  // something that they would tell who asks what happened
};

struct Mind {
  const pack::Npc* who = nullptr;
  Strategy strategy = Strategy::neutral;
  // As it is in the table; changed through Minds::edit(). An empty one before they have begun.
  const pb::NpcRecord* row = &pb::NpcRecord::default_instance();
  std::size_t remembered = 0;           // memories
  std::unique_ptr<index::Index> index;  // of memories that have a vector of the present model
  std::deque<Perception> perceived;     // the newest first
  const pb::NpcRecord& record() const { return *row; }
  Reflex reflex() const { return reflex_named(row->reflex()); }
};

// What somebody feels for `to`: as they have come to feel, or as the pack says.
pb::RelationRecord relation_or_default(const Mind& mind, const std::string& to);
// The same in their record, where it stays from now on.
pb::RelationRecord& relation_in(pb::NpcRecord& record, const pack::Npc& who, const std::string& to);

// So much real time, in game time at the present scale; at least 1.
inline std::int64_t real_ms(const GameClock& clock, rt::milliseconds real) {
  return std::max<std::int64_t>(1, clock.span_of(real).ms);
}

inline std::string memory_id(const pb::MemoryRecord& memory) { return "m-" + std::to_string(memory.id()); }

// The service itself asks.
inline Caller as_npc(const std::string& world, const std::string& trace = {}) {
  return Caller{.name = "npc", .role = pb::ROLE_SERVICE, .world = world, .trace = trace};
}

}  // namespace troupe::npc
