#pragma once
// Two who meet and have time talk, among themselves: who to whom and about what goes by what is new to the
// listener, how much it matters and how they stand with each other; by the gold tier where somebody could see
// it and the choice is open. What passes, passes through Beliefs. Owned by NpcService; io thread.
//
// Bounds: a pair talks once in kPairHours, a person tells kToldADay things a day, a meeting is two tellings.
// Words are said only where a player is there to hear them (TalkOverheard).
#include <string>
#include <vector>

#include "host/table.h"
#include "services/npc/aloud.h"
#include "services/npc/decisions.h"
#include "services/npc/players.h"
#include "services/npc/situation.h"
#include "services/npc/tales.h"
#include "troupe/v1/time.pb.h"

namespace troupe::npc {

// Of the game: those who stay together talk again after so long, or twice that.
inline constexpr std::int64_t kTogetherMinutes = 60;

// Whether somebody could talk now: they live, stand, are awake and not in danger, and nobody talks with them.
bool has_time(const pack::Pack& pack, const pb::NpcRecord& record);

class Meetings {
 public:
  Meetings(const Ground& ground, Minds& minds, Decisions& decisions, const Players& players, Beliefs& beliefs,
           Aloud& aloud, const Situation& situation);
  void mount();

  // Their timer rings: they look who is with them.
  void meet(Turn& turn, Mind& mind);

 private:
  struct Company {
    std::vector<const Mind*> awake;     // beside them
    std::vector<const Mind*> partners;  // of those, who might talk with them now
    bool in_confidence = false;         // they are two, and no player is there
  };
  void on_arrived(Turn& turn, const EventContext& context, const pb::NpcArrived& event);
  void on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event);
  void take_pack(Turn& turn);
  // A while from now they look about; sooner where that is due already.
  void soon(Turn& turn, const std::string& npc, std::int64_t minutes) const;

  Company company(Turn& turn, const Mind& mind) const;
  bool rested(const std::string& npc, const std::string& other, std::int64_t now_ms) const;
  bool may_tell_more(const std::string& npc, std::int64_t now_ms) const;

  // True: the gold tier was asked, and they talk when it has answered.
  bool talk(Turn& turn, Mind& mind, const Company& company, bool may_ask);
  // One tells, then the other. The sequence of what the first told, 0 for nothing.
  std::uint64_t exchange(Turn& turn, Mind& mind, const Mind& partner, const Tale* tale, bool in_confidence,
                         const std::string& decision = {});
  std::vector<Tale> tales(const Turn& turn, const Mind& teller, const std::vector<const Mind*>& listeners,
                          bool in_confidence) const;
  std::uint64_t tell(Turn& turn, const Mind& teller, const Tale& tale, const std::string& decision = {});
  void note_met(Turn& turn, const std::string& npc, const std::string& other);
  // As it is kept, with nothing told yet where that was another day.
  pb::CompanyRecord today(const std::string& npc, std::int64_t now_ms) const;
  void close_question(Turn& turn, pb::CompanyRecord company);

  // meetings_gold.cpp: what a model would rather tell. No secrets, and nothing that may hold a player's text.
  bool ask_gold(Turn& turn, Mind& mind, const std::vector<Tale>& tales);
  boost::asio::awaitable<void> ask(pb::AiChooseRequest request, std::vector<pb::NpcTaleChosen> answers);
  Result<pb::NpcChosenReply> chosen(Turn& turn, const Caller& caller, const pb::NpcTaleChosen& command);

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Decisions& decisions_;
  const Players& players_;
  Beliefs& beliefs_;
  Aloud& aloud_;
  const Situation& situation_;
  Tales tales_;
  Table<pb::CompanyRecord> kept_;
};

}  // namespace troupe::npc
