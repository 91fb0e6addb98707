#include "services/world/world_rig.h"

namespace troupe::world {
namespace {

using testing::ElementsAre;

struct MarketsTest : WorldRig {};

TEST_F(MarketsTest, AMarketBeginsAtItsBase) {
  const auto begun = oil();
  EXPECT_EQ(begun.name(), "oil");
  EXPECT_EQ(begun.unit(), "a can");
  EXPECT_EQ(begun.price(), 48);
  EXPECT_EQ(begun.base(), 48);
  EXPECT_EQ(begun.supply(), 6);
  EXPECT_EQ(begun.demand(), 6);
  EXPECT_EQ(begun.stock(), 18);
  EXPECT_FALSE(begun.shortage());
  pb::WorldMarketRequest none;
  none.set_place("hill");
  EXPECT_EQ(must<pb::WorldMarketReply>(none, test::player()).goods_size(), 0) << "no market there";
}

TEST_F(MarketsTest, ADisruptionIsFeltAtOnceGrowsAndFades) {
  const auto before = oil().price();
  const auto begun = shock("disruption", .8);
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  const auto at_once = oil().price();
  EXPECT_GT(at_once, before * 1.1);
  world->advance(game_days(2));
  EXPECT_GT(oil().price(), at_once);
  EXPECT_LT(oil().stock(), 18);
  world->advance(game_days(60));
  EXPECT_NEAR(oil().price(), 48, 12);
  const auto ended = world->events_of<pb::ShockEnded>("oil");
  ASSERT_FALSE(ended.empty());
  EXPECT_EQ(ended[0].kind(), "disruption");
  const auto outlook = must<pb::WorldOutlookReply>(pb::WorldOutlookRequest());
  for (const auto& still : outlook.shocks()) EXPECT_NE(still.event_id(), begun->event_id());
}

TEST_F(MarketsTest, PricesAreToldInStepsAndTheirCauseIsTheShock) {
  const auto begun = shock("disruption", 1);
  world->advance(game_days(3));
  const auto told = logged("PriceChanged");
  ASSERT_FALSE(told.empty());
  EXPECT_LT(told.size(), 12U) << "no noise";
  EXPECT_THAT(why(id_of(told[0])), ElementsAre("PriceChanged", "ShockBegan"));
  pb::PriceChanged first;
  ASSERT_TRUE(first.ParseFromString(told[0].payload));
  EXPECT_EQ(first.from(), 48);
  EXPECT_GT(first.to(), 52);
  EXPECT_EQ(first.base(), 48);
  EXPECT_EQ(told[0].place, "market");
  pb::WorldWhyRequest request;
  request.set_event_id(begun->event_id());
  EXPECT_TRUE(must<pb::WorldWhyReply>(request).chain(0).has_input()) << "whose word it was";
}

TEST_F(MarketsTest, AShockOfAllReachesEveryMarketAndNoOther) {
  ASSERT_TRUE(shock("boom", 1, "", "quay"));
  EXPECT_EQ(oil().price(), 48);
  ASSERT_TRUE(shock("crash", 1, "", ""));
  EXPECT_LT(oil().price(), 48);
  EXPECT_EQ(world->events_of<pb::ShockBegan>().size(), 2U);
}

TEST_F(MarketsTest, WhatPlayersBuyIsGoneFromTheShelves) {
  const auto before = oil().stock();
  pb::CapabilitiesExecuteRequest request;
  request.mutable_action()->set_verb("purchase");
  (*request.mutable_action()->mutable_args())["good"] = "oil";
  (*request.mutable_action()->mutable_args())["seller"] = "ada";
  for (int i = 0; i < 3; ++i) (void)must<pb::Verdict>(request, test::player());
  EXPECT_EQ(oil().stock(), before - 3);
  (void)must<pb::Verdict>(request, {.name = "ada", .role = pb::ROLE_GAME_SERVER});
  EXPECT_EQ(oil().stock(), before - 3) << "what people trade is in what the pack uses";
}

TEST_F(MarketsTest, WhatIsAskedBetweenTwoRoundsIsWhatWillBeKept) {
  ASSERT_TRUE(shock("boom", .7));
  world->advance_to({5 * 86'400'000 - 1});  // a moment before a round
  const auto asked = oil();
  const auto rows = world->rows("select hour from world_markets where place = 'market' and good = 'oil'");
  EXPECT_LT(rows[0].integer(0), 5 * 24 - 1) << "the row lags";
  world->advance_to({5 * 86'400'000});
  const auto kept =
      world->rows("select hour, price from world_markets where place = 'market' and good = 'oil'");
  EXPECT_EQ(kept[0].integer(0), 5 * 24);
  EXPECT_NEAR(static_cast<double>(kept[0].integer(1)) / 1000, asked.price(), 5) << "an hour on";
}

}  // namespace
}  // namespace troupe::world
