// What is computed is found again: shared by those at work, put on the shelf, kept on disk; and what happens
// when cells, bytes or disk run out.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adapters/engine_llama/llama_fixture.h"
#include "rt/random.h"

namespace troupe::engine {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class PrefixTest : public LlamaTest {
 protected:
  void open_with_cells(int context_tokens, int kv_tokens) {
    auto config = test_config();
    config.models = {smollm()};
    config.models[0].context_tokens = context_tokens;
    config.models[0].kv_tokens = kv_tokens;
    open(config);
  }
};

TEST_F(PrefixTest, ASharedPrefixIsFoundAndChangesNothing) {
  open_smollm();
  const auto request = sure('k', 8, lore(8));
  const auto cold = generate(request);
  ASSERT_TRUE(cold) << cold.error().message;
  EXPECT_EQ(cold->usage.cached_tokens, 0);
  const auto same = generate(request);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->usage.cached_tokens, same->usage.prompt_tokens - 1) << "the last token gives the logits";
  EXPECT_EQ(same->text, cold->text);
  const auto other = generate(talk("What do you eat?", 2, lore(8)));
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_GT(other->usage.cached_tokens, 80);
  EXPECT_LT(other->usage.cached_tokens, other->usage.prompt_tokens);
  EXPECT_LT(other->usage.first_token_us, cold->usage.first_token_us);
}

TEST_F(PrefixTest, WarmIsFoundLater) {
  open_smollm();
  const auto usage = warm(talk("Hello.", 4, lore(8)));
  ASSERT_TRUE(usage) << usage.error().message;
  EXPECT_GT(usage->prompt_tokens, 80);
  const auto reply = generate(talk("Good evening.", 4, lore(8)));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_GT(reply->usage.cached_tokens, 80);
}

TEST_F(PrefixTest, WaitersForOnePrefixComputeItOnce) {
  open_smollm();
  std::vector<CallPtr<GenerateReply>> calls;
  for (int i = 0; i < 8; ++i)
    calls.push_back(start_generate(talk("I am number " + std::to_string(i), 2, lore(12))));
  int prompts = 0;
  for (const auto& call : calls) {
    const auto reply = wait(call);
    ASSERT_TRUE(reply) << reply.error().message;
    prompts += reply->usage.prompt_tokens;
  }
  const int one = prompts / 8;
  EXPECT_GT(one, 150);
  EXPECT_LT(llama_->stats().prompt_tokens, static_cast<std::uint64_t>(2 * one));
  EXPECT_GT(llama_->stats().cached_tokens, static_cast<std::uint64_t>(6 * one));
}

TEST_F(PrefixTest, PromptsThatNeedMoreCellsThanThereAreTakeTurns) {
  open_with_cells(160, 256);
  std::vector<CallPtr<GenerateReply>> calls;
  for (int i = 0; i < 6; ++i) {
    calls.push_back(start_generate(talk("Hello", 4, "Number " + std::to_string(i) + ". " + lore(5))));
  }
  for (const auto& call : calls) {
    const auto reply = wait(call);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_GT(reply->usage.new_tokens, 0);
  }
}

// Admission counts prompts; answers that grow beyond the cells make the least important one go on later.
TEST_F(PrefixTest, AnswersThatOutgrowTheCellsTakeTurnsAndLoseNothing) {
  open_with_cells(256, 256);
  const auto request = [&](char letter) { return sure(letter, 100, "Say it slowly."); };
  const auto alone = generate(request('a'));
  ASSERT_TRUE(alone) << alone.error().message;
  std::vector<CallPtr<GenerateReply>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(start_generate(request('a')));
  for (const auto& call : calls) {
    const auto reply = wait(call);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text, alone->text);
  }
  EXPECT_GT(llama_->stats().restarts, 0U) << "nobody had to start again: this test tests nothing";
}

TEST_F(PrefixTest, GoldGetsItsCellsFromOthers) {
  open_with_cells(256, 256);
  const auto slow = start_generate(sure('a', 100, lore(5)));
  ASSERT_TRUE(turn_until([&] { return !slow->pieces.empty() || slow->done(); }));
  ChooseRequest question;
  question.context = lore(6);
  question.scene = "It rains.";
  question.options = {"go in", "stay"};
  const auto choice = choose(question);
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_FALSE(slow->done()) << "gold waited for the cells of silver";
  const auto reply = wait(slow);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.new_tokens, 100);
}

TEST_F(PrefixTest, KeptPrefixesAreBoundedInBytes) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].prefix_bytes = 4 << 20;  // some 180 tokens of this model
  open(config);
  for (const char* who : {"One. ", "Two. ", "Three. "})
    ASSERT_TRUE(generate(talk("Hello", 2, who + lore(6))));
  EXPECT_GT(llama_->stats().evictions, 0U);
  const auto newest = generate(talk("Hello again", 2, "Three. " + lore(6)));
  ASSERT_TRUE(newest) << newest.error().message;
  EXPECT_GT(newest->usage.cached_tokens, 50);
  const auto oldest = generate(talk("Hello again", 2, "One. " + lore(6)));
  ASSERT_TRUE(oldest) << oldest.error().message;
  EXPECT_LT(oldest->usage.cached_tokens, 20);
}

