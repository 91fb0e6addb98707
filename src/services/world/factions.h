#pragma once
// The factions of a world: how strong they are, what they hold, how they stand to each other, and what comes of their
// conflicts. Owned by WorldService; io thread. Bounds: the pack's factions (64 at most) and places.
#include <string>
#include <utility>
#include <vector>

#include "host/host.h"
#include "host/table.h"
#include "pack/pack.h"
#include "services/world/faction_rules.h"
#include "services/world/world_limits.h"
#include "troupe/v1/world.pb.h"

namespace troupe::world {

class Factions {
 public:
  Factions(const pack::Pack& pack, Host& host, Tell tell);
  void mount();

  // A day begins: relations drift, power and treasury return, conflicts begin, end and are resolved.
  void day(Turn& turn, std::int64_t day);
  // What the pack has no more goes; what is new comes, and places that nobody holds are whose the pack says.
  void settle(Turn& turn);

  struct Because {
    std::uint64_t event = 0;
    std::string_view reason;
    int depth = 0;
  };
  // How `faction` stands to `towards` moves by so many thousandths.
  void shift(Turn& turn, const std::string& faction, const std::string& towards, std::int64_t by,
             Because because);
  void weaken(Turn& turn, const std::string& faction, std::int64_t by);
  std::string holder_of(const std::string& place) const;  // "" = nobody
  std::vector<std::string> places_of(const std::string& faction) const;
  std::vector<std::string> others(const std::vector<std::string>& than) const;
  // Of the others, who likes `faction` least; "" = it is alone.
  std::string worst_towards(const std::string& faction) const;

 private:
  using Pair = pb::WorldPairRecord;

  Result<pb::WorldFactionsReply> list(const Caller& caller, const pb::WorldFactionsRequest& request) const;
  Result<pb::WorldResolveReply> resolve(Turn& turn, const Caller& caller,
                                        const pb::WorldResolveRequest& request);
  Result<const pack::Faction*> find(const std::string& id) const;

  Pair pair_of(const std::string& a, const std::string& b) const;
  std::vector<Pair> all_pairs() const;  // as they are now: what follows may change them
  std::int64_t relation(const std::string& faction, const std::string& towards) const;
  bool common_enemy(const Pair& pair) const;
  void put(Turn& turn, Pair pair, Because because);  // a conflict may begin or end with it
  void drift(Turn& turn, std::int64_t day);
  std::uint64_t come_to(Turn& turn, Pair pair, Resolution how, std::uint64_t cause);
  std::uint64_t wage_war(Turn& turn, Pair pair, std::uint64_t cause);
  Side side_of(const std::string& faction) const;
  std::vector<Ground> grounds() const;

  const pack::Pack& pack_;
  Host& host_;
  const Tell tell_;
  Table<pb::WorldFactionRecord> factions_;
  Table<Pair> pairs_;
  Table<pb::WorldTerritoryRecord> territory_;
};

}  // namespace troupe::world
