// Who is about to be spoken to reads ahead: all but the line, also with what the line may bring up.
#include "tests/world/minds.h"

namespace troupe::test {
namespace {

using Prompts = std::vector<engine::GenerateRequest>;

// The messages before the line; a prompt that was read ahead has an empty one.
std::string before_the_line(const engine::GenerateRequest& request) {
  std::string out;
  for (std::size_t i = 0; i + 1 < request.messages.size(); ++i) out += request.messages[i].text + "\n--\n";
  return out;
}

bool was_read(const Prompts& ahead, const engine::GenerateRequest& asked) {
  return std::ranges::any_of(ahead, [&](const auto& prompt) {
    return prompt.messages.back().text.empty() && before_the_line(prompt) == before_the_line(asked);
  });
}

bool brings_up(const std::string& prompt) { return prompt.contains("close to these words"); }

class AnticipationTest : public testing::Test {
 protected:
  AnticipationTest() { minds_.begin(); }
  void look_at(const std::string& npc) {
    pb::NpcGetRequest where;
    where.set_npc(npc);
    const auto at = minds_.world.call<pb::NpcView>(designer(), where);
    ASSERT_TRUE(at) << at.error().message;
    pb::NpcInputRequest input;
    input.set_x(at->x());
    input.set_y(at->y());
    input.set_looked_at(npc);
    input.set_player(player().name);
    ASSERT_TRUE(minds_.world.call<pb::NpcInputReply>(designer(), input));  // who may put players anywhere
  }
  // Until what goes on around them has come to rest, too.
  void stand_before(const std::string& npc) {
    for (int second = 0; second < 5; ++second) {
      look_at(npc);
      pass(1);
    }
  }
  // What the model is asked for a line.
  engine::GenerateRequest say(const std::string& npc, const std::string& text) {
    minds_.engine->at_once = minds_.engine->says("Good evening to you.");
    pb::NpcTalkRequest talk;
    talk.set_npc(npc);
    talk.set_text(text);
    const auto reply = minds_.world.call<pb::NpcTalkReply>(player(), talk);
    EXPECT_TRUE(reply) << reply.error().message;
    EXPECT_FALSE(minds_.engine->asked.empty());
    return minds_.engine->asked.empty() ? engine::GenerateRequest{} : minds_.engine->asked.back()->request;
  }
  void pass(int seconds) { minds_.world.pass(std::chrono::seconds(seconds)); }
  Prompts& warmed() { return minds_.engine->warmed; }
  Minds minds_{NpcConfig{}};
};

TEST_F(AnticipationTest, AStrangersFirstLineFindsItsPromptRead) {
  stand_before("marta");
  const auto ahead = warmed();
  EXPECT_TRUE(was_read(ahead, say("marta", "Hello."))) << "a line that brings up nothing";
}

TEST_F(AnticipationTest, AndWhatTheLineBringsUpToo) {
  stand_before("marta");
  const auto ahead = warmed();
  const auto asked = say("marta", "What happened in the dark hour?");
  ASSERT_TRUE(before_the_line(asked).contains("One hour of dark.")) << before_the_line(asked);
  EXPECT_TRUE(was_read(ahead, asked));
}

// Those whom a newcomer meets first, and no more: an idle world comes to rest.
TEST_F(AnticipationTest, WithNobodyThereThoseNearestToTheArrivalReadForWhoeverMayCome) {
  pass(10);
  EXPECT_EQ(warmed().size(), NpcLimits().strangers_max);
  std::set<std::string> who;
  for (const auto& prompt : warmed()) who.insert(prompt.caller);
  EXPECT_TRUE(who.contains("marta")) << "who stands at the harbour";
  for (const auto& prompt : warmed()) EXPECT_FALSE(brings_up(before_the_line(prompt)));
}

TEST_F(AnticipationTest, TheSameIsReadInFullOnce) {
  pass(10);
  stand_before("marta");
  stand_before("marta");
  std::map<std::string, int> times;
  for (const auto& prompt : warmed()) ++times[before_the_line(prompt)];
  int most = 0;
  for (const auto& [prompt, count] : times) {
    if (brings_up(prompt)) EXPECT_EQ(count, 1) << prompt;
    most = std::max(most, count);
  }
  EXPECT_GE(most, 2) << "it is seen to that what is before them is still there";
}

TEST_F(AnticipationTest, WhatMayBeBroughtUpIsForgottenFirst) {
  stand_before("marta");
  auto soonest_guess = rt::Instant::never();
  rt::Instant latest;
  for (const auto& prompt : warmed()) {
    if (brings_up(before_the_line(prompt))) {
      soonest_guess = std::min(soonest_guess, prompt.think_again);
    } else if (!prompt.think_again.is_never()) {  // not a stranger's
      latest = std::max(latest, prompt.think_again);
    }
  }
  EXPECT_FALSE(soonest_guess.is_never());
  EXPECT_GT(soonest_guess, latest + std::chrono::minutes(1));
}

TEST_F(AnticipationTest, AConversationIsReadAheadToo) {
  pass(10);
  look_at("marta");
  say("marta", "Hello.");
  pass(1);
  const auto ahead = warmed();
  const auto asked = say("marta", "What happened in the dark hour?");
  ASSERT_NE(before_the_line(asked).find("Good evening to you."), std::string::npos);
  EXPECT_TRUE(was_read(ahead, asked)) << "asked:\n"
                                      << before_the_line(asked) << "\nread last:\n"
                                      << before_the_line(ahead.back());
}

TEST_F(AnticipationTest, WhoIsAnsweredGoesBeforeBranches) {
  pb::NpcTalkRequest talk;
  talk.set_npc("nell");
  talk.set_text("Hello.");
  const auto answer = minds_.world.start(player("ben"), talk);
  look_at("marta");
  pass(4);
  ASSERT_FALSE(answer->has_value());
  for (const auto& prompt : warmed()) EXPECT_FALSE(brings_up(before_the_line(prompt)));
  minds_.engine->answer(0, minds_.engine->says("Good evening to you."));
  look_at("marta");
  pass(4);
  EXPECT_TRUE(std::ranges::any_of(warmed(), [](const auto& prompt) {
    return brings_up(before_the_line(prompt));
  })) << "and afterwards they are read";
}

// No branch has what this listener may not hear.
TEST_F(AnticipationTest, SecretsAreNotReadAhead) {
  pass(10);
  for (const auto& npc : lanternfall().npcs) {
    look_at(npc.id.str());
    pass(3);
  }
  const auto& pack = lanternfall();
  ASSERT_GT(warmed().size(), 4 * pack.npcs.size());
  for (const auto& fact : pack.facts) {
    if (!fact.secret) continue;
    for (const auto& prompt : warmed())
      EXPECT_FALSE(before_the_line(prompt).contains(fact.text)) << fact.id.str();
  }
}

}  // namespace
}  // namespace troupe::test
