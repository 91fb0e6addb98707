#include "services/weather/weather_service.h"

#include <gmock/gmock.h>

#include <map>

#include "base/text.h"
#include "services/time/time_service.h"
#include "tests/support/small_pack.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

using testing::IsEmpty;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

test::WorldOptions quick(std::uint64_t seed = 1) {
  return {.world = "lanternfall", .seed = seed, .scale = {Scale::kMax}};
}

struct WeatherServiceTest : testing::Test {
  pack::Pack pack = test::small_pack();
  std::unique_ptr<test::World> world = open(1);

  std::unique_ptr<test::World> open(std::uint64_t seed) {
    return std::make_unique<test::World>(
        std::vector<test::Mount>{test::mount<TimeService>(pack), test::mount<WeatherService>(pack)},
        quick(seed));
  }

  Result<pb::WeatherNow> get(const std::string& region) {
    pb::WeatherGetRequest request;
    request.set_region(region);
    return world->call<pb::WeatherNow>(test::player(), request);
  }
  Result<pb::WeatherForecastReply> forecast(const std::string& region, int hours, double certainty = 0) {
    pb::WeatherForecastRequest request;
    request.set_region(region);
    request.set_hours(hours);
    request.set_certainty(certainty);
    return world->call<pb::WeatherForecastReply>(test::player(), request);
  }
  Result<pb::WeatherNow> set(const std::string& region, const std::string& state, int pin_hours) {
    pb::WeatherSetRequest request;
    request.set_region(region);
    request.set_state(state);
    request.set_pin_hours(pin_hours);
    return world->call<pb::WeatherNow>(test::designer(), request);
  }
  Result<pb::WeatherNow> unpin(const std::string& region) {
    pb::WeatherUnpinRequest request;
    request.set_region(region);
    return world->call<pb::WeatherNow>(test::designer(), request);
  }
};

std::string values(pb::WeatherNow now) {
  now.clear_at_ms();
  return now.ShortDebugString();
}

TEST_F(WeatherServiceTest, AWorldStartsInTheWeatherOfItsPack) {
  const auto harbour = get("harbour");
  ASSERT_TRUE(harbour.has_value());
  EXPECT_EQ(harbour->state(), "cloudy");
  EXPECT_EQ(harbour->intensity(), .4);
  EXPECT_EQ(harbour->wind_kmh(), 10);
  EXPECT_EQ(harbour->humidity(), .6);
  EXPECT_EQ(harbour->at_ms(), 7 * kHour);
  EXPECT_EQ(harbour->pinned_until_ms(), 0);
  const auto all = world->call<pb::WeatherListReply>(test::player(), pb::WeatherListRequest());
  ASSERT_EQ(all->regions_size(), 2);
  EXPECT_EQ(all->regions(0).region(), "harbour");
  EXPECT_EQ(all->regions(1).region(), "moor");
  EXPECT_EQ(all->regions(1).state(), "fog");
}

TEST_F(WeatherServiceTest, TheForecastComesTrueInSeveralWorlds) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    world = open(seed);
    world->advance_to({9 * kDay + 5 * kHour});  // so that the forecast goes over into summer
    const auto harbour = forecast("harbour", 72);
    const auto moor = forecast("moor", 72);
    ASSERT_TRUE(harbour.has_value() && moor.has_value());
    ASSERT_EQ(harbour->hours_size(), 72);
    for (int i = 0; i < 72; ++i) {
      EXPECT_EQ(harbour->hours(i).at_ms(), 9 * kDay + (6 + i) * kHour);
      world->advance_to({harbour->hours(i).at_ms()});
      if (i == 30) world->restart();
      ASSERT_EQ(values(*get("harbour")), values(harbour->hours(i))) << "seed " << seed << ", hour " << i;
      ASSERT_EQ(values(*get("moor")), values(moor->hours(i))) << "seed " << seed << ", hour " << i;
    }
  }
}

