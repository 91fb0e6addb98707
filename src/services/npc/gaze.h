#pragma once
// Whom somebody who is busy, walks or talks before a player's eyes looks at. Owned by NpcService; io thread.
#include <string>
#include <vector>

#include "services/npc/players.h"

namespace troupe::npc {

class Gaze {
 public:
  Gaze(const Ground& ground, Minds& minds, const Players& players)
      : pack_(ground.pack), config_(ground.config), texts_(ground.texts), minds_(minds), players_(players) {}
  void look_about(Turn& turn, Mind& mind) const;

 private:
  struct Seen;
  std::vector<Seen> in_sight(const Mind& mind, std::int64_t now_ms) const;

  const pack::Pack& pack_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  const Players& players_;
};

}  // namespace troupe::npc
