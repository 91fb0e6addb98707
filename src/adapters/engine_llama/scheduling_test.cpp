// What the scheduler does with real steps: stops them for gold, accounts for them, keeps what will be needed,
// ends answers in time. The policy itself is tested in src/inference.
#include <algorithm>
#include <mutex>

#include "adapters/engine_llama/json_shape.h"
#include "adapters/engine_llama/llama_fixture.h"
#include "rt/random.h"

namespace troupe::engine {
namespace {

using namespace std::chrono_literals;
using State = ThoughtView::State;
using Outcome = ThoughtView::Outcome;

class SchedulingTest : public LlamaTest {
 protected:
  std::vector<ThoughtView> thoughts_of(const std::string& caller) const {
    auto all = engine_->thoughts();
    std::erase_if(all, [&](const auto& thought) { return thought.caller != caller; });
    return all;
  }
  ChooseRequest question() const {
    ChooseRequest request;
    request.scene = "It rains.";
    request.options = {"go in", "stay out"};
    return request;
  }
};

TEST_F(SchedulingTest, GoldStopsTheStepOfOthersAndTheyLoseNothing) {
  auto config = test_config();
  config.models = {smollm()};
  config.chunk_min = config.chunk_max = 256;  // long steps
  config.waste_max = 1;
  open(config);
  auto request = sure('m', 6, lore(100));
  request.tier = Tier::bronze;
  request.caller = "npc.reflects";
  const auto alone = generate(request);
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->usage.preemptions, 0);

  // Gold that comes between two steps stops none: ask until one was running.
  for (int attempt = 0; attempt < 20 && llama_->stats().preemptions == 0; ++attempt) {
    open(config);
    const auto slow = start_generate(request);
    ASSERT_TRUE(turn_until([&] {
      const auto seen = thoughts_of("npc.reflects");
      return slow->done() || (!seen.empty() && seen[0].state == State::prefill);
    }));
    const auto choice = choose(question());
    ASSERT_TRUE(choice) << choice.error().message;
    const auto reply = wait(slow);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text, alone->text);
    const auto stats = llama_->stats();
    EXPECT_EQ(reply->usage.preemptions, static_cast<int>(stats.preemptions));
    EXPECT_EQ(reply->usage.wasted_tokens, static_cast<int>(stats.wasted_tokens));
    EXPECT_EQ(choice->usage.preemptions, 0);
    const auto ended = thoughts_of("npc.reflects");
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].preemptions, reply->usage.preemptions);
  }
  EXPECT_GT(llama_->stats().preemptions, 0U);
  EXPECT_GT(llama_->stats().preempted_us, 0U);
}

TEST_F(SchedulingTest, WhatMayBeThrownAwayIsLimited) {
  auto config = test_config();
  config.models = {smollm()};
  config.chunk_min = config.chunk_max = 256;
  config.waste_max = 0;
  open(config);
  auto request = talk("Hello", 2, lore(100));
  request.tier = Tier::bronze;
  request.caller = "npc.reflects";
  const auto slow = start_generate(request);
  ASSERT_TRUE(turn_until([&] { return llama_->stats().running > 0; }));
  ASSERT_TRUE(choose(question()));
  ASSERT_TRUE(wait(slow));
  EXPECT_EQ(llama_->stats().preemptions, 0U) << "gold had no deadline to miss";
}

// What the benchmarks compare with.
// And what it loses is nobody's: it does not count against what may be thrown away.
TEST_F(SchedulingTest, SilverStopsWhatIsOnlyReadAhead) {
  auto config = test_config();
  config.models = {smollm()};
  config.chunk_min = config.chunk_max = 256;
  config.waste_max = 0;
  const auto talks = talk("Hello.", 2);
  auto ahead = talk("", 2, lore(100));
  ahead.caller = "npc.reads";
  for (int attempt = 0; attempt < 20; ++attempt) {
    open(config);
    ASSERT_TRUE(generate(talks));  // so that it knows what steps take
    const auto reading = start_warm(ahead);
    ASSERT_TRUE(turn_until([&] {
      const auto seen = thoughts_of("npc.reads");
      return reading->done() || (!seen.empty() && seen[0].state == State::prefill);
    }));
    ASSERT_TRUE(generate(talks));
    const auto usage = wait(reading);
    ASSERT_TRUE(usage) << usage.error().message;
    if (llama_->stats().preemptions > 0) break;
  }
  EXPECT_GT(llama_->stats().preemptions, 0U);
}

