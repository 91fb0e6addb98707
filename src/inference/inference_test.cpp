#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/text.h"
#include "inference/choice.h"
#include "inference/lru.h"
#include "inference/question.h"
#include "inference/step_plan.h"
#include "inference/text_stream.h"
#include "inference/thread_governor.h"

namespace troupe::inference {
namespace {

using namespace std::chrono_literals;
using engine::Tier;

constexpr rt::Instant at(std::int64_t ms) { return {ms * 1'000'000}; }

StepItem item(Tier tier, int tokens, std::int64_t arrival, rt::Instant deadline = rt::Instant::never()) {
  return {.tier = tier,
          .deadline = deadline,
          .served = at(1000),
          .arrival = static_cast<std::uint64_t>(arrival),
          .tokens = tokens,
          .rows_from = tokens - 1};
}

TEST(StepPlan, Ageing) {
  struct Row {
    Tier tier;
    rt::nanoseconds waited;
    Tier expected;
  };
  for (const auto& row : std::vector<Row>{{Tier::bronze, 0s, Tier::bronze},
                                          {Tier::bronze, 1999ms, Tier::bronze},
                                          {Tier::bronze, 2s, Tier::silver},
                                          {Tier::bronze, 7s, Tier::silver},
                                          {Tier::bronze, 8s, Tier::gold},
                                          {Tier::silver, 2s, Tier::silver},
                                          {Tier::silver, 8s, Tier::gold},
                                          {Tier::gold, 1h, Tier::gold},
                                          {Tier::reflex, 1h, Tier::reflex}}) {
    EXPECT_EQ(aged_tier(row.tier, row.waited, 2s), row.expected);
  }
  EXPECT_EQ(aged_tier(Tier::bronze, 1h, 0s), Tier::bronze) << "0 switches ageing off";
}

TEST(StepPlan, Order) {
  const auto rank = [](const StepItem& i) { return rank_of(i, at(1000), 2s); };
  const auto gold = item(Tier::gold, 5, 9);
  const auto urgent = item(Tier::silver, 5, 8, at(1100));
  const auto relaxed = item(Tier::silver, 5, 1, at(9000));
  const auto bronze = item(Tier::bronze, 5, 0, at(1001));
  EXPECT_LT(rank(gold), rank(urgent));
  EXPECT_LT(rank(urgent), rank(relaxed));
  EXPECT_LT(rank(relaxed), rank(item(Tier::silver, 5, 0)));
  EXPECT_LT(rank(relaxed), rank(bronze));
  auto older = item(Tier::silver, 5, 7);
  older.served = at(500);
  EXPECT_LT(rank(older), rank(item(Tier::silver, 5, 2))) << "least recently served first";
}

TEST(StepPlan, GoldGoesAlone) {
  const std::vector<StepItem> items = {item(Tier::silver, 1, 0), item(Tier::bronze, 40, 1),
                                       item(Tier::gold, 30, 2), item(Tier::gold, 1, 3)};
  const auto plan = plan_step(items, {}, at(1000));
  EXPECT_EQ(plan.shares, (std::vector<Share>{{2, 30}, {3, 1}}));
  EXPECT_EQ(plan.lead, Tier::gold);
}

TEST(StepPlan, GeneratingSequencesRideAlongAndPromptsShareTheChunk) {
  const std::vector<StepItem> items = {item(Tier::silver, 50, 0), item(Tier::silver, 50, 1),
                                       item(Tier::bronze, 1, 2), item(Tier::silver, 1, 3),
                                       item(Tier::bronze, 50, 4)};
  const auto plan = plan_step(items, {.chunk = {64, 64, 64, 32}}, at(1000));
  EXPECT_EQ(plan.shares, (std::vector<Share>{{0, 50}, {1, 14}, {3, 1}, {2, 1}}));
  EXPECT_EQ(plan.lead, Tier::silver);
}

TEST(StepPlan, BronzeFillsOnlyWhatIsLeft) {
  const StepLimits limits{.chunk = {64, 64, 64, 32}};
  const std::vector<StepItem> little = {item(Tier::bronze, 500, 0), item(Tier::silver, 20, 1)};
  EXPECT_EQ(plan_step(little, limits, at(1000)).shares, (std::vector<Share>{{1, 20}, {0, 12}}))
      << "up to bronze's own chunk";
  const std::vector<StepItem> much = {item(Tier::bronze, 500, 0), item(Tier::silver, 40, 1)};
  EXPECT_EQ(plan_step(much, limits, at(1000)).shares, (std::vector<Share>{{1, 40}}));
}

TEST(StepPlan, TheEndOfAPromptComesInOneStep) {
  const StepLimits limits{.chunk = {16, 16, 8, 8}, .ending = 24};
  const auto tokens_of = [&](int left, bool talks) {
    auto one = item(Tier::silver, left, 0);
    one.talks = talks;
    return plan_step(std::vector{one}, limits, at(1000)).shares.at(0).tokens;
  };
  EXPECT_EQ(tokens_of(24, true), 24);
  EXPECT_EQ(tokens_of(25, true), 8);
  EXPECT_EQ(tokens_of(24, false), 8) << "nobody waits for its first word";
}

TEST(StepPlan, OldWorkGetsALittleOfGoldsTime) {
  auto old = item(Tier::bronze, 500, 0);
  old.served = at(0);
  const StepLimits limits{.chunk = {64, 64, 64, 32}, .chunk_min = 8};
  const auto plan = plan_step(std::vector{old, item(Tier::silver, 40, 1)}, limits, at(8000));
  EXPECT_EQ(plan.shares, (std::vector<Share>{{0, 8}})) << "as little as a step may have, and nobody else";
  EXPECT_EQ(plan.lead, Tier::gold) << "nobody stops it";
  const auto gold = item(Tier::gold, 30, 1, at(9000));
  EXPECT_EQ(plan_step(std::vector{old, gold}, limits, at(8000)).shares, (std::vector<Share>{{1, 30}}))
      << "and gold does not carry it";
}

TEST(StepPlan, LimitsHold) {
  std::vector<StepItem> items;
  for (int i = 0; i < 50; ++i) items.push_back(item(Tier::silver, i % 3 == 0 ? 1 : 40, i));
  const StepLimits limits{.chunk = {64, 64, 64, 32}, .batch_max = 70, .rows_max = 9};
  const auto plan = plan_step(items, limits, at(1000));
  int tokens = 0;
  int rows = 0;
  for (const auto& share : plan.shares) {
    tokens += share.tokens;
    rows += std::max(0, share.tokens - items[share.item].rows_from);
    EXPECT_GT(share.tokens, 0);
    EXPECT_LE(share.tokens, items[share.item].tokens);
  }
  EXPECT_LE(tokens, 70);
  EXPECT_LE(rows, 9);
  EXPECT_EQ(plan.shares.front().item, 0U);
}

TEST(StepPlan, ManyRowsAreSpreadOverSteps) {
  auto wanted = item(Tier::gold, 30, 0);
  wanted.rows_from = 10;  // 20 rows
  const std::vector<StepItem> items = {wanted};
  EXPECT_EQ(plan_step(items, {.rows_max = 8}, at(1000)).shares, (std::vector<Share>{{0, 18}}));
}

TEST(StepPlan, NothingToDo) {
  EXPECT_TRUE(plan_step({}, {}, at(0)).shares.empty());
  const std::vector<StepItem> items = {item(Tier::gold, 0, 0)};
  EXPECT_TRUE(plan_step(items, {}, at(0)).shares.empty());
}

TEST(Choice, SoftmaxSumsToOneWhateverTheScores) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& scores : std::vector<std::vector<double>>{
           {0, 0}, {1e6, -1e6, 0}, {-1e300, -1e300}, {nan, 1}, {-inf, -inf, -inf}, {nan, nan}, {5}}) {
    const auto p = softmax(scores, 0.7);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1.0, 1e-12);
    for (const auto value : p) EXPECT_TRUE(value >= 0 && value <= 1);
  }
  EXPECT_EQ(softmax(std::vector<double>{nan, 1}, 1)[0], 0);
  EXPECT_NEAR(softmax(std::vector<double>{0, std::log(3.0)}, 1)[1], 0.75, 1e-12);
  EXPECT_NEAR(softmax(std::vector<double>{0, 2 * std::log(3.0)}, 2)[1], 0.75, 1e-12);
}