TEST_F(WeatherServiceTest, EachHourIsTold) {
  world->clear_events();
  world->advance(game_days(10));
  const auto changed = world->events_of<pb::WeatherChanged>("harbour");
  const auto moved = world->events_of<pb::WeatherTransitioned>("harbour");
  EXPECT_EQ(changed.size() + moved.size(), 240U);
  EXPECT_GT(changed.size(), 20U);
  auto state = pb::CLOUDY;
  for (const auto& event : changed) {
    EXPECT_EQ(event.from(), state) << "a chain of changes";
    EXPECT_NE(event.to(), event.from());
    state = event.to();
  }
  EXPECT_EQ(lower_ascii(pb::WeatherState_Name(state)), get("harbour")->state());
  const auto last = world->events().back();
  EXPECT_GT(last.game_ms(), 0);
  for (const auto& event : world->history()) EXPECT_NE(event.type, "WeatherTransitioned") << "live only";
}

TEST_F(WeatherServiceTest, EnumsOfTheContractMatchThoseOfThePack) {
  for (std::size_t i = 0; i < pack::kWeatherNames.size(); ++i) {
    EXPECT_EQ(lower_ascii(pb::WeatherState_Name(static_cast<int>(i) + 1)), pack::kWeatherNames[i]);
  }
}

TEST_F(WeatherServiceTest, AChangeIsUnder100BytesOnTheWire) {
  world->advance(game_days(20));
  std::size_t largest = 0;
  for (pb::Envelope envelope : world->events()) {
    if (envelope.type() != "WeatherChanged") continue;
    // As it would be in a world that has run for ten years.
    envelope.set_sequence(100'000'000);
    envelope.set_cause(99'999'999);
    envelope.set_game_ms(3650 * kDay);
    largest = std::max(largest, envelope.ByteSizeLong());
  }
  EXPECT_GT(largest, 50U);
  EXPECT_LT(largest, 100U);
}

// Each severe state is announced once, one to six hours before it starts, with the moment of its start; also
// one that follows another, as a blizzard follows heavy snow.
TEST_F(WeatherServiceTest, SevereWeatherIsAnnouncedOnceAndInTime) {
  const auto severe = [](int state) {
    return state == pb::STORM || state == pb::HEAVY_SNOW || state == pb::BLIZZARD ||
           state == pb::EXTREME_HEAT || state == pb::EXTREME_COLD;
  };
  world->advance(game_days(80));
  std::map<std::string, std::map<std::int64_t, std::int64_t>> told;  // region -> start -> when
  std::map<std::string, int> spells;
  int after_another = 0;
  std::map<std::string, std::int64_t> six_hours;
  for (const auto& event : world->history()) {
    if (event.type == "WeatherSevere") {
      pb::WeatherSevere warning;
      ASSERT_TRUE(warning.ParseFromString(event.payload));
      EXPECT_EQ(event.priority, pb::PRIORITY_HIGH);
      EXPECT_TRUE(told[event.subject].emplace(warning.starts_at_ms(), event.at.ms).second) << "twice";
    }
    if (event.type != "WeatherChanged") continue;
    pb::WeatherChanged change;
    ASSERT_TRUE(change.ParseFromString(event.payload));
    if (!severe(change.to())) continue;
    after_another += severe(change.from()) ? 1 : 0;
    ++spells[event.subject];
    const auto warning = told[event.subject].find(event.at.ms);
    ASSERT_NE(warning, told[event.subject].end()) << "a spell at " << event.at.ms << " that nobody announced";
    const std::int64_t lead = event.at.ms - warning->second;
    EXPECT_GE(lead, kHour);
    EXPECT_LE(lead, 6 * kHour);
    if (lead == 6 * kHour) ++six_hours[event.subject];
  }
  EXPECT_GT(after_another, 0) << "the world has what this is about";
  for (const std::string region : {"harbour", "moor"}) {
    EXPECT_GT(spells[region], 20);
    EXPECT_EQ(six_hours[region], spells[region]) << "the whole lead time";
    std::size_t to_come = 0;
    for (const auto& [start, when] : told[region]) to_come += start > world->now().ms ? 1 : 0;
    EXPECT_EQ(told[region].size(), static_cast<std::size_t>(spells[region]) + to_come) << "no false alarms";
  }
}

