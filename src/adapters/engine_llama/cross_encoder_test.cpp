// Choosing by a cross-encoder, in what does not depend on how well it chooses: MiniLM with a head stands in
// for one. What it reads, how it is bounded, its place among other work.
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "adapters/engine_llama/encoded_choice.h"
#include "adapters/engine_llama/llama_fixture.h"

namespace troupe::engine {
namespace {

using namespace std::chrono_literals;

constexpr int kWidth = 384;
constexpr const char* kHead = "troupe.choice.head";
constexpr const char* kTemperature = "troupe.choice.temperature";

struct GgmlFree {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
struct GgufFree {
  void operator()(gguf_context* context) const { gguf_free(context); }
};

// A head that prefers some words to others, for no reason.
std::vector<float> some_head() {
  std::vector<float> head(kWidth + 1);
  for (std::size_t i = 0; i < head.size(); ++i) head[i] = std::sin(static_cast<float>(i * i));
  return head;
}

// The weights of `from` with what `add` says in the metadata.
void write_gguf(const TempFile& to, const std::string& from, const std::function<void(gguf_context*)>& add,
                bool only_meta = false) {
  ggml_context* tensors = nullptr;
  const std::unique_ptr<gguf_context, GgufFree> old(
      gguf_init_from_file(from.c_str(), {.no_alloc = only_meta, .ctx = &tensors}));
  ASSERT_TRUE(old) << from << ": run 'make setup'";
  const std::unique_ptr<ggml_context, GgmlFree> owner(tensors);
  const std::unique_ptr<gguf_context, GgufFree> made(gguf_init_empty());
  gguf_set_kv(made.get(), old.get());
  for (auto* t = ggml_get_first_tensor(tensors); t != nullptr; t = ggml_get_next_tensor(tensors, t)) {
    // (One more holds the data of all.)
    if (gguf_find_tensor(old.get(), t->name) >= 0) gguf_add_tensor(made.get(), t);
  }
  add(made.get());
  ASSERT_TRUE(gguf_write_to_file(made.get(), to.path().c_str(), only_meta));
}

std::function<void(gguf_context*)> head_of(std::vector<float> head, std::optional<float> temperature = {}) {
  return [head = std::move(head), temperature](gguf_context* file) {
    gguf_set_arr_data(file, kHead, GGUF_TYPE_FLOAT32, head.data(), head.size());
    if (temperature) gguf_set_val_f32(file, kTemperature, *temperature);
  };
}

class CrossEncoderTest : public LlamaTest {
 protected:
  LlamaModelConfig chooser(std::optional<float> temperature = {}) {
    write_gguf(file_, minilm().path, head_of(some_head(), temperature));
    LlamaModelConfig model;
    model.name = "chooser";
    model.path = file_.path();
    model.kind = ModelKind::cross_encoder;
    model.context_tokens = 512;
    model.tiers = {Tier::gold};
    return model;
  }
  void open_chooser(std::optional<float> temperature = {}) {
    auto config = test_config();
    config.models = {chooser(temperature)};
    open(config);
  }
  ChooseRequest question() const {
    ChooseRequest request;
    request.context = "You are Ada, a lamplighter.";
    request.scene = "It is 19:00 (dusk). Just now: the lamp at the gate went out.";
    request.options = {"light the lamp", "sing a song", "carry on: walks home"};
    return request;
  }

