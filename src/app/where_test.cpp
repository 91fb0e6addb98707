#include "app/where.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using engine::Tier;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

TEST(Where, EveryModelWithItsTiersThenTheCards) {
  const engine::ModelPlaces places{
      .models = {{"large", "Vulkan0", 29, 29}, {"larger", "Vulkan0", 3, 33}, {"vectors", "", 0, 0}},
      .cards = {{"Vulkan0", "Some Card 8", kGiB / 2, 8 * kGiB}}};
  const std::vector<engine::ModelInfo> models = {
      {.name = "large", .tiers = {Tier::silver, Tier::bronze}},
      {.name = "larger", .tiers = {Tier::gold}},
      {.name = "vectors", .embedding_size = 384, .tiers = {}},
  };
  EXPECT_EQ(what_runs_where(places, models),
            "large (silver, bronze): 29 of 29 layers on Vulkan0; larger (gold): 3 of 33 layers on Vulkan0; "
            "vectors (embedding): CPU. Vulkan0 is Some Card 8, 0.5 of 8.0 GB are free");
  EXPECT_EQ(where_models_run(places),
            (std::map<std::string, std::string>{{"large", "29 of 29 layers on Vulkan0"},
                                                {"larger", "3 of 33 layers on Vulkan0"},
                                                {"vectors", "CPU"}}));
}

TEST(Where, WithoutCardsOrModels) {
  EXPECT_EQ(what_runs_where({.models = {{"small", "", 0, 31}}, .cards = {}},
                            std::vector<engine::ModelInfo>{{.name = "small", .tiers = {Tier::gold}}}),
            "small (gold): CPU");
  EXPECT_EQ(what_runs_where({}, {}), "");
}

}  // namespace
}  // namespace troupe
