#include "app/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "adapters/engine_llama/llama_engine.h"
#include "app/config_engines.h"
#include "rt/random.h"

namespace troupe {
namespace {

// What load_config says of a file with this text; "" = it is good.
std::string read(Config& config, const std::string& text) {
  const auto path =
      std::filesystem::temp_directory_path() / ("config-" + std::to_string(rt::SystemIds().bits()) + ".yaml");
  std::ofstream(path) << text;
  const auto done = load_config(config, path.string());
  std::filesystem::remove(path);
  if (done) return {};
  std::string message = done.error().message;
  for (auto found = message.find(path.string()); found != std::string::npos;
       found = message.find(path.string())) {
    message.replace(found, path.string().size(), "FILE");
  }
  return message;
}

constexpr const char* kGood = R"(
engines:
  vllm:
    url: http://127.0.0.1:8000/v1
    model: qwen2.5-7b
    tiers: silver, bronze
    key_file: /run/secrets/vllm
    allow_addresses: 127.0.0.0/8
    dialect: vllm
    priority: true
    prompt_microusd_per_mtoken: 150000
    cached_microusd_per_mtoken: 75000
    output_microusd_per_mtoken: 600000
  vectors:
    url: https://engine.example/v1
    model: e5
    tiers: [embedding]
    dimensions: 1024
routes:
  silver: [vllm, qwen2.5-coder-1.5b]
listen: 127.0.0.1:0
)";

TEST(Config, EnginesInTheOrderOfTheFile) {
  Config config;
  EXPECT_EQ(read(config, kGood), "");
  ASSERT_EQ(config.server.engines.size(), 2U);
  const auto& vllm = config.server.engines[0];
  EXPECT_EQ(vllm.name, "vllm");
  EXPECT_EQ(vllm.tiers, (std::vector{engine::Tier::silver, engine::Tier::bronze}));
  EXPECT_EQ(vllm.dialect, engine::Dialect::vllm);
  EXPECT_TRUE(vllm.priority);
  EXPECT_EQ(vllm.prices.prompt, 150'000);
  EXPECT_EQ(vllm.prices.cached, 75'000);
  EXPECT_EQ(vllm.prices.output, 600'000);
  EXPECT_EQ(config.server.engines[1].embedding_size, 1024);
  EXPECT_EQ(config.server.routes.at(engine::Tier::silver),
            (std::vector<std::string>{"vllm", "qwen2.5-coder-1.5b"}));
}

TEST(Config, EveryMistakeWithItsPlaceAndWhatWouldBeRight) {
  Config config;
  EXPECT_EQ(
      read(config, "listne: 1\nengines:\n  a:\n    urll: x\n    parallel: many\n    tiers: golden\n  b: 7\n"),
      "FILE:1:1: no setting 'listne'; did you mean 'listen'?\n"
      "FILE:4:5: engines.a: no setting 'urll'; did you mean 'url'?\n"
      "FILE:5:15: engines.a.parallel: 'many' is not a whole number\n"
      "FILE:6:12: engines.a.tiers: 'golden' is not gold, silver, bronze or embedding, with commas\n"
      "FILE:7:6: engines.b is a mapping of keys to values");
  Config other;
  EXPECT_EQ(
      read(other, "engines:\n  local:\n    url: http://127.0.0.1:8000/v1\n    model: m\n    tiers: gold\n"),
      "FILE:3:5: engines.local: http is for engines of your own: say where in allow_addresses (127.0.0.0/8), "
      "or use https");
  EXPECT_EQ(read(other, "engine:\n  threads: x\n"), "FILE:2:12: engine.threads: 'x' is not 0 to 256");
  EXPECT_EQ(read(other, "engine.threads: 2\nengine:\n  threads: 3\n"),
            "FILE:3:3: the setting 'engine.threads' stands there twice");
  EXPECT_EQ(
      read(other, "engines:\n  gold:\n    url: https://example.com/v1\n    model: m\n    tiers: silver\n"),
      "FILE:2:3: engines.gold: a tier has this name");
  EXPECT_EQ(read(other, "engines: none\n"), "FILE:1:10: engines is a mapping of names to engines");
}

TEST(Config, WhatTheRouterMayDo) {
  Config config;
  EXPECT_EQ(read(config,
                 "budgets: {player_day: 50000, npc_day: none, world: 0}\n"
                 "hedge:\n  silver: 800\n"
                 "canary:\n  silver: qwen2.5-7b 5%\n"
                 "players: {parallel: 3, patience: 4000}\nstep_down: false\n"
                 "jobs: {parallel: 4, waiting: 50, kept: 60}\n"),
            "");
  const auto& policy = config.server.router;
  EXPECT_EQ(policy.budgets.player_day, 50'000);
  EXPECT_EQ(policy.budgets.npc_day, std::nullopt);
  EXPECT_EQ(policy.budgets.world_day, std::nullopt);
  EXPECT_EQ(policy.budgets.world_total, 0);
  EXPECT_EQ(policy.hedge_after.at(engine::Tier::silver), rt::milliseconds(800));
  EXPECT_FALSE(policy.hedge_after.contains(engine::Tier::gold));
  EXPECT_EQ(policy.canaries.at(engine::Tier::silver).model, "qwen2.5-7b");
  EXPECT_DOUBLE_EQ(policy.canaries.at(engine::Tier::silver).share, .05);
  EXPECT_EQ(policy.player_parallel, 3U);
  EXPECT_EQ(policy.player_patience, rt::milliseconds(4000));
  EXPECT_FALSE(policy.step_down);
  EXPECT_EQ(policy.jobs.parallel, 4U);
  EXPECT_EQ(policy.jobs.waiting_max, 50U);
  EXPECT_EQ(policy.jobs.kept_max, 60U);
}

TEST(Config, WhatTheRouterMayNotDo) {
  Config config;
  EXPECT_EQ(
      read(config,
           "budgets:\n  player: 5\n  npc_day: -1\nhedge: {gold: soon}\n"
           "canary: {gold: m}\nplayers: {parallel: 0, patience: 60001}\njobs: {parallel: 65}\n"),
      "FILE:2:3: no setting 'budgets.player'; did you mean 'budgets.player_day'?\n"
      "FILE:3:12: budgets.npc_day: '-1' is not millionths of a dollar, 0 to 1000000000000, or none\n"
      "FILE:4:15: hedge.gold: 'soon' is not 0 to 60000 milliseconds\n"
      "FILE:5:16: canary.gold: 'm' is not a model and the percent of callers who get it, such as `qwen2.5-7b "
      "5%`\n"
      "FILE:6:21: players.parallel: '0' is not 1 to 64\n"
      "FILE:6:34: players.patience: '60001' is not 0 to 60000 milliseconds\n"
      "FILE:7:18: jobs.parallel: '65' is not 1 to 64");
}

TEST(Config, HowOftenWhoMayCall) {
  Config config;
  EXPECT_EQ(read(config, "limits:\n  player: {commands: [1.5, 10], reads: 0}\n  connection.inputs: 5, 7\n"),
            "");
  const auto& limits = config.server.call_limits;
  EXPECT_EQ(limits.player.commands.per_second, 1.5);
  EXPECT_EQ(limits.player.commands.burst, 10);
  EXPECT_FALSE(limits.player.reads.limited());
  EXPECT_EQ(limits.connection.inputs.burst, 7);
  EXPECT_EQ(limits.player.inputs.burst, CallLimits().player.inputs.burst);
  EXPECT_EQ(read(config,
                 "limits:\n  player: {commands: 5, inputs: [0, 3], reads: [-1, 2]}\n  staff: {commands: [1, "
                 "2, 3]}\n"),
            "FILE:2:22: limits.player.commands: '5' is not how many a second and how many at once, such as "
            "`2, 30`; or 0 for no limit\n"
            "FILE:2:33: limits.player.inputs: '0,3' is not how many a second and how many at once, such as "
            "`2, 30`; or 0 for no limit\n"
            "FILE:2:48: limits.player.reads: '-1,2' is not how many a second and how many at once, such as "
            "`2, 30`; or 0 for no limit\n"
            "FILE:3:21: limits.staff.commands: '1,2,3' is not how many a second and how many at once, such "
            "as `2, 30`; or 0 for no limit");
}

TEST(Config, LayersOnAGraphicsCardOnlyWhereTheProgramIsBuiltForOne) {
  Config config;
  const auto set = [&](const std::string& value) {
    return read(config, "engine.gpu_layers: " + value + "\n");
  };
  EXPECT_EQ(config.server.engine_gpu_layers, engine::kGpuLayersAuto);
  EXPECT_EQ(set("0"), "");
  EXPECT_EQ(config.server.engine_gpu_layers, 0);
  EXPECT_EQ(set("auto"), "");
  EXPECT_EQ(config.server.engine_gpu_layers, engine::kGpuLayersAuto);
  for (const char* wrong : {"-1", "1001", "many", "3x"}) {
    EXPECT_EQ(set(wrong),
              std::string("FILE:1:20: engine.gpu_layers: '") + wrong + "' is not auto or 0 to 1000");
  }
  if (engine::built_for_gpu().empty()) {
    EXPECT_EQ(set("12"),
              "FILE:1:20: engine.gpu_layers: '12' is not auto or 0: this program is built for the CPU alone "
              "(make run GPU=vulkan, or GPU=cuda)");
  } else {
    EXPECT_EQ(set("12"), "");
    EXPECT_EQ(config.server.engine_gpu_layers, 12);
  }
}

// What stands there twice is a mistake, wherever it stands.
TEST(Config, AKeyThatIsThereTwiceIsNoSetting) {
  Config config;
  EXPECT_EQ(read(config,
                 "data: a\nlog: {level: info, level: debug}\ndata: b\n"
                 "engines:\n  e: {url: 'https://engine.example/v1', model: m, model: n, tiers: gold}\n"
                 "  e: {url: 'https://engine.example/v1', model: m, tiers: gold}\n"),
            "FILE:2:20: key 'level' is here twice; the first is in line 2\n"
            "FILE:3:1: key 'data' is here twice; the first is in line 1\n"
            "FILE:5:51: key 'model' is here twice; the first is in line 5\n"
            "FILE:6:3: key 'e' is here twice; the first is in line 5");
}

TEST(Config, IsReadAsStrictlyAsAPack) {
  const std::pair<const char*, const char*> rows[] = {
      {"data: \"a\\0b\"\n", "FILE:1:7: the control character 0x00; expected text"},
      {"data: &x a\nworld: *x\n", "FILE:1:7: an anchor; expected a plain value: anchors are not allowed"},
      {"data: a\n---\ndata: b\n", "FILE:2:1: a second document starts here; expected one document per file"},
      {"- data\n", "FILE:1:1: a configuration is a mapping of keys to values"},
      {"data:\n", "FILE:2:1: data must be a single value or a list of them"},
  };
  for (const auto& [text, wanted] : rows) {
    Config config;
    EXPECT_EQ(read(config, text), wanted) << text;
  }
}

// With TROUPE_WRITE_REFERENCE=1 in the environment it is written anew.
TEST(Reference, OfConfigurationKeysIsFresh) {
  const std::filesystem::path file = "docs/reference/config.md";
  const std::string made = config_reference();
  if (std::getenv("TROUPE_WRITE_REFERENCE") != nullptr) std::ofstream(file) << made;
  std::ifstream in(file);
  const std::string kept((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(kept, made);
}

TEST(Config, EnginesAreBounded) {
  std::string text = "engines:\n";
  for (std::size_t i = 0; i <= kEnginesMax; ++i) {
    text += "  e" + std::to_string(i) + ": {url: 'https://engine.example/v1', model: m, tiers: gold}\n";
  }
  Config config;
  EXPECT_NE(read(config, text).find("16 engines at most"), std::string::npos);
}

}  // namespace
}  // namespace troupe
