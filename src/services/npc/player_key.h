#pragma once
// What a player is called among people, in records and memories: "player:<name>". An id without that is one
// of the pack's people.
#include <string>
#include <string_view>

namespace troupe::npc {

inline constexpr std::string_view kPlayerPrefix = "player:";

inline std::string player_key(std::string_view player) { return std::string(kPlayerPrefix).append(player); }
inline bool is_player_key(std::string_view key) { return key.starts_with(kPlayerPrefix); }
// Of a key of a player.
inline std::string player_of(std::string_view key) { return std::string(key.substr(kPlayerPrefix.size())); }

}  // namespace troupe::npc
