#include "services/weather/weather_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/small_pack.h"

namespace troupe::weather {
namespace {

using pack::Phase;
using pack::Season;
using pack::Weather;

constexpr Season kAllSeasons[] = {Season::spring, Season::summer, Season::autumn, Season::winter};
constexpr std::int64_t kTenYears = 10 * 365 * 24;
constexpr std::int64_t kStart = 7;

bool is_snow(Weather state) {
  return state == Weather::snow || state == Weather::heavy_snow || state == Weather::blizzard;
}

struct WeatherRules : testing::Test {
  const pack::Pack pack = test::small_pack();
  const Seasons seasons{pack.calendar};
  const RegionRules harbour = make_rules(pack.climate.regions[0]);
  const RegionRules moor = make_rules(pack.climate.regions[1]);

  RegionState next(const RegionRules& rules, const RegionState& before, const rt::Draw& draw) const {
    const std::int64_t hour = before.hour + 1;
    return step(rules, before, hour, seasons.at_hour(hour), phase_at_hour(hour), draw);
  }
};

TEST_F(WeatherRules, NormsOfTheFourteenStates) {
  const struct {
    Weather state;
    double intensity, wind, humidity;
    bool severe;
  } table[] = {{Weather::clear, 0, 5, .40, false},        {Weather::partly_cloudy, .2, 8, .50, false},
               {Weather::cloudy, .4, 10, .60, false},     {Weather::rain, .6, 15, .90, false},
               {Weather::heavy_rain, .8, 25, .95, false}, {Weather::storm, .9, 40, .85, true},
               {Weather::fog, .5, 2, .95, false},         {Weather::mist, .3, 3, .90, false},
               {Weather::snow, .6, 10, .70, false},       {Weather::heavy_snow, .8, 20, .80, true},
               {Weather::blizzard, 1, 60, .85, true},     {Weather::windy, .4, 30, .50, false},
               {Weather::extreme_heat, .9, 5, .60, true}, {Weather::extreme_cold, .8, 8, .50, true}};
  static_assert(std::size(table) == kStates);
  for (const auto& row : table) {
    const Norm& norm = norm_of(row.state);
    EXPECT_EQ(norm.intensity, row.intensity) << pack::name_of(row.state);
    EXPECT_EQ(norm.wind_kmh, row.wind) << pack::name_of(row.state);
    EXPECT_EQ(norm.humidity, row.humidity) << pack::name_of(row.state);
    EXPECT_EQ(norm.severe, row.severe) << pack::name_of(row.state);
    EXPECT_GT(norm.hours, 0) << pack::name_of(row.state);
  }
}

TEST_F(WeatherRules, HoursHaveTheSeasonAndPhaseOfTheCalendar) {
  EXPECT_EQ(seasons.at_hour(0), Season::spring);
  EXPECT_EQ(seasons.at_hour(10 * 24 - 1), Season::spring);
  EXPECT_EQ(seasons.at_hour(10 * 24), Season::summer);
  EXPECT_EQ(seasons.at_hour(39 * 24), Season::winter);
  EXPECT_EQ(seasons.at_hour(40 * 24), Season::spring);
  const struct {
    std::int64_t hour;
    Phase phase;
  } table[] = {{0, Phase::night},  {4, Phase::night},    {5, Phase::dawn},  {6, Phase::dawn},
               {7, Phase::day},    {17, Phase::day},     {18, Phase::dusk}, {19, Phase::dusk},
               {20, Phase::night}, {24 + 5, Phase::dawn}};
  for (const auto& row : table) EXPECT_EQ(phase_at_hour(row.hour), row.phase) << row.hour;
}

// Ten years of hours, several worlds: every value in its range, temperatures where the state says.
TEST_F(WeatherRules, ValuesNeverLeaveTheirRanges) {
  for (const RegionRules* rules : {&harbour, &moor}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const rt::Draw draw = draw_of(seed, "harbour");
      RegionState state = begin(*rules, Weather::cloudy, kStart, seasons.at_hour(kStart));
      int settled = 0;  // hours of ordinary weather in this season
      Season season = Season::spring;
      for (std::int64_t i = 0; i < kTenYears; ++i) {
        state = next(*rules, state, draw);
        ASSERT_GE(state.intensity, 0);
        ASSERT_LE(state.intensity, 1);
        ASSERT_GE(state.wind_kmh, 0);
        ASSERT_LE(state.wind_kmh, 150);
        ASSERT_GE(state.humidity, 0);
        ASSERT_LE(state.humidity, 1);
        ASSERT_GE(state.temperature_c, -40);
        ASSERT_LE(state.temperature_c, 50);
        const Season now = seasons.at_hour(state.hour);
        const Band& band = rules->bands[static_cast<std::size_t>(now)];
        const auto bound = [](double c) { return std::clamp(c, -40.0, 50.0); };
        ASSERT_GE(state.temperature_c, bound(band.low_c - 10));
        ASSERT_LE(state.temperature_c, bound(band.high_c + 10));
        if (is_snow(state.state)) ASSERT_LE(state.temperature_c, bound(band.low_c + 1));
        if (state.state == Weather::extreme_heat) ASSERT_GE(state.temperature_c, bound(band.high_c));
        if (state.state == Weather::extreme_cold) ASSERT_LE(state.temperature_c, bound(band.low_c));
        const bool ordinary = !is_snow(state.state) && state.state != Weather::extreme_heat &&
                              state.state != Weather::extreme_cold;
        settled = ordinary && now == season ? settled + 1 : 0;
        season = now;
        if (settled >= 8) {
          ASSERT_GE(state.temperature_c, bound(band.low_c)) << "hour " << state.hour;
          ASSERT_LE(state.temperature_c, bound(band.high_c)) << "hour " << state.hour;
        }
      }
    }
  }
}

TEST_F(WeatherRules, SeasonsHaveTheirBands) {
  const Band expected[] = {{5, 20}, {20, 35}, {0, 15}, {-10, 5}};
  for (std::size_t i = 0; i < kSeasons; ++i) {
    EXPECT_EQ(harbour.bands[i].low_c, expected[i].low_c);
    EXPECT_EQ(harbour.bands[i].high_c, expected[i].high_c);
    EXPECT_EQ(moor.bands[i].low_c, expected[i].low_c - 20);
  }
}

TEST_F(WeatherRules, NeighboursFollowNeighbours) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const rt::Draw draw = draw_of(seed, "harbour");
    RegionState before = begin(harbour, Weather::cloudy, kStart, Season::spring);
    for (int i = 0; i < 40 * 24 * 3; ++i) {
      const RegionState after = next(harbour, before, draw);
      if (after.state != before.state) {
        ASSERT_TRUE(pack::weather_neighbours(before.state, after.state))
            << pack::name_of(before.state) << " became " << pack::name_of(after.state);
        ASSERT_EQ(after.hours_in_state, 0);
      } else {
        ASSERT_EQ(after.hours_in_state, before.hours_in_state + 1);
      }
      before = after;
    }
  }
}