TEST_F(WeatherServiceTest, SevereWeatherThatSomebodySetsIsToldAtOnce) {
  world->advance_to({8 * kHour + kHour / 2});
  world->clear_events();
  ASSERT_TRUE(set("harbour", "storm", 3).has_value());
  const auto told = world->events_of<pb::WeatherSevere>("harbour");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].state(), pb::STORM);
  EXPECT_EQ(told[0].starts_at_ms(), 8 * kHour + kHour / 2);
  world->advance(game_hours(2));
  EXPECT_EQ(world->events_of<pb::WeatherSevere>("harbour").size(), 1U) << "once";
}

// Stops in the hour in which a spell to come has been announced.
void advance_to_a_warning(test::World& world) {
  for (int hour = 0; hour < 24 * 40; ++hour) {
    world.clear_events();
    world.advance(game_hours(1));
    if (!world.events_of<pb::WeatherSevere>("harbour").empty()) return;
  }
  FAIL() << "forty days without severe weather";
}

TEST_F(WeatherServiceTest, SevereWeatherThatComesEarlierThanAnnouncedIsToldAgain) {
  advance_to_a_warning(*world);
  ASSERT_GT(world->events_of<pb::WeatherSevere>("harbour")[0].starts_at_ms(), world->now().ms);
  world->clear_events();
  ASSERT_TRUE(set("harbour", "blizzard", 1).has_value());
  const auto told = world->events_of<pb::WeatherSevere>("harbour");
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0].state(), pb::BLIZZARD);
  EXPECT_EQ(told[0].starts_at_ms(), world->now().ms);
  // What follows it within the lead time is a spell of its own.
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_GT(told[i].starts_at_ms(), told[i - 1].starts_at_ms());
}

TEST_F(WeatherServiceTest, AWarningThatWasPreventedIsGivenAnew) {
  advance_to_a_warning(*world);
  const auto first = world->events_of<pb::WeatherSevere>("harbour");
  world->clear_events();
  ASSERT_TRUE(
      set("harbour", get("harbour")->state(), 48).has_value());  // it stays as it is: nothing will come
  EXPECT_THAT(world->events_of<pb::WeatherSevere>("harbour"), IsEmpty());
  ASSERT_TRUE(unpin("harbour").has_value());
  const auto again = world->events_of<pb::WeatherSevere>("harbour");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].SerializeAsString(), first[0].SerializeAsString());
}

TEST_F(WeatherServiceTest, RestartsChangeNothing) {
  world->advance_to({25 * kDay});
  const auto straight = world->history();
  const auto rows = world->rows("select * from weather_regions order by region");
  const auto timers = world->rows("select * from timers order by service, key");

  world = open(1);
  for (std::int64_t at = 9 * kHour + 1; at < 25 * kDay; at += 17 * kHour + 12'345) {
    world->advance_to({at});
    // Some hours are applied and lost with the process.
    ASSERT_TRUE(world->timeline().run_to({std::min(at + 5 * kHour, 25 * kDay)}).has_value());
    world->restart();
  }
  world->advance_to({25 * kDay});
  const auto restarted = world->history();
  ASSERT_EQ(restarted.size(), straight.size());
  EXPECT_EQ(restarted.back().chain, straight.back().chain) << "the same events, to the byte";
  const auto same = [](const db::Rows& a, const db::Rows& b) {
    return std::ranges::equal(a, b, {}, &db::Row::values, &db::Row::values);
  };
  EXPECT_TRUE(same(world->rows("select * from weather_regions order by region"), rows));
  EXPECT_TRUE(same(world->rows("select * from timers order by service, key"), timers));
  EXPECT_EQ(world->state_hash(), world->replayed_state_hash());
}

TEST_F(WeatherServiceTest, AnotherSeedIsAnotherHistory) {
  world->advance(game_days(3));
  const std::string first = world->state_hash();
  world = open(2);
  world->advance(game_days(3));
  EXPECT_NE(world->state_hash(), first);
}

