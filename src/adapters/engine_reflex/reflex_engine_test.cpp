#include "adapters/engine_reflex/reflex_engine.h"

#include <set>

#include "adapters/engine_reflex/reflex_rules.h"
#include "ports/engine_suite.h"
#include "ports/engine_suite_deadlines.h"

namespace troupe::engine {
namespace {

EngineUnderTest reflex() {
  EngineUnderTest out;
  out.name = "reflex";
  out.open = [](const rt::Env&, Limits limits) -> Result<std::unique_ptr<Engine>> {
    ReflexConfig config;
    config.limits = limits;
    config.lines = {"Hm, not now.", "I hear you well enough.", "Let me think about that.",
                    "Another time, perhaps."};
    return make_reflex_engine(config);
  };
  out.has_model = false;
  out.embeds = false;
  out.constrains = false;
  out.logprobs = false;
  return out;
}

INSTANTIATE_TEST_SUITE_P(Reflex, EngineSuite, testing::Values(reflex()));

TEST(ReflexRules, WordsMeetInTheirStems) {
  EXPECT_EQ(reflex_words("The guard runs!"), (std::vector<std::string>{"guard", "run"}));
  EXPECT_EQ(reflex_words("running guards"), (std::vector<std::string>{"run", "guard"}));
  EXPECT_EQ(reflex_words("It is on the..."), (std::vector<std::string>{}));
  EXPECT_EQ(reflex_words("b\xC3\xA4r"), (std::vector<std::string>{"b\xC3\xA4r"}));
}

struct Scene {
  const char* context;
  const char* scene;
  std::vector<std::string> options;
  std::size_t expected;
};

TEST(ReflexRules, WhatTheSceneSpeaksOfWins) {
  const std::vector<Scene> scenes = {
      {"", "The lamp flickers and dies.", {"light the lamp", "go fishing", "sleep"}, 0},
      {"", "A stranger attacks with a knife.", {"bake bread", "fight the stranger", "sweep the floor"}, 1},
      {"You love bread.", "Nothing in particular.", {"sing", "bake bread", "swim"}, 1},
      {"You love bread.", "The boat is sinking.", {"eat bread", "repair the boat", "dance"}, 1},
  };
  for (const auto& s : scenes) {
    const auto scores = reflex_scores(s.context, s.scene, s.options, 1);
    const auto best =
        static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    EXPECT_EQ(best, s.expected) << s.scene;
  }
}

TEST(ReflexRules, TheDrawDiffersBetweenCharactersAndIsTheSameForOne) {
  const std::vector<std::string> options = {"sing", "whistle", "hum"};
  std::set<std::size_t> chosen;
  for (int npc = 0; npc < 40; ++npc) {
    const auto context = "You are number " + std::to_string(npc);
    const auto scores = reflex_scores(context, "Quiet.", options, 1);
    EXPECT_EQ(scores, reflex_scores(context, "Quiet.", options, 1));
    chosen.insert(static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
  }
  EXPECT_EQ(chosen.size(), 3U);
}

}  // namespace
}  // namespace troupe::engine
