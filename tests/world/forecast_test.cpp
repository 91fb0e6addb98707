// The forecast comes true in a thousand worlds: Lanternfall's own climate, through service, timeline and
// database.
#include <gtest/gtest.h>

#include "services/time/time_service.h"
#include "services/weather/weather_service.h"
#include "tests/support/world_fixture.h"
#include "tests/world/lanternfall.h"

namespace troupe::test {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

std::string values(pb::WeatherNow now) {
  now.clear_at_ms();
  return now.SerializeAsString();
}

TEST(Forecast, ComesTrueInAThousandWorlds) {
  const auto& pack = lanternfall();
  std::size_t changes = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    World world({mount<TimeService>(pack), mount<WeatherService>(pack)},
                // Any day of the year, so that seasons end on the way.
                {.seed = seed,
                 .start = {static_cast<std::int64_t>(seed) * kDayMs + 7 * kHourMs},
                 .scale = {Scale::kMax}});
    world.advance(game_hours(static_cast<std::int64_t>(seed % 7)));
    std::vector<pb::WeatherForecastReply> said;
    for (const auto& region : pack.climate.regions) {
      pb::WeatherForecastRequest request;
      request.set_region(region.id.str());
      request.set_hours(72);
      const auto reply = world.call<pb::WeatherForecastReply>(player(), request);
      ASSERT_TRUE(reply.has_value()) << reply.error().message;
      ASSERT_EQ(reply->hours_size(), 72);
      said.push_back(*reply);
    }
    for (int hour = 0; hour < 72; ++hour) {
      world.advance_to({said[0].hours(hour).at_ms()});
      if (seed % 100 == 0 && hour == 30) world.restart();
      const auto now = world.call<pb::WeatherListReply>(player(), pb::WeatherListRequest());
      ASSERT_TRUE(now.has_value());
      ASSERT_EQ(now->regions_size(), static_cast<int>(said.size()));
      for (int i = 0; i < now->regions_size(); ++i) {
        const auto& forecast = said[static_cast<std::size_t>(i)];
        ASSERT_EQ(now->regions(i).region(), forecast.region());
        ASSERT_EQ(values(now->regions(i)), values(forecast.hours(hour)))
            << "seed " << seed << ", hour " << hour;
        changes += hour > 0 && forecast.hours(hour).state() != forecast.hours(hour - 1).state();
      }
    }
  }
  EXPECT_GT(changes, 10'000U) << "there was weather to foretell";
}

}  // namespace
}  // namespace troupe::test
