#include "services/npc/manner_rules.h"

#include <gtest/gtest.h>

namespace troupe::npc {
namespace {

using talk::Manner;

double moved(const Impression& impression, std::string_view feeling) {
  double out = 0;
  for (const auto& [name, by] : impression.feelings) {
    if (name == feeling) out += by;
  }
  return out;
}

struct Case {
  Manner manner;
  std::string_view feeling;
  int sign;
};

TEST(Manners, EachKindOfLineMovesWhatItShould) {
  for (const auto& [manner, feeling, sign] :
       std::initializer_list<Case>{{Manner::insult, "anger", 1},
                                   {Manner::insult, "respect", -1},
                                   {Manner::threat, "fear", 1},
                                   {Manner::threat, "trust", -1},
                                   {Manner::accusation, "anger", 1},
                                   {Manner::praise, "affection", 1},
                                   {Manner::sorrow, "affection", 1},
                                   {Manner::apology, "anger", -1},
                                   {Manner::promise_kept, "trust", 1},
                                   {Manner::promise_broken, "trust", -1},
                                   {Manner::order, "respect", -1},
                                   {Manner::thanks, "affection", 1}}) {
    const double by = moved(impression_of_words({}, manner), feeling);
    EXPECT_GT(by * sign, 0) << name_of(manner) << " " << feeling;
    EXPECT_LT(by * sign, .3) << "a single line is no deed: " << name_of(manner) << " " << feeling;
  }
  for (const auto manner : {Manner::none, Manner::greeting, Manner::farewell, Manner::advice}) {
    EXPECT_TRUE(impression_of_words({}, manner).feelings.empty()) << name_of(manner);
    EXPECT_FALSE(impression_of_words({}, manner).mood) << name_of(manner);
  }
}

TEST(Manners, ByTemper) {
  pack::Traits fierce;
  fierce.aggression = .9;
  fierce.neuroticism = .2;
  pack::Traits timid;
  timid.aggression = .1;
  timid.neuroticism = .9;
  EXPECT_EQ(impression_of_words(fierce, Manner::threat).mood, pack::Mood::angry);
  EXPECT_EQ(impression_of_words(timid, Manner::threat).mood, pack::Mood::afraid);
  EXPECT_EQ(impression_of_words(fierce, Manner::insult).mood, pack::Mood::angry);
  EXPECT_EQ(impression_of_words(timid, Manner::insult).mood, pack::Mood::sad);
  EXPECT_GT(moved(impression_of_words(timid, Manner::threat), "fear"),
            moved(impression_of_words(fierce, Manner::threat), "fear"));
}

TEST(Manners, WhoStandsByFeelsForWhomTheyLike) {
  pb::RelationRecord loves;
  loves.set_trust(.9);
  loves.set_affection(.9);
  pb::RelationRecord hates;
  hates.set_anger(.9);
  hates.set_disgust(.9);
  const auto heard = impression_of_words_heard({}, Manner::insult, loves);
  const auto addressed = impression_of_words({}, Manner::insult);
  EXPECT_GT(moved(heard, "anger"), 0);
  EXPECT_LT(moved(heard, "anger"), moved(addressed, "anger"));
  EXPECT_TRUE(impression_of_words_heard({}, Manner::insult, hates).feelings.empty());
  EXPECT_TRUE(impression_of_words_heard({}, Manner::news, loves).feelings.empty()) << "two people talk";
  EXPECT_GT(moved(impression_of_words_heard({}, Manner::praise, loves), "affection"), 0);
}

}  // namespace
}  // namespace troupe::npc
