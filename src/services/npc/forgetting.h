#pragma once
// What is remembered of a player, in that player's hands: theirs to see and to end. The events of the log
// stay until they are pruned. Owned by NpcService; io thread.
#include <set>
#include <string>

#include "services/npc/answers.h"
#include "services/npc/anticipation.h"
#include "services/npc/beliefs.h"
#include "services/npc/decisions.h"

namespace troupe::npc {

class Forgetting {
 public:
  Forgetting(const Ground& ground, Minds& minds, Decisions& decisions, Beliefs& beliefs,
             Anticipation& anticipation, Answers& answers)
      : host_(ground.host),
        config_(ground.config),
        minds_(minds),
        decisions_(decisions),
        beliefs_(beliefs),
        anticipation_(anticipation),
        answers_(answers) {}
  void mount();

 private:
  Result<pb::NpcMemoriesReply> memories(const Caller& caller, const pb::NpcMemoriesRequest& request) const;
  Result<pb::NpcForgetReply> forget(Turn& turn, const Caller& caller, const pb::NpcForgetRequest& request);
  Result<std::string> whose(const Caller& caller, const std::string& player, const std::string& npc) const;
  std::int64_t forget_memories(Turn& turn, Mind& mind, const std::string& player,
                               const std::set<std::int64_t>* only);
  void forget_prompts(Turn& turn, Mind& mind, const std::string& player);
  void forget_person(Turn& turn, Mind& mind, const std::string& player);

  Host& host_;
  const NpcConfig& config_;
  Minds& minds_;
  Decisions& decisions_;
  Beliefs& beliefs_;
  Anticipation& anticipation_;
  Answers& answers_;
};

}  // namespace troupe::npc