TEST(Choice, ThePriorIsTakenOut) {
  // The model likes B; the scene speaks for A.
  const std::vector<double> scores = {2.0, 3.0};
  const std::vector<double> prior = {0.5, 3.5};
  EXPECT_EQ(best_of(softmax(scores, 1)), 1U);
  EXPECT_EQ(best_of(softmax(subtract_prior(scores, prior), 1)), 0U);
  EXPECT_EQ(best_of(std::vector<double>{0.5, 0.5}), 0U);
}

TEST(Choice, TheMeanOverWaysToAskCancelsWhatOneOfThemPrefers) {
  // Whoever stands first gets 3 more; option 1 is liked a little better.
  const std::vector<std::vector<double>> ways = {{3.0, 0.5, 0.0}, {0.0, 3.5, 0.0}, {0.0, 0.5, 3.0}};
  EXPECT_EQ(best_of(ways[0]), 0U);
  EXPECT_EQ(best_of(softmax(mean_log_probabilities(ways), 1)), 1U);
  const std::vector<std::vector<double>> loud = {{900.0, 0.0}, {0.0, 1.0}, {0.0, 1.0}};
  EXPECT_LT(mean_log_probabilities(loud)[1], 0) << "finite, whatever the scale of one way";
}

TEST(Choice, AFittedTemperatureMakesConfidenceMeanSomething) {
  // Right in 7 of 10 cases and always 97 % sure: overconfident.
  std::vector<Judged> judged;
  for (std::size_t i = 0; i < 100; ++i) judged.push_back({{0.97, 0.03}, i % 10 < 7 ? 0U : 1U});
  const auto temperature = fit_temperature(judged);
  EXPECT_NEAR(temperature, std::log(0.97 / 0.03) / std::log(0.7 / 0.3), 0.01);
  EXPECT_GT(calibration_error(judged, 1), 0.25);
  EXPECT_LT(calibration_error(judged, temperature), 0.01);
  EXPECT_EQ(calibration_error({}, 1), 0);
}

