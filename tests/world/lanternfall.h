#pragma once
// Test only: Lanternfall with every service, without models: reflex, utility and written lines.
#include "adapters/engine_reflex/reflex_engine.h"
#include "app/services.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/npc_store.pb.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe::test {

inline const pack::Pack& lanternfall() {
  static const pack::Pack loaded = [] {
    auto pack = pack::load_pack("worlds/lanternfall");
    if (pack) return *std::move(pack);
    for (const auto& problem : pack.error()) ADD_FAILURE() << pack::to_string(problem);
    return pack::Pack();
  }();
  return loaded;
}

// `more`: services beside those of the world. `pack`: Lanternfall, or a version of it that outlives the
// world.
inline World lanternfall_world(std::uint64_t seed, std::shared_ptr<CallLimiter> limiter = nullptr,
                               std::vector<Mount> more = {}, const pack::Pack& pack = lanternfall()) {
  const auto config = timeline_config(pack, seed);
  static const auto reflex = engine::make_reflex_engine({});
  RouterConfig router;
  router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
  const Mount all = [router, &pack](Host& host) -> std::shared_ptr<void> {
    return std::make_shared<WorldServices>(pack, host, router, NpcConfig{.thinks = false}, AiConfig{},
                                           ModelsConfig{});
  };
  more.insert(more.begin(), all);
  return World(std::move(more), {.world = config.world,
                                 .seed = seed,
                                 .start = config.start,
                                 .scale = config.scale,
                                 .limiter = std::move(limiter)});
}

}  // namespace troupe::test
