#include "services/world/world_service.h"

#include <limits>

#include "services/time/time_service.h"
#include "services/world/world_rig.h"

namespace troupe::world {
namespace {

using testing::HasSubstr;

struct WorldServiceTest : WorldRig {};

TEST_F(WorldServiceTest, LeapsStepsRestartsAndReplaysAreOneHistory) {
  ASSERT_TRUE(shock("disruption", .9));
  auto other = open(1);
  {
    pb::WorldShockRequest request;
    request.set_kind("disruption");
    request.set_good("oil");
    request.set_place("market");
    request.set_strength(.9);
    ASSERT_TRUE(other->call<pb::WorldShockReply>(test::designer(), request));
  }
  const GameTime end{20 * 86'400'000};
  for (int hour = 0; world->now() < end; ++hour) {
    world->advance(game_hours(1));
    if (hour == 100) world->restart();
    (void)oil();  // asking moves nothing
  }
  other->advance_to(end);
  ASSERT_TRUE(world->timeline().checkpoint_now());
  for (const char* table :
       {"world_markets", "world_shocks", "world_factions", "world_pairs", "world_territory"}) {
    const auto stepped = world->rows(std::string("select * from ") + table);
    const auto leapt = other->rows(std::string("select * from ") + table);
    ASSERT_EQ(stepped.size(), leapt.size()) << table;
    for (std::size_t i = 0; i < leapt.size(); ++i) EXPECT_EQ(stepped[i].values(), leapt[i].values()) << table;
  }
  EXPECT_EQ(world->replayed_state_hash(), world->state_hash());
}

TEST_F(WorldServiceTest, BadRequestsChangeNothingAndSayWhatIsWrong) {
  const auto said = [](const auto& reply) {
    return reply.has_value() ? "taken" : reply.error().reason + ": " + reply.error().message;
  };
  const auto hash = world->state_hash();
  EXPECT_THAT(said(shock("crush", .5)),
              HasSubstr("world.unknown_shock: kind is crash, boom, discovery or disruption, not 'crush'"));
  EXPECT_THAT(said(shock("crash", 1.01)), HasSubstr("world.bad_strength: strength is 0 to 1, not 1.01"));
  EXPECT_THAT(said(shock("crash", -.1)), HasSubstr("world.bad_strength"));
  EXPECT_THAT(said(shock("crash", std::numeric_limits<double>::quiet_NaN())), HasSubstr("rpc.bad_number"));
  EXPECT_THAT(said(shock("crash", .5, "oyl")),
              HasSubstr("world.unknown_good: no good 'oyl' here; did you mean 'oil'?"));
  EXPECT_THAT(said(shock("crash", .5, "oil", "markt")), HasSubstr("world.unknown_place"));
  EXPECT_THAT(said(shock("crash", .5, "oil", "quay")),
              HasSubstr("world.no_market: 'oil' is not sold at 'quay'"));
  EXPECT_THAT(said(shock("crash", .5, "", "hill")), HasSubstr("world.no_market"));
  EXPECT_THAT(said(resolve("crown", "crown", "war")), HasSubstr("world.same_faction"));
  EXPECT_THAT(said(resolve("crown", "gild", "war")),
              HasSubstr("world.unknown_faction: no faction 'gild' here; did you"));
  EXPECT_THAT(
      said(resolve("crown", "guild", "wart")),
      HasSubstr("world.unknown_resolution: how is negotiate, war or ally, not 'wart'; did you mean 'war'?"));
  pb::WorldMarketRequest market;
  EXPECT_THAT(said(world->call<pb::WorldMarketReply>(test::player(), market)), HasSubstr("world.no_place"));
  market.set_place("hil");
  EXPECT_THAT(said(world->call<pb::WorldMarketReply>(test::player(), market)),
              HasSubstr("world.unknown_place: no place 'hil' here; did you mean 'hill'?"));
  pb::WorldShockRequest mine;
  mine.set_kind("boom");
  EXPECT_THAT(said(world->call<pb::WorldShockReply>(test::player(), mine)), HasSubstr("rpc."));
  EXPECT_EQ(world->state_hash(), hash);
}

TEST_F(WorldServiceTest, NoMoreShocksThanTheBound) {
  world = open(1, {.shocks_max = 2});
  ASSERT_TRUE(shock("boom", .5));
  ASSERT_TRUE(shock("crash", .5));
  const auto third = shock("boom", .5);
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, Code::exhausted);
  EXPECT_EQ(third.error().reason, "world.too_many_shocks");
  world->advance(game_days(30));
  EXPECT_TRUE(shock("boom", .5)) << "they have faded";
}

TEST_F(WorldServiceTest, NoMoreEffectsThanTheBound) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    world = open(seed, {.effects_max = 0});
    kill("ben", "ada");
    EXPECT_EQ(must<pb::WorldOutlookReply>(pb::WorldOutlookRequest()).effects_size(), 0);
  }
}

// A service of the same name that kept nothing, as an older build had it.
class OldWorld {
 public:
  OldWorld(const pack::Pack&, Host& host) : host_(host) {}
  void mount() { host_.serve(&OldWorld::get, this); }

 private:
  Result<pb::WorldInfo> get(const Caller&, const pb::WorldGetRequest&) const { return pb::WorldInfo(); }
  Host& host_;
};

TEST_F(WorldServiceTest, AWorldThatIsOlderThanItsMarketsBeginsThem) {
  test::World old({test::mount<TimeService>(pack), test::mount<OldWorld>(pack)});
  old.advance(game_hours(1));
  old.restart_with({test::mount<TimeService>(pack), test::mount<WorldService>(pack)}, old.options());
  EXPECT_TRUE(old.rows("select place from world_markets").empty());
  old.advance(game_days(2));
  EXPECT_EQ(old.rows("select place from world_markets").size(), 3U);
  EXPECT_EQ(old.rows("select faction from world_factions").size(), 3U);
}

}  // namespace
}  // namespace troupe::world
