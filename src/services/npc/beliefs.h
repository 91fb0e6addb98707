#pragma once
// What people believe beside what the pack gives them: what they saw, and what they were told, from whom, how
// surely and since when. The one place through which somebody learns something. Owned by NpcService; io
// thread. The rules and bounds are in belief_rules.h.
#include <map>
#include <string>
#include <vector>

#include "host/table.h"
#include "services/npc/belief_rules.h"
#include "services/npc/minds.h"
#include "talk/asks.h"

namespace troupe::npc {

// Somebody says something to somebody.
struct Telling {
  std::string teller;  // an NPC's id, or "player:<name>"
  Topic topic;
  double trust = 0;        // of the teller in the listener
  std::string decision{};  // by which it was chosen, where a model chose
};

// What somebody sees.
struct News {
  std::string subject;  // as in BeliefRecord
  std::string text;
  double importance = 0;  // 0 to 1
  std::int64_t true_at_ms = 0;
  std::uint64_t event = 0;  // that they saw: its sequence
  std::vector<std::string> about{};
};

class Beliefs {
 public:
  Beliefs(const Ground& ground, Minds& minds);
  void mount();

  // By subject and by when it was true; what has ended too. Valid until the next change.
  BeliefList of(const std::string& npc) const;
  // From the pack or by hearsay.
  bool knows(const std::string& npc, const pack::Fact& fact) const;
  // What the pack gave somebody and not everybody: at most BeliefLimits::weighed of it are looked at at a
  // time.
  const std::vector<const pack::Fact*>& held(const std::string& npc) const;
  // How `listener` stands with `teller`: may_share() decides by it. `fact`: which they might be told, or
  // null.
  pack::Listener listener(const Mind& teller, const Mind& listener, const pack::Fact* fact) const;
  // What somebody learned of the pack's facts and may tell anybody: for what they answer. No secrets: whoever
  // was told one keeps it.
  std::vector<talk::Known> known_by(const std::string& npc) const;

  void see(Turn& turn, const Mind& mind, const News& news);
  // They are told: RumourTold, whose cause is how the teller knew. Its sequence; 0 where it is nothing to
  // them.
  std::uint64_t hear(Turn& turn, const Mind& mind, const Telling& said);
  // What is about a player or was said by them goes; of one moment only, where `at_ms` says so.
  void forget(Turn& turn, const Mind& mind, const std::string& player, std::int64_t at_ms = -1);

 private:
  void take_pack(Turn& turn);
  void note(Turn& turn, const std::string& npc, Taken taken);
  Result<pb::NpcBeliefsReply> beliefs(const Caller& caller, const pb::NpcBeliefsRequest& request) const;
  void show(const pb::BeliefRecord& belief, pb::BeliefView& out) const;

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  Table<pb::BeliefRecord> beliefs_;
  std::map<std::string, std::vector<const pack::Fact*>> held_;
};

}  // namespace troupe::npc
