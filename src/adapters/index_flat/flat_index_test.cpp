#include "adapters/index_flat/flat_index.h"

#include "ports/index_suite.h"

namespace troupe::index {

INSTANTIATE_TEST_SUITE_P(Index, IndexSuite,
                         testing::Values(IndexMaker{"flat",
                                                    [](std::size_t dimensions, Limits limits) {
                                                      return make_flat_index(dimensions, limits);
                                                    }}),
                         index_name);

// Sizes that are no multiple of the lanes of the dot product.
TEST(FlatIndex, EveryNumberCounts) {
  for (std::size_t dimensions = 1; dimensions <= 40; ++dimensions) {
    for (std::size_t i = 0; i < dimensions; ++i) {
      const auto index = make_flat_index(dimensions);
      std::vector<float> vector(dimensions, 0);
      vector[i] = 2;
      ASSERT_TRUE(index->add(1, vector).has_value());
      ASSERT_NEAR(index->search(vector, 1, {}).value()[0].similarity, 1, 1e-6) << dimensions << "/" << i;
    }
  }
}

}  // namespace troupe::index
