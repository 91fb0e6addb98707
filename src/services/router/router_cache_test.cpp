// Answers that would be the same again are given again; nothing else is.
#include "services/router/router_cache.h"

#include "services/router/router_rig.h"

namespace troupe {
namespace {

using test::RouterRig;

pb::RouterGenerateRequest seeded(std::uint64_t seed = 7) {
  auto request = RouterRig::line();
  request.set_seed(seed);
  return request;
}

TEST(RouterCache, WhatWouldBeTheSameAgainIsAskedOnce) {
  RouterRig rig({"a"});
  auto& a = rig.engine("a");
  a.usage = {.prompt_tokens = 9, .new_tokens = 3, .cost_microusd = 5};
  a.at_once = a.says("the keeper");
  const auto first = rig.generate(seeded());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->admission(), "admitted");
  a.at_once = a.says("somebody else");
  const auto again = rig.generate(seeded());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), "the keeper");
  EXPECT_EQ(again->admission(), "cached");
  EXPECT_EQ(again->usage().cost_microusd(), 0);
  EXPECT_EQ(again->usage().new_tokens(), 3);
  EXPECT_EQ(a.asked.size(), 1U);
  EXPECT_TRUE(rig.world.host().metrics().text().contains("troupe_router_cache_total{result=\"hit\"} 1"));
}

TEST(RouterCache, WhateverDiffersIsAnotherRequest) {
  const auto changes = std::vector<std::function<void(pb::RouterGenerateRequest&)>>{
      [](auto& r) { r.set_seed(8); },
      [](auto& r) { r.set_seed(0); },
      [](auto& r) { r.mutable_messages(0)->set_text("Who?"); },
      [](auto& r) { r.mutable_messages(0)->set_role("system"); },
      [](auto& r) { r.add_messages()->set_role("user"); },
      [](auto& r) { r.set_tokens_max(11); },
      [](auto& r) { r.set_temperature(0.9); },
      [](auto& r) { r.set_top_p(0.5); },
      [](auto& r) { r.set_presence_penalty(1); },
      [](auto& r) { r.add_stop("x"); },
      [](auto& r) { r.set_json_schema(R"({"type":"string"})"); },
      [](auto& r) { r.set_grammar("root ::= \"a\""); },
      [](auto& r) { r.set_logprobs(true); },
  };
  for (const auto& change : changes) {
    RouterRig rig({"a"});
    auto& a = rig.engine("a");
    a.at_once = a.says("\"the keeper\"");
    ASSERT_TRUE(rig.generate(seeded()));
    auto other = seeded();
    change(other);
    ASSERT_TRUE(rig.generate(other));
    EXPECT_EQ(a.asked.size(), 2U) << other.ShortDebugString();
  }
}

TEST(RouterCache, OnlyWhatEndedByItselfAndCameFromWhoWasAskedFirst) {
  RouterRig rig({"a", "b"});
  auto& a = rig.engine("a");
  auto cut = a.says("the kee");
  cut.finish = engine::Finish::deadline;
  a.at_once = cut;
  ASSERT_TRUE(rig.generate(seeded()));
  a.at_once = std::unexpected(Error{Code::exhausted, "engine.busy", "busy"});
  rig.engine("b").at_once = rig.engine("b").says("b's");
  EXPECT_EQ(rig.generate(seeded())->text(), "b's");
  a.at_once = a.says("the keeper");
  EXPECT_EQ(rig.generate(seeded())->text(), "the keeper");
  EXPECT_EQ(a.asked.size(), 3U);
}

TEST(RouterCache, AtTemperatureZeroNoSeedIsNeeded) {
  RouterRig rig({"a"});
  auto& a = rig.engine("a");
  a.at_once = a.says("the keeper");
  auto greedy = RouterRig::line();
  greedy.set_temperature(0);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(rig.generate(greedy));
  EXPECT_EQ(a.asked.size(), 1U);
  auto lively = RouterRig::line();
  lively.set_temperature(0.7);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(rig.generate(lively));
  EXPECT_EQ(a.asked.size(), 3U);
  EXPECT_NE(a.asked[1]->request.sampling.seed, a.asked[2]->request.sampling.seed)
      << "who names no seed wants no particular answer";
}

TEST(RouterCache, RowsAndBytesAreBounded) {
  const rt::Instant now;
  router::Cache cache({.rows_max = 3, .bytes_max = 4000});
  const auto key = [](int i) { return std::string(32, static_cast<char>('a' + i)); };
  for (int i = 0; i < 5; ++i) cache.put(key(i), {.text = std::to_string(i), .model_hash = "h"}, now);
  EXPECT_EQ(cache.rows(), 3U);
  EXPECT_FALSE(cache.find(key(0), now));
  EXPECT_EQ(cache.find(key(4), now)->text, "4");
  cache.put(key(5), {.text = std::string(3000, 'x'), .model_hash = "h"}, now);
  EXPECT_LE(cache.bytes(), 4000U);
  EXPECT_TRUE(cache.find(key(5), now));
  cache.put(key(6), {.text = std::string(5000, 'x'), .model_hash = "h"}, now);
  EXPECT_FALSE(cache.find(key(6), now));
  EXPECT_TRUE(cache.find(key(5), now)) << "what never fits throws nothing out";
}

TEST(RouterCache, WeightsWithoutAHashMayHaveBeenReplaced) {
  router::Cache cache({});
  const rt::Instant now;
  cache.put("known", {.text = "a", .model_hash = "h"}, now);
  cache.put("unknown", {.text = "b"}, now);
  const auto later = now + rt::milliseconds(700'000);
  EXPECT_TRUE(cache.find("unknown", now));
  EXPECT_FALSE(cache.find("unknown", later));
  EXPECT_TRUE(cache.find("known", later));
}

}  // namespace
}  // namespace troupe
