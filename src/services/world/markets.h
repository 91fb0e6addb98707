#pragma once
// The markets of a world: a row for each good at each place that sells it, and the shocks that move them. A row says
// how its market was some hours ago, at most kRoundHours; what it is now follows by the rules, whoever asks and
// whenever. Owned by WorldService; io thread. Bounds: the pack's markets; Limits::shocks_max.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/host.h"
#include "host/table.h"
#include "pack/pack.h"
#include "services/world/market_rules.h"
#include "services/world/world_limits.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::world {

class Markets {
 public:
  Markets(const pack::Pack& pack, Host& host, const Limits& limits, Tell tell);
  void mount();

  // Every market as it is at this hour; on a day's first hour shocks are drawn, too.
  void round(Turn& turn, std::int64_t hour);
  // Markets and shocks of what the pack has no more go; new ones begin.
  void settle(Turn& turn);

  struct Cause {
    std::uint64_t event = 0;  // 0: the event that is handled, or none
    std::string reason;
    int depth = 0;
  };
  // Answers the sequence of its event; nothing where there is no more room.
  std::optional<std::uint64_t> begin_shock(Turn& turn, pb::WorldShockRecord shock, const Cause& cause);
  // Its time is over.
  void end_shock(Turn& turn, std::uint64_t id);
  // Whether somebody sells anything there.
  bool has_market(const std::string& place) const { return !table_.under(place).empty(); }
  void list_shocks(pb::WorldOutlookReply& reply) const;

 private:
  using Record = pb::WorldMarketRecord;
  using Key = std::pair<std::string, std::string>;  // place, good
  struct Market {
    const pack::Good* good;
    MarketRules rules;
  };
  rt::Draw draw(const Key& key) const;

  Result<pb::WorldMarketReply> market(const Caller& caller, const pb::WorldMarketRequest& request) const;
  Result<pb::WorldPricesReply> prices(const Caller& caller, const pb::WorldPricesRequest& request) const;
  Result<pb::WorldShockReply> shock(Turn& turn, const Caller& caller, const pb::WorldShockRequest& request);
  void on_deed(Turn& turn, const EventContext& context, const pb::VerbExecuted& deed);
  Result<void> check_target(const std::string& place, const std::string& good) const;

  MarketState state_at(const Key& key, const Market& market, std::int64_t hour) const;
  std::vector<Shock> shocks_of(const Key& key) const;
  std::pair<std::uint64_t, int> shaken_by(const Key& key, std::int64_t hour) const;  // event and depth
  void catch_up(Turn& turn, std::int64_t hour);
  void put(Turn& turn, const Key& key, const Market& market, const MarketState& state);
  void tell_shortage(Turn& turn, const Key& key, const Market& market, const MarketState& state,
                     Record& record);
  void draw_shocks(Turn& turn, std::int64_t day);
  const std::map<Key, std::int64_t>& prices_now() const;  // thousandths of a coin

  const pack::Pack& pack_;
  Host& host_;
  const Limits& limits_;
  const Tell tell_;
  std::map<Key, Market> markets_;  // that the pack has
  Table<Record> table_;
  Table<pb::WorldShockRecord> shocks_;
  // What prices_now() answered last: people ask for it with every thought. Made anew with each hour and change.
  mutable std::map<Key, std::int64_t> prices_;
  mutable std::int64_t prices_hour_ = -1;
};

}  // namespace troupe::world
