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
  EXPECT_TRUE(rig.world.host().metrics().text().contains(
      "troupe_router_cache_total{result=\"hit\",world=\"testworld\"} 1"));
}

// Every field of a request: what changes the answer is another request, and what does not is not. A new field
// says here which it is.
TEST(RouterCache, WhateverDiffersIsAnotherRequest) {
  using Change = std::function<void(pb::RouterGenerateRequest&)>;
  const std::map<std::string, std::vector<Change>> others = {
      {"seed", {[](auto& r) { r.set_seed(8); }, [](auto& r) { r.set_seed(0); }}},
      {"messages",
       {[](auto& r) { r.mutable_messages(0)->set_text("Who?"); },
        [](auto& r) { r.mutable_messages(0)->set_role("system"); },
        [](auto& r) { r.add_messages()->set_role("user"); }}},
      {"tokens_max", {[](auto& r) { r.set_tokens_max(11); }}},
      {"temperature", {[](auto& r) { r.set_temperature(0.9); }}},
      {"top_p", {[](auto& r) { r.set_top_p(0.5); }}},
      {"presence_penalty", {[](auto& r) { r.set_presence_penalty(1); }}},
      {"frequency_penalty", {[](auto& r) { r.set_frequency_penalty(1); }}},
      {"stop", {[](auto& r) { r.add_stop("x"); }}},
      {"json_schema", {[](auto& r) { r.set_json_schema(R"({"type":"string"})"); }}},
      {"grammar", {[](auto& r) { r.set_grammar("root ::= \"a\""); }}},
      {"logprobs", {[](auto& r) { r.set_logprobs(true); }}},
      {"top_logprobs", {[](auto& r) {
         r.set_logprobs(true);
         r.set_top_logprobs(2);
       }}},
      {"whole_sentences", {[](auto& r) { r.set_whole_sentences(true); }}},
  };
  const std::map<std::string, std::pair<const char*, Change>> same = {
      {"deadline_ms", {"when, not what", [](auto& r) { r.set_deadline_ms(9000); }}},
      {"player", {"for whom, not what", [](auto& r) { r.set_player("bert"); }}},
      {"npc", {"for whom, not what", [](auto& r) { r.set_npc("marta"); }}},
      {"place", {"until when, not what", [](auto& r) { r.set_place("quay"); }}},
      {"no_fallback", {"it was answered", [](auto& r) { r.set_no_fallback(true); }}},
      {"budget_microusd", {"it costs nothing", [](auto& r) { r.set_budget_microusd(0); }}},
      {"tier", {"the model counts", [](auto& r) { r.set_tier("silver"); }}},
      {"model", {"it is the same one", [](auto& r) { r.set_model("a"); }}},
      {"cache_by_meaning", {"who may have it, not what", [](auto& r) { r.set_cache_by_meaning(true); }}},
      {"freedom", {"who may answer, not what", [](auto& r) { r.set_freedom("rephrase"); }}},
  };
  const auto asked_after = [](const Change& change) {
    RouterRig rig({"a"});
    auto& a = rig.engine("a");
    a.at_once = a.says("\"the keeper.\"");
    EXPECT_TRUE(rig.generate(seeded()));
    auto other = seeded();
    change(other);
    EXPECT_TRUE(rig.generate(other)) << other.ShortDebugString();
    return a.asked.size();
  };
  const auto* type = pb::RouterGenerateRequest::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const std::string name = type->field(i)->name();
    SCOPED_TRACE(name);
    const auto other = others.find(name);
    const auto alike = same.find(name);
    ASSERT_NE(other == others.end(), alike == same.end()) << "does it change the answer?";
    if (alike != same.end()) {
      EXPECT_EQ(asked_after(alike->second.second), 1U) << alike->second.first;
      continue;
    }
    for (const auto& change : other->second) EXPECT_EQ(asked_after(change), 2U);
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

// ---- by meaning

class Meanings : public testing::Test {
 protected:
  static pb::RouterGenerateRequest shared(const std::string& text, bool marked = true) {
    auto request = RouterRig::line();
    request.mutable_messages(0)->set_text(text);
    request.set_cache_by_meaning(marked);
    return request;
  }
  std::string says(const pb::RouterGenerateRequest& request) {
    const auto reply = rig.generate(request);
    return reply ? reply->text() + " (" + reply->admission() + ")" : reply.error().reason;
  }
  void SetUp() override {
    a.at_once = a.says("the first answer");
    rig.engine("vectors").vectors = {{"Where is the inn?", {1, 0}},
                                     {"Which way to the inn?", {.98F, .19899F}},
                                     {"Who keeps the inn?", {.8F, .6F}}};
    ASSERT_EQ(says(shared("Where is the inn?")), "the first answer (admitted)");
    a.at_once = a.says("a second answer");
  }

  RouterRig rig{{"a", "vectors"}, [](RouterRig& made, RouterConfig& config) {
                  config.tiers.at(engine::Tier::silver).pop_back();
                  config.embedding = {made.route("vectors")};
                }};
  test::FakeEngine& a = rig.engine("a");
};

TEST_F(Meanings, TheSameInOtherWordsIsAnsweredAgain) {
  EXPECT_EQ(says(shared("Which way to the inn?")), "the first answer (cached)");
  EXPECT_EQ(a.asked.size(), 1U);
  const auto cache = rig.status().cache();
  EXPECT_EQ(cache.by_meaning(), 1);
  EXPECT_EQ(cache.misses(), 1);
  EXPECT_EQ(cache.rows(), 1);
  EXPECT_GT(cache.bytes(), 0);
  EXPECT_TRUE(rig.world.host().metrics().text().contains(
      "troupe_router_cache_total{result=\"meaning\",world=\"testworld\"} 1"));
}

TEST_F(Meanings, AnotherQuestionIsNot) {
  EXPECT_EQ(says(shared("Who keeps the inn?")), "a second answer (admitted)");
}

TEST_F(Meanings, OnlyWhereThePromptIsMarkedAsSafe) {
  EXPECT_EQ(says(shared("Which way to the inn?", false)), "a second answer (admitted)");
  EXPECT_EQ(says(shared("Where is the inn?", false)), "a second answer (admitted)");
}

TEST_F(Meanings, WhateverElseDiffersIsAnotherPrompt) {
  for (const auto& change : std::vector<std::function<void(pb::RouterGenerateRequest&)>>{
           [](auto& r) {
             auto last = r.messages(0);
             r.mutable_messages(0)->set_text("It is spoken of the castle.");
             *r.add_messages() = last;
           },
           [](auto& r) { r.set_tokens_max(11); }, [](auto& r) { r.set_temperature(.9); },
           [](auto& r) { r.set_json_schema(R"({"type":"string"})"); },
           [](auto& r) { r.mutable_messages(0)->set_role("assistant"); }}) {
    a.at_once = a.says("\"other\"");
    auto request = shared("Which way to the inn?");
    change(request);
    EXPECT_EQ(says(request), "\"other\" (admitted)") << request.ShortDebugString();
  }
}

TEST_F(Meanings, WithoutAVectorItIsAskedAsAnyOther) {
  EXPECT_EQ(says(shared("Is there an inn?")), "a second answer (admitted)");
  EXPECT_EQ(says(shared("Is there an inn?")), "a second answer (admitted)");
}

TEST(RouterMeanings, RowsBytesAndTimeAreBounded) {
  const rt::Instant now;
  router::Meanings meanings({.rows_max = 2, .bytes_max = 4000});
  const auto put = [&](const std::string& scope, const std::string& text) {
    meanings.put(scope, {1, 0}, {.text = text}, now);
  };
  for (const char* scope : {"a", "b", "c"}) put(scope, scope);
  EXPECT_EQ(meanings.rows(), 2U);
  EXPECT_FALSE(meanings.find("a", {1, 0}, now));
  EXPECT_EQ(meanings.find("b", {1, 0}, now)->text, "b");
  put("d", std::string(3000, 'x'));
  EXPECT_LE(meanings.bytes(), 4000U);
  put("e", std::string(5000, 'x'));
  EXPECT_TRUE(meanings.find("d", {1, 0}, now)) << "what never fits throws nothing out";
  EXPECT_FALSE(meanings.find("d", {1, 0, 0}, now)) << "of another model";
  EXPECT_FALSE(meanings.find("d", {1, 0}, now + rt::milliseconds(600'001)));
  EXPECT_EQ(meanings.bytes(), 0U);
}

}  // namespace
}  // namespace troupe