// However soon it is due: a start makes vectors of thousands of texts, and somebody talks meanwhile.
TEST_F(SchedulingTest, VectorsThatNobodyWaitsForComeAfterTalk) {
  auto config = test_config();
  config.models = {smollm(), minilm()};
  open(config);
  EmbedRequest background;
  background.model = "minilm-l6-v2";
  background.tier = Tier::bronze;
  background.deadline = env_.now() + 5min;
  for (int i = 0; i < 32; ++i) background.texts.push_back(lore(20) + std::to_string(i));
  auto story = talk("Tell a very long story. Do not stop.", 10);
  story.deadline = env_.now() + 10min;
  const auto vectors = start<EmbedReply>([&](auto) { return engine_->embed(background); });
  const auto told = start_generate(story);
  ASSERT_TRUE(wait(told));
  EXPECT_FALSE(vectors->done()) << "the talk waited until all of them were made";
  ASSERT_TRUE(wait(vectors));
}

TEST_F(SchedulingTest, InOrderOfArrivalNobodyOvertakes) {
  for (const auto order : {Order::tiers, Order::arrival}) {
    auto config = test_config();
    config.models = {smollm()};
    config.models[0].slots = 1;
    config.order = order;
    open(config);
    auto story = talk("Tell a very long story. Do not stop.", 40);
    story.tier = Tier::bronze;
    const auto first = start_generate(story);
    ASSERT_TRUE(turn_until([&] { return !first->pieces.empty(); }));
    ASSERT_FALSE(first->done());
    ASSERT_TRUE(choose(question()));
    EXPECT_EQ(first->done(), order == Order::arrival);
    ASSERT_TRUE(wait(first));
    if (order == Order::arrival) EXPECT_EQ(llama_->stats().preemptions, 0U);
  }
}

TEST_F(SchedulingTest, ByDeadlineAloneTheEarliestIsFirstAndNobodyIsGivenUp) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].slots = 1;
  config.order = Order::deadline;
  open(config);
  ASSERT_TRUE(generate(talk("Hello", 4, lore(8))));  // so that it knows what steps take
  const auto running = start_generate(talk("Tell a very long story. Do not stop.", 40));
  ASSERT_TRUE(turn_until([&] { return !running->pieces.empty(); }));
  auto late = talk("Hello", 2, "Late. " + lore(4));
  late.tier = Tier::gold;
  late.deadline = env_.now() + 2h;
  auto soon = talk("Hello", 2, "Soon. " + lore(4));
  soon.tier = Tier::bronze;
  soon.deadline = env_.now() + 1h;
  const auto later = start_generate(late);
  const auto sooner = start_generate(soon);
  ASSERT_TRUE(wait(sooner));
  EXPECT_FALSE(later->done());
  ASSERT_TRUE(wait(later));
  ASSERT_TRUE(wait(running));

  // Far too much for the time that there is: dropped at once by ADR 8, tried until the deadline here.
  auto hopeless = talk("Hello", 2, "Hopeless. " + lore(120));
  hopeless.deadline = env_.now() + 20ms;
  EXPECT_FALSE(generate(hopeless));
  EXPECT_GE(env_.now(), hopeless.deadline);
  EXPECT_EQ(llama_->stats().doomed, 0U);
}