TEST_F(WeatherRules, AMatrixThatSkipsNeighboursIsNotBelieved) {
  pack::Region wild = pack.climate.regions[0];
  wild.seasons[Season::spring] = {{Weather::clear, {{Weather::blizzard, 5}, {Weather::windy, 1}}},
                                  {Weather::blizzard, {{Weather::clear, 1}}},
                                  {Weather::windy, {{Weather::clear, 1}}}};
  const RegionRules rules = make_rules(wild);
  const auto& row = rules.weights[0][static_cast<std::size_t>(Weather::clear)];
  EXPECT_EQ(row[static_cast<std::size_t>(Weather::blizzard)], 0);
  EXPECT_EQ(row[static_cast<std::size_t>(Weather::windy)], 1);
}

TEST_F(WeatherRules, EveryStateOfASeasonComesAndNoOther) {
  for (const Season season : kAllSeasons) {
    std::set<Weather> expected;
    for (const auto& [state, row] : pack.climate.regions[0].seasons.at(season)) expected.insert(state);
    std::set<Weather> seen;
    const rt::Draw draw = draw_of(7, "harbour");
    RegionState state = begin(harbour, Weather::cloudy, kStart, season);
    for (std::int64_t i = 0; i < 24 * 365; ++i) {
      state = step(harbour, state, state.hour + 1, season, phase_at_hour(state.hour + 1), draw);
      seen.insert(state.state);
    }
    EXPECT_EQ(seen, expected) << pack::name_of(season);
  }
}

