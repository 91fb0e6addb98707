#pragma once
// The weather of one world, per region of its pack. Owned by app; lives on the world's timeline, on the io
// thread. Holds one state per region; a region is one timer and one row an hour of the game.
#include <string>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "host/table.h"
#include "pack/pack.h"
#include "services/weather/weather_rules.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe {

struct WeatherLimits {
  int severe_lead_hours = 6;  // early enough to get home, late enough to matter
};

class WeatherService final : public Service {
 public:
  WeatherService(const pack::Pack& pack, Host& host, WeatherLimits limits = {});
  void mount() override;  // the one place that names subjects, timers and tables

 private:
  using Record = pb::WeatherRegionRecord;
  using Onsets = std::vector<weather::Onset>;
  struct Region {
    std::string id;
    weather::RegionRules rules;
    pack::Weather start;
    bool none;  // no weather: nothing changes, nothing is told, and its state is called "none"
  };

  Result<pb::WeatherNow> get(const Caller& caller, const pb::WeatherGetRequest& request) const;
  Result<pb::WeatherListReply> list(const Caller& caller, const pb::WeatherListRequest& request) const;
  Result<pb::WeatherForecastReply> forecast(const Caller& caller,
                                            const pb::WeatherForecastRequest& request) const;
  Result<pb::WeatherNow> set(Turn& turn, const Caller& caller, const pb::WeatherSetRequest& request);
  Result<pb::WeatherNow> unpin(Turn& turn, const Caller& caller, const pb::WeatherUnpinRequest& request);

  void on_pack_changed(Turn& turn);

  void on_hour(Turn& turn, const std::string& key);
  void settle_in(Turn& turn, const Region& region);
  void move_to(Turn& turn, const Region& region, const weather::RegionState& after);
  Onsets warn(Turn& turn, const Region& region, const weather::RegionState& state, const Onsets& announced);
  void tell(Turn& turn, const Region& region, const weather::Onset& onset);

  // As it is now; of a region that the pack has since a moment ago, as it will begin.
  weather::RegionState state_of(const Region& region) const;
  Onsets announced(const Region& region) const;
  // Of a region without weather.
  weather::RegionState calm(const Region& region, std::int64_t hour) const;
  Result<std::size_t> find(const std::string& id) const;  // its place in regions_
  std::uint64_t seed() const { return host_.timeline().config().seed; }

  Host& host_;
  const WeatherLimits limits_;
  const weather::Seasons seasons_;
  std::vector<Region> regions_;  // in the order of the pack
  std::vector<std::string> ids_;
  Table<Record> table_;
};

}  // namespace troupe