  const TempFile file_{"chooser"};
};

TEST_F(CrossEncoderTest, ReadsWhoSceneAndOptionsInOnePass) {
  open_chooser();
  const auto reply = choose(question());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->method, "cross_encoder");
  EXPECT_EQ(reply->model, "chooser");
  EXPECT_EQ(reply->model_hash.size(), 64U);
  ASSERT_EQ(reply->probabilities.size(), 3U);
  EXPECT_NEAR(reply->probabilities[0] + reply->probabilities[1] + reply->probabilities[2], 1, 1e-9);
  EXPECT_EQ(reply->prompt,
            "You are Ada, a lamplighter. It is 19:00 (dusk). Just now: the lamp at the gate went out."
            " [SEP] light the lamp [SEP] sing a song [SEP] carry on: walks home");
  EXPECT_GT(reply->usage.prompt_tokens, 30);
  EXPECT_EQ(reply->usage.first_token_us, reply->usage.total_us);
  EXPECT_EQ(llama_->stats().steps, 1U);
  const auto again = choose(question());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->probabilities, reply->probabilities) << "nothing of the first pass is left over";
}

TEST_F(CrossEncoderTest, WhoSceneAndOtherOptionsCount) {
  open_chooser();
  const auto first = choose(question());
  ASSERT_TRUE(first) << first.error().message;
  for (const auto& change : std::vector<std::function<void(ChooseRequest&)>>{
           [](auto& r) { r.context = "You are Tom, a thief."; },
           [](auto& r) { r.scene = "It is 07:00 (day). Just now: nothing."; },
           [](auto& r) { r.options[1] = "run to the harbour"; }}) {
    auto request = question();
    change(request);
    const auto other = choose(request);
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_GT(std::abs(other->probabilities[0] - first->probabilities[0]), 1e-6);
  }
}

TEST_F(CrossEncoderTest, TheTemperatureOfTheFileCounts) {
  open_chooser(100.F);
  const auto flat = choose(question());
  ASSERT_TRUE(flat) << flat.error().message;
  for (const auto p : flat->probabilities) EXPECT_NEAR(p, 1. / 3, 0.05);
  open_chooser(0.02F);
  const auto sharp = choose(question());
  ASSERT_TRUE(sharp) << sharp.error().message;
  EXPECT_GT(*std::ranges::max_element(sharp->probabilities), 0.9);
  auto config = test_config();
  config.models = {chooser()};
  config.models[0].choose_temperature[static_cast<std::size_t>(ChooseMethod::cross_encoder)] = 1000;
  open(config);
  const auto configured = choose(question());
  ASSERT_TRUE(configured) << configured.error().message;
  EXPECT_NEAR(configured->probabilities[0], 1. / 3, 0.01) << "where the file says none";
}

TEST_F(CrossEncoderTest, ALongPersonaAndALongSceneAreCutAtWords) {
  open_chooser();
  auto request = question();
  for (int i = 0; i < 400; ++i) request.context += " You once saw a whale beyond the reef.";
  for (int i = 0; i < 400; ++i) request.scene.insert(0, "Long ago a ship was lost. ");
  const auto reply = choose(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_LE(reply->usage.prompt_tokens, 512);
  EXPECT_GT(reply->usage.prompt_tokens, 500);
  EXPECT_TRUE(reply->prompt.starts_with("You are Ada, a lamplighter. You once saw a whale")) << reply->prompt;
  EXPECT_NE(reply->prompt.find("Just now: the lamp at the gate went out. [SEP] light the lamp"),
            std::string::npos)
      << reply->prompt;
  EXPECT_LT(reply->prompt.size(), 3000U);
}

TEST_F(CrossEncoderTest, MoreOptionsThanFitAreAnErrorThatSaysSo) {
  open_chooser();
  auto request = question();
  request.options.clear();
  std::string walk = "walk to";
  for (int i = 0; i < 20; ++i) walk += " the old lighthouse";
  for (int i = 0; i < 10; ++i) request.options.push_back(walk + " " + std::to_string(i));
  const auto reply = choose(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::invalid_argument);
  EXPECT_EQ(reply.error().reason, "engine.prompt_too_long");
  EXPECT_NE(reply.error().message.find("10 options"), std::string::npos) << reply.error().message;
  EXPECT_NE(reply.error().message.find("512"), std::string::npos) << reply.error().message;
  EXPECT_NE(reply.error().message.find("chooser"), std::string::npos) << reply.error().message;
  request.options.assign(26, "wait");
  const auto many = choose(request);
  ASSERT_TRUE(many) << "26 short ones fit: " << many.error().message;
  EXPECT_EQ(many->probabilities.size(), 26U);
}

TEST_F(CrossEncoderTest, TheLimitOfTheEngineCountsToo) {
  auto config = test_config();
  config.models = {chooser()};
  config.limits.prompt_tokens_max = 100;
  open(config);
  auto request = question();
  for (int i = 0; i < 100; ++i) request.scene.insert(0, "Long ago a ship was lost. ");
  const auto reply = choose(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_LE(reply->usage.prompt_tokens, 100);
}

TEST_F(CrossEncoderTest, ControlTokensInATextAreText) {
  open_chooser();
  auto request = question();
  const auto plain = choose(request);
  request.options[1] = "sing [SEP] light the lamp";
  const auto reply = choose(request);
  ASSERT_TRUE(plain && reply) << reply.error().message;
  EXPECT_EQ(reply->probabilities.size(), 3U);
  // "[", "sep" and "]" instead of one token.
  EXPECT_GE(reply->usage.prompt_tokens, plain->usage.prompt_tokens + 4);
}

TEST_F(CrossEncoderTest, ItOnlyChooses) {
  open_chooser();
  auto request = talk("Hello", 4);
  request.model = "chooser";
  const auto text = generate(request);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().reason, "engine.no_model");
  const auto vectors = embed({.model = {}, .caller = {}, .texts = {"a lamp"}});
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().reason, "engine.no_model");
  auto asked = question();
  asked.method = "letters";
  const auto letters = choose(asked);
  ASSERT_FALSE(letters);
  EXPECT_EQ(letters.error().reason, "engine.bad_method");
  EXPECT_NE(letters.error().message.find("a choice model"), std::string::npos) << letters.error().message;
  asked.method = "cross_encoder";
  EXPECT_TRUE(choose(asked));
  const auto info = engine_->models()[0];
  EXPECT_FALSE(info.writes);
  EXPECT_EQ(info.embedding_size, 0);
  open_smollm();
  const auto chat = choose(asked);
  ASSERT_FALSE(chat);
  EXPECT_EQ(chat.error().reason, "engine.bad_method");
}

TEST_F(CrossEncoderTest, LateHopelessAndAbandonedQuestionsCostNothing) {
  open_chooser();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(choose(question()));  // what a pass takes is known now
  const auto before = llama_->stats();
  auto late = question();
  late.deadline = env_.now() + -1ms;
  const auto passed = choose(late);
  ASSERT_FALSE(passed);
  EXPECT_EQ(passed.error().code, Code::deadline_exceeded);
  late.deadline = env_.now() + 200us;
  const auto hopeless = choose(late);
  ASSERT_FALSE(hopeless);
  EXPECT_EQ(hopeless.error().code, Code::deadline_exceeded);
  const auto left = start_choose(question());
  on_loop([&] { left->handle.stop(); });
  ASSERT_TRUE(turn_until([&] { return llama_->stats().in_flight == 0; }));
  EXPECT_LE(llama_->stats().steps, before.steps + 1) << "at most the pass that had begun";
  EXPECT_TRUE(choose(question())) << "and the next one is answered";
}

TEST_F(CrossEncoderTest, WhoWaitsIsAnsweredWhenTheEngineStops) {
  open_chooser();
  std::vector<CallPtr<ChooseReply>> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(start_choose(question()));
  turn();
  engine_.reset();
  for (const auto& call : calls) {
    const auto reply = wait(call);
    if (reply) continue;
    EXPECT_EQ(reply.error().reason, "engine.stopping");
    EXPECT_EQ(call->completions, 1);
  }
}

TEST_F(CrossEncoderTest, ChoicesComeBetweenTheStepsOfAStory) {
  auto config = test_config();
  config.models = {smollm(), chooser()};
  open(config);
  const auto story = sure('s', 60);
  const auto alone = generate(story);
  ASSERT_TRUE(alone) << alone.error().message;
  const auto quiet = [&] {
    auto request = question();
    request.model = "chooser";
    return request;
  }();
  const auto expected = choose(quiet);
  ASSERT_TRUE(expected) << expected.error().message;

  const auto told = start_generate(story);
  ASSERT_TRUE(turn_until([&] { return told->pieces.size() >= 2; }));
  std::vector<CallPtr<ChooseReply>> choices;
  for (int i = 0; i < 12; ++i) choices.push_back(start_choose(quiet));
  for (const auto& call : choices) {
    const auto reply = wait(call);
    ASSERT_TRUE(reply) << reply.error().message;
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_NEAR(reply->probabilities[k], expected->probabilities[k], 1e-6);
  }
  EXPECT_FALSE(told->done()) << "gold goes before silver";
  const auto text = wait(told);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_TRUE(text->text.starts_with(alone->text.substr(0, 16))) << text->text << " | " << alone->text;
}

// --- the file

TEST_F(CrossEncoderTest, AHeadThatIsNoneIsRefusedWithItsKey) {
  const auto with_bias = [](float bias) {
    auto head = some_head();
    head.back() = bias;
    return head;
  };
  struct Row {
    std::function<void(gguf_context*)> add;
    const char* says;
  };
  for (const auto& row : std::vector<Row>{
           {[](gguf_context*) {}, "no troupe.choice.head"},
           {head_of(std::vector<float>(kWidth)), "385 numbers"},
           {head_of(std::vector<float>(kWidth + 2)), "385 numbers"},
           {[](gguf_context* f) { gguf_set_val_str(f, kHead, "1 2 3"); }, "385 numbers"},
           {[](gguf_context* f) {
              const std::vector<double> wide(kWidth + 1);
              gguf_set_arr_data(f, kHead, GGUF_TYPE_FLOAT64, wide.data(), wide.size());
            },
            "385 numbers"},
           {head_of(with_bias(std::numeric_limits<float>::quiet_NaN())), "are none"},
           {head_of(with_bias(std::numeric_limits<float>::infinity())), "are none"},
           {head_of(some_head(), 0.F), kTemperature},
           {head_of(some_head(), -1.F), kTemperature},
           {head_of(some_head(), std::numeric_limits<float>::quiet_NaN()), kTemperature},
       }) {
    const TempFile file("head");
    write_gguf(file, minilm().path, row.add, true);
    const auto head = read_choice_head(file.path(), kWidth);
    ASSERT_FALSE(head) << row.says;
    EXPECT_EQ(head.error().reason, "engine.bad_model");
    EXPECT_NE(head.error().message.find(row.says), std::string::npos) << head.error().message;
    EXPECT_NE(head.error().message.find(file.path()), std::string::npos) << head.error().message;
  }
  const TempFile file("head");
  write_gguf(file, minilm().path, head_of(with_bias(0.25F), 1.5F), true);
  const auto head = read_choice_head(file.path(), kWidth);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->weights.size(), static_cast<std::size_t>(kWidth));
  EXPECT_EQ(head->bias, 0.25F);
  EXPECT_EQ(head->temperature, 1.5);
}

TEST_F(CrossEncoderTest, ModelsOfAnotherKindAreRefused) {
  for (auto model : {minilm(), smollm()}) {
    model.kind = ModelKind::cross_encoder;
    auto config = test_config();
    config.models = {model};
    const auto opened = open_llama_engine(env_, config);
    ASSERT_FALSE(opened) << model.name;
    EXPECT_EQ(opened.error().reason, "engine.bad_model");
    EXPECT_NE(opened.error().message.find(model.path), std::string::npos) << opened.error().message;
  }
}

}  // namespace
}  // namespace troupe::engine
