#pragma once
// Contract suite of port index. An adapter's test includes this once and instantiates it:
//   INSTANTIATE_TEST_SUITE_P(Index, IndexSuite, testing::Values(IndexMaker{"flat", make}), index_name);
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "ports/index.h"
#include "rt/random.h"

namespace troupe::index {

struct IndexMaker {
  std::string name;
  std::function<std::unique_ptr<Index>(std::size_t dimensions, Limits)> make;
  double recall_min = 1.0;  // at k = 10; 1 for an exact index
};

inline std::string index_name(const testing::TestParamInfo<IndexMaker>& info) { return info.param.name; }

class IndexSuite : public testing::TestWithParam<IndexMaker> {
 protected:
  static constexpr std::size_t kDimensions = 48;
  using Vector = std::vector<float>;

  IndexSuite() { make({}); }
  void make(Limits limits, std::size_t dimensions = kDimensions) {
    index = GetParam().make(dimensions, limits);
  }

  static Vector random_vector(std::uint64_t n) {
    const rt::Draw draw(11, "index", std::to_string(n));
    Vector v(kDimensions);
    for (std::uint32_t i = 0; i < kDimensions; ++i) v[i] = static_cast<float>(draw.uniform(0, i) * 2 - 1);
    return v;
  }
  static Vector axis(std::size_t which, float length = 1) {
    Vector v(kDimensions, 0);
    v[which] = length;
    return v;
  }
  void add(Key key, const Vector& vector) {
    const auto done = index->add(key, vector);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    naive[key] = vector;
  }
  void fill(Key count) {
    for (Key key = 0; key < count; ++key) add(key, random_vector(static_cast<std::uint64_t>(key)));
  }

  std::vector<Key> search(const Vector& query, std::size_t k, const std::function<bool(Key)>& filter = {}) {
    const auto hits = index->search(query, k, filter);
    EXPECT_TRUE(hits.has_value()) << hits.error().message;
    std::vector<Key> keys;
    for (const Hit& hit : *hits) keys.push_back(hit.key);
    return keys;
  }
  // The definition, in double precision.
  std::vector<std::pair<double, Key>> expected(const Vector& query,
                                               const std::function<bool(Key)>& filter = {}) {
    std::vector<std::pair<double, Key>> all;
    for (const auto& [key, vector] : naive) {
      if (filter && !filter(key)) continue;
      double dot = 0, a = 0, b = 0;
      for (std::size_t i = 0; i < kDimensions; ++i) {
        dot += double{query[i]} * vector[i];
        a += double{query[i]} * query[i];
        b += double{vector[i]} * vector[i];
      }
      all.emplace_back(-dot / std::sqrt(a * b), key);
    }
    std::ranges::sort(all);
    return all;
  }
  double recall(const std::vector<Key>& got, const std::vector<std::pair<double, Key>>& all, std::size_t k) {
    const std::set<Key> found(got.begin(), got.end());
    double hits = 0;
    for (std::size_t i = 0; i < k; ++i) hits += found.contains(all[i].second) ? 1 : 0;
    return hits / static_cast<double>(k);
  }

