// In the evening somebody thinks about the day: a job that outlives the server, and a memory in the turn in
// which it ends.
#include "tests/world/minds.h"

namespace troupe::test {
namespace {

struct Evening : Minds {
  Evening() : Minds({.read_ahead = false}, GameTime{} + game_hours(20)) {
    engine->at_once = engine->says("Good evening to you.");
    begin();
  }
  std::vector<pb::MemoryView> reflections() {
    pb::NpcMindRequest request;
    request.set_npc("marta");
    const auto mind = world.call<pb::NpcMindReply>(designer(), request);
    std::vector<pb::MemoryView> found;
    if (!mind) return found;
    for (const auto& memory : mind->memories()) {
      if (memory.source() == "reflected") found.push_back(memory);
    }
    return found;
  }
};

TEST(Reflection, OutlivesTheServerAndComesOnce) {
  Evening evening;
  pb::NpcTalkRequest talk;
  talk.set_npc("marta");
  talk.set_text("The ferryman is in debt.");
  ASSERT_TRUE(evening.world.call<pb::NpcTalkReply>(player(), talk));
  evening.engine->at_once.reset();
  const auto asked_before = evening.engine->asked.size();
  evening.world.advance_to(GameTime{} + game_hours(22) + game_minutes(5));
  ASSERT_EQ(evening.engine->asked.size(), asked_before + 1) << "only who was talked to thinks about it";
  EXPECT_NE(evening.engine->asked.back()->request.messages.back().text.find("ferryman"), std::string::npos);

  evening.world.restart();  // in the middle of it
  evening.engine->at_once.reset();
  evening.begin();
  ASSERT_EQ(evening.engine->asked.size(), 1U) << "the job begins again";
  EXPECT_TRUE(evening.reflections().empty());
  evening.engine->answer(0, evening.engine->says("I should have listened to her."));
  evening.world.settle();
  ASSERT_EQ(evening.reflections().size(), 1U);
  EXPECT_EQ(evening.reflections().front().text(), "I should have listened to her.");

  evening.world.restart();
  evening.begin();
  EXPECT_EQ(evening.reflections().size(), 1U);
  EXPECT_TRUE(evening.engine->asked.empty()) << "what has ended is not begun again";
  EXPECT_EQ(evening.world.state_hash(), evening.world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe::test