TEST_F(SchedulingTest, WhoThinksAndHowItEnded) {
  open_smollm();
  EXPECT_TRUE(engine_->thoughts().empty());
  auto story = talk("Tell a very long story. Do not stop.", 900);
  story.caller = "npc.odo";
  story.deadline = env_.now() + 1h;
  const auto call = start_generate(story);
  ASSERT_TRUE(turn_until([&] { return call->pieces.size() >= 3; }));
  auto seen = thoughts_of("npc.odo");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].state, State::generating);
  EXPECT_EQ(seen[0].outcome, Outcome::open);
  EXPECT_EQ(seen[0].model, "smollm2-135m");
  EXPECT_GT(seen[0].new_tokens, 0);
  EXPECT_GT(seen[0].prompt_tokens, 10);
  EXPECT_GT(seen[0].slack_us, 0);
  on_loop([&] { call->handle.stop(); });
  ASSERT_TRUE(turn_until([&] { return thoughts_of("npc.odo")[0].state == State::ended; }));
  EXPECT_EQ(thoughts_of("npc.odo")[0].outcome, Outcome::cancelled);

  auto late = talk("Hello", 4);
  late.caller = "npc.late" + std::string(100, 'x');
  late.tier = Tier::gold;
  late.deadline = env_.now() + 1ns;
  ASSERT_FALSE(generate(late));
  seen = thoughts_of("npc.late" + std::string(kCallerBytesMax - 8, 'x'));
  ASSERT_EQ(seen.size(), 1U) << "cut to its bound";
  EXPECT_EQ(seen[0].outcome, Outcome::dropped);
  EXPECT_FALSE(seen[0].reason.empty());
  ASSERT_TRUE(generate(talk("Hello", 2)));
  const auto stats = llama_->stats();
  EXPECT_EQ(stats.dropped[static_cast<std::size_t>(Tier::gold)], 1U);
  EXPECT_EQ(stats.met[static_cast<std::size_t>(Tier::silver)], 1U);
  for (int i = 0; i < 200; ++i) ASSERT_FALSE(generate(late));
  EXPECT_LE(engine_->thoughts().size(), kThoughtsMax);
}

TEST_F(SchedulingTest, StepsArePredictedAndAccountedFor) {
  auto config = test_config();
  config.models = {smollm()};
  std::mutex mutex;
  std::vector<StepRecord> steps;
  config.on_step = [&](const StepRecord& step) {
    const std::lock_guard lock(mutex);
    steps.push_back(step);
  };
  open(config);
  ASSERT_TRUE(generate(talk("Hello", 12, lore(16))));
  auto request = talk("Hello again.", 12, "Other. " + lore(16));
  request.deadline = env_.now() + 1h;
  const auto reply = generate(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_GT(reply->usage.predicted_us, 0);
  EXPECT_GT(reply->usage.computed_us, 0);
  EXPECT_LE(reply->usage.computed_us, reply->usage.total_us);
  EXPECT_GT(reply->usage.slack_us, 0);
  EXPECT_EQ(reply->usage.cut, Cut::none);
  engine_.reset();
  const std::lock_guard lock(mutex);
  EXPECT_GT(steps.size(), 15U);
  EXPECT_EQ(steps.front().predicted_us, 0) << "nothing was known";
  EXPECT_TRUE(
      std::ranges::all_of(steps, [](const auto& s) { return s.tokens > 0 && s.rows >= 0 && s.took_us > 0; }));
  EXPECT_GT(std::ranges::count_if(steps, [](const auto& s) { return s.predicted_us > 0; }), 12);
}

// Who computes what somebody urgent waits for is as urgent, and no longer than that.
TEST_F(SchedulingTest, UrgencyGoesWithWhoLentIt) {
  auto config = test_config();
  config.models = {smollm()};
  std::mutex mutex;
  std::vector<Tier> leads;
  config.on_step = [&](const StepRecord& step) {
    const std::lock_guard lock(mutex);
    leads.push_back(step.lead);
  };
  const auto led_by = [&](Tier tier) {
    const std::lock_guard lock(mutex);
    return std::ranges::count(leads, tier);
  };
  open(config);
  auto slow = talk("Hello", 2, lore(90));
  slow.tier = Tier::bronze;
  slow.deadline = env_.now() + 1h;
  const auto story = start_generate(slow);
  ASSERT_TRUE(turn_until([&] { return led_by(Tier::bronze) > 0; }));
  auto urgent = slow;
  urgent.tier = Tier::silver;
  const auto line = start_generate(urgent);
  ASSERT_TRUE(turn_until([&] { return led_by(Tier::silver) > 0; }));
  on_loop([&] { line->handle.stop(); });
  ASSERT_TRUE(wait(story));
  engine_.reset();
  ASSERT_GT(led_by(Tier::bronze), 2);
  EXPECT_EQ(leads.back(), Tier::bronze);
}

TEST_F(SchedulingTest, EveryMethodOfChoosingCanBeAskedFor) {
  open_smollm();
  for (const std::string method : {"letters", "letters_minus_prior", "letters_rotated", "text_minus_prior"}) {
    auto request = question();
    request.options = {"go in", "stay out", "dance in the rain"};
    request.method = method;
    const auto reply = choose(request);
    ASSERT_TRUE(reply) << method << reply.error().message;
    EXPECT_EQ(reply->method, method);
    EXPECT_NEAR(reply->probabilities[0] + reply->probabilities[1] + reply->probabilities[2], 1, 1e-9);
  }
  auto request = question();
  request.method = "leters";
  const auto reply = choose(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.bad_method");
  EXPECT_NE(reply.error().message.find("letters"), std::string::npos) << reply.error().message;
}

TEST_F(SchedulingTest, RotationsDoNotCareWhoStandsFirst) {
  open_smollm();
  auto request = question();
  request.options = {"go in", "stay out", "dance in the rain", "sing"};
  request.method = "letters_rotated";
  const auto first = choose(request);
  ASSERT_TRUE(first) << first.error().message;
  std::ranges::rotate(request.options, request.options.begin() + 1);
  const auto second = choose(request);
  ASSERT_TRUE(second) << second.error().message;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(second->probabilities[i], first->probabilities[(i + 1) % 4], 0.1) << i;
  }
}

TEST_F(SchedulingTest, ATemperatureBelongsToAMethod) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].choose_temperature[static_cast<std::size_t>(ChooseMethod::letters)] = 1000;
  open(config);
  auto request = question();
  request.method = "letters";
  const auto flat = choose(request);
  ASSERT_TRUE(flat) << flat.error().message;
  EXPECT_NEAR(flat->probabilities[0], 0.5, 0.05);
}

