// What people remember of a player is the player's to see and to end; nobody else's.
#include <gmock/gmock.h>

#include "tests/world/minds.h"

namespace troupe::test {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct ForgetTest : ::testing::Test, Minds {
  ForgetTest() : Minds({.read_ahead = false}) { begin(); }

  void says(const std::string& who, const std::string& npc, const std::string& text) {
    pb::NpcTalkRequest talk;
    talk.set_npc(npc);
    talk.set_text(text);
    std::size_t answered = engine->asked.size();
    const auto answer = world.start(player(who), talk);
    world.run_until([&] {
      for (; answered < engine->asked.size(); ++answered) engine->answer(answered, engine->says("I see."));
      return answer->has_value();
    });
  }
  std::vector<std::string> remembered(const Caller& caller, const std::string& of,
                                      const std::string& npc = {}) {
    pb::NpcMemoriesRequest request;
    request.set_player(of);
    request.set_npc(npc);
    const auto reply = world.call<pb::NpcMemoriesReply>(caller, request);
    std::vector<std::string> texts;
    if (!reply) return {reply.error().reason};
    for (const auto& memory : reply->memories()) texts.push_back(memory.npc() + ": " + memory.text());
    return texts;
  }
  Result<pb::NpcForgetReply> forget(const Caller& caller, const std::string& of, const std::string& npc = {},
                                    const std::vector<std::string>& ids = {}) {
    pb::NpcForgetRequest request;
    request.set_player(of);
    request.set_npc(npc);
    for (const auto& id : ids) request.add_ids(id);
    return world.call<pb::NpcForgetReply>(caller, request);
  }
  // Everything that is kept anywhere, as bytes.
  std::string kept() {
    std::string all;
    for (const auto* column :
         {"parts from npc_minds", "cast(activity || reason || scene || talking_to as blob) from npc_minds",
          "cast(text as blob) from npc_memories", "cast(text as blob) from npc_lines",
          "record from npc_decisions", "cast(text as blob) from npc_beliefs", "parts from npc_beliefs"}) {
      for (const auto& row : world.rows(std::string("select ") + column)) all += row.blob(0);
    }
    return all;
  }
};

TEST_F(ForgetTest, PlayersSeeWhatIsRememberedOfThemselves) {
  says("anna", "marta", "My brother sails on the Heron.");
  says("bert", "marta", "I owe money to the baker.");
  says("bert", "nell", "I am from Varn.");
  EXPECT_THAT(remembered(player("anna"), ""), Each(HasSubstr("Heron")));
  EXPECT_THAT(remembered(player("anna"), "bert"), Each(HasSubstr("Heron"))) << "whoever they name";
  EXPECT_EQ(remembered(designer(), "bert").size(), 4U) << "two talks, and what he said of himself in each";
  EXPECT_THAT(remembered(designer(), "bert", "nell"), Each(HasSubstr("nell: ")));
  EXPECT_THAT(remembered(designer(), ""), Each("npc.no_player"));
  EXPECT_FALSE(remembered(designer(), "", "marta").empty());
  EXPECT_THAT(remembered(player("anna"), "", "nobody"), Each("npc.unknown"));
}

TEST_F(ForgetTest, WhatIsForgottenIsNowhere) {
  says("anna", "marta", "My brother sails on the Heron.");
  says("anna", "nell", "The Heron is late.");
  says("bert", "marta", "I owe money to the baker.");
  world.settle();
  ASSERT_THAT(kept(), HasSubstr("Heron"));
  const auto gone = forget(player("anna"), "bert");  // whoever she names: herself
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_GE(gone->count(), 2);
  world.settle();
  EXPECT_THAT(kept(), Not(HasSubstr("Heron")));
  EXPECT_THAT(kept(), HasSubstr("baker")) << "what is another's stays";
  EXPECT_THAT(remembered(player("anna"), ""), IsEmpty());
  pb::NpcPromptRequest next;
  next.set_npc("marta");
  next.set_player("anna");
  next.set_text("Do you know where my brother sails?");
  const auto prompt = world.call<pb::NpcPromptReply>(designer(), next);
  ASSERT_TRUE(prompt) << prompt.error().message;
  for (const auto& message : prompt->messages()) EXPECT_THAT(message.text(), Not(HasSubstr("Heron")));
  EXPECT_EQ(world.events_of<pb::MemoriesForgotten>("marta").size(), 1U);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(ForgetTest, OneMemoryCanGoAlone) {
  says("anna", "marta", "My brother sails on the Heron.");
  says("anna", "marta", "My name is Anna Reed.");
  pb::NpcMemoriesRequest request;
  const auto all = world.call<pb::NpcMemoriesReply>(player("anna"), request);
  ASSERT_TRUE(all);
  std::string heron;
  for (const auto& memory : all->memories()) {
    if (memory.text().contains("Heron")) heron = memory.id();
  }
  ASSERT_FALSE(heron.empty());
  EXPECT_EQ(forget(player("bert"), "", "", {heron})->count(), 0) << "it is not Bert's";
  EXPECT_EQ(forget(player("anna"), "", "", {heron})->count(), 2) << "the talk, and what she said in it";
  world.settle();
  EXPECT_THAT(kept(), Not(HasSubstr("Heron")));
  EXPECT_THAT(kept(), HasSubstr("Anna Reed"));
  EXPECT_EQ(forget(player("anna"), "", "", {"17"}).error().reason, "npc.memory");
  EXPECT_EQ(forget(designer(), "", "").error().reason, "npc.no_player");
  EXPECT_EQ(forget(player("anna"), "", "", std::vector<std::string>(1001, "m-1")).error().reason,
            "npc.memories");
}

}  // namespace
}  // namespace troupe::test
