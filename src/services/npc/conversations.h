#pragma once
// What people and players have said to each other. Owned by Minds; io thread. Bounds: NpcLimits::lines_max of
// a conversation, then the oldest line goes; conversations_max of a person, then the oldest of whoever said
// little: a crowd of strangers takes no friend's place.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/table.h"
#include "services/npc/npc_config.h"
#include "talk/scene.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc {

class Conversations {
 public:
  Conversations(Timeline& timeline, const NpcConfig& config) : config_(config), lines_(timeline) {}

  // In the order in which they were said. What is pointed at is valid until the next change.
  auto lines(const std::string& npc, const std::string& player) const { return lines_.of(npc, player); }
  bool held(const std::string& npc, const std::string& player) const { return !lines(npc, player).empty(); }
  // The last line; of the two of a talk the player's, and the other's. nullptr: there is none.
  const pb::LineRecord* last(const std::string& npc, const std::string& player) const;
  const pb::LineRecord* question(const std::string& npc, const std::string& player, std::uint64_t talk) const;
  const pb::LineRecord* answer(const std::string& npc, const std::string& player, std::uint64_t talk) const;
  // What it may contain: as it was frozen with the player's last line. nullptr: the player has said nothing.
  const pb::LineRecord* last_of_player(const std::string& npc, const std::string& player) const;
  // With whom somebody has talked, by name.
  std::vector<std::string> players_of(const std::string& npc) const;

  void add(Turn& turn, pb::LineRecord line);
  void forget(Turn& turn, const std::string& npc, const std::string& player);
  // The two lines of an exchange.
  void forget_talk(Turn& turn, const std::string& npc, const std::string& player, std::uint64_t talk);
  void forget_all(Turn& turn, const std::string& npc);

  // What a conversation was last about; begins anew with the server.
  talk::Spoken spoken(const std::string& npc, const std::string& player) const;
  void keep_spoken(const std::string& npc, const std::string& player, const talk::Spoken& spoken);

 private:
  const pb::LineRecord* line(const std::string& npc, const std::string& player, std::uint64_t talk,
                             bool by_player) const;
  void make_room(Turn& turn, const std::string& npc, const std::string& spared);

  const NpcConfig& config_;
  Table<pb::LineRecord> lines_;
  std::map<std::pair<std::string, std::string>, talk::Spoken> spoken_;  // of conversations that are kept
};

}  // namespace troupe::npc
