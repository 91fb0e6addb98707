#include "pack/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::pack {
namespace {

using testing::ElementsAre;

Place place(std::string id, double x, double y, std::vector<std::string> neighbours) {
  Place out;
  out.id = PlaceId(std::move(id));
  out.x = x;
  out.y = y;
  for (std::string& name : neighbours) out.neighbours.emplace_back(std::move(name));
  return out;
}

// a - b - c straight, a - d - c around; e stands alone.
Pack map_pack() {
  Pack pack;
  pack.places = {place("a", 0, 0, {"b", "d"}), place("b", 10, 0, {"a", "c"}), place("c", 20, 0, {"b", "d"}),
                 place("d", 10, 5, {"a", "c"}), place("e", 99, 99, {})};
  return pack;
}

std::vector<std::string> names(const std::vector<PlaceId>& ids) {
  std::vector<std::string> out;
  for (const PlaceId& id : ids) out.push_back(id.str());
  return out;
}

TEST(Path, GoesByMetresNotBySteps) {
  Pack pack = map_pack();
  EXPECT_THAT(names(path(pack, PlaceId("a"), PlaceId("c"))), ElementsAre("a", "b", "c"));
  EXPECT_DOUBLE_EQ(distance(pack, PlaceId("a"), PlaceId("c")), 20);
  pack.places[1].y = 30;  // now the way over b is longer
  EXPECT_THAT(names(path(pack, PlaceId("a"), PlaceId("c"))), ElementsAre("a", "d", "c"));
}

TEST(Path, TiesGoToTheSmallerId) {
  Pack pack = map_pack();
  pack.places[1].y = -5;
  EXPECT_THAT(names(path(pack, PlaceId("a"), PlaceId("c"))), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(path(pack, PlaceId("c"), PlaceId("a"))), ElementsAre("c", "b", "a"));
}

TEST(Path, ToItselfIsOnePlaceAndToNowhereIsNone) {
  const Pack pack = map_pack();
  EXPECT_THAT(names(path(pack, PlaceId("a"), PlaceId("a"))), ElementsAre("a"));
  EXPECT_EQ(distance(pack, PlaceId("a"), PlaceId("a")), 0);
  EXPECT_TRUE(path(pack, PlaceId("a"), PlaceId("e")).empty());
  EXPECT_TRUE(path(pack, PlaceId("a"), PlaceId("moon")).empty());
  EXPECT_LT(distance(pack, PlaceId("a"), PlaceId("e")), 0);
}

TEST(RoutineAt, TheLastEntryGoesOnOverMidnight) {
  Npc npc;
  npc.routine.resize(2);
  npc.routine[0].from = {6 * 60};
  npc.routine[1].from = {20 * 60};
  EXPECT_EQ(&routine_at(npc, {5 * 60 + 59}), &npc.routine[1]);
  EXPECT_EQ(&routine_at(npc, {6 * 60}), &npc.routine[0]);
  EXPECT_EQ(&routine_at(npc, {23 * 60}), &npc.routine[1]);
}

TEST(Clocks, AreExactlyHoursAndMinutes) {
  EXPECT_EQ(parse_clock("00:00")->minute, 0);
  EXPECT_EQ(parse_clock("23:59")->minute, 1439);
  for (const char* bad : {"24:00", "7:00", "07:60", "07.00", "", "07:000", "-7:00", "0a:00"}) {
    EXPECT_FALSE(parse_clock(bad)) << bad;
  }
  EXPECT_EQ(clock_text({65}), "01:05");
}

Calendar two_months() {
  Calendar calendar;
  calendar.months.resize(2);
  calendar.months[0].id = "reed";
  calendar.months[0].days = 20;
  calendar.months[0].season = Season::summer;
  calendar.months[1].id = "frost";
  calendar.months[1].days = 10;
  calendar.months[1].season = Season::winter;
  calendar.weekdays = {"one", "two", "three", "four"};
  Festival feast;
  feast.id = "feast";
  feast.month = "frost";
  feast.day = 9;
  feast.duration_days = 4;
  calendar.festivals = {feast};
  return calendar;
}

TEST(DateOf, CountsMonthsYearsAndWeekdays) {
  const Calendar calendar = two_months();
  const Date first = date_of(calendar, 1);
  EXPECT_EQ(first.year, 1);
  EXPECT_EQ(first.month, 0u);
  EXPECT_EQ(first.day, 1);
  EXPECT_EQ(first.weekday, 0u);
  const Date frost = date_of(calendar, 21);
  EXPECT_EQ(frost.month, 1u);
  EXPECT_EQ(frost.day, 1);
  EXPECT_EQ(frost.season, Season::winter);
  const Date next_year = date_of(calendar, 31);
  EXPECT_EQ(next_year.year, 2);
  EXPECT_EQ(next_year.month, 0u);
  EXPECT_EQ(next_year.weekday, 30u % 4);  // weeks run on over the year's end
}

TEST(DateOf, FestivalsMayPassTheYearsEnd) {
  const Calendar calendar = two_months();
  EXPECT_TRUE(date_of(calendar, 28).festivals.empty());
  for (const std::int64_t day : {29, 30, 31, 32})
    EXPECT_THAT(date_of(calendar, day).festivals, ElementsAre("feast"));
  EXPECT_TRUE(date_of(calendar, 33).festivals.empty());
}

TEST(WeatherNeighbours, NoLeapsAndBothWays) {
  for (const Weather far : {Weather::blizzard, Weather::heavy_snow, Weather::storm, Weather::heavy_rain}) {
    EXPECT_FALSE(weather_neighbours(Weather::clear, far));
  }
  std::set<Weather> reached{Weather::clear};
  for (std::size_t round = 0; round < kWeatherNames.size(); ++round) {
    for (std::size_t i = 0; i < kWeatherNames.size(); ++i) {
      const auto a = static_cast<Weather>(i);
      EXPECT_FALSE(weather_neighbours(a, a));
      for (const Weather b : weather_neighbours_of(a)) {
        EXPECT_TRUE(weather_neighbours(b, a));
        if (reached.contains(a)) reached.insert(b);
      }
    }
  }
  EXPECT_EQ(reached.size(), kWeatherNames.size()) << "every state is some steps from clear";
}

TEST(NearestState, StaysOrGoesTheFewestSteps) {
  WeatherMatrix spring{{Weather::clear, {}}, {Weather::rain, {}}};
  EXPECT_EQ(nearest_state(spring, Weather::rain), Weather::rain);
  EXPECT_EQ(nearest_state(spring, Weather::heavy_snow), Weather::rain);
  EXPECT_EQ(nearest_state(spring, Weather::extreme_heat), Weather::clear);
}

class MayShare : public testing::Test {
 protected:
  MayShare() {
    secret.id = FactId("axe");
    secret.secret = true;
    secret.holders = {NpcId("ben")};
    secret.share_with.trust_at_least = 0.6;
    secret.share_with.after = {FactId("hole")};
    secret.share_with.npcs = {NpcId("cat")};
    secret.share_with.factions = {FactionId("walkers")};
  }
  const NpcId ben{"ben"};
  Fact secret;
};

TEST_F(MayShare, NeedsTrustAndWhatCameBefore) {
  Listener player;
  player.trust = 0.59;
  player.knows = {FactId("hole")};
  EXPECT_FALSE(may_share(secret, ben, player));
  player.trust = 0.6;
  EXPECT_TRUE(may_share(secret, ben, player));
  player.knows.clear();
  EXPECT_FALSE(may_share(secret, ben, player));
}

TEST_F(MayShare, ListedPeopleFactionsAndHoldersNeedNoTrust) {
  EXPECT_TRUE(may_share(secret, ben, {.npc = NpcId("cat"), .faction = {}, .trust = 0, .knows = {}}));
  EXPECT_FALSE(may_share(secret, ben, {.npc = NpcId("dog"), .faction = {}, .trust = 0, .knows = {}}));
  EXPECT_TRUE(may_share(secret, ben, {.npc = {}, .faction = FactionId("walkers"), .trust = 0, .knows = {}}));
  secret.holders.emplace_back("eve");
  EXPECT_TRUE(may_share(secret, ben, {.npc = NpcId("eve"), .faction = {}, .trust = 0, .knows = {}}));
}

TEST_F(MayShare, WhoDoesNotKnowCannotTell) {
  const Listener friendly{.npc = NpcId("cat"), .faction = {}, .trust = 1, .knows = {FactId("hole")}};
  EXPECT_FALSE(may_share(secret, NpcId("dog"), friendly));
  Fact open;
  open.holders = {ben};
  EXPECT_TRUE(may_share(open, ben, {}));
  EXPECT_FALSE(may_share(open, NpcId("dog"), {}));
  open.holders.clear();
  open.is_public = true;
  EXPECT_TRUE(may_share(open, NpcId("dog"), {}));
}

TEST_F(MayShare, NobodyMeansNobody) {
  secret.share_with = {};
  EXPECT_FALSE(may_share(secret, ben, {.npc = {}, .faction = {}, .trust = 1, .knows = {FactId("hole")}}));
}

TEST(RelationTo, FallsBackToStrangers) {
  Npc npc;
  npc.relations.resize(1);
  npc.relations[0].to = NpcId("ada");
  npc.relations[0].trust = 0.9;
  npc.strangers.trust = 0.2;
  EXPECT_EQ(relation_to(npc, "ada").trust, 0.9);
  EXPECT_EQ(relation_to(npc, "somebody").trust, 0.2);
}

}  // namespace
}  // namespace troupe::pack
