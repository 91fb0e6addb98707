// When somebody speaks first, or joins.
#include "services/npc/initiative_rules.h"

#include <gtest/gtest.h>

namespace troupe::npc {
namespace {

TEST(Initiative, WhoLikesToTalkTellsWhatMatters) {
  EXPECT_GE(worth_telling_a_player(.6, .2, .8), kAddressLeast) << "a talker to a stranger";
  EXPECT_LT(worth_telling_a_player(.6, .2, .3), kAddressLeast) << "others keep it to themselves";
  EXPECT_GE(worth_telling_a_player(.9, .2, .4), kAddressLeast) << "but a death is told";
  EXPECT_LT(worth_telling_a_player(.9, -.5, .4), kAddressLeast) << "not to whom they cannot bear";
}

TEST(Initiative, ANameIsAWord) {
  pack::Npc who;
  who.name = "Old Pip Gant";
  who.aliases = {"the boy"};
  EXPECT_TRUE(names("What did Pip see?", who));
  EXPECT_TRUE(names("ask PIP", who));
  EXPECT_TRUE(names("Where is the boy?", who));
  EXPECT_FALSE(names("The pipe is cold.", who));
  EXPECT_FALSE(names("", who));
}

TEST(Initiative, WhatFitsBestIsFound) {
  pack::Fact oil;
  oil.text = "The lamp oil has burned yellow.";
  oil.topics = {"soot"};
  pack::Fact bag;
  bag.text = "Odo had a bag of sailcloth.";
  const Topic topics[] = {{.fact = &bag}, {.fact = &oil}};
  EXPECT_EQ(best_fit("Where does the soot on the lamp come from?", topics).first, &topics[1]);
  EXPECT_EQ(best_fit("Good morning!", topics).first, nullptr);
}

TEST(Initiative, WhoKnowsBetterOrIsNamedJoins) {
  EXPECT_TRUE(joins(.6, .2, false));
  EXPECT_FALSE(joins(.6, .5, false)) << "the one who was asked knows as well";
  EXPECT_FALSE(joins(.3, 0, false)) << "it does not fit";
  EXPECT_TRUE(joins(.3, .5, true));
  EXPECT_FALSE(joins(.1, 0, true)) << "to be named is not enough";
}

}  // namespace
}  // namespace troupe::npc
