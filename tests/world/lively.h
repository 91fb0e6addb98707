#pragma once
// Test only: a world of any pack with every service and no models, and what its people did, week by week.
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "adapters/engine_reflex/reflex_engine.h"
#include "app/services.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/npc_store.pb.h"
#include "troupe/v1/state.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe::test {

inline const pack::Pack& pack_at(const std::string& path) {
  static std::map<std::string, pack::Pack> loaded;
  if (const auto found = loaded.find(path); found != loaded.end()) return found->second;
  auto pack = pack::load_pack(path);
  if (!pack) {
    for (const auto& problem : pack.error()) ADD_FAILURE() << pack::to_string(problem);
    return loaded[path];
  }
  return loaded[path] = *std::move(pack);
}

inline World world_of(const std::string& path, std::uint64_t seed, Scale scale = {}) {
  const auto config = timeline_config(pack_at(path), seed);
  const Mount all = [path](Host& host) -> std::shared_ptr<void> {
    static const auto reflex = engine::make_reflex_engine({});
    RouterConfig router;
    router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
    return std::make_shared<WorldServices>(pack_at(path), host, router, NpcConfig{.thinks = false},
                                           AiConfig{}, ModelsConfig{});
  };
  return World({all}, {.world = config.world, .seed = seed, .start = config.start, .scale = scale});
}

struct Week {
  std::map<std::string, int> deeds;                        // by verb
  std::map<std::string, std::map<std::string, int>> each;  // by person and verb
  std::map<std::string, int> moods;
  int total = 0;

  double entropy() const {  // bits
    double bits = 0;
    for (const auto& [verb, count] : deeds) {
      const double p = static_cast<double>(count) / total;
      bits -= p * std::log2(p);
    }
    return bits;
  }
  std::pair<std::string, double> most() const {
    std::pair<std::string, double> most;
    for (const auto& [verb, count] : deeds) {
      const double share = static_cast<double>(count) / total;
      if (share > most.second) most = {verb, share};
    }
    return most;
  }
};

inline Week live_a_week(World& world, const std::function<void(const pb::VerbExecuted&)>& see = {}) {
  Week week;
  for (int day = 0; day < 7; ++day) {
    world.clear_events();
    world.advance(game_days(1));
    for (const auto& done : world.events_of<pb::VerbExecuted>()) {
      ++week.deeds[done.action().verb()];
      ++week.each[done.actor()][done.action().verb()];
      ++week.total;
      if (see) see(done);
    }
    for (const auto& change : world.events_of<pb::EmotionChanged>()) ++week.moods[change.to()];
  }
  return week;
}

}  // namespace troupe::test