TEST(Choice, LogProbability) {
  const std::vector<float> logits = {0, std::log(3.0F), -100};
  EXPECT_NEAR(log_probability(logits, 1), std::log(0.75), 1e-6);
  EXPECT_NEAR(log_probability(logits, 0), std::log(0.25), 1e-6);
}

TEST(Choice, Lettered) {
  EXPECT_EQ(lettered(std::vector<std::string>{"wave", "flee"}), "A. wave\nB. flee\n");
  const std::vector<std::string> options = {"wave", "flee"};
  EXPECT_EQ(lettered_question(question_words("en"), "A bear.", options),
            "A bear.\n\nWhat do you do?\nA. wave\nB. flee\nAnswer with the letter only.");
  EXPECT_EQ(open_question(question_words("de"), ""), "Es geschieht nichts Besonderes.\n\nWas tust du?");
  EXPECT_EQ(&question_words("xx"), &question_words("")) << "of a language without words the English ones";
}

TEST(TextStream, WholeCharactersOnly) {
  TextStream stream({});
  EXPECT_EQ(stream.push("a\xE2"), "a");
  EXPECT_EQ(stream.push("\x82"), "");
  EXPECT_EQ(stream.push("\xAC!"), "\xE2\x82\xAC!");
  EXPECT_EQ(stream.push("\xF0\x9F\x98"), "");
  EXPECT_EQ(stream.finish(), "\xEF\xBF\xBD") << "a character that never ended";
  EXPECT_EQ(stream.text(), "a\xE2\x82\xAC!\xEF\xBF\xBD");
}

