#include "services/npc/appraisal_rules.h"

#include <gtest/gtest.h>

#include "services/npc/npc_rules.h"

namespace troupe::npc {
namespace {

pack::Verb verb_with(std::initializer_list<std::pair<std::string, double>> feelings, double threat = 0) {
  pack::Verb verb;
  verb.threat = threat;
  for (const auto& [feeling, by] : feelings) {
    verb.effects.push_back({.kind = pack::Effect::Kind::relation,
                            .ref = {pack::Ref::Kind::param, "person"},
                            .key = feeling,
                            .amount = {.number = by}});
  }
  return verb;
}

double moved(const Impression& impression, std::string_view feeling) {
  for (const auto& [name, by] : impression.feelings) {
    if (name == feeling) return by;
  }
  return 0;
}

TEST(Appraisal, WhoLikesTheOneFeelsForThem) {
  const auto wrong = verb_with({{"anger", .3}, {"trust", -.3}});
  const auto kindness = verb_with({{"affection", .05}});
  pb::RelationRecord friendly;
  friendly.set_trust(.8);
  friendly.set_affection(.8);
  pb::RelationRecord hostile;
  hostile.set_anger(.8);
  hostile.set_disgust(.8);
  pack::Traits traits;
  const auto hurt = appraise(traits, Part::witness, wrong, friendly);
  EXPECT_GT(moved(hurt, "anger"), .1);
  EXPECT_LT(moved(hurt, "trust"), -.1);
  EXPECT_EQ(hurt.mood, pack::Mood::angry);
  const auto served_right = appraise(traits, Part::witness, wrong, hostile);
  EXPECT_EQ(moved(served_right, "anger"), 0);
  EXPECT_EQ(served_right.mood, pack::Mood::happy);
  EXPECT_EQ(appraise(traits, Part::witness, kindness, friendly).mood, pack::Mood::happy);
  EXPECT_LT(moved(appraise(traits, Part::witness, kindness, hostile), "affection"), 0);
  traits.curiosity = .9;
  EXPECT_EQ(appraise(traits, Part::witness, wrong, {}).mood, pack::Mood::curious) << "of two strangers";
  EXPECT_EQ(appraise(traits, Part::target, kindness, {}).mood, pack::Mood::happy);
  EXPECT_EQ(appraise(traits, Part::target, wrong, {}).mood, pack::Mood::angry);
  traits.neuroticism = .9;
  traits.aggression = .1;
  EXPECT_EQ(appraise(traits, Part::target, wrong, {}).mood, pack::Mood::sad);
}

TEST(Appraisal, AThreatFrightensTheFearfulAndAngersTheFierce) {
  const auto attack = verb_with({}, .8);
  pack::Traits traits;
  traits.neuroticism = .9;
  const auto target = appraise(traits, Part::target, attack, {});
  const auto witness = appraise(traits, Part::witness, attack, {});
  EXPECT_EQ(target.mood, pack::Mood::afraid);
  EXPECT_GT(target.threat, witness.threat);
  EXPECT_GT(witness.threat, 0);
  EXPECT_GT(moved(target, "fear"), .3);
  traits.aggression = .95;
  EXPECT_EQ(appraise(traits, Part::target, attack, {}).mood, pack::Mood::angry);
}

TEST(Appraisal, AVerbMaySayItself) {
  auto verb = verb_with({});
  EXPECT_EQ(goodness(verb), 0);
  verb.feels["respect"] = .2;
  verb.mood_witness = pack::Mood::curious;
  verb.mood_actor = pack::Mood::happy;
  const auto witness = appraise({}, Part::witness, verb, {});
  EXPECT_EQ(moved(witness, "respect"), .2);
  EXPECT_EQ(witness.mood, pack::Mood::curious);
  EXPECT_EQ(appraise({}, Part::actor, verb, {}).mood, pack::Mood::happy);
}

TEST(Feelings, FadeToWhatThePackSays) {
  pack::Relation usual;
  usual.trust = .3;
  pb::RelationRecord relation;
  relation.set_trust(.9);
  relation.set_anger(1);
  relation.set_respect(usual.respect);
  relation.set_affection(usual.affection);
  EXPECT_TRUE(fade(relation, usual));
  EXPECT_LT(relation.anger(), .85);
  EXPECT_GT(relation.trust(), .85) << "trust lasts longer than anger";
  int days = 0;
  while (fade(relation, usual)) ASSERT_LT(++days, 2000);
  EXPECT_EQ(relation.trust(), .3);
  EXPECT_EQ(relation.anger(), 0);
}

TEST(Moods, FadeAndTheStrongerStays) {
  pb::NpcRecord record;
  record.set_mood("angry");
  record.set_mood_strength(.8);
  record.set_mood_since_ms(0);
  record.set_mood_until_ms(1000);
  EXPECT_FALSE(takes_over(record, 0, pack::Mood::afraid, .5)) << "a coming storm does not calm the angry";
  EXPECT_FALSE(takes_over(record, 0, pack::Mood::calm, 1));
  EXPECT_TRUE(takes_over(record, 500, pack::Mood::afraid, .5));
  EXPECT_NEAR(mood_now(record, 500), .4, 1e-9);
  EXPECT_EQ(mood_now(record, 1000), 0);
}

TEST(Feelings, ChangePricesAndWhatIsTold) {
  pb::RelationRecord liked;
  liked.set_trust(.9);
  liked.set_affection(.9);
  liked.set_respect(.9);
  pb::RelationRecord loathed;
  loathed.set_anger(.9);
  loathed.set_disgust(.9);
  EXPECT_LT(price_factor(liked, pack::Mood::calm, 0), .9);
  EXPECT_GT(price_factor(loathed, pack::Mood::calm, 0), 1.1);
  EXPECT_GT(price_factor(liked, pack::Mood::angry, 1), price_factor(liked, pack::Mood::calm, 0));
  EXPECT_EQ(confidence(liked, pack::Mood::calm, 0), .9);
  EXPECT_LT(confidence(liked, pack::Mood::angry, 1), .8);
  liked.set_anger(.8);
  EXPECT_LT(confidence(liked, pack::Mood::calm, 0), .75);
}

}  // namespace
}  // namespace troupe::npc