  std::unique_ptr<Index> index;
  std::map<Key, Vector> naive;
};

TEST_P(IndexSuite, FindsTheNearest) {
  fill(2000);
  double sum = 0;
  for (std::uint64_t q = 0; q < 50; ++q) {
    const auto query = random_vector(1'000'000 + q);
    const auto all = expected(query);
    sum += recall(search(query, 10), all, 10);
    const auto hits = index->search(query, 10, {}).value();
    ASSERT_EQ(hits.size(), 10U);
    for (std::size_t i = 1; i < hits.size(); ++i) EXPECT_GE(hits[i - 1].similarity, hits[i].similarity);
    if (hits[0].key == all[0].second) EXPECT_NEAR(hits[0].similarity, -all[0].first, 1e-5);
  }
  EXPECT_GE(sum / 50, GetParam().recall_min);
}

TEST_P(IndexSuite, TheFilterIsInsideTheSearch) {
  fill(2000);
  const auto one_percent = [](Key key) { return key % 100 == 7; };
  double sum = 0;
  for (std::uint64_t q = 0; q < 20; ++q) {
    const auto query = random_vector(2'000'000 + q);
    const auto got = search(query, 10, one_percent);
    ASSERT_EQ(got.size(), 10U) << "enough pass, so k come back";
    for (const Key key : got) EXPECT_TRUE(one_percent(key));
    sum += recall(got, expected(query, one_percent), 10);
  }
  EXPECT_GE(sum / 20, GetParam().recall_min);
  EXPECT_THAT(search(random_vector(5), 10, [](Key key) { return key == 1234; }), testing::ElementsAre(1234));
  EXPECT_THAT(search(random_vector(5), 10, [](Key) { return false; }), testing::IsEmpty());
}

TEST_P(IndexSuite, SmallAnswers) {
  EXPECT_THAT(search(axis(0), 10), testing::IsEmpty());
  add(1, axis(0));
  add(2, axis(1));
  EXPECT_THAT(search(axis(0), 10), testing::ElementsAre(1, 2));
  EXPECT_THAT(search(axis(0), 1), testing::ElementsAre(1));
  EXPECT_THAT(search(axis(0), 0), testing::IsEmpty());
}

TEST_P(IndexSuite, SimilarityIsTheCosine) {
  add(1, axis(0, 250));
  add(2, axis(1, 0.001F));
  add(3, axis(0, -3));
  const auto hits = index->search(axis(0, 42), 3, {}).value();
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_NEAR(hits[0].similarity, 1, 1e-6);
  EXPECT_NEAR(hits[1].similarity, 0, 1e-6);
  EXPECT_NEAR(hits[2].similarity, -1, 1e-6);
  EXPECT_EQ(hits[2].key, 3);
}

TEST_P(IndexSuite, TiesGoByKey) {
  for (const Key key : {9, 3, 7, -2, 5, 1}) add(key, axis(4));
  EXPECT_THAT(search(axis(4), 4), testing::ElementsAre(-2, 1, 3, 5));
  index->remove(3);
  add(3, axis(4));
  EXPECT_THAT(search(axis(4), 6), testing::ElementsAre(-2, 1, 3, 5, 7, 9));
}

TEST_P(IndexSuite, AKeyIsReplaced) {
  add(1, axis(0));
  add(2, axis(1));
  add(1, axis(2));
  EXPECT_EQ(index->size(), 2U);
  EXPECT_THAT(search(axis(2), 1), testing::ElementsAre(1));
  EXPECT_NEAR(index->search(axis(0), 2, {}).value()[0].similarity, 0, 1e-6);
}

TEST_P(IndexSuite, WhatIsRemovedIsNotFound) {
  fill(200);
  for (Key key = 0; key < 200; key += 2) {
    index->remove(key);
    naive.erase(key);
  }
  index->remove(0);
  index->remove(9999);
  EXPECT_EQ(index->size(), 100U);
  const auto query = random_vector(77);
  const auto got = search(query, 200);
  EXPECT_EQ(got.size(), 100U);
  EXPECT_GE(recall(got, expected(query), 100), GetParam().recall_min);
  for (const Key key : got) EXPECT_EQ(key % 2, 1);
}

TEST_P(IndexSuite, BadVectorsAreRefused) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Vector& bad : {Vector{}, Vector(kDimensions - 1, 1), Vector(kDimensions + 1, 1), axis(0, 0),
                            axis(3, nan), axis(3, infinity), axis(3, -infinity)}) {
    const auto added = index->add(1, bad);
    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().reason, "index.bad_vector");
    EXPECT_EQ(added.error().code, Code::invalid_argument);
    EXPECT_FALSE(index->search(bad, 1, {}).has_value());
  }
  EXPECT_EQ(index->size(), 0U);
  // Large and small numbers are fine as long as they have a direction.
  add(2, axis(1, std::numeric_limits<float>::max()));
  add(3, axis(2, std::numeric_limits<float>::min()));
  EXPECT_THAT(search(axis(2), 1), testing::ElementsAre(3));
}

TEST_P(IndexSuite, AFullIndexSaysSo) {
  make({.entries_max = 3});
  for (Key key = 1; key <= 3; ++key) add(key, axis(static_cast<std::size_t>(key)));
  const auto fourth = index->add(4, axis(4));
  ASSERT_FALSE(fourth.has_value());
  EXPECT_EQ(fourth.error().reason, "index.full");
  EXPECT_EQ(fourth.error().code, Code::exhausted);
  add(2, axis(5));  // a replacement needs no room
  index->remove(1);
  add(4, axis(4));
  EXPECT_EQ(index->size(), 3U);
}

TEST_P(IndexSuite, TheSameContentGivesTheSameAnswer) {
  fill(500);
  const auto query = random_vector(9);
  const auto first = search(query, 20);
  make({});
  fill(500);
  EXPECT_EQ(search(query, 20), first);
}

}  // namespace troupe::index
