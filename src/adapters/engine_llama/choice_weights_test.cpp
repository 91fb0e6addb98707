// The choice model that comes with the project: what it must be good for, at the least. How good it is:
// `troupe bench choose`.
#include <algorithm>

#include "adapters/engine_llama/llama_fixture.h"

namespace troupe::engine {
namespace {

struct Scene {
  const char* who;
  const char* scene;
  std::vector<std::string> options;
  std::size_t right;
};

// Plain ones; of no benchmark.
const std::vector<Scene>& plain_scenes() {
  static const std::vector<Scene> all = {
      {"Ada, a lamplighter, careful",
       "It is 19:00 (dusk). Ada is at the gate, walks her round. Just now: the lamp at the gate went out.",
       {"sing a song", "light the lamp", "count the coins", "sell the ladder"},
       1},
      {"Tom, a cook, patient",
       "Fat has caught fire in the pan and the flames reach the curtain.",
       {"smother the fire", "taste the soup", "write a letter", "carry on: cuts onions"},
       0},
      {"Vera, a guard, strict",
       "A man climbs over the wall at midnight with a sack on his back.",
       {"carry on: leans on her spear", "buy the sack", "stop the man", "admire the moon"},
       2},
      {"Ole, a fisherman, tired",
       "It is past midnight, the boat is moored and his eyes fall shut.",
       {"go to bed", "paint the boat", "ring the harbour bell", "sell the net"},
       0},
      {"Mira, a healer, gentle",
       "A boy holds out his hand. The cut in it bleeds.",
       {"send him away", "ask the price of salt", "bandage the hand", "close the shutters"},
       2},
      {"Jonas, a baker, thrifty",
       "A woman lays two coins on the counter and asks for a loaf.",
       {"sell her the loaf", "call the guard", "throw the loaf away", "go fishing"},
       0},
  };
  return all;
}

class ChoiceWeightsTest : public LlamaTest {
 protected:
  void SetUp() override {
    auto config = test_config();
    config.models = {troupe_choice()};
    open(config);
  }
  Result<ChooseReply> ask(const Scene& scene, std::vector<std::string> options) {
    ChooseRequest request;
    request.context = scene.who;
    request.scene = scene.scene;
    request.options = std::move(options);
    return choose(request);
  }
};

// An encoder knows what stands where: in a close case the order can decide, in a plain one it should not.
TEST_F(ChoiceWeightsTest, TurningTheOptionsSeldomChangesTheChoice) {
  int same = 0;
  for (const auto& scene : plain_scenes()) {
    const auto first = ask(scene, scene.options);
    ASSERT_TRUE(first) << first.error().message;
    auto reversed = scene.options;
    std::ranges::reverse(reversed);
    const auto second = ask(scene, reversed);
    ASSERT_TRUE(second) << second.error().message;
    if (reversed[second->choice] == scene.options[first->choice]) ++same;
  }
  EXPECT_GE(same, 5) << "of 6";
}

TEST_F(ChoiceWeightsTest, PlainScenesAreAnsweredAndNotWithCertainty) {
  int right = 0;
  for (const auto& scene : plain_scenes()) {
    const auto reply = ask(scene, scene.options);
    ASSERT_TRUE(reply) << reply.error().message;
    if (reply->choice == scene.right) ++right;
    EXPECT_LT(reply->probabilities[reply->choice], 0.999) << "a probability that never doubts says nothing";
    EXPECT_GT(reply->probabilities[reply->choice], 0.3) << scene.scene;
  }
  EXPECT_GE(right, 5) << "1.5 of 6 would be guessing";
}

}  // namespace
}  // namespace troupe::engine
