// What becomes of news from mouth to mouth.
#include "services/npc/belief_rules.h"

#include <gtest/gtest.h>

#include "pack/query.h"

namespace troupe::npc {
namespace {

constexpr std::int64_t kDay = 86'400'000;

Belief news(std::string source, double confidence, std::int64_t true_at = 0, std::string text = "It is so.") {
  return {.subject = "fact:oil",
          .text = std::move(text),
          .source = std::move(source),
          .confidence = confidence,
          .importance = .6,
          .true_at_ms = true_at,
          .learned_at_ms = 10 * kDay,
          .event = 7};
}

TEST(Beliefs, ConfidenceFallsWithEachMouth) {
  double confidence = sure_of(pack::FactSource::witnessed);
  int mouths = 0;
  while (confidence >= BeliefLimits{}.worth_telling) {
    const double next = heard(confidence, .5);
    EXPECT_LT(next, confidence);
    confidence = next;
    ++mouths;
  }
  EXPECT_GE(mouths, 3) << "a rumour goes some way";
  EXPECT_LE(mouths, 8) << "and dies out";
  EXPECT_EQ(heard(.8, 1), .8) << "a trusted word counts in full";
  EXPECT_EQ(heard(.8, 0), .4) << "and a stranger's half";
}

TEST(Beliefs, AnotherMouthConfirmsWithinBounds) {
  EXPECT_NEAR(confirmed(.5, .5), .75, 1e-9);
  EXPECT_EQ(confirmed(.85, .8), BeliefLimits{}.hearsay_most);
  EXPECT_EQ(confirmed(.95, .9), .95) << "whoever is surer than hearsay stays so";
}

TEST(Beliefs, WhatIsHeardFirstIsLearned) {
  std::vector<Belief> mine;
  const auto taken = take(mine, news("nell", .5));
  EXPECT_EQ(taken.how, Taken::How::learned);
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0].heard_from, std::vector<std::string>{"nell"});
}

TEST(Beliefs, TheSameMouthAgainChangesNothing) {
  std::vector<Belief> mine;
  (void)take(mine, news("nell", .5));
  EXPECT_EQ(take(mine, news("nell", .5)).how, Taken::How::nothing);
  EXPECT_EQ(take(mine, news("nell", .4)).how, Taken::How::nothing);
  EXPECT_EQ(mine[0].confidence, .5);
  EXPECT_EQ(take(mine, news("nell", .6)).how, Taken::How::confirmed) << "who has become surer is";
  EXPECT_EQ(mine[0].confidence, .6) << "believed no more than they believe it themselves";
}

TEST(Beliefs, TheSurerWordsAreKept) {
  std::vector<Belief> mine;
  (void)take(mine, news("nell", .4, 0, "Some candles burned."));
  EXPECT_EQ(take(mine, news("bram", .7, 0, "Fourteen candles burned.")).how, Taken::How::confirmed);
  EXPECT_EQ(mine[0].text, "Fourteen candles burned.");
  EXPECT_EQ(mine[0].source, "bram");
  EXPECT_GT(mine[0].confidence, .7);
  (void)take(mine, news("pip", .3, 0, "Some candles burned."));
  EXPECT_EQ(mine[0].text, "Fourteen candles burned.");
  EXPECT_EQ(mine[0].heard_from.size(), 3U);
}

TEST(Beliefs, WhatWasTrueLaterEndsWhatWasBelieved) {
  std::vector<Belief> mine;
  (void)take(mine, news("nell", .9, 2 * kDay));
  const auto taken = take(mine, news("bram", .3, 3 * kDay));
  EXPECT_EQ(taken.how, Taken::How::learned);
  EXPECT_EQ(taken.changed.size(), 2U);
  ASSERT_EQ(mine.size(), 2U);
  EXPECT_EQ(mine[0].ended_at_ms, 10 * kDay) << "when it was learned, not when it was so";
  EXPECT_TRUE(mine[1].live());
  EXPECT_EQ(belief_of(mine, "fact:oil"), &mine[1]);
  EXPECT_EQ(take(mine, news("pip", 1, 2 * kDay)).how, Taken::How::nothing) << "old news";
}

TEST(Beliefs, WhoSawItIsNotToldOtherwise) {
  std::vector<Belief> mine;
  (void)take(mine, news(std::string(kSaw), 1, kDay));
  EXPECT_EQ(take(mine, news("nell", .9, kDay)).how, Taken::How::nothing);
  EXPECT_EQ(mine[0].confidence, 1);
}

TEST(Beliefs, WhatEndedGoesFirstThenTheLeastWorth) {
  std::vector<Belief> mine = {news("nell", .9), news("bram", .2), news("pip", .9)};
  mine[2].ended_at_ms = 1;
  EXPECT_EQ(to_drop(mine, 10 * kDay), 2U);
  mine.pop_back();
  EXPECT_EQ(to_drop(mine, 10 * kDay), 1U);
}

