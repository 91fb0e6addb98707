// What the contract suite does not say: files, batches, tiers, memory, shutdown.
#include "adapters/engine_llama/llama_engine.h"

#include <algorithm>
#include <fstream>

#include "adapters/engine_llama/gguf_file.h"
#include "adapters/engine_llama/llama_fixture.h"
#include "rt/random.h"

namespace troupe::engine {
namespace {

std::string beginning_of(const std::string& path, std::size_t bytes) {
  std::string out(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(out.data(), static_cast<std::streamsize>(bytes));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

TEST_F(LlamaTest, FilesThatAreNoModelsAreNamedWithARemedy) {
  const auto header = beginning_of(smollm().path, 4 << 20);
  ASSERT_GT(header.size(), 1U << 20) << "run 'make setup' to fetch the models";
  struct Row {
    std::string bytes;
    std::string reason;
  };
  for (const auto& row : std::vector<Row>{{"", "engine.bad_file"},
                                          {"GGUF", "engine.bad_file"},
                                          {std::string(100'000, 'x'), "engine.bad_file"},
                                          {"GGUF" + std::string(100'000, '\xff'), "engine.bad_file"},
                                          {header.substr(0, 5000), "engine.bad_file"},
                                          {header, "engine.bad_file"}}) {
    const TempFile file("model");
    file.write(row.bytes);
    auto config = test_config();
    config.models = {smollm()};
    config.models[0].path = file.path();
    const auto opened = open_llama_engine(env_, config);
    ASSERT_FALSE(opened) << row.bytes.size();
    EXPECT_EQ(opened.error().reason, row.reason);
    EXPECT_NE(opened.error().message.find(file.path()), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find("make setup"), std::string::npos) << opened.error().message;
  }
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].path = "/nowhere/model.gguf";
  const auto missing = open_llama_engine(env_, config);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_NE(missing.error().message.find("/nowhere/model.gguf"), std::string::npos);
}

TEST_F(LlamaTest, DamagedHeadersNeverCrash) {
  const auto header = beginning_of(smollm().path, 1 << 16);
  ASSERT_EQ(header.size(), 1U << 16) << "run 'make setup' to fetch the models";
  const rt::Draw draw(7, "test", "headers");
  const TempFile file("header");
  for (std::uint64_t round = 0; round < 300; ++round) {
    auto bytes = header;
    for (std::uint32_t flip = 0; flip < 4; ++flip) {
      const auto where = draw.below(flip < 2 ? 64 : 4096, round, 2 * flip);
      bytes[where] = static_cast<char>(draw.below(256, round, 2 * flip + 1));
    }
    file.write(bytes);
    EXPECT_FALSE(check_gguf_file(file.path())) << "the tensors are not there in round " << round;
  }
}

TEST_F(LlamaTest, TheWrongHashIsRefused) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].verify = true;
  config.models[0].hash[0] ^= 1;
  const auto opened = open_llama_engine(env_, config);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "engine.bad_file");
  config.models[0].hash = "";
  open(config);
  EXPECT_EQ(engine_->models()[0].hash, smollm().hash) << "computed when none is given";
}

TEST_F(LlamaTest, TooLittleMemoryIsSaid) {
  auto config = test_config();
  config.models = {smollm()};
  for (const std::uint64_t bytes : {std::uint64_t{1} << 20, std::uint64_t{120} << 20}) {
    config.memory_max = bytes;
    const auto opened = open_llama_engine(env_, config);
    ASSERT_FALSE(opened) << bytes;
    EXPECT_EQ(opened.error().code, Code::exhausted);
    EXPECT_EQ(opened.error().reason, "engine.no_memory");
    EXPECT_NE(opened.error().message.find(config.models[0].path), std::string::npos);
  }
}

TEST_F(LlamaTest, BadConfigIsRefused) {
  const std::vector<std::function<void(LlamaConfig&)>> mistakes = {
      [](auto& c) { c.models.clear(); },
      [](auto& c) { c.models.push_back(c.models[0]); },
      [](auto& c) { c.models[0].slots = 0; },
      [](auto& c) { c.models[0].kv_tokens = 100; },
      [](auto& c) { c.models[0].choose_temperature[1] = 0; },
      [](auto& c) { c.chunk_max = 1; },
      [](auto& c) { c.limits.waiting_max = 0; },
  };
  for (std::size_t i = 0; i < mistakes.size(); ++i) {
    auto config = test_config();
    config.models = {smollm()};
    mistakes[i](config);
    const auto opened = open_llama_engine(env_, config);
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error().code, Code::invalid_argument) << i;
  }
}

TEST_F(LlamaTest, TheNextTurnFindsTheConversation) {
  open_smollm();
  auto request = talk("Where do you live?", 10);
  const auto first = generate(request);
  ASSERT_TRUE(first) << first.error().message;
  request.messages.push_back({Role::assistant, first->text});
  request.messages.push_back({Role::user, "And who lives with you?"});
  const auto second = generate(request);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GE(second->usage.cached_tokens, first->usage.prompt_tokens);
}

// Beside others, the sums of a pass are taken in another order, and the last bits of its logits differ; where
// two tokens are nearly equal a text may go another way. What must hold: the probabilities are the same to
// within rounding, and a text that the model is sure of is the same.
TEST_F(LlamaTest, SixTogetherComputeWhatEachComputesAlone) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].choose = ChooseMethod::text_minus_prior;
  open(config);
  std::vector<ChooseRequest> questions;
  std::vector<GenerateRequest> requests;
  for (int i = 0; i < 6; ++i) {
    ChooseRequest question;
    question.scene = "Number " + std::to_string(i) + " comes in from the rain and asks for a lantern.";
    question.options = {"sell it", "sleep"};
    questions.push_back(question);
    requests.push_back(sure(static_cast<char>('a' + i), 6));
  }
  std::vector<CallPtr<ChooseReply>> choices;
  std::vector<CallPtr<GenerateReply>> texts;
  for (const auto& question : questions) choices.push_back(start_choose(question));
  for (const auto& request : requests) texts.push_back(start_generate(request));
  for (const auto& call : choices) ASSERT_TRUE(wait(call)) << call->result->error().message;
  for (const auto& call : texts) ASSERT_TRUE(wait(call)) << call->result->error().message;

