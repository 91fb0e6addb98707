// What is heard of a line, before anything is ranked: its questions, and what they go on with.
#include "talk/heard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Town& ferry() {
  static const Town town("tests/packs/every-key");
  return town;
}

Heard heard_after(const std::string& before, const std::string& line) {
  Scene scene = ferry().scene("ada");
  if (!before.empty()) ferry().say("ada", scene, before);
  return hear(ferry().world(), ferry().person("ada"), scene, line);
}

struct Row {
  const char* line;
  std::vector<std::string> questions;
};

TEST(Heard, TwoQuestionsOfASentenceAreTwo) {
  const Row rows[] = {
      {"Who are you and where is the hut?", {"Who are you", "Where is the hut?"}},
      {"what is your name, where do you live", {"what is your name", "Where do you live"}},
      {"Where is the hut? And how much is eel?", {"Where is the hut?", "And how much is eel?"}},
      {"Where is the hut and when?", {"Where is the hut", "When is the hut"}},
      {"Do you know Ben and Ada?", {}},
      {"Tell me, where is the hut?", {}},
      {"Is it late and dark?", {}},
      {"I came by the road, and where is Ben?", {}},
  };
  for (const Row& row : rows) {
    std::vector<std::string> questions;
    for (const Part& part : heard_after("", row.line).questions) questions.push_back(part.line);
    EXPECT_EQ(questions, row.questions) << row.line;
  }
}

TEST(Heard, AQuestionOfOneWordTakesTheLineBefore) {
  const auto whole = [](const char* before, const char* line) {
    return heard_after(before, line).whole.line;
  };
  EXPECT_EQ(whole("Is the river low?", "Since when?"), "Since when is the river low?");
  EXPECT_EQ(whole("The river is low.", "Why?"), "Why the river is low.");
  EXPECT_EQ(whole("When does the ferry go?", "And why?"), "Why does the ferry go?");
  EXPECT_EQ(whole("", "Why?"), "Why?") << "nothing stands before it";
  EXPECT_EQ(whole("Is the river low?", "Why is it cold?"), "Why is it cold?")
      << "it says itself what it asks";
}

TEST(Heard, AnotherThingTakesThePlaceOfTheOneBefore) {
  Scene scene = ferry().scene("ada");
  scene.spoken.line = "How many days will the water at the landing last?";
  const auto whole = [&](const char* line) {
    return hear(ferry().world(), ferry().person("ada"), scene, line).whole.line;
  };
  EXPECT_EQ(whole("And the hut?"), "How many days will the water at the hut last?");
  EXPECT_EQ(whole("And Ben?"), "And Ben?") << "no person was named before";
}

TEST(Heard, AShortQuestionIsAlsoHeardWithTheLineBefore) {
  const Heard heard = heard_after("Tell me about the boat.", "How big was the hole?");
  ASSERT_TRUE(heard.in_context.has_value());
  EXPECT_EQ(heard.in_context->line, "How big was the hole? Tell me about the boat.");
  EXPECT_EQ(heard.in_context->kinds, heard.whole.kinds);
  EXPECT_FALSE(heard_after("Tell me about the boat.", "Where is Ben?").in_context.has_value());
  EXPECT_FALSE(heard_after("", "How big was the hole?").in_context.has_value());
}

TEST(Heard, AQuestionAmongSentencesIsAsked) {
  const Heard rich =
      heard_after("", "I walked all day in the rain with my brother. Where can I buy some eel?");
  EXPECT_EQ(rich.whole.line, "Where can I buy some eel?");
  EXPECT_TRUE(rich.context_in_line);
  ASSERT_TRUE(rich.in_context.has_value());
  EXPECT_EQ(rich.in_context->line, "I walked all day in the rain with my brother. Where can I buy some eel?");
}

TEST(Heard, AQuestionBehindSomethingElseIsAsked) {
  const Row rows[] = {
      {"After all these hills I only want to know where I can sleep.", {"Where I can sleep."}},
      {"can you tell me who rows the ferry", {"Who rows the ferry"}},
      {"i came here on foot what time is it", {"What time is it"}},
      {"What did I tell you?", {"What did I tell you?"}},
      {"And the man in the boat, who is that?", {"And the man in the boat, who is that?"}}};
  for (const Row& row : rows) EXPECT_EQ(heard_after("", row.line).whole.line, row.questions.front());
}