TEST_F(WeatherServiceTest, DesignersSetAndPin) {
  world->advance_to({7 * kHour + kHour / 2});
  world->clear_events();
  const auto now = set("harbour", "fog", 10);
  ASSERT_TRUE(now.has_value()) << now.error().message;
  EXPECT_EQ(now->state(), "fog");
  EXPECT_EQ(now->intensity(), .5);
  EXPECT_EQ(now->wind_kmh(), 2);
  EXPECT_EQ(now->pinned_until_ms(), 17 * kHour + kHour / 2);
  const auto changed = world->events_of<pb::WeatherChanged>("harbour");
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].from(), pb::CLOUDY);
  EXPECT_EQ(changed[0].to(), pb::FOG);
  const auto said = forecast("harbour", 24);
  world->restart();
  std::set<std::string> temperatures;
  for (int hour = 8; hour <= 17; ++hour) {
    world->advance_to({hour * kHour});
    const auto held = get("harbour");
    EXPECT_EQ(held->state(), "fog") << hour;
    EXPECT_EQ(values(*held), values(said->hours(hour - 8)));
    temperatures.insert(std::to_string(held->temperature_c()));
  }
  EXPECT_GT(temperatures.size(), 5U) << "values move while the state is pinned";
  world->advance_to({17 * kHour + kHour * 3 / 4});
  EXPECT_EQ(get("harbour")->pinned_until_ms(), 0) << "the pin has ended between two hours";
  world->advance_to({30 * kHour});
  EXPECT_NE(get("harbour")->state(), "fog");
  EXPECT_EQ(world->state_hash(), world->replayed_state_hash());
}

TEST_F(WeatherServiceTest, APinIsTakenBack) {
  ASSERT_TRUE(set("harbour", "blizzard", 720).has_value());
  world->advance(game_days(2));
  EXPECT_EQ(get("harbour")->state(), "blizzard") << "in spring, since a designer wants it";
  const auto free = unpin("harbour");
  ASSERT_TRUE(free.has_value());
  EXPECT_EQ(free->pinned_until_ms(), 0);
  EXPECT_EQ(free->state(), "blizzard");
  world->advance(game_hours(3));
  EXPECT_THAT(get("harbour")->state(), testing::Not(testing::HasSubstr("snow")));
  ASSERT_TRUE(unpin("harbour").has_value()) << "twice is no mistake";
}

TEST_F(WeatherServiceTest, AnAlmanacIsBlurredTheSameWayEachTime) {
  const auto exact = forecast("harbour", 168);
  const auto same = forecast("harbour", 168, 1);
  const auto blurred = forecast("harbour", 168, .3);
  const auto again = forecast("harbour", 168, .3);
  ASSERT_TRUE(exact && same && blurred && again);
  EXPECT_EQ(exact->SerializeAsString(), same->SerializeAsString());
  EXPECT_EQ(blurred->SerializeAsString(), again->SerializeAsString());
  EXPECT_NE(exact->SerializeAsString(), blurred->SerializeAsString());
}

TEST_F(WeatherServiceTest, BadRequestsAreRefusedInWords) {
  const auto expect = [](const auto& reply, Code code, const char* reason, const char* message) {
    ASSERT_FALSE(reply.has_value()) << message;
    EXPECT_EQ(reply.error().code, code);
    EXPECT_EQ(reply.error().reason, reason);
    EXPECT_EQ(reply.error().message, message);
  };
  expect(get("harbor"), Code::not_found, "weather.unknown_region",
         "no region 'harbor' here; did you mean 'harbour'?");
  expect(get("sahara desert"), Code::not_found, "weather.unknown_region", "no region 'sahara desert' here");
  expect(forecast("mor", 5), Code::not_found, "weather.unknown_region",
         "no region 'mor' here; did you mean 'moor'?");
  expect(forecast("moor", 0), Code::invalid_argument, "weather.bad_hours", "hours is 1 to 168, not 0");
  expect(forecast("moor", 169), Code::invalid_argument, "weather.bad_hours", "hours is 1 to 168, not 169");
  expect(forecast("moor", -3), Code::invalid_argument, "weather.bad_hours", "hours is 1 to 168, not -3");
  expect(forecast("moor", 5, 1.5), Code::invalid_argument, "weather.bad_certainty",
         "certainty is 0 to 1, not 1.5");
  expect(set("moor", "strom", 0), Code::invalid_argument, "weather.unknown_state",
         "no weather 'strom'; did you mean 'storm'?");
  expect(set("moor", "fog", 721), Code::invalid_argument, "weather.bad_pin",
         "pin_hours is 0 to 720, not 721");
  expect(set("moor", "fog", -1), Code::invalid_argument, "weather.bad_pin", "pin_hours is 0 to 720, not -1");
  expect(set("mor", "fog", 0), Code::not_found, "weather.unknown_region",
         "no region 'mor' here; did you mean 'moor'?");
  expect(unpin("mor"), Code::not_found, "weather.unknown_region",
         "no region 'mor' here; did you mean 'moor'?");
  EXPECT_THAT(world->inputs(), IsEmpty()) << "what is refused is no input";
}

