#pragma once
// Where somebody is and whether they live: npc owns both, and says it to state, which tells everybody else.
// Owned by NpcService; io thread.
#include "services/npc/witnesses.h"

namespace troupe::npc {

class Fate {
 public:
  Fate(const Ground& ground, Minds& minds, const Day& day, Witnesses& witnesses)
      : pack_(ground.pack),
        host_(ground.host),
        texts_(ground.texts),
        minds_(minds),
        day_(day),
        witnesses_(witnesses) {}
  void mount();

 private:
  Result<pb::NpcView> move(Turn& turn, const Caller& caller, const pb::NpcMoveRequest& request);
  Result<void> check_killer(const std::string& by) const;
  Result<pb::NpcView> die(Turn& turn, const Caller& caller, const pb::NpcDieRequest& request);

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  const Day& day_;
  Witnesses& witnesses_;
};

}  // namespace troupe::npc
