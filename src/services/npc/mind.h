#pragma once
// One person in memory: private to the npc service.
#include <algorithm>

#include "services/npc/npc_service.h"

namespace troupe {

struct NpcService::Mind {
  struct Line {
    std::int64_t id = 0;
    std::uint64_t talk =
        0;  // sequence of DialogueStarted: a line and its answer have the same; 0 = an old world's
    bool by_player = false;
    std::string text;
    std::int64_t at_ms = 0;
  };
  struct Conversation {
    std::deque<Line> lines;  // never empty
    // What it may contain, as the player's profile was when it began.
    std::vector<pb::CategoryLevel> allowed;

    const Line* question(std::uint64_t talk) const { return line(talk, true); }
    const Line* answer(std::uint64_t talk) const { return line(talk, false); }

   private:
    const Line* line(std::uint64_t talk, bool by_player) const {
      for (const auto& one : lines) {
        if (talk != 0 && one.talk == talk && one.by_player == by_player) return &one;
      }
      return nullptr;
    }
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
  std::unique_ptr<index::Index> index;                // of memories that have a vector
  std::map<std::string, Conversation> conversations;  // by player
  std::deque<Perception> perceived;
  std::deque<pb::DecisionView> decisions;  // the last few
  npc::Reflex reflex() const { return npc::reflex_named(record.reflex()); }
};

// What somebody could do now, and what weighs most, one a verb.
struct NpcService::Choices {
  std::vector<npc::Option> options;
  std::vector<pb::Action> actions;
  std::vector<npc::Weighed> top;
};

// So many real milliseconds, in game time at the present scale; at least 1.
inline std::int64_t real_ms(const GameClock& clock, std::int64_t ms) {
  return std::max<std::int64_t>(1, clock.span_of(rt::milliseconds(ms)).ms);
}

// How long somebody who talks with a player waits: for the answer, and for the player's next line.
inline constexpr std::int64_t kAnswerRealMs = 60'000;
inline constexpr std::int64_t kNextLineRealMs = 20'000;

namespace npc_store {
std::vector<db::Migration> migrations();
std::vector<std::pair<std::string, std::string>>
tables();  // with the order of their rows, for the state hash
std::string names_blob(const std::vector<std::string>& names);
std::vector<float> vector_from(const std::string& bytes);  // little-endian float32
// Of this size, with a direction: what an index takes.
bool vector_fits(const std::string& bytes, std::size_t size);
}  // namespace npc_store

inline std::string player_key(const std::string& player) { return "player:" + player; }

}  // namespace troupe
