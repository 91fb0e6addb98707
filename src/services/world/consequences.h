#pragma once
// What is still to come of what happened: effects that wait for their time on the game clock, and what they do to
// markets and factions then. Owned by WorldService; io thread. Bounds: Limits::effects_max, kDepthMax.
#include <string>

#include "host/host.h"
#include "host/table.h"
#include "pack/pack.h"
#include "services/world/factions.h"
#include "services/world/markets.h"
#include "services/world/world_limits.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::world {

class Consequences {
 public:
  Consequences(const pack::Pack& pack, Host& host, const Limits& limits, Markets& markets,
               Factions& factions);
  void mount();

  // Draws what will follow, and schedules it.
  void follow(Turn& turn, const Happening& happening);
  // The effect of that timer is due.
  void act(Turn& turn, const std::string& key);
  // Nothing comes any more of what the pack has not.
  void settle(Turn& turn);

 private:
  using Record = pb::WorldEffectRecord;

  Result<pb::WorldOutlookReply> outlook(const Caller& caller, const pb::WorldOutlookRequest& request) const;
  void on_death(Turn& turn, const EventContext& context, const pb::NpcDied& event);

  void retaliate(Turn& turn, const Record& effect);
  void mistrust(Turn& turn, const Record& effect);
  void hoard(Turn& turn, const Record& effect);
  void blame(Turn& turn, const Record& effect);
  void ruin(Turn& turn, const Record& effect);

  const pack::Pack& pack_;
  Host& host_;
  const Limits& limits_;
  Markets& markets_;
  Factions& factions_;
  Table<Record> effects_;
};

}  // namespace troupe::world
