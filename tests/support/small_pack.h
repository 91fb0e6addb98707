#pragma once
// Test only: the smallest pack that time and weather can live in, made in code. A year of 40 days: four
// months of ten, one a season. Two regions that have every state between them.
#include <initializer_list>

#include "pack/pack.h"

namespace troupe::test {

// Every neighbour among `states` follows every other with the same weight.
inline pack::WeatherMatrix even_matrix(std::initializer_list<pack::Weather> states) {
  pack::WeatherMatrix matrix;
  for (const auto from : states) {
    for (const auto to : states) {
      if (pack::weather_neighbours(from, to)) matrix[from][to] = 1;
    }
  }
  return matrix;
}

inline pack::Pack small_pack() {
  using enum pack::Weather;
  using enum pack::Season;
  pack::Pack pack;
  pack.calendar.months = {{.id = "thaw", .name = "Thaw", .days = 10, .season = spring},
                          {.id = "high", .name = "Highsun", .days = 10, .season = summer},
                          {.id = "reap", .name = "Reaping", .days = 10, .season = autumn},
                          {.id = "frost", .name = "Frost", .days = 10, .season = winter}};
  pack.calendar.weekdays = {"Moonday", "Tideday", "Netday", "Saltday", "Windday", "Lampday", "Restday"};
  pack.calendar.festivals = {{.id = "lantern_night",
                              .name = "Lantern Night",
                              .month = "thaw",
                              .day = 3,
                              .duration_days = 1,
                              .place = pack::PlaceId("quay"),
                              .text = "Every lamp is lit."},
                             {.id = "long_night",
                              .name = "The Long Night",
                              .month = "frost",
                              .day = 8,
                              .duration_days = 3,
                              .text = "Nobody sleeps."}};
  pack::Region harbour{.id = pack::RegionId("harbour"), .name = "The harbour", .start = cloudy};
  harbour.seasons[spring] =
      even_matrix({clear, partly_cloudy, cloudy, rain, heavy_rain, storm, fog, mist, windy});
  harbour.seasons[summer] =
      even_matrix({clear, partly_cloudy, cloudy, rain, heavy_rain, storm, windy, extreme_heat});
  harbour.seasons[autumn] = harbour.seasons[spring];
  harbour.seasons[winter] =
      even_matrix({clear, partly_cloudy, cloudy, mist, fog, snow, heavy_snow, blizzard, windy, extreme_cold});
  pack::Region moor = harbour;
  moor.id = pack::RegionId("moor");
  moor.name = "The moor";
  moor.start = fog;
  moor.temperature_offset_c = -20;
  moor.hours = {{fog, 8}, {clear, 2}};
  pack.climate.regions = {std::move(harbour), std::move(moor)};
  return pack;
}

}  // namespace troupe::test
