#pragma once
// Test only: Lanternfall with every service, where an engine of the test's own speaks.
#include "services/router/fake_engine.h"
#include "tests/world/lanternfall.h"

namespace troupe::test {

struct Minds {
  explicit Minds(NpcConfig npc, GameTime start = WorldOptions{}.start, AiConfig ai = {})
      : world({[this, npc, ai](Host& host) -> std::shared_ptr<void> {
                engine = std::make_unique<FakeEngine>(host.env(), "fake", std::vector<std::string>{"m"});
                RouterConfig router;
                for (const auto tier : {engine::Tier::silver, engine::Tier::bronze})
                  router.tiers[tier] = {{.engine = engine.get(), .model = "m"}};
                if (!ai.classifier.empty())
                  router.tiers[engine::Tier::gold] = {{.engine = engine.get(), .model = "m"}};
                services =
                    std::make_shared<WorldServices>(lanternfall(), host, router, npc, ai, ModelsConfig{});
                return services;
              }},
              {.world = lanternfall().world.name, .start = start}) {}
  // What happens outside turns; after a restart again.
  void begin() {
    services->start();
    world.settle();
  }
  std::unique_ptr<FakeEngine> engine;
  std::shared_ptr<WorldServices> services;
  World world;
};

}  // namespace troupe::test
