#pragma once
// What the weather keeps: one row per region, rewritten each game hour. Values are stored as they are in
// memory, so that a restart changes nothing.
#include <string>
#include <vector>

#include "host/turn.h"
#include "services/weather/weather_rules.h"

namespace troupe::weather {

struct Saved {
  std::string region;
  RegionState state;
  std::vector<Onset> announced;  // severe states that are to come, as far as they were told of
};

inline constexpr const char* kTable = "weather_regions";

std::vector<db::Migration> migrations();
Result<std::vector<Saved>> load(db::Reader& reader);
void save(Turn& turn, const Saved& saved);
void erase(Turn& turn, const std::string& region);

}  // namespace troupe::weather
