#pragma once
// The bounds of what the world service keeps beside what the pack has. README.md says why, and what is answered there.
#include <cstddef>
#include <functional>

#include "host/turn.h"
#include "services/world/cause_rules.h"

namespace troupe::world {

inline constexpr const char* kService = "world";
// Its timers: "round"; "shock:17", "effect:17 war ruins trade", by the sequence of the event that they are about.
inline constexpr const char* kRoundTimer = "round";
inline constexpr const char* kShockTimer = "shock:";
inline constexpr const char* kEffectTimer = "effect:";

struct Limits {
  std::size_t shocks_max = 256;    // that have not faded
  std::size_t effects_max = 1000;  // that are to come
  std::size_t chain_max = 64;      // links of an answer of Why
  std::size_t chain_bytes_max = 256 * 1024;
};

// Caused by the event `cause`; 0: by the one that is handled now, if there is one.
inline std::uint64_t emit(Turn& turn, std::uint64_t cause, const google::protobuf::Message& event,
                          EmitOptions options) {
  return cause == 0 ? turn.emit(event, std::move(options))
                    : turn.emit_caused_by(cause, event, std::move(options));
}

// Markets and factions say what has happened; what follows from it is for Consequences alone to say.
using Tell = std::function<void(Turn&, const Happening&)>;

}  // namespace troupe::world
