#pragma once
// What people earn and spend out of sight, once a day; by how much, household_rules.h says. Owned by
// NpcService; io thread.
#include "services/npc/minds.h"
#include "troupe/v1/time.pb.h"

namespace troupe::npc {

class Households {
 public:
  Households(const Ground& ground, const Minds& minds) : host_(ground.host), minds_(minds) {}
  void mount() { host_.on(&Households::on_day, this); }

 private:
  void on_day(Turn& turn, const EventContext& context, const pb::DayChanged& event);

  Host& host_;
  const Minds& minds_;
};

}  // namespace troupe::npc
