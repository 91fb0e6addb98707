#pragma once
// What people say of their own accord where players can hear it: to each player only what fits their profile,
// so it is judged after the turn and said in one of its own. Owned by NpcService; io thread.
#include <string>
#include <vector>

#include "services/npc/minds.h"

namespace troupe::npc {

class Aloud {
 public:
  Aloud(const Ground& ground, Minds& minds) : host_(ground.host), minds_(minds) {}
  void mount();

  // `said.players` hear what one person says to another: TalkOverheard, caused by `said.cause`.
  void overheard(Turn& turn, pb::NpcOverheard said);
  // Whether a player may hear it; no where nobody can judge it. What is held back is recorded.
  Task<void> fits(std::string npc, std::string player, std::string text, std::string door);

 private:
  boost::asio::awaitable<void> judge(pb::NpcOverheard said);
  Result<pb::NpcSaidAloud> say(Turn& turn, const Caller& caller, const pb::NpcOverheard& command);

  Host& host_;
  Minds& minds_;
};

}  // namespace troupe::npc