  open(config);  // nothing cached
  for (std::size_t i = 0; i < 6; ++i) {
    const auto choice = choose(questions[i]);
    ASSERT_TRUE(choice) << choice.error().message;
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(choice->probabilities[k], (*choices[i]->result)->probabilities[k], 0.15) << i;
    }
    const auto text = generate(requests[i]);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(text->text, (*texts[i]->result)->text) << i;
  }
}

TEST_F(LlamaTest, GoldTakesTheSlotAndBronzeGoesOnWhereItStopped) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].slots = 1;
  open(config);
  auto bronze = sure('n', 20);
  bronze.tier = Tier::bronze;
  const auto alone = generate(bronze);
  ASSERT_TRUE(alone) << alone.error().message;

  open(config);
  const auto slow = start_generate(bronze);
  ASSERT_TRUE(turn_until([&] { return slow->pieces.size() >= 3; }));
  ChooseRequest question;
  question.scene = "It rains.";
  question.options = {"go in", "stay"};
  const auto choice = choose(question);
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_FALSE(slow->done()) << "gold waited for bronze";
  const auto reply = wait(slow);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text, alone->text);
  EXPECT_EQ(joined(slow->pieces), reply->text);
}

TEST_F(LlamaTest, DestroyingTheEngineAnswersWhatWaits) {
  open_smollm();
  std::vector<CallPtr<GenerateReply>> calls;
  for (int i = 0; i < 12; ++i) calls.push_back(start_generate(talk("Tell a very long story.", 900)));
  ASSERT_TRUE(turn_until([&] { return calls[0]->pieces.size() >= 2; }));
  engine_.reset();
  for (const auto& call : calls) {
    const auto reply = wait(call);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Code::unavailable);
    EXPECT_EQ(reply.error().reason, "engine.stopping");
    EXPECT_EQ(call->completions, 1);
  }
}

TEST_F(LlamaTest, ATaskThatNobodyAwaitsIsNotWorkedOn) {
  open_smollm();
  {
    const auto dropped = engine_->generate(talk("Tell a very long story.", 900), nullptr);
  }
  ASSERT_TRUE(turn_until([this] { return llama_->stats().in_flight == 0; }));
  EXPECT_LT(llama_->stats().new_tokens, 100U);
}

TEST_F(LlamaTest, HopelessWorkIsDroppedEarly) {
  open_smollm();
  ASSERT_TRUE(generate(talk("Hello", 2, lore(16))));  // 4 chunks: the cost of a token is known now
  const auto before = llama_->stats();
  auto request = talk("Hello", 2, "Again. " + lore(90));
  request.deadline = env_.now() + std::chrono::milliseconds(20);
  const auto reply = generate(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::deadline_exceeded);
  ASSERT_TRUE(turn_until([this] { return llama_->stats().in_flight == 0; }));
  EXPECT_EQ(llama_->stats().prompt_tokens, before.prompt_tokens) << "not one step for a lost cause";
}