TEST(TextStream, EveryInputBecomesUtf8) {
  // All pairs and many triples of bytes, split at every place.
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string bytes = {static_cast<char>(a), static_cast<char>(b), '\x80', 'x'};
      std::string whole;
      for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        TextStream stream({});
        auto out = stream.push(bytes.substr(0, cut));
        ASSERT_TRUE(is_utf8(out)) << hex(bytes);
        out += stream.push(bytes.substr(cut));
        out += stream.finish();
        ASSERT_TRUE(is_utf8(out)) << hex(bytes);
        if (cut == 0) whole = out;
        ASSERT_EQ(out, whole) << hex(bytes) << " cut at " << cut;
      }
    }
  }
}

TEST(TextStream, StopStrings) {
  struct Row {
    std::vector<std::string> pieces;
    std::vector<std::string> stops;
    std::string text;
    bool stopped;
  };
  for (const auto& row : std::vector<Row>{{{"hello"}, {"\n"}, "hello", false},
                                          {{"he", "llo\nmore"}, {"\n"}, "hello", true},
                                          {{"a<", "/", "s>b"}, {"</s>"}, "a", true},
                                          {{"a<", "/", "x>b"}, {"</s>"}, "a</x>b", false},
                                          {{"User", ":"}, {"User:", "Bot:"}, "", true},
                                          {{"xaab"}, {"ab", "aa"}, "x", true},
                                          {{"abc"}, {""}, "abc", false}}) {
    TextStream stream(row.stops);
    std::string out;
    for (const auto& piece : row.pieces) out += stream.push(piece);
    out += stream.finish();
    EXPECT_EQ(out, row.text);
    EXPECT_EQ(stream.text(), row.text);
    EXPECT_EQ(stream.stopped(), row.stopped) << row.text;
  }
  TextStream early({"STOP"});
  EXPECT_EQ(early.push("go on S"), "go on ") << "only what could begin a stop string is held back";
}

TEST(ThreadGovernor, ABusyMachineGetsOneThreadAndItsRestBackLater) {
  ThreadGovernor governor(4);
  rt::Instant now = at(0);
  const auto steps = [&](int count, double share) {
    for (int i = 0; i < count; ++i) {
      now = now + 10ms;
      governor.measured(10ms, rt::nanoseconds(static_cast<std::int64_t>(1e7 * share)), now);
    }
  };
  steps(50, 0.99);
  EXPECT_EQ(governor.threads(), 4);
  steps(1, 0.6);
  EXPECT_EQ(governor.threads(), 4) << "one bad step is no pattern";
  steps(10, 0.3);
  EXPECT_EQ(governor.threads(), 1);
  steps(500, 0.5);
  EXPECT_EQ(governor.threads(), 1) << "no tries while even one thread waits";
  steps(2000, 0.99);
  EXPECT_EQ(governor.threads(), 4);
}

TEST(ThreadGovernor, FailedTriesBecomeRare) {
  ThreadGovernor governor(2);
  rt::Instant now = at(0);
  int with_two = 0;
  for (int i = 0; i < 10'000; ++i) {  // 100 s in which one thread is fine and two are not
    now = now + 10ms;
    if (governor.threads() == 2) ++with_two;
    governor.measured(10ms, governor.threads() == 2 ? 2ms : 10ms, now);
  }
  EXPECT_GT(with_two, 3);
  EXPECT_LT(with_two, 40);
}

TEST(ThreadGovernor, ShortStepsAndOneThreadAreLeftAlone) {
  ThreadGovernor two(2);
  ThreadGovernor one(1);
  for (int i = 0; i < 100; ++i) {
    two.measured(1ms, 0ms, at(i));
    one.measured(10ms, 0ms, at(i));
  }
  EXPECT_EQ(two.threads(), 2);
  EXPECT_EQ(one.threads(), 1);
}

TEST(Lru, ForgetsTheOldest) {
  Lru<int> lru(2);
  lru.put("a", 1);
  lru.put("b", 2);
  ASSERT_NE(lru.find("a"), nullptr);
  lru.put("c", 3);
  EXPECT_EQ(lru.find("b"), nullptr);
  EXPECT_EQ(*lru.find("a"), 1);
  lru.put("a", 4);
  EXPECT_EQ(*lru.find("a"), 4);
  EXPECT_EQ(lru.size(), 2U);
  Lru<int> none(0);
  none.put("a", 1);
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace troupe::inference
