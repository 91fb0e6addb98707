#pragma once
// Where players are, as far as the server believes them. Pure.
#include <cstdint>

#include "services/npc/npc_rules.h"

namespace troupe::npc {

struct Step {
  Position at;        // half metres
  bool held = false;  // it was further than anybody gets in the time
};

// Somebody at `from` says to be at `to`, `elapsed_ms` of real time later: there, or as far in that direction
// as they get.
Step step(Position from, Position to, double speed_m_s, std::int64_t elapsed_ms);

}  // namespace troupe::npc