TEST_F(LlamaTest, EmbeddingsKnowWhatIsAlike) {
  auto config = test_config();
  config.models = {minilm()};
  open(config);
  EmbedRequest request;
  request.texts = {"The lighthouse keeper disappeared", "Odo, who tended the beacon, has gone missing",
                   "The price of bread rose again"};
  const auto reply = embed(request);
  ASSERT_TRUE(reply) << reply.error().message;
  const auto similarity = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < reply->vectors[a].size(); ++i) {
      sum += static_cast<double>(reply->vectors[a][i]) * reply->vectors[b][i];
    }
    return sum;
  };
  EXPECT_EQ(reply->vectors[0].size(), 384U);
  EXPECT_NEAR(similarity(0, 1), 0.46, 0.02);
  EXPECT_NEAR(similarity(0, 2), 0.05, 0.02);

  // A batch of many gives what each gives alone.
  EmbedRequest many;
  for (int i = 0; i < 100; ++i)
    many.texts.push_back("Memory number " + std::to_string(i) + " of the harbour.");
  many.texts.push_back(request.texts[1]);
  const auto batch = embed(many);
  ASSERT_TRUE(batch) << batch.error().message;
  double dot = 0;
  for (std::size_t i = 0; i < 384; ++i)
    dot += static_cast<double>(batch->vectors.back()[i]) * reply->vectors[1][i];
  EXPECT_NEAR(dot, 1.0, 1e-3);

  EmbedRequest too_long;
  too_long.texts = {lore(100)};
  const auto refused = embed(too_long);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "engine.prompt_too_long");
  EXPECT_NE(refused.error().message.find("512"), std::string::npos) << refused.error().message;

  const auto chat = generate(talk("Hello", 2));
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().reason, "engine.no_model") << "an embedding model does not talk";
}

TEST_F(LlamaTest, AnEmbeddingModelChoosesByMeaning) {
  auto config = test_config();
  config.models = {minilm()};
  open(config);
  ChooseRequest request;
  request.scene = "Smoke pours out of the stable and the horses scream.";
  request.options = {"buy an apple", "ring the alarm bell", "sing a song"};
  const auto reply = choose(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->choice, 1U);
  EXPECT_EQ(reply->method, "meaning");
  EXPECT_EQ(reply->model, "minilm-l6-v2");
  EXPECT_EQ(reply->prompt, request.scene);
  EXPECT_FALSE(reply->model_hash.empty());

  // Known options are not computed again, in whatever order they come.
  const auto before = llama_->stats().prompt_tokens;
  std::ranges::rotate(request.options, request.options.begin() + 1);
  const auto again = choose(request);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->choice, 0U);
  EXPECT_NEAR(again->probabilities[0], reply->probabilities[1], 1e-3);
  EXPECT_EQ(llama_->stats().prompt_tokens - before, static_cast<std::uint64_t>(again->usage.prompt_tokens));
  EXPECT_LT(again->usage.prompt_tokens, reply->usage.prompt_tokens);

  request.method = "letters";
  const auto letters = choose(request);
  ASSERT_FALSE(letters);
  EXPECT_EQ(letters.error().message, "minilm-l6-v2 is an embedding model; 'letters' needs a chat model");

  config.models = {smollm()};
  open(config);
  request.method = "meaning";
  const auto meaning = choose(request);
  ASSERT_FALSE(meaning);
  EXPECT_EQ(meaning.error().reason, "engine.bad_method");
  EXPECT_NE(meaning.error().message.find("needs an embedding model"), std::string::npos);
}

struct Scene {
  const char* scene;
  std::vector<std::string> options;
  std::size_t expected;
};

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all = {
      {"Your house is on fire.", {"eat an apple", "run outside", "read a book", "go to sleep"}, 1},
      {"You are very hungry and a fresh bread lies in front of you.",
       {"eat the bread", "dig a hole", "climb the tower", "shout for the guard"},
       0},
      {"A friend greets you kindly.",
       {"attack him", "hide in the cellar", "jump into the river", "greet him back"},
       3},
      {"It is late at night and you can hardly keep your eyes open.",
       {"go to sleep", "open the shop", "ring the bells", "paint the fence"},
       0},
      {"The lamp of the lighthouse has gone out and a ship is coming.",
       {"sing a song", "light the lamp", "cook soup", "count the coins"},
       1},
      {"A child has fallen into the water and cannot swim.",
       {"sell fish", "sweep the street", "pull the child out", "close the window"},
       2},
  };
  return all;
}

TEST_F(LlamaTest, TheTextMethodReadsTheScene) {
  auto config = test_config();
  config.models = {smollm()};
  config.models[0].choose = ChooseMethod::text_minus_prior;
  open(config);
  int right = 0;
  for (const auto& s : scenes()) {
    ChooseRequest request;
    request.scene = s.scene;
    request.options = s.options;
    const auto reply = choose(request);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->method, "text_minus_prior");
    if (reply->choice == s.expected) ++right;
  }
  EXPECT_GE(right, 4) << "1.5 of 6 would be guessing";
}

TEST_F(LlamaTest, ThePriorIsComputedOnceForTheSameOptions) {
  open_smollm();
  ChooseRequest request;
  request.context = lore(8);
  request.scene = "It rains.";
  request.options = {"go in", "stay out", "dance"};
  const auto first = choose(request);
  ASSERT_TRUE(first) << first.error().message;
  const auto before = llama_->stats().prompt_tokens;
  request.scene = "It snows.";
  const auto second = choose(request);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_LT(llama_->stats().prompt_tokens - before, 60U) << "the context is cached and no prior was computed";
  EXPECT_GT(second->usage.cached_tokens, 80);
  EXPECT_EQ(second->method, "letters_minus_prior");
  EXPECT_NE(second->prompt.find("It snows."), std::string::npos);
}

}  // namespace
}  // namespace troupe::engine
