#pragma once
// One person in memory: private to the npc service.
#include "services/npc/npc_service.h"

namespace troupe {

struct NpcService::Mind {
  struct Line {
    std::int64_t id = 0;
    std::string who;  // the player's name, or the NPC's id
    std::string text;
    std::int64_t at_ms = 0;
  };
  struct Perception {
    std::int64_t at_ms = 0;
    std::string text;
    std::uint64_t sequence = 0;
  };

  const pack::Npc* who = nullptr;
  npc::Strategy strategy = npc::Strategy::neutral;
  pb::NpcRecord record;
  std::vector<npc::Memory> memories;
  std::unique_ptr<index::Index> index;                    // of memories that have a vector
  std::map<std::string, std::deque<Line>> conversations;  // by player
  std::deque<Perception> perceived;
  std::deque<pb::DecisionView> decisions;  // the last few
  npc::Reflex reflex = npc::Reflex::idle;
};

namespace npc_store {
std::vector<db::Migration> migrations();
std::vector<std::pair<std::string, std::string>>
tables();  // with the order of their rows, for the state hash
std::string join_witnesses(const std::vector<std::string>& witnesses);
std::vector<float> vector_from(const std::string& bytes);  // little-endian float32
}  // namespace npc_store

inline std::string player_key(const std::string& player) { return "player:" + player; }

}  // namespace troupe