TEST_F(WeatherRules, StatesLastAsLongAsTheyShould) {
  // Away from dawn and dusk, which have favourites: the mean time in fog on the moor, which the pack sets to
  // 8 hours.
  const rt::Draw draw = draw_of(3, "moor");
  double spells = 0;
  double hours = 0;
  RegionState state = begin(moor, Weather::fog, kStart, Season::spring);
  for (int i = 0; i < 200'000; ++i) {
    const RegionState after = step(moor, state, state.hour + 1, Season::spring, Phase::day, draw);
    if (state.state == Weather::fog) {
      ++hours;
      if (after.state != Weather::fog) ++spells;
    }
    state = after;
  }
  ASSERT_GT(spells, 100);
  EXPECT_NEAR(hours / spells, 8, .8);
}

TEST_F(WeatherRules, TheChanceOfChangeGrowsWithTime) {
  for (const auto& [weather, row] : pack.climate.regions[0].seasons.at(Season::spring)) {
    RegionState state = begin(harbour, weather, kStart, Season::spring);
    double last = 0;
    for (int hours = 0; hours < 100; ++hours) {
      state.hours_in_state = hours;
      const double chance = change_chance(harbour, state, Season::spring, Phase::day);
      ASSERT_GT(chance, 0);
      ASSERT_LE(chance, 1);
      ASSERT_TRUE(chance > last || chance == 1) << pack::name_of(weather) << " after " << hours;
      last = chance;
    }
    EXPECT_EQ(last, 1) << "nothing lasts for ever";
  }
}

// How often `from` becomes `to` in one hour of `phase`, of many hours.
int becomes(const RegionRules& rules, Weather from, Weather to, Phase phase) {
  const rt::Draw draw = draw_of(11, "favour");
  int count = 0;
  const RegionState before = begin(rules, from, 0, Season::spring);
  for (std::int64_t hour = 1; hour <= 20'000; ++hour) {
    if (step(rules, before, hour, Season::spring, phase, draw).state == to) ++count;
  }
  return count;
}

TEST_F(WeatherRules, DawnFavoursFogAndDuskFavoursStorm) {
  EXPECT_GT(becomes(harbour, Weather::cloudy, Weather::fog, Phase::dawn),
            2 * becomes(harbour, Weather::cloudy, Weather::fog, Phase::day));
  EXPECT_GT(becomes(harbour, Weather::windy, Weather::storm, Phase::dusk),
            2 * becomes(harbour, Weather::windy, Weather::storm, Phase::day));
  EXPECT_EQ(becomes(harbour, Weather::clear, Weather::storm, Phase::dusk), 0) << "not from a clear sky";
  pack::Region without = pack.climate.regions[0];
  without.seasons[Season::spring] = test::even_matrix({Weather::cloudy, Weather::rain, Weather::windy});
  const RegionRules rules = make_rules(without);
  EXPECT_EQ(becomes(rules, Weather::cloudy, Weather::fog, Phase::dawn), 0) << "where the season has no fog";
}

TEST_F(WeatherRules, AStateThatTheNewSeasonLacksIsLeftStepByStep) {
  RegionState state = begin(harbour, Weather::blizzard, kStart, Season::winter);
  const rt::Draw draw = draw_of(1, "harbour");
  std::vector<Weather> path;
  for (int i = 0; i < 6 && !harbour.has[0][static_cast<std::size_t>(state.state)]; ++i) {
    state = step(harbour, state, state.hour + 1, Season::spring, Phase::day, draw);
    path.push_back(state.state);
  }
  ASSERT_EQ(path.size(), 3U);
  EXPECT_EQ(path[0], Weather::heavy_snow);
  EXPECT_EQ(path[1], Weather::snow);
  EXPECT_TRUE(harbour.has[0][static_cast<std::size_t>(path[2])]);
}