// --- JSON

TEST_F(SchedulingTest, TheShortestJsonOfASchema) {
  struct Row {
    const char* schema;
    int bytes;
  };
  for (
      const auto& row : std::vector<Row>{
          {R"({"type":"string"})", 2},
          {R"({"enum":["calm","afraid"]})", 6},
          {R"({"const":17})", 2},
          {R"({"type":"object","properties":{"a":{"type":"string"}}})", 2},
          {R"({"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"]})", 11},
          {R"({"type":"array","items":{"type":"integer"},"minItems":3})", 11},
          {R"({"type":"string","minLength":40})", 42},
          {R"({"anyOf":[{"type":"string","minLength":40},{"type":"null"}]})", 4},
          {R"({"$ref":"#/$defs/x","$defs":{"x":{"const":true}}})", 4},
          {R"({"$ref":"#"})", 2},
          {R"({"$defs":{"x":{"anyOf":[{"$ref":"#/$defs/x"},{"$ref":"#/$defs/x"},{"$ref":"#/$defs/x"}]}},"$ref":"#/$defs/x"})",
           2},
          {"{", 0},
          {R"({"type":"object","required":7})", 0},
      }) {
    EXPECT_EQ(json_least_bytes(row.schema), row.bytes) << row.schema;
  }
}

TEST_F(SchedulingTest, JsonIsClosedBeforeItsTokensRunOut) {
  open_smollm();
  auto request = talk("Tell a very long story of a lighthouse and a storm.", 40);
  request.json_schema =
      R"({"type":"object","properties":{"story":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}},)"
      R"("end":{"enum":["good","bad"]}},"required":["story","tags","end"],"additionalProperties":false})";
  const auto reply = generate(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.cut, Cut::closed);
  EXPECT_LE(reply->usage.new_tokens, 40);
  EXPECT_TRUE(reply->text.starts_with("{") && reply->text.ends_with("}")) << reply->text;
  EXPECT_NE(reply->text.find("\"tags\""), std::string::npos) << reply->text;
  EXPECT_NE(reply->text.find("\"end\""), std::string::npos) << reply->text;

  request.tokens_max = 3;
  const auto cut = generate(request);
  ASSERT_FALSE(cut) << cut->text;
  EXPECT_EQ(cut.error().code, Code::exhausted);
  EXPECT_EQ(cut.error().reason, "engine.json_cut");
}

}  // namespace
}  // namespace troupe::engine