TEST(Heard, ItStandsForNothingInSomeQuestions) {
  EXPECT_EQ(heard_after("Where is the hut?", "How big is it?").whole.line, "How big is the hut?");
  EXPECT_EQ(heard_after("Where is the hut?", "Was it you who rowed?").whole.line, "Was it you who rowed?");
}

TEST(Heard, WhatGoesBackToTheLineBeforeTakesItAlong) {
  EXPECT_EQ(heard_after("The boat has a hole in the bow.", "When was that?").whole.line,
            "When the boat has a hole in the bow.");
  EXPECT_EQ(heard_after("The boat has a hole in the bow.", "What time is it?").whole.line,
            "What time is it?");
}

TEST(Heard, ATagAsks) {
  for (const char* line :
       {"You rowed that night, weren't you", "You have rowed here for ever, huh", "Cold today, isn't it"}) {
    EXPECT_TRUE(heard_after("", line).whole.is_question) << line;
  }
}

TEST(Heard, WhatGoesOnAsksWithoutAQuestionMark) {
  EXPECT_TRUE(heard_after("Who is Ben?", "and his age").whole.is_question);
  EXPECT_FALSE(heard_after("", "and his age").whole.is_question);
  EXPECT_FALSE(heard_after("Who is Ben?", "but I do not like him").whole.is_question);
}

TEST(Heard, WhatIsDeniedIsNotSpokenOf) {
  EXPECT_EQ(heard_after("", "I mean the landing, not the hut. How big is it?").whole.line,
            "How big is the landing?");
}

TEST(Heard, AFewWordsBehindAQuestionBelongToIt) {
  EXPECT_EQ(heard_after("", "Did the ferry bring anything? Something big?").whole.line,
            "Did the ferry bring anything? Something big?");
  EXPECT_EQ(heard_after("", "Where is the hut? And Ben?").questions.size(), 2u);
}

TEST(Heard, WhatIsExclaimedAsksNothing) {
  const Row rows[] = {{"What a day!", {}}, {"When I get home, I will write to you.", {}}};
  for (const Row& row : rows) EXPECT_FALSE(heard_after("", row.line).whole.is_question) << row.line;
  EXPECT_TRUE(heard_after("", "When does the ferry go?").whole.is_question);
}

TEST(Heard, OfALongLineItsEndIsHeard) {
  std::string line = "Long ago ";
  for (int i = 0; i < 200; ++i) line += "one walks and walks ";
  EXPECT_EQ(heard_after("", line + "and I only want to know where Ben is.").whole.line, "Where Ben is.");
  EXPECT_LE(heard_after("", std::string(5000, 'a')).raw.size(), kLineBytesMax);
}

TEST(Heard, ANameThatNobodyKnowsIsNoticed) {
  EXPECT_TRUE(heard_after("", "Who rows the ferry in Kallimar?").whole.names_unknown);
  EXPECT_FALSE(heard_after("", "Who rows the ferry for Ben?").whole.names_unknown);
  EXPECT_FALSE(heard_after("", "WHO ROWS THE FERRY?").whole.names_unknown);
  EXPECT_FALSE(heard_after("", "Good. Kallimar").whole.names_unknown) << "any sentence begins so";
}

TEST(Heard, HowOneIsAddressedIsNotAsked) {
  const char* rows[][2] = {{"Where is the hut, sir?", "Where is the hut?"},
                           {"where is the hut mate", "where is the hut"},
                           {"Excuse me, madam, where is the hut?", "where is the hut?"},
                           {"Ada, where is the hut?", "Where is the hut?"},
                           {"where is the hut, old man", "where is the hut"},
                           {"Whats the time skipper", "What is the time"},
                           {"Who is the skipper?", "Who is the skipper?"},
                           {"Do you know that man?", "Do you know that man?"}};
  for (const auto& [line, heard] : rows) EXPECT_EQ(heard_after("", line).whole.line, heard);
}

}  // namespace
}  // namespace troupe::talk