TEST_F(WeatherServiceTest, PlayersMayNotMakeTheWeather) {
  pb::WeatherSetRequest request;
  request.set_region("moor");
  request.set_state("clear");
  EXPECT_EQ(world->call<pb::WeatherNow>(test::player(), request).error().code, Code::permission_denied);
}

// A hall inside a mountain, and a planet where the sun always shines.
TEST(WeatherSkies, NoWeatherOneWeatherAndTheHeatOfAnotherPlanet) {
  static const pack::Pack skies = [] {
    auto pack = test::small_pack();
    auto& hall = pack.climate.regions[0];
    hall.sky = pack::Region::Sky::none;
    hall.seasons.clear();
    hall.hours.clear();
    auto& desert = pack.climate.regions[1];
    desert.sky = pack::Region::Sky::constant;
    desert.start = pack::Weather::clear;
    desert.seasons.clear();
    desert.hours.clear();
    desert.temperature_offset_c = 0;
    for (const auto season :
         {pack::Season::spring, pack::Season::summer, pack::Season::autumn, pack::Season::winter}) {
      hall.temperatures[season] = {8, 12};
      desert.temperatures[season] = {60, 80};
    }
    return pack;
  }();
  test::World world({test::mount<TimeService>(skies), test::mount<WeatherService>(skies)}, quick());
  const auto now = [&](const std::string& region) {
    pb::WeatherGetRequest request;
    request.set_region(region);
    return *world.call<pb::WeatherNow>(test::player(), request);
  };
  world.advance(game_days(12));  // into the next season
  for (int hour = 0; hour < 24; ++hour) {
    world.advance(game_hours(1));
    EXPECT_EQ(now("harbour").state(), "none");
    EXPECT_EQ(now("harbour").wind_kmh(), 0);
    EXPECT_EQ(now("harbour").temperature_c(), 10);
    EXPECT_EQ(now("moor").state(), "clear");
    EXPECT_GE(now("moor").temperature_c(), 60);
    EXPECT_LE(now("moor").temperature_c(), 80);
  }
  EXPECT_THAT(world.events_of<pb::WeatherChanged>(), IsEmpty());
  EXPECT_THAT(world.events_of<pb::WeatherSevere>(), IsEmpty());
  EXPECT_THAT(world.events_of<pb::WeatherTransitioned>("harbour"), IsEmpty());
  for (const char* region : {"harbour", "moor"}) {
    pb::WeatherForecastRequest ahead;
    ahead.set_region(region);
    ahead.set_hours(48);
    const auto forecast = world.call<pb::WeatherForecastReply>(test::player(), ahead);
    ASSERT_TRUE(forecast) << forecast.error().message;
    for (const auto& hour : forecast->hours()) EXPECT_EQ(hour.state(), now(region).state());
  }
  pb::WeatherSetRequest storm;
  storm.set_region("harbour");
  storm.set_state("storm");
  EXPECT_EQ(world.call<pb::WeatherNow>(test::designer(), storm).error().reason, "weather.none");
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(WeatherServiceTest, APackMayGainAndLoseRegions) {
  world->advance_to({8 * kHour});
  pack::Region isle = pack.climate.regions[0];
  isle.id = pack::RegionId("isle");
  pack.climate.regions[1] = isle;  // the moor is gone
  auto other = quick();
  other.pack_hash = "other";
  world->restart_with({test::mount<TimeService>(pack), test::mount<WeatherService>(pack)}, other);
  EXPECT_EQ(get("isle")->state(), "cloudy");
  EXPECT_EQ(get("moor").error().code, Code::not_found);
  world->advance_to({20 * kHour});
  const auto saved = world->rows("select region, hour from weather_regions order by region");
  ASSERT_EQ(saved.size(), 2U);
  EXPECT_EQ(saved[1].text(0), "isle");
  EXPECT_EQ(saved[1].integer(1), 20);
}

}  // namespace
}  // namespace troupe
