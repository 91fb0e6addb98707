#include "services/world/world_rig.h"

namespace troupe::world {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

struct FactionsTest : WorldRig {};

TEST_F(FactionsTest, FactionsBeginAsThePackSays) {
  const auto crown = faction("crown");
  EXPECT_EQ(crown.name(), "the Crown");
  EXPECT_EQ(crown.power(), 80);
  EXPECT_EQ(crown.treasury(), 9000);
  EXPECT_THAT(crown.territory(), ElementsAre("market", "quay"));
  ASSERT_EQ(crown.relations_size(), 2);
  EXPECT_EQ(crown.relations(0).to(), "guild");
  EXPECT_EQ(crown.relations(0).value(), -.6);
  EXPECT_TRUE(crown.relations(0).conflict());
  EXPECT_FALSE(crown.relations(1).conflict());
  EXPECT_THAT(faction("guild").goals(), ElementsAre("Be left alone."));
  EXPECT_EQ(faction("crown", test::player()).treasury(), 0) << "not for everybody to know";
  EXPECT_EQ(logged("ConflictBegan").size(), 1U);
}

TEST_F(FactionsTest, AStrongOneTakesAPlaceByWar) {
  const auto war = resolve("guild", "crown", "war");
  ASSERT_TRUE(war.has_value()) << war.error().message;
  const auto resolved = world->events_of<pb::ConflictResolved>();
  ASSERT_EQ(resolved.size(), 1U);
  EXPECT_EQ(resolved[0].faction(), "crown") << "whoever has the lead attacks";
  EXPECT_EQ(resolved[0].place(), "hill");
  EXPECT_THAT(faction("crown").territory(), Contains("hill"));
  EXPECT_THAT(faction("guild").territory(), IsEmpty());
  EXPECT_EQ(faction("crown").power(), 77);
  EXPECT_EQ(faction("crown").relations(0).value(), -.9);
  const auto changed = logged("TerritoryChanged");
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_THAT(why(id_of(changed[0])), ElementsAre("TerritoryChanged", "ConflictResolved"));
  EXPECT_EQ(changed[0].place, "hill");
}

TEST_F(FactionsTest, NobodyTakesWhatTheyCannotReach) {
  ASSERT_TRUE(resolve("boats", "guild", "war"));
  EXPECT_TRUE(world->events_of<pb::TerritoryChanged>().empty());
  EXPECT_EQ(world->events_of<pb::ConflictResolved>()[0].place(), "");
}

TEST_F(FactionsTest, PeaceAndAlliesMoveRelationsAsTheySay) {
  ASSERT_TRUE(resolve("crown", "guild", "negotiate"));
  EXPECT_EQ(faction("crown").relations(0).value(), -.4);
  EXPECT_EQ(faction("guild").relations(0).value(), -.5);
  EXPECT_TRUE(faction("crown").relations(0).conflict()) << "-.45: not quite yet";
  ASSERT_TRUE(resolve("crown", "guild", "ally"));
  EXPECT_NEAR(faction("crown").relations(0).value(), .1, 1e-9);
  EXPECT_FALSE(faction("crown").relations(0).conflict());
  const auto ended = logged("ConflictEnded");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_THAT(why(id_of(ended[0])), ElementsAre("ConflictEnded", "ConflictResolved"));
}

}  // namespace
}  // namespace troupe::world