TEST(Beliefs, NewsGrowOldAndFactsDoNot) {
  Belief fact = news("nell", 1);
  EXPECT_EQ(freshness(fact, 100 * kDay), 1);
  fact.subject = "death:bram";
  EXPECT_NEAR(freshness(fact, 3 * kDay), .5, 1e-6);
}

TEST(Beliefs, NumbersOfThingsAreLostAndNothingElse) {
  const auto words = pack::built_in_prompt_texts("en").vague;
  const std::pair<const char*, const char*> kRows[] = {
      {"Odo lit fourteen candles in the chapel.", "Odo lit some candles in the chapel."},
      {"Three days before he vanished, Odo had a bag.", "Some days before he vanished, Odo had a bag."},
      {"It was gone for 11 nights.", "It was gone for some nights."},
      {"He was there at four that morning.", "He was there at four that morning."},
      {"The light was dark between two and three.", "The light was dark between two and three."},
      {"At three this morning it rained.", "At three this morning it rained."},
      {"One hour, and one boat.", "One hour, and one boat."},
      {"Nobody counts four", "Nobody counts four"},
      {"", ""}};
  for (const auto& [exact, vague] : kRows) EXPECT_EQ(made_vague(exact, words), vague);
}

struct Town {
  pack::Fact open, secret;
  pack::Npc nell, bram, pip;
  Town() {
    nell.id = pack::NpcId("nell");
    bram.id = pack::NpcId("bram");
    pip.id = pack::NpcId("pip");
    open.id = pack::FactId("open");
    open.holders = {nell.id};
    open.about = {pip.id};
    secret.id = pack::FactId("secret");
    secret.secret = true;
    secret.holders = {nell.id};
    secret.share_with.npcs = {bram.id};
  }
};

TEST(Beliefs, ASecretGoesOneMouthFar) {
  const Town town;
  EXPECT_TRUE(may_pass(town.open, town.bram.id, {.npc = town.pip.id})) << "what is open goes on by hearsay";
  EXPECT_TRUE(may_pass(town.secret, town.nell.id, {.npc = town.bram.id}));
  EXPECT_FALSE(may_pass(town.secret, town.nell.id, {.npc = town.pip.id}));
  EXPECT_FALSE(may_pass(town.secret, town.bram.id, {.npc = town.pip.id, .trust = 1}));
  EXPECT_FALSE(may_pass(town.secret, town.bram.id, {.npc = town.bram.id})) << "who was told does not tell on";
}

TEST(Beliefs, NothingIsNewToWhoKnowsIt) {
  const Town town;
  const Topic topic{.fact = &town.open};
  EXPECT_EQ(novelty(topic, town.bram, town.nell, {}), 0) << "holds it";
  EXPECT_EQ(novelty(topic, town.nell, town.pip, {}), 0) << "it is about them";
  EXPECT_EQ(novelty(topic, town.nell, town.bram, {}), 1);
  std::vector<Belief> theirs = {news("pip", .6)};
  theirs[0].subject = fact_subject(town.open.id);
  theirs[0].heard_from = {"pip"};
  EXPECT_NEAR(novelty(topic, town.nell, town.bram, theirs), .2, 1e-9) << "half believed";
  theirs[0].heard_from = {"pip", "nell"};
  EXPECT_EQ(novelty(topic, town.nell, town.bram, theirs), 0) << "from this mouth already";
  const Belief told{.subject = "death:odo", .heard_from = {"bram"}};
  EXPECT_EQ(novelty({.belief = &told}, town.nell, town.bram, {}), 0) << "they told it themselves";
}

TEST(Beliefs, HarmIsNewsAndDailyBreadIsNot) {
  pack::Verb verb;
  EXPECT_EQ(news_of_deed(verb, false, true), 0);
  EXPECT_GT(news_of_deed(verb, true, true), BeliefLimits{}.news_least);
  EXPECT_EQ(news_of_deed(verb, true, false), 0);
  verb.threat = .5;
  EXPECT_GT(news_of_deed(verb, false, false), BeliefLimits{}.news_least);
}

TEST(Beliefs, WhoLikesToTalkTellsFriendsNews) {
  EXPECT_GT(worth(1, .6, .4, .5), kWorthLeast);
  EXPECT_GT(worth(1, .6, .4, .5), worth(1, .6, -.4, .5));
  EXPECT_EQ(worth(1, .6, -1, 0), 0) << "an enemy is told nothing";
  EXPECT_EQ(worth(0, .9, 1, 1), 0);
}

}  // namespace
}  // namespace troupe::npc
