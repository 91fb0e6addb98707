#include "services/world/world_rig.h"

#include <algorithm>

namespace troupe::world {
namespace {

using testing::Contains;
using testing::ElementsAre;

struct ConsequencesTest : WorldRig {};

// Looks through seeds for one where chance had it so: a rule acts with a probability.
template <class Try>
void in_some_world(Try attempt) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    if (attempt(seed)) return;
  }
  FAIL() << "in none of 30 worlds";
}

TEST_F(ConsequencesTest, ALostShipmentBecomesAQuarrelAndWhyTellsTheWholeOfIt) {
  in_some_world([this](std::uint64_t seed) {
    world = open(seed);
    EXPECT_TRUE(shock("disruption", 1));
    world->advance(game_days(14));
    for (const auto& event : logged("FactionRelationChanged")) {
      const auto chain = why(id_of(event));
      if (chain !=
          std::vector<std::string>{"FactionRelationChanged", "ShockBegan", "ShortageBegan", "ShockBegan"})
        continue;
      pb::FactionRelationChanged changed;
      EXPECT_TRUE(changed.ParseFromString(event.payload));
      EXPECT_EQ(changed.reason(), "hoarding breeds conflict");
      EXPECT_EQ(changed.faction(), "guild") << "whoever likes them least";
      EXPECT_EQ(changed.towards(), "crown") << "they hold the market";
      return true;
    }
    return false;
  });
}

TEST_F(ConsequencesTest, AKillingBringsRetaliation) {
  in_some_world([this](std::uint64_t seed) {
    world = open(seed);
    const auto power = faction("crown").power();
    kill("ben", "ada");
    const auto to_come = must<pb::WorldOutlookReply>(pb::WorldOutlookRequest()).effects();
    world->advance(game_days(1));
    world->restart();  // what is to come survives
    world->advance(game_hours(25));
    const auto told = logged("FactionRetaliated");
    EXPECT_EQ(told.empty(), to_come.empty());
    if (told.empty()) return false;
    EXPECT_EQ(to_come[0].rule(), "killing brings retaliation");
    EXPECT_THAT(why(id_of(told[0])), ElementsAre("FactionRetaliated", "NpcDied"));
    EXPECT_LT(faction("crown").power(), power);
    EXPECT_TRUE(must<pb::WorldOutlookReply>(pb::WorldOutlookRequest()).effects().empty()) << "once";
    EXPECT_EQ(world->replayed_state_hash(), world->state_hash());
    return true;
  });
}

TEST_F(ConsequencesTest, ADeathThatNobodyOfAnotherFactionCausedBringsNothing) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    world = open(seed);
    kill("ben", "");
    kill("cob", "ben");
    kill("ada", "player:anna");
    EXPECT_EQ(must<pb::WorldOutlookReply>(pb::WorldOutlookRequest()).effects_size(), 0);
  }
}

TEST_F(ConsequencesTest, BetrayalCostsTheTrustOfAll) {
  in_some_world([this](std::uint64_t seed) {
    world = open(seed);
    EXPECT_TRUE(resolve("crown", "boats", "ally"));
    world->advance(game_days(3));
    EXPECT_TRUE(resolve("crown", "boats", "war"));
    const auto betrayed = world->events_of<pb::FactionBetrayed>();
    EXPECT_EQ(betrayed.size(), 1U);
    world->advance(game_days(2));
    int reactions = 0;
    for (const auto& event : logged("FactionRelationChanged")) {
      pb::FactionRelationChanged changed;
      EXPECT_TRUE(changed.ParseFromString(event.payload));
      if (changed.reason() != "betrayal costs trust") continue;
      ++reactions;
      EXPECT_EQ(changed.towards(), betrayed[0].by());
      EXPECT_THAT(why(id_of(event)), Contains("FactionBetrayed"));
    }
    EXPECT_TRUE(reactions == 0 || reactions == 2) << "both others";
    return reactions == 2;
  });
}

TEST_F(ConsequencesTest, WarRuinsTrade) {
  in_some_world([this](std::uint64_t seed) {
    world = open(seed);
    EXPECT_TRUE(resolve("crown", "boats", "war")) << "at the cove, where eels are sold";
    world->advance(game_hours(7));
    const auto ruined = logged("ShockBegan");
    return std::ranges::any_of(ruined, [&](const EventRecord& event) {
      pb::ShockBegan begun;
      EXPECT_TRUE(begun.ParseFromString(event.payload));
      return begun.reason() == "war ruins trade" && why(id_of(event))[1] == "ConflictResolved";
    });
  });
}

}  // namespace
}  // namespace troupe::world
