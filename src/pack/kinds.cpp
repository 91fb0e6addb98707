#include "pack/kinds.h"

#include <utility>

namespace troupe::pack {

namespace {

using enum Weather;

// One step of weather is one that people would not find strange: cloud comes before rain, rain before heavy
// rain, snow before a blizzard; heat and cold come out of a still sky.
constexpr std::pair<Weather, Weather> kNeighbours[] = {
    {clear, partly_cloudy},
    {clear, mist},
    {clear, windy},
    {clear, extreme_heat},
    {clear, extreme_cold},
    {partly_cloudy, cloudy},
    {partly_cloudy, mist},
    {partly_cloudy, windy},
    {partly_cloudy, extreme_heat},
    {partly_cloudy, extreme_cold},
    {cloudy, rain},
    {cloudy, snow},
    {cloudy, mist},
    {cloudy, fog},
    {cloudy, windy},
    {cloudy, extreme_cold},
    {rain, heavy_rain},
    {rain, mist},
    {rain, snow},
    {rain, windy},
    {rain, partly_cloudy},
    {heavy_rain, storm},
    {heavy_rain, windy},
    {storm, windy},
    {fog, mist},
    {snow, heavy_snow},
    {snow, windy},
    {snow, partly_cloudy},
    {snow, extreme_cold},
    {heavy_snow, blizzard},
};

}  // namespace

bool weather_neighbours(Weather from, Weather to) {
  for (const auto& [a, b] : kNeighbours) {
    if ((a == from && b == to) || (a == to && b == from)) return true;
  }
  return false;
}

std::vector<Weather> weather_neighbours_of(Weather from) {
  std::vector<Weather> out;
  for (std::size_t i = 0; i < kWeatherNames.size(); ++i) {
    const auto to = static_cast<Weather>(i);
    if (weather_neighbours(from, to)) out.push_back(to);
  }
  return out;
}

}  // namespace troupe::pack
