#pragma once
// The day of a person: their routine, their ways, and what they are at. Owned by NpcService; io thread.
#include <string>

#include "services/npc/minds.h"

namespace troupe::npc {

// What somebody takes up.
struct Doing {
  std::string intent;
  std::string activity;
  std::string reason;
  std::string tier;        // that decided it
  std::string scene{};     // the activity without players' names, for prompts; "" = the same
  bool elsewhere = false;  // done where they are not yet
};

class Day {
 public:
  Day(const Ground& ground, Minds& minds)
      : pack_(ground.pack), config_(ground.config), texts_(ground.texts), minds_(minds) {}

  // A life, with what the pack says.
  void begin(Turn& turn, Mind& mind);
  void follow_routine(Turn& turn, Mind& mind);
  void go(Turn& turn, Mind& mind, const std::string& place, const std::string& reason);
  void arrive(Turn& turn, Mind& mind);
  void take_up(Turn& turn, Mind& mind, Doing doing) const;
  // Where they are, to whom it concerns: an event, and `state`.
  void announce_place(Turn& turn, const Mind& mind) const;
  void tell_state(Turn& turn, const Mind& mind) const;

 private:
  const pack::Pack& pack_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
};

// The hour of the day.
pack::Clock clock_at(std::int64_t now_ms);

}  // namespace troupe::npc
