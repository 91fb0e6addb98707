#pragma once
// What players do by input frames: where they are, what they look at, a verb. Owned by NpcService; io thread.
#include <string>

#include "services/npc/players.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe::npc {

class Input {
 public:
  Input(const Ground& ground, const Minds& minds, Players& players)
      : pack_(ground.pack), host_(ground.host), texts_(ground.texts), minds_(minds), players_(players) {}
  void mount() { host_.serve(&Input::input, this); }

 private:
  Result<pb::NpcInputReply> input(Turn& turn, const Caller& caller, const pb::NpcInputRequest& request);
  void notice_look(const Turn& turn, const std::string& player, const std::string& thing,
                   const std::string& place) const;

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
  const Minds& minds_;
  Players& players_;
};

}  // namespace troupe::npc
