// What becomes of news from mouth to mouth.
#include "services/npc/belief_rules.h"

#include <gtest/gtest.h>

#include <map>

#include "pack/prompt_file.h"
#include "pack/query.h"

namespace troupe::npc {
namespace {

constexpr std::int64_t kDay = 86'400'000;

pb::BeliefRecord news(std::string source, double confidence, std::int64_t true_at = 0,
                      std::string text = "It is so.") {
  pb::BeliefRecord made;
  made.set_subject("fact:oil");
  made.set_text(std::move(text));
  made.set_source(std::move(source));
  made.set_confidence(confidence);
  made.set_importance(.6);
  made.set_true_at_ms(true_at);
  made.set_learned_at_ms(10 * kDay);
  made.set_event(7);
  return made;
}

BeliefList list_of(const std::vector<pb::BeliefRecord>& beliefs) {
  BeliefList list;
  for (const auto& belief : beliefs) list.push_back(&belief);
  return list;
}

// What one person believes, by when it was true.
struct Mine {
  std::map<std::int64_t, pb::BeliefRecord> rows;

  const pb::BeliefRecord& operator[](std::int64_t true_at) const { return rows.at(true_at); }
  Taken hear(pb::BeliefRecord told) {
    BeliefList list;
    for (const auto& [at, belief] : rows) list.push_back(&belief);
    auto taken = take(list, std::move(told));
    for (const auto& row : taken.rows) rows[row.true_at_ms()] = row;
    return taken;
  }
};

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
  const auto taken = take({}, news("nell", .5));
  EXPECT_EQ(taken.how, Taken::How::learned);
  ASSERT_EQ(taken.rows.size(), 1U);
  ASSERT_EQ(taken.rows[0].heard_from_size(), 1);
  EXPECT_EQ(taken.rows[0].heard_from(0), "nell");
}

TEST(Beliefs, TheSameMouthAgainChangesNothing) {
  Mine mine;
  (void)mine.hear(news("nell", .5));
  EXPECT_EQ(mine.hear(news("nell", .5)).how, Taken::How::nothing);
  EXPECT_EQ(mine.hear(news("nell", .4)).how, Taken::How::nothing);
  EXPECT_EQ(mine[0].confidence(), .5);
  EXPECT_EQ(mine.hear(news("nell", .6)).how, Taken::How::confirmed) << "who has become surer is";
  EXPECT_EQ(mine[0].confidence(), .6) << "believed no more than they believe it themselves";
}

TEST(Beliefs, TheSurerWordsAreKept) {
  Mine mine;
  (void)mine.hear(news("nell", .4, 0, "Some candles burned."));
  EXPECT_EQ(mine.hear(news("bram", .7, 0, "Fourteen candles burned.")).how, Taken::How::confirmed);
  EXPECT_EQ(mine[0].text(), "Fourteen candles burned.");
  EXPECT_EQ(mine[0].source(), "bram");
  EXPECT_GT(mine[0].confidence(), .7);
  (void)mine.hear(news("pip", .3, 0, "Some candles burned."));
  EXPECT_EQ(mine[0].text(), "Fourteen candles burned.");
  EXPECT_EQ(mine[0].heard_from_size(), 3);
}

TEST(Beliefs, WhatWasTrueLaterEndsWhatWasBelieved) {
  Mine mine;
  (void)mine.hear(news("nell", .9, 2 * kDay));
  const auto taken = mine.hear(news("bram", .3, 3 * kDay));
  EXPECT_EQ(taken.how, Taken::How::learned);
  EXPECT_EQ(taken.rows.size(), 2U);
  EXPECT_EQ(taken.rows.back().source(), "bram");
  ASSERT_EQ(mine.rows.size(), 2U);
  EXPECT_EQ(mine[2 * kDay].ended_at_ms(), 10 * kDay) << "when it was learned, not when it was so";
  EXPECT_TRUE(is_live(mine[3 * kDay]));
  EXPECT_EQ(mine.hear(news("pip", 1, 2 * kDay)).how, Taken::How::nothing) << "old news";
}

TEST(Beliefs, WhoSawItIsNotToldOtherwise) {
  Mine mine;
  (void)mine.hear(news(std::string(kSaw), 1, kDay));
  EXPECT_EQ(mine.hear(news("nell", .9, kDay)).how, Taken::How::nothing);
  EXPECT_EQ(mine[kDay].confidence(), 1);
}

TEST(Beliefs, WhatEndedGoesFirstThenTheLeastWorth) {
  std::vector<pb::BeliefRecord> mine = {news("nell", .9), news("bram", .2), news("pip", .9)};
  mine[2].set_ended_at_ms(1);
  EXPECT_EQ(&to_drop(list_of(mine), 10 * kDay), &mine[2]);
  mine.pop_back();
  EXPECT_EQ(&to_drop(list_of(mine), 10 * kDay), &mine[1]);
}

TEST(Beliefs, NewsGrowOldAndFactsDoNot) {
  auto fact = news("nell", 1);
  EXPECT_EQ(freshness(fact, 100 * kDay), 1);
  fact.set_subject("death:bram");
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
  auto theirs = news("pip", .6);
  theirs.set_subject(fact_subject(town.open.id));
  theirs.add_heard_from("pip");
  EXPECT_NEAR(novelty(topic, town.nell, town.bram, {&theirs}), .2, 1e-9) << "half believed";
  theirs.add_heard_from("nell");
  EXPECT_EQ(novelty(topic, town.nell, town.bram, {&theirs}), 0) << "from this mouth already";
  pb::BeliefRecord told;
  told.set_subject("death:odo");
  told.add_heard_from("bram");
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
