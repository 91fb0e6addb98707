// A decision is kept with everything that engine and router did about it, and shown to who asks.
#include "tests/world/minds.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

TEST(Decisions, AreKeptWithWhatTheSchedulerDid) {
  Minds speaking({.thinks = false});
  auto& engine = *speaking.engine;
  engine.usage = {.prompt_tokens = 300,
                  .cached_tokens = 200,
                  .new_tokens = 12,
                  .queue_us = 4000,
                  .first_token_us = 90'000,
                  .total_us = 400'000,
                  .cost_microusd = 0,
                  .preemptions = 2,
                  .wasted_tokens = 48,
                  .slack_us = 9'000'000,
                  .predicted_us = 380'000,
                  .computed_us = 390'000,
                  .cut = engine::Cut::sentence};
  auto says = engine.says("The light has been dark for eleven nights.");
  says.model_hash = "the file's own";
  engine.at_once = says;
  pb::NpcTalkRequest request;
  request.set_npc("marta");
  request.set_text("Who keeps the light?");
  const auto reply = speaking.world.call<pb::NpcTalkReply>(player(), request);
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_EQ(reply->tier(), "silver") << reply->text();

  pb::NpcMindRequest mind;
  mind.set_npc("marta");
  const auto shown = speaking.world.call<pb::NpcMindReply>(designer(), mind);
  ASSERT_TRUE(shown && shown->decisions_size() > 0);
  const auto& view = shown->decisions(0);
  EXPECT_TRUE(view.deadline_met());
  EXPECT_EQ(view.slack_us(), 9'000'000);
  EXPECT_EQ(view.preemptions(), 2);
  EXPECT_EQ(view.wasted_tokens(), 48);
  EXPECT_EQ(view.cut(), "sentence");
  EXPECT_EQ(view.admission(), "admitted");

  pb::NpcDecisionRequest ask;
  ask.set_id(view.id());
  const auto kept = speaking.world.call<pb::Decision>(designer(), ask);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->slack_us(), 9'000'000);
  EXPECT_EQ(kept->preemptions(), 2);
  EXPECT_EQ(kept->wasted_tokens(), 48);
  EXPECT_EQ(kept->predicted_us(), 380'000);
  EXPECT_EQ(kept->computed_us(), 390'000);
  EXPECT_EQ(kept->cut(), "sentence");
  EXPECT_EQ(kept->admission(), "admitted");
  EXPECT_EQ(kept->queue_us(), 4000);
  EXPECT_EQ(kept->model_hash(), "the file's own");
  pb::WorldWhyRequest why;
  why.set_event_id(view.event_id());
  const auto explained = speaking.world.call<pb::WorldWhyReply>(designer(), why);
  ASSERT_TRUE(explained && explained->chain_size() > 0);
  EXPECT_EQ(explained->chain(0).decision().fields().at("model_hash").string_value(), "the file's own");
}

TEST(Talk, EndsWhenThePlaceIsGone) {
  Minds speaking({.thinks = false});
  pb::NpcTalkRequest request;
  request.set_npc("marta");
  request.set_text("Who keeps the light?");
  const auto answer = speaking.world.start(player(), request);
  speaking.world.settle();
  ASSERT_EQ(speaking.engine->asked.size(), 1U);
  pb::NpcGetRequest where;
  where.set_npc("marta");
  const auto view = speaking.world.call<pb::NpcView>(designer(), where);
  ASSERT_TRUE(view);
  pb::EventsPublishRequest gone;
  gone.set_type("EntityGone");
  auto& fields = *gone.mutable_payload()->mutable_fields();
  fields["kind"].set_string_value("place");
  fields["id"].set_string_value(view->place());
  ASSERT_TRUE(speaking.world.call<pb::EventsPublishReply>(designer(), gone));
  speaking.world.settle();
  EXPECT_TRUE(speaking.engine->asked.front()->stopped);
  ASSERT_TRUE(answer->has_value()) << "not waited for until the deadline";
}

}  // namespace
}  // namespace troupe::test
