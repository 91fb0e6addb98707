#include "services/npc/memory_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "services/npc/player_rules.h"
#include "services/npc/relation_rules.h"

namespace troupe::npc {
namespace {

TEST(Memory, RecencyHalves) {
  const MemoryLimits limits{.half_life_days = 3};
  EXPECT_DOUBLE_EQ(recency(1000, 1000, limits), 1);
  EXPECT_NEAR(recency(0, 3 * 86'400'000, limits), .5, 1e-9);
  EXPECT_DOUBLE_EQ(recency(2000, 1000, limits), 1) << "the future is not older than the present";
}

TEST(Memory, VisibilityByWitness) {
  const auto said = record_of({.witnesses = {"player:anna", "marta"}, .source = "said"});
  EXPECT_EQ(visibility(said, ""), 1);
  EXPECT_EQ(visibility(said, "player:anna"), 1);
  EXPECT_EQ(visibility(said, "player:bob"), 0) << "what one player said is not told to another";
  EXPECT_EQ(visibility(record_of({.source = "seen"}), "player:bob"), .5);
  EXPECT_EQ(visibility(record_of({.source = "told"}), "player:bob"), 0);
  EXPECT_EQ(visibility(record_of({.source = "reflected"}), "player:bob"), 0);
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
  EXPECT_TRUE(is_players_text(record_of({.source = "said"})));
  EXPECT_TRUE(is_players_text(record_of({.source = "reflected"})))
      << "a summary of player text is player text";
  EXPECT_TRUE(is_players_text(record_of({.witnesses = {"marta", "player:anna"}, .source = "seen"})))
      << "it has the player's name";
  EXPECT_FALSE(is_players_text(record_of({.witnesses = {"marta", "pip"}, .source = "seen"})));
  EXPECT_FALSE(is_players_text(record_of({.source = "told"})));
}

// ---- what is remembered of one player is not displaced by another's trifles

pb::MemoryRecord of(const std::string& player, double importance, std::int64_t at_ms) {
  Memory memory{.at_ms = at_ms, .source = "seen", .importance = importance};
  if (!player.empty()) memory.witnesses = {"player:" + player, "marta"};
  return record_of(memory);
}

struct Kept {
  std::map<std::string, int> count;
  MemoryList memories;
};
// What is left of these, added in this order at the bound.
Kept keep(const std::vector<pb::MemoryRecord>& all, const MemoryLimits& limits) {
  Kept kept;
  for (const auto& memory : all) {
    kept.memories.push_back(&memory);
    if (kept.memories.size() > limits.per_npc)
      std::erase(kept.memories, &to_forget(kept.memories, memory.at_ms(), limits));
  }
  for (const auto* memory : kept.memories) ++kept.count[std::string(subject_of(*memory))];
  return kept;
}

TEST(MemoryShares, OnePlayersTrifles) {
  const MemoryLimits limits{.per_npc = 200};
  std::vector<pb::MemoryRecord> all;
  for (int i = 0; i < 20; ++i) all.push_back(of("anna", .3, 1000 + i));
  for (int i = 0; i < 60; ++i) all.push_back(of("", .2, 2000 + i));
  for (int i = 0; i < 3000; ++i) all.push_back(of("mallory", .7, 1'000'000'000 + i));
  const auto kept = keep(all, limits);
  EXPECT_EQ(kept.count.at("player:anna"), 20) << "old and slight, and still there";
  EXPECT_EQ(kept.count.at(""), 60);
  EXPECT_EQ(kept.count.at("player:mallory"), 120);
}

TEST(MemoryShares, ManyStrangersTrifles) {
  const MemoryLimits limits{.per_npc = 200};
  std::vector<pb::MemoryRecord> all;
  for (int i = 0; i < 10; ++i) all.push_back(of("anna", .3, 1000 + i));
  for (int i = 0; i < 3000; ++i) all.push_back(of("name" + std::to_string(i), .7, 1'000'000 + i));
  const auto kept = keep(all, limits);
  EXPECT_EQ(kept.count.at("player:anna"), 10);
  EXPECT_TRUE(kept.count.contains("player:name2999"));
  EXPECT_FALSE(kept.count.contains("player:name0")) << "among equals the oldest goes";
}

TEST(MemoryShares, OfOnesOwnTheLeastWorthGoes) {
  const MemoryLimits limits{.per_npc = 20};
  std::vector<pb::MemoryRecord> all = {of("anna", .9, 1000)};
  for (int i = 0; i < 100; ++i) all.push_back(of("anna", .2, 2000 + i));
  const auto kept = keep(all, limits);
  EXPECT_EQ(kept.memories.front()->importance(), .9);
}

TEST(MemoryShares, TheSameIsSeenOnceInHours) {
  auto memory = of("anna", .5, 1000);
  memory.set_text("anna waits a while");
  const MemoryList memories = {&memory};
  EXPECT_TRUE(is_repeated(memories, "anna waits a while", 2000));
  EXPECT_FALSE(is_repeated(memories, "anna fishes", 2000));
  EXPECT_FALSE(is_repeated(memories, "anna waits a while", 1000 + 6 * 3'600'000));
}

TEST(MemoryShares, WhatHappensAgainAndAgainIsOneMemory) {
  auto before = of("anna", .5, 1000);
  before.set_text("anna buys bread");
  const MemoryList memories = {&before};
  auto again = before;
  again.set_at_ms(900'000'000);
  EXPECT_EQ(same_before(memories, again), &before);
  const auto other = [&](auto change) {
    auto memory = again;
    change(memory);
    return same_before(memories, memory) == nullptr;
  };
  EXPECT_TRUE(other([](auto& memory) { memory.set_text("anna buys salt"); }));
  EXPECT_TRUE(other([](auto& memory) { memory.set_place("inn"); }));
  EXPECT_TRUE(other([](auto& memory) { memory.set_source("told"); }));
  EXPECT_TRUE(other([](auto& memory) { memory.add_witnesses("pip"); })) << "who was there may be told of it";
  before.set_talk(7);
  EXPECT_EQ(same_before(memories, again), nullptr) << "what was said in a talk stays";
}

// ---- feelings

pb::RelationRecord stranger() {
  pb::RelationRecord relation;
  relation.set_trust(.3);
  return relation;
}
double comforted(pb::RelationRecord& relation, int times, std::int64_t at_ms, std::int64_t apart_ms = 0) {
  for (int i = 0; i < times; ++i)
    shift(relation, "trust", dampened(relation, "trust", .04, at_ms + i * apart_ms));
  return relation.trust();
}

TEST(Feelings, ABurstOfKindnessBuysLittle) {
  auto relation = stranger();
  EXPECT_DOUBLE_EQ(comforted(relation, 1, 0), .34) << "the first counts in full";
  EXPECT_LT(comforted(relation, 80, 0), .3 + .2 + 1e-9);
  auto slower = stranger();
  EXPECT_LT(comforted(slower, 80, 0, 600'000), .3 + .2 * 1.6 + .05)
      << "eighty times ten minutes are half a day";
  auto for_days = stranger();
  for (int day = 0; day < 10; ++day) comforted(for_days, 5, day * 86'400'000LL);
  EXPECT_GT(for_days.trust(), .9) << "who is kind for days is trusted";
}

TEST(Feelings, ALargeDeedAndAnotherDirectionCountInFull) {
  auto relation = stranger();
  comforted(relation, 80, 0);
  const double before = relation.trust();
  shift(relation, "trust", dampened(relation, "trust", -.3, 0));
  EXPECT_NEAR(relation.trust(), before - .3, 1e-9);
  EXPECT_DOUBLE_EQ(dampened(relation, "anger", .3, 0), .3);
  EXPECT_DOUBLE_EQ(dampened(relation, "anger", .3, 0), 0) << "but not twice";
  EXPECT_GT(dampened(relation, "anger", .3, 2 * 86'400'000LL), .1);
}

TEST(Feelings, TriflingStrangersAreForgottenFirst) {
  pack::Npc marta;
  marta.strangers.trust = .3;
  marta.strangers.respect = .3;
  marta.strangers.affection = .1;
  pb::NpcRecord record;
  const auto add = [&](const std::string& to, double trust, std::int64_t moved_ms) {
    auto* relation = record.add_relations();
    relation->set_to(to);
    relation->set_trust(trust);
    relation->set_respect(.3);
    relation->set_affection(.1);
    relation->set_moved_ms(moved_ms);
  };
  const auto knows = [&](const std::string& to) {
    return std::ranges::any_of(record.relations(), [&](const auto& r) { return r.to() == to; });
  };
  add("pip", .3, 0);  // of the pack
  add("player:anna", .8, 1);
  std::size_t largest = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "name" + std::to_string(i);
    add("player:" + name, .34, 100 + i);
    auto* told = record.add_told();
    told->set_player(name);
    told->add_facts("f");
    forget_strangers(record, marta, "player:" + name);
    largest = std::max(largest, record.ByteSizeLong());
    EXPECT_TRUE(knows("player:" + name)) << "whom it is about now stays";
  }
  EXPECT_LT(largest, 16'000U);
  EXPECT_EQ(record.relations_size(), 101);
  EXPECT_EQ(record.told_size(), 100);
  EXPECT_TRUE(knows("pip"));
  EXPECT_TRUE(knows("player:anna"));
}

// ---- positions

TEST(Steps, NobodyIsFasterThanTheWorldSays) {
  EXPECT_TRUE(step({0, 0}, {60, 20}, 10, 100).held) << "into the lighthouse in a tenth of a second";
  EXPECT_EQ(step({0, 0}, {60, 20}, 10, 0).at.x, 0);
  const auto walked = step({0, 0}, {8, 0}, 10, 1000);
  EXPECT_FALSE(walked.held);
  EXPECT_EQ(walked.at.x, 8);
  const auto far = step({0, 0}, {1000, 0}, 10, 1000);
  EXPECT_TRUE(far.held);
  EXPECT_EQ(far.at.x, 10) << "as far as they get";
  EXPECT_LE(step({0, 0}, {1e6, 0}, 10, 1'000'000'000).at.x, 100) << "silence is no walk";
  // However often they say so.
  Position at{0, 0};
  for (int i = 0; i < 1000; ++i) at = step(at, {1000, 700}, 10, 10).at;
  EXPECT_LE(std::hypot(at.x, at.y), 100 + 1e-9);
}

}  // namespace
}  // namespace troupe::npc
