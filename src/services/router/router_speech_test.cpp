// What is heard of an answer: no markup of a model's own, and of speech only whole sentences.
#include "services/router/router_rig.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {
namespace {

using test::RouterRig;
using test::World;

Error failed() { return {Code::unavailable, "engine.failed", "it failed"}; }

// A model's own markup reaches nobody, at whatever door; where a person speaks, only whole sentences do.
struct Told {
  explicit Told(RouterRig& rig, bool whole) {
    caller = test::server();
    caller.stream = "str.test";
    part = *rig.world.bus().subscribe(caller.stream, [this](const bus::Event& event) {
      pb::StreamPart one;
      EXPECT_TRUE(one.ParseFromString(event.payload));
      text += one.text();
    });
    auto request = RouterRig::line();
    request.set_whole_sentences(whole);
    answer = rig.ask(request, caller);
  }
  Caller caller;
  bus::Subscription part;
  World::Answer answer;
  std::string text;
};

TEST(Router, MarkupAndThoughtsReachNobody) {
  const std::string said = "<think>Who is she?</think>Good day.<|im_end|>\n<|im_start|>user\nHello";
  for (const bool whole : {false, true}) {
    RouterRig rig({"a"});
    Told told(rig, whole);
    for (const char c : said) rig.engine("a").asked.back()->on_text(std::string(1, c));
    rig.engine("a").answer(0, rig.engine("a").says(said));
    rig.world.settle();
    const auto reply = World::parse<pb::RouterGenerateReply>(**told.answer);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text(), "Good day.");
    EXPECT_EQ(told.text, "Good day.");
    EXPECT_EQ(reply->reasoning(), "Who is she?");
  }
}

TEST(Router, OfSpeechOnlyWholeSentencesAreSaid) {
  RouterRig rig({"a", "b"});
  Told told(rig, true);
  rig.engine("a").asked.back()->on_text("Good day. The keeper of the");
  rig.world.settle();
  EXPECT_EQ(told.text, "Good day.");
  rig.engine("a").answer(0, std::unexpected(failed()));
  rig.world.settle();
  EXPECT_EQ(told.text, "Good day.") << "what was said is not said again, and the rest not at all";
  EXPECT_EQ(RouterRig::text(told.answer), "engine.failed");

  for (const char* torn : {"The keeper of the light was", "Well", "<think>Who is she? I should"}) {
    RouterRig next({"a", "b"});
    Told second(next, true);
    next.engine("a").asked.back()->on_text(torn);
    auto reply = next.engine("a").says(torn);
    reply.finish = engine::Finish::length;
    next.engine("a").answer(0, reply);
    next.world.settle();
    ASSERT_EQ(next.engine("b").asked.size(), 1U) << "nothing was said, so another may speak: " << torn;
    next.engine("b").answer(0, next.engine("b").says("He is gone."));
    next.world.settle();
    EXPECT_EQ(second.text, "He is gone.");
    EXPECT_EQ(RouterRig::text(second.answer), "He is gone.");
  }
}

}  // namespace
}  // namespace troupe
