#pragma once
// What is due in people's lives: whose timer rings, and what is counted anew when game time runs faster or
// slower. Knows the parts that act on it; owned by NpcService; io thread.
#include <string>

#include "services/npc/choice.h"
#include "services/npc/initiative.h"
#include "services/npc/meetings.h"
#include "services/npc/reflection.h"
#include "services/npc/talk.h"
#include "services/npc/timers.h"
#include "troupe/v1/time.pb.h"

namespace troupe::npc {

class Life {
 public:
  Life(const Ground& ground, Minds& minds, Day& day, Threats& threats, Choice& choice, Meetings& meetings,
       Initiative& initiative, const Reflection& reflection, const Talk& talk);
  void mount();

 private:
  void on_timer(Turn& turn, const std::string& key);
  void ring(Turn& turn, Timer timer, Mind& mind);
  void on_scale(Turn& turn, const EventContext& context, const pb::TimeScaleChanged& event);

  Host& host_;
  Minds& minds_;
  Day& day_;
  Threats& threats_;
  Choice& choice_;
  Meetings& meetings_;
  Initiative& initiative_;
  const Reflection& reflection_;
  const Talk& talk_;
};

}  // namespace troupe::npc
