#pragma once
// What people believe beside what the pack gives them: what they saw, and what they were told, from whom, how
// surely and since when. The one place through which somebody learns something. Owned by NpcService; io
// thread; what lasts is a turn's write. The rules and bounds are in belief_rules.h.
#include <map>
#include <string>
#include <vector>

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

class Beliefs {
 public:
  Beliefs(const Ground& ground, Minds& minds);
  void mount();

  // By subject and by when it was true; what has ended too.
  const std::vector<Belief>& of(const std::string& npc) const;
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

  // They saw what is news. `news.event` is the event that they saw.
  void see(Turn& turn, Mind& mind, Belief news);
  // They are told: RumourTold, whose cause is how the teller knew. Its sequence; 0 where it is nothing to
  // them.
  std::uint64_t hear(Turn& turn, Mind& mind, const Telling& said);
  // What is about a player or was said by them goes; of one moment only, where `at_ms` says so.
  void forget(Turn& turn, const Mind& mind, const std::string& player, std::int64_t at_ms = -1);

 private:
  Result<void> load(db::Reader& reader);
  void take_pack(Turn& turn);
  void keep(Turn& turn, const std::string& npc, const Belief& belief) const;
  void drop(Turn& turn, const std::string& npc, const Belief& belief) const;
  void note(Turn& turn, const std::string& npc, const Taken& taken);
  Result<pb::NpcBeliefsReply> beliefs(const Caller& caller, const pb::NpcBeliefsRequest& request) const;
  void show(const Belief& belief, pb::BeliefView& out) const;

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  std::map<std::string, std::vector<Belief>> beliefs_;  // by person
  std::map<std::string, std::vector<const pack::Fact*>> held_;
};

}  // namespace troupe::npc
