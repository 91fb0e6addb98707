#pragma once
// What somebody could tell those who are with them, and what of it is worth telling. Owned by Meetings; io
// thread; reads only. Bound: BeliefLimits::weighed things a person, kListenersMax listeners.
#include <string>
#include <vector>

#include "services/npc/beliefs.h"

namespace troupe::npc {

struct Tale {
  const Mind* listener = nullptr;
  Topic topic;
  double trust = 0;  // of the teller in the listener
  double worth = 0;
  std::string subject() const;
  // As the pack has it, or as the teller was told.
  const std::string& text() const;
};

class Tales {
 public:
  Tales(const Ground& ground, const Beliefs& beliefs) : pack_(ground.pack), beliefs_(beliefs) {}

  // The best first. `in_confidence`: nobody else can hear, so that secrets may pass to whoever may have them.
  std::vector<Tale> of(const Turn& turn, const Mind& teller, const std::vector<const Mind*>& listeners,
                       bool in_confidence) const;

 private:
  std::vector<Topic> topics(const Turn& turn, const Mind& teller, bool in_confidence) const;

  const pack::Pack& pack_;
  const Beliefs& beliefs_;
};

// What somebody says of it: in their own words where the pack has some.
std::string in_own_words(const pack::Npc& teller, const Topic& topic);

inline constexpr std::size_t kListenersMax = 8;

}  // namespace troupe::npc
