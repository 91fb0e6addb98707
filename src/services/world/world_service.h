#pragma once
// The state of one world as a whole: its markets, its factions, what follows from what happens, and its history.
// Owned by app; lives on the world's timeline, on the io thread. One timer for all of it, each kRoundHours of the
// game; each shock and each effect that is to come has one more.
#include <string>

#include "host/host.h"
#include "host/service.h"
#include "pack/pack.h"
#include "services/world/consequences.h"
#include "services/world/factions.h"
#include "services/world/history.h"
#include "services/world/markets.h"
#include "services/world/world_limits.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe {

class WorldService final : public Service {
 public:
  WorldService(const pack::Pack& pack, Host& host, world::Limits limits = {});
  void mount() override;

 private:
  Result<pb::WorldInfo> get(const Caller& caller, const pb::WorldGetRequest& request) const;
  void begin(Turn& turn);
  void settle(Turn& turn);  // in line with the pack: at its beginning, and when that changes
  void follow(Turn& turn, const world::Happening& what);
  void next_round(Turn& turn, std::int64_t hour);
  void on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event);
  void on_timer(Turn& turn, const std::string& key, const std::string& payload);
  void on_round(Turn& turn, std::int64_t hour);

  const pack::Pack& pack_;
  Host& host_;
  const world::Limits limits_;
  world::History history_;
  world::Markets markets_;
  world::Factions factions_;
  world::Consequences consequences_;
};

}  // namespace troupe
