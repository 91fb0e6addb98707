#pragma once
// How things stand around somebody, in words: the hour, the weather, where they are, what they do and how
// they feel. Goes into prompts and into what a model chooses by. Owned by NpcService; io thread; reads only.
#include <string>

#include "services/npc/minds.h"
#include "troupe/v1/time.pb.h"

namespace troupe::npc {

class Situation {
 public:
  explicit Situation(const Ground& ground) : pack_(ground.pack), host_(ground.host), texts_(ground.texts) {}

  // In a turn.
  std::string now(Turn& turn, const Mind& mind) const;
  // Outside of one. By the hour: a minute of the clock is a second for the player, and would be read anew
  // each time.
  std::string by_the_hour(const Mind& mind) const;

 private:
  std::string text(const Mind& mind, const pb::TimeState& time, const std::string& weather) const;

  const pack::Pack& pack_;
  Host& host_;
  const pack::PromptTexts& texts_;
};

}  // namespace troupe::npc
