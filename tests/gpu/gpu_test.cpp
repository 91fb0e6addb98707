// The engine with a model on a card: what is there computes the same as the CPU, in part and as a whole; and
// models share the card.
#include "adapters/engine_llama/llama_fixture.h"

namespace troupe::engine {
namespace {

class GpuTest : public LlamaTest {
 protected:
  LlamaConfig config_with(int layers) {
    auto config = test_config();
    config.models = {smollm()};
    config.models[0].gpu_layers = layers;
    config.models[0].context_tokens = 512;  // a device in software is slow
    config.models[0].kv_tokens = 512;
    return config;
  }
  const ModelPlace& place(std::size_t model = 0) const { return llama_->places().models.at(model); }
  // What it says when nothing is left to chance, and how likely it finds each of three options.
  std::pair<std::string, std::vector<double>> answers() {
    const auto reply = generate(sure('q', 6));
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
    ChooseRequest question;
    question.context = "You guard the gate of the harbour.";
    question.scene = "A stranger draws a knife and runs towards you.";
    question.options = {"raise the shield", "bake bread", "sing a song"};
    const auto choice = choose(question);
    EXPECT_TRUE(choice) << (choice ? "" : choice.error().message);
    return {reply ? reply->text : "", choice ? choice->probabilities : std::vector<double>(3)};
  }
};

TEST_F(GpuTest, ACardComputesTheSameInPartAndAsAWhole) {
  open(config_with(0));
  ASSERT_FALSE(llama_->places().cards.empty()) << "no card: see `make test-gpu`";
  EXPECT_EQ(place().card, "");
  const auto [text, likely] = answers();
  EXPECT_TRUE(text.contains("q q q")) << text;
  for (const int layers : {11, kGpuLayersAuto}) {
    engine_.reset();
    open(config_with(layers));
    EXPECT_EQ(place().card, llama_->places().cards[0].name);
    EXPECT_EQ(place().layers, layers == kGpuLayersAuto ? 31 : layers);
    EXPECT_EQ(place().layers_all, 31);
    const auto [text_there, likely_there] = answers();
    EXPECT_EQ(text_there, text) << layers;
    for (std::size_t i = 0; i < likely.size(); ++i) EXPECT_NEAR(likely_there[i], likely[i], .05) << layers;
  }
}

TEST_F(GpuTest, ModelsShareACardInTheirOrderAndSmallOnesStayOnTheCpu) {
  auto config = config_with(kGpuLayersAuto);
  auto second = smollm();
  second.name = "second";
  config.models.push_back(second);
  config.models.push_back(minilm());
  open(config_with(kGpuLayersAuto));
  const auto with_one = llama_->places().cards.at(0).free;
  engine_.reset();
  open(config);
  EXPECT_EQ(place(0).layers, 31);
  EXPECT_EQ(place(1).layers, 31);
  EXPECT_EQ(place(2).card, "");
  EXPECT_LT(llama_->places().cards.at(0).free, with_one) << "what the second took is not free any more";
  auto request = sure('q', 4);
  request.model = "second";
  const auto reply = generate(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->model, "second");
}

}  // namespace
}  // namespace troupe::engine