TEST_F(WeatherRules, AWorldBeginsInWhatTheSeasonHas) {
  EXPECT_EQ(begin(harbour, Weather::fog, 0, Season::spring).state, Weather::fog);
  EXPECT_EQ(begin(harbour, Weather::heavy_snow, 0, Season::summer).state, Weather::partly_cloudy);
  const RegionState state = begin(harbour, Weather::rain, 9, Season::spring);
  EXPECT_EQ(state.intensity, .6);
  EXPECT_EQ(state.wind_kmh, 15);
  EXPECT_EQ(state.humidity, .9);
  EXPECT_EQ(state.hour, 9);
}

TEST_F(WeatherRules, ValuesRelaxTowardsTheStatesOwn) {
  const rt::Draw draw = draw_of(1, "harbour");
  RegionState state = begin(harbour, Weather::clear, kStart, Season::spring);
  state.state = Weather::storm;  // with the values of a clear sky
  state.pinned_until_ms = 1'000 * kHourMs;
  double wind = state.wind_kmh;
  for (int i = 0; i < 3; ++i) {
    state = next(harbour, state, draw);
    EXPECT_GT(state.wind_kmh, wind) << "step by step";
    wind = state.wind_kmh;
  }
  EXPECT_LT(wind, 40);
  for (int i = 0; i < 200; ++i) {
    state = next(harbour, state, draw);
    if (i < 20) continue;
    ASSERT_NEAR(state.intensity, .9, .1);
    ASSERT_NEAR(state.wind_kmh, 40, 9.1);
    ASSERT_NEAR(state.humidity, .85, .06);
  }
}

TEST_F(WeatherRules, APinHoldsTheStateAndNotTheValues) {
  const rt::Draw draw = draw_of(1, "harbour");
  RegionState state = begin(harbour, Weather::heavy_rain, kStart, Season::spring);
  state.pinned_until_ms = (kStart + 48) * kHourMs;
  std::set<double> temperatures;
  for (int i = 1; i < 48; ++i) {
    state = next(harbour, state, draw);
    ASSERT_EQ(state.state, Weather::heavy_rain);
    temperatures.insert(state.temperature_c);
  }
  EXPECT_GT(temperatures.size(), 10U);
  EXPECT_NE(state.pinned_until_ms, 0);
  state = next(harbour, state, draw);
  EXPECT_EQ(state.pinned_until_ms, 0);
  EXPECT_NE(state.state, Weather::heavy_rain) << "two days are too long for heavy rain";
}

TEST_F(WeatherRules, DaysAreWarmerThanNights) {
  const rt::Draw draw = draw_of(5, "harbour");
  std::array<double, 24> sums{};
  RegionState state = begin(harbour, Weather::cloudy, kStart, Season::autumn);
  for (int i = 0; i < 24 * 400; ++i) {
    state = step(harbour, state, state.hour + 1, Season::autumn, phase_at_hour(state.hour + 1), draw);
    sums[static_cast<std::size_t>(state.hour % 24)] += state.temperature_c / 400;
  }
  const auto coldest = std::ranges::min_element(sums) - sums.begin();
  const auto warmest = std::ranges::max_element(sums) - sums.begin();
  EXPECT_THAT(coldest, testing::AllOf(testing::Ge(4), testing::Le(7)));
  EXPECT_THAT(warmest, testing::AllOf(testing::Ge(14), testing::Le(17)));
  EXPECT_GT(sums[static_cast<std::size_t>(warmest)] - sums[static_cast<std::size_t>(coldest)], 5);
}

TEST_F(WeatherRules, WorldsAndRegionsHaveWeatherOfTheirOwn) {
  const auto states = [&](std::uint64_t seed, const char* region) {
    std::vector<RegionState> out(72);
    forecast(harbour, seasons, begin(harbour, Weather::cloudy, kStart, Season::spring), draw_of(seed, region),
             out);
    std::vector<double> winds;
    for (const auto& state : out) winds.push_back(state.wind_kmh);
    return winds;
  };
  EXPECT_EQ(states(1, "harbour"), states(1, "harbour"));
  EXPECT_NE(states(1, "harbour"), states(2, "harbour"));
  EXPECT_NE(states(1, "harbour"), states(1, "moor"));
}

}  // namespace
}  // namespace troupe::weather
