#pragma once
// What people decided and said, in full: prompt, options, probabilities, verdict, times. They stand in the
// database and are read when somebody asks. Owned by NpcService; io thread. Bound: NpcLimits::decisions_max,
// older ones go.
#include <vector>

#include "host/table.h"
#include "services/npc/minds.h"

namespace troupe::npc {

class Decisions {
 public:
  explicit Decisions(const Ground& ground);
  void mount() { host_.serve(&Decisions::get, this); }

  // The decision is called after its event (`event_sequence`), which stands in it.
  void keep(Turn& turn, const Mind& mind, pb::Decision& decision);
  // Of somebody, the newest first.
  Task<std::vector<pb::DecisionView>> last_of(std::string npc) const;
  // Those about a player: kept prompts may hold what is forgotten.
  void forget(Turn& turn, const Mind& mind, const std::string& player);

 private:
  Task<pb::Decision> get(Caller caller, pb::NpcDecisionRequest request);

  Host& host_;
  const NpcConfig& config_;

  // Everybody of whom there are some. There are few beside the decisions, so that to look at each costs less than an
  // index of all.
  std::vector<std::string> people() const;
  TableKey oldest() const;

  Table<pb::DecisionRecord> kept_;
};

inline std::string decision_id(std::uint64_t sequence) { return "d-" + std::to_string(sequence); }

}  // namespace troupe::npc