// A conversation grows by a few lines at a time: what was put away in parts comes back whole.
TEST_F(PrefixTest, APrefixInManyPartsGivesTheSameAnswer) {
  open_smollm();
  std::string said = lore(3);
  for (int turn = 0; turn < 12; ++turn) {
    said += " And then they spoke of the " + std::to_string(turn) + "th lamp of the harbour.";
    auto request = sure('k', 6, said);
    const auto reply = generate(request);
    ASSERT_TRUE(reply) << reply.error().message;
    if (turn > 0) EXPECT_GT(reply->usage.cached_tokens, 50) << turn;
    EXPECT_EQ(reply->text, "k k k k k k") << turn;
  }
  auto request = talk("What did they speak of?", 12, said);
  request.sampling.temperature = 0;
  const auto from_parts = generate(request);
  ASSERT_TRUE(from_parts) << from_parts.error().message;
  EXPECT_GT(from_parts->usage.cached_tokens, 60);
  open_smollm();
  const auto afresh = generate(request);
  ASSERT_TRUE(afresh) << afresh.error().message;
  EXPECT_EQ(afresh->usage.cached_tokens, 0);
  EXPECT_EQ(from_parts->text, afresh->text);
}

TEST_F(PrefixTest, WhoThinksAgainSoonKeepsItsPrefix) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].cached_prefixes = 2;
  open(config);
  const auto of = [&](const std::string& who, rt::nanoseconds soon) {
    auto request = talk("Hello.", 2, who + " " + lore(6));
    request.think_again = env_.now() + soon;
    return request;
  };
  ASSERT_TRUE(warm(of("Alba", 1min)));
  ASSERT_TRUE(warm(of("Bero", 10h)));
  ASSERT_TRUE(warm(of("Cora", 5min)));  // somebody has to go: not the oldest, who thinks again the soonest
  const auto alba = generate(of("Alba", 1min));
  ASSERT_TRUE(alba) << alba.error().message;
  EXPECT_GT(alba->usage.cached_tokens, 50);
  const auto bero = generate(of("Bero", 10h));
  ASSERT_TRUE(bero) << bero.error().message;
  EXPECT_LT(bero->usage.cached_tokens, 20);
}

class StoreTest : public LlamaTest {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("prefixes" + std::to_string(rt::SystemIds().bits()));
  }
  void TearDown() override {
    LlamaTest::TearDown();
    fs::remove_all(dir_);
  }
  LlamaConfig config() const {
    auto out = test_config();
    out.models = {smollm()};
    out.prefix_dir = dir_.string();
    return out;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    if (!fs::exists(dir_)) return out;
    for (const auto& entry : fs::recursive_directory_iterator(dir_)) {
      if (entry.is_regular_file()) out.push_back(entry.path());
    }
    return out;
  }
  fs::path dir_;
};

TEST_F(StoreTest, APrefixOutlivesTheEngine) {
  open(config());
  const auto request = sure('q', 6, lore(8));
  const auto cold = generate(request);
  ASSERT_TRUE(cold) << cold.error().message;
  engine_.reset();
  ASSERT_FALSE(files().empty());
  open(config());
  const auto warm = generate(request);
  ASSERT_TRUE(warm) << warm.error().message;
  EXPECT_GE(llama_->stats().prefixes_restored, 1U);
  EXPECT_EQ(warm->usage.cached_tokens, warm->usage.prompt_tokens - 1);
  EXPECT_EQ(warm->text, cold->text);
}

// A file holds a whole prompt: for a few tokens more none is written.
TEST_F(StoreTest, WhatDiffersLittleIsWrittenOnce) {
  open(config());
  for (const char* tail : {" It rains.", " The bell rings.", " A boat comes in."})
    ASSERT_TRUE(generate(talk("Hello.", 2, lore(8) + tail)));
  ASSERT_TRUE(generate(talk("Hello.", 2, "Elsewhere. " + lore(8))));
  engine_.reset();
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(StoreTest, WhatIsDamagedIsRemoved) {
  open(config());
  ASSERT_TRUE(generate(talk("Hello.", 2, lore(8))));
  engine_.reset();
  const auto saved = files();
  ASSERT_EQ(saved.size(), 1U);
  {
    std::fstream file(saved[0], std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(fs::file_size(saved[0]) / 2));
    file.put('\x55').put('\xAA');
  }
  open(config());
  const auto reply = generate(talk("Hello.", 2, lore(8)));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.cached_tokens, 0);
  EXPECT_EQ(llama_->stats().prefixes_restored, 0U);
  EXPECT_TRUE(files().empty());
}

TEST_F(StoreTest, TheDiskIsBounded) {
  auto small = config();
  small.prefix_disk_max = 1 << 20;  // less than one of them
  open(small);
  ASSERT_TRUE(generate(talk("Hello.", 2, lore(8))));
  engine_.reset();
  EXPECT_TRUE(files().empty());
  auto off = config();
  off.prefix_dir = "";
  open(off);
  ASSERT_TRUE(generate(talk("Hello.", 2, lore(8))));
  engine_.reset();
  EXPECT_TRUE(files().empty());
}

}  // namespace
}  // namespace troupe::engine
