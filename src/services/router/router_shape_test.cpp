// Answers that must match a JSON schema: whatever an engine says, what does not match is never given out.
#include "services/router/router_shape.h"
#include "services/router/router_rig.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {
namespace {

using test::RouterRig;
using test::World;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

pb::RouterGenerateRequest asking_for(const std::string& schema) {
  auto request = RouterRig::line();
  request.set_json_schema(schema);
  return request;
}

constexpr const char* kDigits = R"({"type":"string","pattern":"^\\d{3}$"})";

TEST(RouterShape, AWrongAnswerIsAskedForOnceMore) {
  RouterRig rig({"a"});
  const auto waiting = rig.ask(asking_for(kDigits));
  rig.engine("a").usage.new_tokens = 3;
  rig.engine("a").answer(0, rig.engine("a").says(R"("value1")"));
  rig.world.settle();
  ASSERT_EQ(rig.engine("a").asked.size(), 2U);
  const auto& first = rig.engine("a").asked[0]->request.sampling;
  EXPECT_NE(rig.engine("a").asked[1]->request.sampling.seed, first.seed)
      << "the same draw says the same again";
  rig.engine("a").answer(1, rig.engine("a").says(R"("042")"));
  rig.world.settle();
  const auto reply = World::parse<pb::RouterGenerateReply>(**waiting);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text(), R"("042")");
  EXPECT_EQ(reply->usage().new_tokens(), 6) << "both are counted";
  EXPECT_THAT(reply->fallbacks(), ElementsAre(HasSubstr("does not match the pattern")));
}

TEST(RouterShape, AWrongAnswerIsNeverGivenOut) {
  struct Row {
    const char* schema;
    const char* answer;
  };
  for (const auto& [schema, answer] :
       {Row{kDigits, R"("value1")"}, Row{R"({"type":"number","minimum":0,"maximum":1})", "57"},
        Row{R"({"type":"string","format":"date"})", R"("tomorrow")"},
        Row{R"({"allOf":[{"required":["a"]},{"required":["b"]}]})", R"({"a":1})"},
        Row{R"({"type":"object","required":["name"]})", "{}"},
        Row{R"({"type":"object"})", "Here you are: {}"}, Row{R"({"type":"object"})", R"({"a":1)"}}) {
    RouterRig rig({"a", "b"});
    rig.engine("a").at_once = rig.engine("a").says(answer);
    rig.engine("b").at_once = rig.engine("b").says(answer);
    const auto reply = rig.generate(asking_for(schema));
    ASSERT_FALSE(reply) << schema << reply->text();
    EXPECT_EQ(reply.error().reason, "router.schema_not_met") << schema;
    EXPECT_EQ(reply.error().code, Code::unavailable);
    EXPECT_EQ(rig.engine("a").asked.size() + rig.engine("b").asked.size(), 2U);
    EXPECT_EQ(rig.status().engines(0).health(), "ok") << "no fault of the engine's";
  }
}

TEST(RouterShape, TheFenceAroundAnAnswerIsNoPartOfIt) {
  for (const char* answer : {"```json\n{\"a\":1}\n```", "```\n{\"a\":1}```\n", " {\"a\":1}"}) {
    RouterRig rig({"a"});
    rig.engine("a").at_once = rig.engine("a").says(answer);
    const auto reply = rig.generate(asking_for(R"({"type":"object"})"));
    ASSERT_TRUE(reply) << answer << ": " << reply.error().message;
    EXPECT_EQ(reply->text().find('`'), std::string::npos) << answer;
    EXPECT_EQ(rig.engine("a").asked.size(), 1U);
  }
}

TEST(RouterShape, NothingIsHeardBeforeItWasChecked) {
  RouterRig rig({"a"});
  auto caller = test::server();
  caller.stream = "str.test";
  std::string heard;
  const auto listening = rig.world.bus().subscribe(caller.stream, [&heard](const bus::Event& event) {
    pb::StreamPart part;
    if (part.ParseFromString(event.payload)) heard += part.text();
  });
  ASSERT_TRUE(listening);
  const auto waiting = rig.ask(asking_for(kDigits), caller);
  rig.engine("a").answer(0, rig.engine("a").says(R"("value1")"));
  rig.world.settle();
  EXPECT_EQ(heard, "");
  rig.engine("a").answer(1, rig.engine("a").says(R"("042")"));
  rig.world.settle();
  EXPECT_EQ(heard, R"("042")");
  EXPECT_EQ(RouterRig::text(waiting), R"("042")");
}

TEST(RouterShape, WhatCannotBeHeldIsRefusedBeforeAnybodyIsAsked) {
  RouterRig rig({"a"});
  rig.engine("a").at_once = rig.engine("a").says("{}");
  for (const auto& [schema, reason] : {std::pair{R"({"patternProperties":{"a":{}}})", "schema.unsupported"},
                                       {R"({"enum":[]})", "schema.impossible"},
                                       {"[]", "schema.bad"},
                                       {R"({"$ref":"#"})", "schema.too_much"}}) {
    const auto reply = rig.generate(asking_for(schema));
    ASSERT_FALSE(reply) << schema;
    EXPECT_EQ(reply.error().reason, reason) << schema;
    pb::RouterSubmitRequest job;
    *job.mutable_work() = asking_for(schema);
    const auto submitted = rig.world.call<pb::RouterJob>(test::server(), job);
    ASSERT_FALSE(submitted) << schema;
    EXPECT_EQ(submitted.error().reason, reason) << schema;
  }
  EXPECT_TRUE(rig.engine("a").asked.empty());
}

}  // namespace
}  // namespace troupe
