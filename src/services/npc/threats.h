#pragma once
// What threatens somebody and how they react to it and to players, ten times a second while somebody plays,
// and at once when a hostile deed is done. A reflex is a live event for games to animate; fleeing also moves.
// Owned by NpcService; io thread. Bound: NpcLimits::threats_max each.
#include <optional>
#include <string>
#include <vector>

#include "services/npc/day.h"
#include "services/npc/players.h"

namespace troupe::npc {

class Threats {
 public:
  Threats(const Ground& ground, Minds& minds, const Players& players, Day& day);
  void mount();

  void threaten(Turn& turn, Mind& mind, const std::string& source, double level, std::int64_t until_ms);
  // A deed of somebody: it looks dangerous for some real time.
  void threaten_by_deed(Turn& turn, Mind& mind, const std::string& actor, double level);
  // Its time is over for some of what threatened them.
  void calm_down(Turn& turn, Mind& mind);
  // Game time runs faster or slower: what lasts so long in real time is counted anew.
  void count_anew(Turn& turn, Mind& mind) const;

 private:
  struct Sensed;
  void tick(Turn& turn);
  void sense(Turn& turn, Mind& mind, const std::vector<const pb::PlayerRecord*>& present);
  Sensed look_around(const Mind& mind, const std::vector<const pb::PlayerRecord*>& present,
                     std::int64_t now_ms) const;
  void react(Turn& turn, Mind& mind, Reflex reflex, const std::string& target);
  void flee_from(Turn& turn, Mind& mind, const std::string& source);
  std::optional<Position> position_of(const std::string& key, std::int64_t now_ms) const;

  const pack::Pack& pack_;
  Host& host_;
  const NpcConfig& config_;
  const pack::PromptTexts& texts_;
  Minds& minds_;
  const Players& players_;
  Day& day_;
  Counter& acts_;
};

}  // namespace troupe::npc
