// The forecast: that it comes true, what it costs, and what less certainty makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

#include "services/weather/weather_rules.h"
#include "tests/support/small_pack.h"

namespace {
std::atomic<std::size_t> allocations = 0;
}  // namespace

// Counted for the whole test program; only one test looks. A sanitizer has its own operator new, and a hook
// in it.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#include <sanitizer/allocator_interface.h>
[[maybe_unused]] const int hooked = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++allocations; }, [](const volatile void*) {});
#else
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace troupe::weather {
namespace {

using pack::Season;
using pack::Weather;

struct WeatherForecast : testing::Test {
  const pack::Pack pack = test::small_pack();
  const Seasons seasons{pack.calendar};
  const RegionRules harbour = make_rules(pack.climate.regions[0]);

  std::vector<RegionState> ahead(const RegionState& from, std::uint64_t seed, std::size_t hours) const {
    std::vector<RegionState> out(hours);
    forecast(harbour, seasons, from, draw_of(seed, "harbour"), out);
    return out;
  }
};

TEST_F(WeatherForecast, ComesTrueInAThousandWorlds) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const rt::Draw draw = draw_of(seed, "harbour");
    // Over the end of a season, in some worlds with a pin.
    const std::int64_t start = 8 * 24 + static_cast<std::int64_t>(seed % 48);
    RegionState state = begin(harbour, static_cast<Weather>(seed % kStates), start, seasons.at_hour(start));
    if (seed % 5 == 0) state.pinned_until_ms = (start + 10) * kHourMs + 1;
    const auto said = ahead(state, seed, 72);
    for (std::size_t i = 0; i < said.size(); ++i) {
      // What the hourly timer does, a step at a time, asking for further forecasts meanwhile.
      const std::int64_t hour = state.hour + 1;
      state = step(harbour, state, hour, seasons.at_hour(hour), phase_at_hour(hour), draw);
      std::array<Onset, 6> severe;
      (void)severe_onsets(harbour, seasons, state, draw, severe);
      ASSERT_EQ(state, said[i]) << "seed " << seed << ", hour " << i;
    }
  }
}

TEST_F(WeatherForecast, AllocatesNothing) {
  std::vector<RegionState> out(168);
  const RegionState from = begin(harbour, Weather::cloudy, 7, Season::spring);
  const rt::Draw draw = draw_of(1, "harbour");
  const std::size_t before = allocations.load();
  forecast(harbour, seasons, from, draw, out);
  std::array<Onset, 168> severe;
  const std::size_t onsets = severe_onsets(harbour, seasons, from, draw, severe);
  const RegionState said = blurred(harbour, out[100], Season::spring, 100, .3, draw);
  EXPECT_EQ(allocations.load(), before);
  EXPECT_GT(onsets, 0U);
  EXPECT_EQ(said.hour, out[100].hour);
  const std::vector<int> counted(100);
  EXPECT_GT(allocations.load(), before) << "the count works";
}

TEST_F(WeatherForecast, EverySevereStateAheadIsFound) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const RegionState from = begin(harbour, Weather::cloudy, 7, Season::spring);
    const auto said = ahead(from, seed, 168);
    std::vector<Onset> wanted;
    Weather before = from.state;
    for (const auto& hour : said) {
      if (hour.state != before && norm_of(hour.state).severe) {
        wanted.push_back({hour.hour * kHourMs, hour.state});
      }
      before = hour.state;
    }
    std::vector<Onset> found(168);
    found.resize(severe_onsets(harbour, seasons, from, draw_of(seed, "harbour"), found));
    EXPECT_EQ(found, wanted) << seed;
  }
}

// The row where one severe state follows another: heavy snow, then a blizzard.
TEST_F(WeatherForecast, ABlizzardOutOfHeavySnowIsOneOfItsOwn) {
  pack::Region region = pack.climate.regions[0];
  region.seasons[Season::spring] = {{Weather::heavy_snow, {{Weather::blizzard, 1}}},
                                    {Weather::blizzard, {{Weather::heavy_snow, 1}}}};
  const RegionRules rules = make_rules(region);
  const RegionState from = begin(rules, Weather::heavy_snow, 7, Season::spring);
  std::array<Onset, 48> found;
  const std::size_t count = severe_onsets(rules, seasons, from, draw_of(1, "harbour"), found);
  ASSERT_GT(count, 3U);
  EXPECT_EQ(found[0].state, Weather::blizzard);
  EXPECT_EQ(found[1].state, Weather::heavy_snow);
}

TEST_F(WeatherForecast, FullCertaintyIsExact) {
  const auto said = ahead(begin(harbour, Weather::cloudy, 7, Season::spring), 1, 24);
  for (const auto& hour : said) {
    EXPECT_EQ(blurred(harbour, hour, Season::spring, 20, 1, draw_of(1, "harbour")), hour);
  }
}

TEST_F(WeatherForecast, LessCertaintyIsWrongMoreOftenAndFromFurtherAway) {
  std::array<int, 3> wrong{};
  const double certainties[] = {.9, .5, .1};
  double off = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const rt::Draw draw = draw_of(seed, "harbour");
    const auto said = ahead(begin(harbour, Weather::cloudy, 7, Season::spring), seed, 24);
    for (std::size_t i = 0; i < said.size(); ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        const RegionState blur = blurred(harbour, said[i], Season::spring, 12, certainties[c], draw);
        EXPECT_EQ(blur, blurred(harbour, said[i], Season::spring, 12, certainties[c], draw))
            << "the same each time";
        EXPECT_EQ(blur.hour, said[i].hour);
        if (blur.state != said[i].state) {
          ++wrong[c];
          EXPECT_TRUE(pack::weather_neighbours(blur.state, said[i].state));
        }
        ASSERT_GE(blur.intensity, 0);
        ASSERT_LE(blur.intensity, 1);
        ASSERT_GE(blur.humidity, 0);
        ASSERT_LE(blur.humidity, 1);
        ASSERT_GE(blur.wind_kmh, 0);
        if (c == 2) off += std::abs(blur.temperature_c - said[i].temperature_c);
      }
      bool was_wrong = false;
      for (int lead = 1; lead <= 168; lead += 10) {
        const bool is_wrong =
            blurred(harbour, said[i], Season::spring, lead, .5, draw).state != said[i].state;
        ASSERT_TRUE(is_wrong || !was_wrong) << "what was wrong from near is wrong from afar";
        was_wrong = is_wrong;
      }
    }
  }
  EXPECT_GT(wrong[0], 0);
  EXPECT_GT(wrong[1], 2 * wrong[0]);
  EXPECT_GT(wrong[2], wrong[1]);
  EXPECT_LT(wrong[2], 200 * 24 * 8 / 10) << "an almanac is better than nothing";
  EXPECT_GT(off / (200 * 24), .5);
}

}  // namespace
}  // namespace troupe::weather
