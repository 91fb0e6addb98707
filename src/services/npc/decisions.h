#pragma once
// What people decided and said, in full: prompt, options, probabilities, verdict, times. Owned by NpcService;
// io thread. Bound: NpcLimits::decisions_max, older ones go.
#include <deque>

#include "services/npc/minds.h"

namespace troupe::npc {

class Decisions {
 public:
  Decisions(const Ground& ground, Minds& minds) : host_(ground.host), config_(ground.config), minds_(minds) {}
  void mount();

  // The decision is called after its event (`event_sequence`), which stands in it.
  void keep(Turn& turn, Mind& mind, pb::Decision& decision);
  Task<pb::Decision> get(Caller caller, pb::NpcDecisionRequest request);

 private:
  Result<void> load(db::Reader& reader);
  void show(Mind& mind, const pb::Decision& decision) const;

  Host& host_;
  const NpcConfig& config_;
  Minds& minds_;
  std::deque<std::int64_t> kept_;  // their sequences, oldest first
};

inline std::string decision_id(std::uint64_t sequence) { return "d-" + std::to_string(sequence); }

}  // namespace troupe::npc
