#include "inference/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "rt/random.h"

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;
using List = std::vector<std::int32_t>;

constexpr rt::Instant at(std::int64_t s) { return {s * 1'000'000'000}; }

TEST(PrefixTree, FindsTheLongestPrefix) {
  PrefixTree tree;
  EXPECT_EQ(tree.find(List{1, 2}), (PrefixTree::Found{-1, 0}));
  tree.insert(1, List{1, 2}, {});
  tree.insert(2, List{1, 2, 3, 9}, {});
  tree.insert(3, List{7}, {});
  tree.insert(4, List{1, 2, 3, 4, 5, 6, 7}, {});
  struct Row {
    List wanted;
    PrefixTree::Found found;
  };
  for (const auto& row : std::vector<Row>{{{1, 2, 3, 4, 5}, {4, 5}},
                                          {{1, 2, 3, 4, 5, 6, 7, 8}, {4, 7}},
                                          {{1, 2, 3, 9}, {2, 4}},
                                          {{7, 7}, {3, 1}},
                                          {{1, 2}, {1, 2}},
                                          {{1}, {1, 1}},
                                          {{8}, {-1, 0}},
                                          {{}, {-1, 0}}}) {
    EXPECT_EQ(tree.find(row.wanted), row.found) << testing::PrintToString(row.wanted);
  }
  EXPECT_EQ(tree.within(List{1, 2, 3, 9, 9}), (std::vector<int>{1, 2}));
  EXPECT_EQ(tree.within(List{1, 2, 3, 4}), (std::vector<int>{1}));
  EXPECT_TRUE(tree.within(List{8}).empty());
  EXPECT_EQ(tree.length(4), 7U);
  EXPECT_EQ(tree.total_tokens(), 9U) << "1 2 3 9, 4 5 6 7, 7";
  EXPECT_TRUE(worth_waiting(10, 42, 32));
  EXPECT_FALSE(worth_waiting(10, 41, 32));
}

TEST(PrefixTree, BehavesLikeAListOfTokens) {
  const rt::Draw draw(3, "test", "tree");
  PrefixTree tree;
  std::map<int, List> list;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    List tokens;
    const auto length = 1 + draw.below(12, i, 0);
    for (std::uint64_t k = 0; k < length; ++k)
      tokens.push_back(static_cast<std::int32_t>(draw.below(3, i, 10 + static_cast<std::uint32_t>(k))));
    std::size_t longest = 0;
    for (const auto& [id, known] : list) longest = std::max(longest, common_prefix(tokens, known));
    const auto found = tree.find(tokens);
    ASSERT_EQ(found.length, longest);
    if (longest > 0) {
      ASSERT_GE(common_prefix(tokens, list.at(found.id)), longest);
    }
    std::size_t within = 0;
    for (const auto& [id, known] : list) within += common_prefix(tokens, known) == known.size() ? 1 : 0;
    ASSERT_EQ(tree.within(tokens).size(), within);
    const bool known = std::ranges::any_of(list, [&](const auto& entry) { return entry.second == tokens; });
    if (!known && draw.below(3, i, 1) > 0) {
      tree.insert(static_cast<int>(i), tokens, {});
      list.emplace(static_cast<int>(i), tokens);
    }
    if (list.size() > 20) {
      auto gone = list.begin();
      std::advance(gone, static_cast<std::ptrdiff_t>(draw.below(list.size(), i, 2)));
      tree.erase(gone->first);
      list.erase(gone);
    }
    ASSERT_EQ(tree.size(), list.size());
    for (const auto& [id, held] : list) ASSERT_EQ(tree.tokens(id), held);
  }
}

TEST(PrefixTree, WhoThinksAgainSoonestStaysLongest) {
  const auto never = rt::Instant::never();
  struct Row {
    const char* why;
    PrefixTree::Use first, second;
    int victim;
  };
  for (const auto& row : std::vector<Row>{
           {"without hints the least recently used", {at(10), never}, {at(20), never}, 1},
           {"a hint counts more than recency", {at(10), at(105)}, {at(99), at(400)}, 2},
           {"idle for long against thinking soon", {at(10), at(105)}, {at(50), never}, 2},
           {"just used against thinking late", {at(10), at(900)}, {at(99), never}, 1},
           {"a moment that has passed is as good as a use", {at(10), at(95)}, {at(50), never}, 2},
           {"an old hint fades", {at(10), at(20)}, {at(50), never}, 1},
       }) {
    PrefixTree tree;
    tree.insert(1, List{1, 2}, row.first);
    tree.insert(2, List{1, 3}, row.second);
    EXPECT_EQ(tree.victim(at(100)), row.victim) << row.why;
    EXPECT_EQ(tree.victim(at(100), row.victim), 3 - row.victim) << row.why;
  }
  EXPECT_EQ(PrefixTree().victim(at(1)), std::nullopt);
  PrefixTree tree;
  tree.insert(1, List{1}, {at(10), never});
  tree.insert(2, List{2}, {at(20), never});
  tree.touch(1, at(30));
  EXPECT_EQ(tree.victim(at(100)), 2);
}

}  // namespace
}  // namespace troupe::inference
