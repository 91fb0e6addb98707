#pragma once
// One player's sentence and the answer to it. What is said is decided by rules (answers.h); a model puts it
// into words, or speaks itself, as far as it was found good enough to (ai.Speak). Owned by NpcService; io
// thread. Begin and end are recorded inputs; what lies between them (vectors, a model, a judge) runs outside
// of turns. Bounds: NpcLimits; how long it may take: ai.talk_deadline_ms.
#include <string>
#include <vector>

#include "services/npc/answers.h"
#include "services/npc/anticipation.h"
#include "services/npc/day.h"
#include "services/npc/decisions.h"
#include "services/npc/feelings.h"
#include "services/npc/prompts.h"
#include "services/npc/wishes.h"

namespace troupe::npc {

class Talk {
 public:
  Talk(const Ground& ground, Minds& minds, Decisions& decisions, const Day& day, Feelings& feelings,
       Memories& memories, Answers& answers, Wishes& wishes, const Prompts& prompts,
       Anticipation& anticipation);
  void mount();

  // They wait for the player's next line as long as people do, whatever the scale.
  void wait_for_next_line(Turn& turn, Mind& mind) const;

 private:
  Task<pb::NpcTalkReply> talk(Caller caller, pb::NpcTalkRequest request);
  Task<pb::NpcPromptReply> prompt(Caller caller, pb::NpcPromptRequest request);
  Result<pb::NpcTalkBegun> begin(Turn& turn, const Caller& caller, const pb::NpcTalkBegin& command);
  Result<pb::NpcTalkEnded> end(Turn& turn, const Caller& caller, const pb::NpcTalkEnd& command);

  Result<std::string> check_line(const std::string& text) const;
  // Who answers a line to somebody: of those who stand with them, the one whom it calls by name.
  std::string who_answers(const std::string& asked, std::string_view text) const;
  Task<void> may_say(std::string npc, std::string player, std::string text);
  const pb::LineRecord* frozen(const Mind& mind, const std::string& player) const;
  void freeze_levels(Turn& turn, const Mind& mind, const std::string& player, pb::NpcTalkBegun& reply) const;
  Result<Prompt> prompt_for(const pb::NpcTalkBegin& begin, const Answered& answered,
                            const std::optional<Wished>& wished) const;
  pb::NpcTalkEnd ending(const pb::NpcTalkBegin& begin, const pb::NpcTalkBegun& begun,
                        const Answered& answered, const Prompt& prompt, const pb::AiSpeakReply& spoken) const;
  bool told(const std::string& npc, const std::string& fact, const std::string& answer) const;
  static Result<void> check_lives(Turn& turn, const std::string& player);
  void act(Turn& turn, const pb::NpcTalkEnd& command, pb::Decision& decision, pb::NpcTalkEnded& reply) const;
  void felt(Turn& turn, const pb::NpcTalkEnd& command, const std::string& place) const;
  void remember(Turn& turn, Mind& mind, const pb::NpcTalkEnd& command, const std::string& place) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  const talk::Language& language_;
  Minds& minds_;
  Decisions& decisions_;
  const Day& day_;
  Feelings& feelings_;
  Memories& memories_;
  Answers& answers_;
  Wishes& wishes_;
  const Prompts& prompts_;
  Anticipation& anticipation_;
};

}  // namespace troupe::npc
