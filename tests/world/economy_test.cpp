// Markets and factions left to themselves run away from nobody: Lanternfall with the world service alone, some seeds
// here, a hundred with TROUPE_SOAK=1, a hundred days each. Prints how each ended.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "services/world/world_service.h"
#include "tests/world/lanternfall.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

constexpr int kDays = 100;

std::uint64_t seeds() {
  const char* soak = std::getenv("TROUPE_SOAK");
  return soak != nullptr && std::strcmp(soak, "1") == 0 ? 100 : 20;
}

TEST(Economy, StaysWithinBoundsAndNobodyWinsEverything) {
  const auto& pack = lanternfall();
  std::size_t held = 0;
  for (const auto& faction : pack.factions) held += faction.territory.size();
  std::uint64_t won = 0;
  std::size_t wars = 0;
  std::size_t shocks = 0;
  std::map<std::string, std::size_t> told;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    World world({mount<WorldService>(pack)}, {.seed = seed, .scale = {Scale::kMax}});
    double least = 1;
    double most = 1;
    for (int day = 0; day < kDays; ++day) {
      world.advance(game_days(1));
      for (const auto& row : world.rows("select place, good, price from world_markets")) {
        const double share = static_cast<double>(row.integer(2)) / 1000 /
                             static_cast<double>(pack.good(row.text(1))->base_price);
        least = std::min(least, share);
        most = std::max(most, share);
      }
    }
    std::map<std::string, std::size_t> places;
    for (const auto& row : world.rows("select holder from world_territory")) ++places[row.text(0)];
    std::printf("seed %lu: prices %.2f to %.2f of their base;", seed, least, most);
    for (const auto& [faction, count] : places) {
      std::printf(" %s %zu", faction.c_str(), count);
      won += count == held ? 1 : 0;
    }
    std::printf("\n");
    EXPECT_GE(least, .25);
    EXPECT_LE(most, 4);
    for (const auto& event : world.history()) ++told[event.type];
    wars += world.events_of<pb::TerritoryChanged>().size();
    shocks += world.events_of<pb::ShockBegan>().size();
    // What does not end: nothing piles up.
    EXPECT_LT(world.rows("select shock from world_shocks").size(), 64U);
    EXPECT_LT(world.rows("select cause from world_effects").size(), 64U);
    if (seed <= 2) EXPECT_EQ(world.replayed_state_hash(), world.state_hash());
  }
  for (const auto& [type, count] : told)
    std::printf("%s: %.1f a world\n", type.c_str(),
                static_cast<double>(count) / static_cast<double>(seeds()));
  EXPECT_LE(won * 20, seeds()) << "one faction has everything in more than a few";
  EXPECT_GT(wars, 0U) << "something happens";
  EXPECT_GT(shocks, seeds());
}

}  // namespace
}  // namespace troupe::test
