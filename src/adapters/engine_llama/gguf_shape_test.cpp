// What is known of a model before it is loaded, against the real weights; and places in a program without
// cards (with them: tests/gpu).
#include "adapters/engine_llama/gguf_shape.h"

#include <filesystem>
#include <numeric>

#include "adapters/engine_llama/llama_fixture.h"

namespace troupe::engine {
namespace {

TEST(GgufShape, OfRealWeights) {
  const auto shape = read_gguf_shape(smollm().path);
  ASSERT_TRUE(shape) << shape.error().message;
  EXPECT_EQ(shape->layers.size(), 30U);
  EXPECT_EQ(shape->width, 576U);
  EXPECT_EQ(shape->inner, 1536U);
  EXPECT_EQ(shape->heads, 9U);
  EXPECT_EQ(shape->cached, 2U * 3 * 64) << "keys and values of 3 heads";
  EXPECT_EQ(shape->words, 49'152U);
  EXPECT_GE(shape->context_tokens, 2048);
  // The table of words is what makes logits, too, so all of the file but its head is counted once.
  const auto bytes = std::accumulate(shape->layers.begin(), shape->layers.end(), shape->output);
  const auto file = std::filesystem::file_size(smollm().path);
  EXPECT_LT(bytes, file);
  EXPECT_GT(bytes, file - (4 << 20));
  EXPECT_GT(shape->output, shape->words * shape->width / 2);
}

TEST(GgufShape, WhatIsNoModelOrHasNoHeads) {
  const TempFile file("shape");
  file.write("GGUF");
  EXPECT_FALSE(read_gguf_shape(file.path()));
  EXPECT_FALSE(read_gguf_shape("/nowhere.gguf"));
}

TEST(GgufShape, BytesGrowWithTheCellsAndTheStep) {
  const GgufShape shape{
      .layers = {7, 8}, .output = 9, .width = 4, .inner = 10, .heads = 2, .cached = 6, .words = 100};
  const auto bytes = layer_bytes(shape, 16, 3, 2);
  EXPECT_EQ(bytes.weights, shape.layers);
  EXPECT_EQ(bytes.output, 9U);
  EXPECT_EQ(bytes.cache, 16U * 6 * 2) << "16 bits a number";
  EXPECT_EQ(bytes.work, 4U * (3 * 16 * 5 + 3 * (40 + 24) + 2 * 100));
}

TEST_F(LlamaTest, WhatDoesNotGoOntoACardIsOnTheCpu) {
  auto config = test_config();
  config.models = {smollm(), minilm()};
  config.models[0].gpu_layers = 0;
  open(config);
  ASSERT_EQ(llama_->places().models.size(), 2U);
  for (const auto& place : llama_->places().models) {
    EXPECT_EQ(place.card, "") << place.model;
    EXPECT_EQ(place.layers, 0) << place.model;
  }
  if (built_for_gpu().empty()) EXPECT_TRUE(llama_->places().cards.empty());
  config.models[0].gpu_layers = kGpuLayersAuto - 1;
  EXPECT_FALSE(open_llama_engine(env_, config));
}

}  // namespace
}  // namespace troupe::engine
