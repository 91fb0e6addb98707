#pragma once
// The timers of people, by kind and person: "think:marta". Durable; the same kind and person replaces.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/turn.h"
#include "pack/kinds.h"

namespace troupe::npc {

enum class Timer : std::uint8_t { arrive, routine, done, giveup, think, reflect, safe, meet };
inline constexpr std::array<std::string_view, 8> kTimerNames{"arrive", "routine", "done", "giveup",
                                                             "think",  "reflect", "safe", "meet"};
inline constexpr std::string_view kTimerService = "npc";

inline std::string timer_key(std::string_view name, const std::string& npc) {
  return std::string(name) + ":" + npc;
}

inline void schedule(Turn& turn, Timer timer, const std::string& npc, GameTime at) {
  turn.schedule(kTimerService, timer_key(kTimerNames[static_cast<std::size_t>(timer)], npc), at);
}

inline void unschedule(Turn& turn, Timer timer, const std::string& npc) {
  turn.unschedule(kTimerService, timer_key(kTimerNames[static_cast<std::size_t>(timer)], npc));
}

inline bool scheduled(const Turn& turn, Timer timer, const std::string& npc) {
  return turn.scheduled(kTimerService, timer_key(kTimerNames[static_cast<std::size_t>(timer)], npc));
}

// Somebody who is no more waits for nothing.
inline void unschedule_all(Turn& turn, const std::string& npc) {
  for (const auto name : kTimerNames) turn.unschedule(kTimerService, timer_key(name, npc));
}

// Of a key: which, and whose. Nothing: no key of these.
inline std::optional<std::pair<Timer, std::string>> timer_of(const std::string& key) {
  const auto colon = key.find(':');
  const auto timer = pack::find_name<Timer>(kTimerNames, std::string_view(key).substr(0, colon));
  if (colon == std::string::npos || !timer) return std::nullopt;
  return std::pair(*timer, key.substr(colon + 1));
}

}  // namespace troupe::npc
