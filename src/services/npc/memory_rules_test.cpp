#include "services/npc/memory_rules.h"

#include <gtest/gtest.h>

namespace troupe::npc {
namespace {

TEST(Memory, RecencyHalves) {
  const MemoryLimits limits{.half_life_days = 3};
  EXPECT_DOUBLE_EQ(recency(1000, 1000, limits), 1);
  EXPECT_NEAR(recency(0, 3 * 86'400'000, limits), .5, 1e-9);
  EXPECT_DOUBLE_EQ(recency(2000, 1000, limits), 1) << "the future is not older than the present";
}

TEST(Memory, VisibilityByWitness) {
  const Memory said{.witnesses = {"player:anna", "marta"}, .source = "said"};
  EXPECT_EQ(visibility(said, ""), 1);
  EXPECT_EQ(visibility(said, "player:anna"), 1);
  EXPECT_EQ(visibility(said, "player:bob"), 0) << "what one player said is not told to another";
  EXPECT_EQ(visibility({.source = "seen"}, "player:bob"), .5);
  EXPECT_EQ(visibility({.source = "told"}, "player:bob"), 0);
  EXPECT_EQ(visibility({.source = "reflected"}, "player:bob"), 0);
}

TEST(Memory, WhatIsNotVisibleScoresNothing) {
  EXPECT_EQ(combine({.recency = 1, .importance = 1, .similarity = 1, .visibility = 0}), 0);
  EXPECT_GT(combine({.recency = 1, .importance = 1, .similarity = .9, .visibility = 1}),
            combine({.recency = 1, .importance = 1, .similarity = .1, .visibility = 1}));
}

TEST(Memory, Overlap) {
  EXPECT_DOUBLE_EQ(overlap("What happened to the keeper?", "The keeper happened to vanish"), 1);
  EXPECT_DOUBLE_EQ(overlap("bread prices", "The keeper is gone"), 0);
}

TEST(Secrets, TelltaleWordsAreCaughtWholeOnly) {
  pack::Pack pack;
  pack.facts.push_back({.id = pack::FactId("tam"),
                        .text = "Tam hides in the mill.",
                        .secret = true,
                        .holders = {pack::NpcId("marta")},
                        .telltale = {"mill", "Tam"}});
  const pack::NpcId marta("marta");
  const pack::Listener stranger{.trust = .3};
  EXPECT_TRUE(gives_away(pack, "He sleeps at the Mill.", marta, stranger));
  EXPECT_FALSE(gives_away(pack, "A million stars.", marta, stranger));
  EXPECT_FALSE(gives_away(pack, "The lamps are lit.", marta, stranger));
}

TEST(Memory, WhatAPlayerSaidOrDidIsPlayersText) {
  EXPECT_TRUE(is_players_text({.source = "said"}));
  EXPECT_TRUE(is_players_text({.source = "reflected"})) << "a summary of player text is player text";
  EXPECT_TRUE(is_players_text({.witnesses = {"marta", "player:anna"}, .source = "seen"}))
      << "it has the player's name";
  EXPECT_FALSE(is_players_text({.witnesses = {"marta", "pip"}, .source = "seen"}));
  EXPECT_FALSE(is_players_text({.source = "told"}));
}

}  // namespace
}  // namespace troupe::npc
