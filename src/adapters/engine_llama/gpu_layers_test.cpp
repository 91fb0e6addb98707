#include "adapters/engine_llama/gpu_layers.h"

#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// 4 layers of 100 MiB with 10 MiB of cache each, an output of 50 MiB, 40 MiB to work with.
LayerBytes small_model() {
  return {.weights = std::vector<std::uint64_t>(4, 100 * kMiB),
          .output = 50 * kMiB,
          .cache = 10 * kMiB,
          .work = 40 * kMiB};
}

constexpr std::uint64_t kWhole = (40 + 50 + 4 * 110) * kMiB;

TEST(GpuLayers, AsManyAsFitIntoWhatIsFreeLessTheMargin) {
  struct Row {
    std::uint64_t usable;  // MiB
    int layers;
    std::uint64_t bytes;  // MiB
  };
  const Row rows[] = {
      {0, 0, 0},     {89, 0, 0},    {90, 1, 90},   {199, 1, 90},  {200, 2, 200},
      {419, 3, 310}, {420, 4, 420}, {529, 4, 420}, {530, 5, 530}, {800, 5, 530},
  };
  for (const auto& row : rows) {
    const auto free = (row.usable + 128) * kMiB;  // below 1280 MiB the margin is the least
    const auto share = share_of_card(small_model(), free, kGpuLayersAuto);
    EXPECT_EQ(share.layers, row.layers) << row.usable;
    EXPECT_EQ(share.bytes, row.bytes * kMiB) << row.usable;
  }
}

TEST(GpuLayers, LayersComeFromTheLastToTheFirst) {
  auto model = small_model();
  model.weights = {1000 * kMiB, 1000 * kMiB, 100 * kMiB, 100 * kMiB};
  EXPECT_EQ(share_of_card(model, (500 + 128) * kMiB, kGpuLayersAuto).layers, 3);
  model.weights = {100 * kMiB, 100 * kMiB, 100 * kMiB, 1000 * kMiB};
  EXPECT_EQ(share_of_card(model, (500 + 128) * kMiB, kGpuLayersAuto).layers, 1)
      << "a small one behind a large one does not help: they go in order";
}

TEST(GpuLayers, ANumberCountsWhetherItFitsOrNot) {
  const auto layers = [](int wanted) { return share_of_card(small_model(), 0, wanted).layers; };
  EXPECT_EQ(layers(0), 0);
  EXPECT_EQ(layers(3), 3);
  EXPECT_EQ(layers(5), 5);
  EXPECT_EQ(layers(kGpuLayersMax), 5);
  EXPECT_EQ(share_of_card(small_model(), 0, 0).bytes, 0U) << "nothing is taken to work with";
  EXPECT_EQ(share_of_card(small_model(), 0, 5).bytes, kWhole);
}

TEST(GpuLayers, TheMarginIsATenthWithinBounds) {
  EXPECT_EQ(card_margin(0), 128 * kMiB);
  EXPECT_EQ(card_margin(4000 * kMiB), 400 * kMiB);
  EXPECT_EQ(card_margin(80'000 * kMiB), 1024 * kMiB);
}

TEST(GpuLayers, SeveralModelsShareACardInTheOrderInWhichTheyLoad) {
  constexpr std::uint64_t kFree = 1000 * kMiB;
  CardMemory card(kFree);
  EXPECT_EQ(card.left(kFree), kFree);
  const auto first = share_of_card(small_model(), card.left(kFree), kGpuLayersAuto);
  EXPECT_EQ(first.bytes, kWhole);
  card.take(first.bytes);
  EXPECT_EQ(card.left(kFree), kFree - kWhole) << "a driver that always says the same";
  EXPECT_EQ(card.left(kFree - kWhole - kMiB), kFree - kWhole - kMiB) << "a driver that knows better";
  const auto second = share_of_card(small_model(), card.left(kFree), kGpuLayersAuto);
  EXPECT_EQ(second.layers, 3) << "of 470 MiB 342 are usable";
  card.take(second.bytes);
  EXPECT_EQ(share_of_card(small_model(), card.left(kFree), kGpuLayersAuto).layers, 0);
  card.take(kFree);
  EXPECT_EQ(card.left(kFree), 0U);
}

}  // namespace
}  // namespace troupe::engine
