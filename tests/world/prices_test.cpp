// What things cost at their market is what people say and what verbs take; without markets the pack's price stands.
#include <gmock/gmock.h>

#include "tests/world/lanternfall.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

World town(const OnlyServices& only) {
  const auto config = timeline_config(lanternfall(), 5);
  const Mount all = [only](Host& host) -> std::shared_ptr<void> {
    static const auto reflex = engine::make_reflex_engine({});
    RouterConfig router;
    router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
    return std::make_shared<WorldServices>(lanternfall(), host, router, NpcConfig{.thinks = false},
                                           AiConfig{}, ModelsConfig{}, only);
  };
  return World({all}, {.world = config.world, .seed = 5, .start = config.start, .scale = config.scale});
}

struct PricesTest : ::testing::Test {
  World world = town({});

  void shake(const std::string& good) {
    pb::WorldShockRequest request;
    request.set_kind("disruption");
    request.set_good(good);
    request.set_strength(1);
    const auto reply = world.call<pb::WorldShockReply>(designer(), request);
    ASSERT_TRUE(reply.has_value()) << reply.error().message;
  }
  static std::string answer(World& world, const std::string& npc, const std::string& text) {
    pb::NpcTalkRequest request;
    request.set_npc(npc);
    request.set_text(text);
    const auto reply = world.call<pb::NpcTalkReply>(player(), request);
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
    return reply ? reply->text() : std::string();
  }
  // What Nell would have from somebody with so much money: "" = the deal is possible.
  static std::string deal(World& world, int money) {
    pb::NpcGetRequest where;
    where.set_npc("nell");
    const auto nell = world.call<pb::NpcView>(designer(), where);
    EXPECT_TRUE(nell.has_value());
    pb::StatePutRequest put;
    put.set_kind("player");
    put.set_id("p" + std::to_string(money));
    auto& fields = *put.mutable_document()->mutable_fields();
    fields["place"].set_string_value(nell->place());
    fields["money"].set_number_value(money);
    (void)world.call<pb::StateDocument>(designer(), put);
    pb::CapabilitiesCheckRequest check;
    check.set_kind("player");
    check.set_actor(put.id());
    check.mutable_action()->set_verb("buy");
    (*check.mutable_action()->mutable_args())["good"] = "herring";
    (*check.mutable_action()->mutable_args())["seller"] = "nell";
    const auto verdict = world.call<pb::Verdict>(designer(), check);
    EXPECT_TRUE(verdict.has_value()) << verdict.error().message;
    return verdict ? verdict->message() : "no answer";
  }
};

TEST_F(PricesTest, PeopleSayAndDealsTakeWhatTheMarketSays) {
  world.advance(game_hours(3));  // to the market
  const auto before = answer(world, "nell", "How much is a herring?");
  const auto possible = deal(world, 20);
  shake("herring");
  world.advance(game_hours(2));
  const auto after = answer(world, "nell", "How much is a herring?");
  EXPECT_NE(after, before) << "she knows what it costs now";
  EXPECT_EQ(possible, deal(world, 200)) << "who has enough";
}

TEST_F(PricesTest, WithoutMarketsThePacksPriceStands) {
  ServiceNames names;
  for (const auto& row : all_service_rows()) {
    if (row.make != nullptr && !is_shared(row) && row.name != "world") names.emplace(row.name);
  }
  auto still = town(names);
  still.advance(game_hours(3));
  EXPECT_NE(deal(still, 10), "");
  EXPECT_EQ(deal(still, 27), "") << "18 pence, as she likes somebody";
  EXPECT_NE(answer(still, "nell", "How much is a herring?"), "");
}

}  // namespace
}  // namespace troupe::test
