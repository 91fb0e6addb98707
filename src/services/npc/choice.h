#pragma once
// What somebody does next: utility first; the gold tier where the choice is open and somebody could see it.
// Owned by NpcService; io thread. Nothing waits for a model: the question is asked after the turn, and the
// answer comes back as a recorded input (NpcChosen).
#include <string>

#include "services/npc/decisions.h"
#include "services/npc/feelings.h"
#include "services/npc/gaze.h"
#include "services/npc/options.h"
#include "services/npc/situation.h"

namespace troupe::npc {

class Choice {
 public:
  Choice(const Ground& ground, Minds& minds, Decisions& decisions, const Players& players, Day& day,
         Feelings& feelings, const Situation& situation);
  void mount();
  // Says whether models think, as a recorded input; after the timeline has opened.
  void start();

  void think(Turn& turn, Mind& mind);
  // When they think next: often where a player could see it, whatever the scale; seldom elsewhere.
  void think_again(Turn& turn, Mind& mind) const;

 private:
  void decide_by_utility(Turn& turn, Mind& mind, const Choices& choices);
  void ask_gold(Turn& turn, Mind& mind, const Choices& choices);
  boost::asio::awaitable<void> ask(pb::AiChooseRequest request, std::uint64_t asked,
                                   std::vector<pb::Action> actions, std::vector<std::string> reasons);
  Result<pb::NpcThinking> thinking(Turn& turn, const Caller& caller, const pb::NpcThinking& command);
  Result<pb::NpcChosenReply> chosen(Turn& turn, const Caller& caller, const pb::NpcChosen& command);
  void carry_out(Turn& turn, Mind& mind, pb::Decision decision, const pb::Action& action,
                 const std::string& what);
  std::string chooser(const pack::Npc& who) const;
  std::string scene(Turn& turn, const Mind& mind) const;
  std::string reason(const Weighed& weighed) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Decisions& decisions_;
  const Players& players_;
  Day& day_;
  Feelings& feelings_;
  const Situation& situation_;
  Options options_;
  Gaze gaze_;
};

}  // namespace troupe::npc
