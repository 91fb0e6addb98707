#pragma once
// One player's sentence and the answer to it: silver, or a written line. Owned by NpcService; io thread.
// Begin and end are recorded inputs; what lies between them (a model, a judge) runs outside of turns. Bounds:
// NpcLimits; how long it may take: ai.talk_deadline_ms.
#include <string>
#include <vector>

#include "services/npc/anticipation.h"
#include "services/npc/day.h"
#include "services/npc/decisions.h"
#include "services/npc/prompts.h"

namespace troupe::npc {

class Talk {
 public:
  Talk(const Ground& ground, Minds& minds, Decisions& decisions, const Day& day, Memories& memories,
       Prompts& prompts, Anticipation& anticipation);
  void mount();

  // They wait for the player's next line as long as people do, whatever the scale.
  void wait_for_next_line(Turn& turn, Mind& mind) const;

 private:
  Task<pb::NpcTalkReply> talk(Caller caller, pb::NpcTalkRequest request);
  Task<pb::NpcPromptReply> prompt(Caller caller, pb::NpcPromptRequest request);
  Result<pb::NpcTalkBegun> begin(Turn& turn, const Caller& caller, const pb::NpcTalkBegin& command);
  Result<pb::NpcTalkEnded> end(Turn& turn, const Caller& caller, const pb::NpcTalkEnd& command);

  Result<std::string> check_line(const std::string& text) const;
  Task<void> may_say(std::string npc, std::string player, std::string text);
  const std::vector<pb::CategoryLevel>* frozen(const Mind& mind, const std::string& player) const;
  void freeze_levels(Turn& turn, const Mind& mind, const std::string& player, pb::NpcTalkBegun& reply) const;
  pb::NpcTalkEnd ending(const pb::NpcTalkBegin& begin, const pb::NpcTalkBegun& begun, const Prompt& prompt,
                        const pb::AiSpeakReply& spoken) const;
  bool told(const std::string& npc, const std::string& fact, const std::string& answer) const;
  void act(Turn& turn, const pb::NpcTalkEnd& command, pb::Decision& decision, pb::NpcTalkEnded& reply) const;
  void remember(Turn& turn, Mind& mind, const pb::NpcTalkEnd& command, const std::string& place) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Decisions& decisions_;
  const Day& day_;
  Memories& memories_;
  Prompts& prompts_;
  Anticipation& anticipation_;
};

}  // namespace troupe::npc
