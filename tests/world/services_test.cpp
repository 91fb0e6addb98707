// Services that are left out, come back or are new to a world: each row of the table, without a line here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/engine_reflex/reflex_engine.h"
#include "app/replay.h"
#include "app/services.h"
#include "tests/support/world_fixture.h"
#include "tests/world/pack_edits.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

const pack::Pack& minimal() {
  static const pack::Pack loaded = *pack::load_pack("tests/packs/minimal");
  return loaded;
}

ServiceNames built(bool shared) {
  ServiceNames names;
  for (const auto& row : all_service_rows()) {
    if (row.make != nullptr && is_shared(row) == shared) names.emplace(row.name);
  }
  return names;
}

ServiceNames of_a_world() { return built(false); }

// All but this one and those that cannot run without it.
ServiceNames without(const std::string& service) {
  ServiceNames names = of_a_world();
  names.erase(service);
  for (const auto& row : all_service_rows()) {
    for (const auto need : row.needs) {
      if (!need.empty() && !names.contains(std::string(need))) names.erase(std::string(row.name));
    }
  }
  return names;
}

Mount with(ServiceNames only) {
  static const auto reflex = engine::make_reflex_engine({});
  RouterConfig router;
  router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
  return [router, only](Host& host) -> std::shared_ptr<void> {
    return std::make_shared<WorldServices>(minimal(), host, router, NpcConfig{.thinks = false}, AiConfig{},
                                           ModelsConfig{}, only);
  };
}

WorldOptions options() {
  const auto config = timeline_config(minimal(), std::nullopt);
  return {.world = config.world,
          .seed = config.seed,
          .start = config.start,
          .scale = config.scale,
          .pack_hash = minimal().hash};
}

void expect_proof(World& world) {
  const Folder folder;
  ASSERT_TRUE(world.timeline().checkpoint_now());
  const auto report = replay_log(
      world.db(), [](const std::string&) -> Result<pack::Pack> { return minimal(); },
      sqlite_file(folder.path() / "replay.db"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->problem, "");
  EXPECT_EQ(report->recorded_hash, report->replayed_hash);
}

// Empty requests to every RPC: those of services that are away say so, and nobody makes a mistake over it.
void expect_whole_without(World& world, const ServiceNames& here) {
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      if (method->name == "models.Measure" || method->name == "models.Pull") continue;  // they start programs
      const auto reply = world.call_method(method, {.name = "root", .role = pb::ROLE_ADMIN}, "");
      const std::string reason = reply ? "" : reply.error().reason;
      EXPECT_NE(reason, "rpc.bug") << method->name;
      if (!here.contains(service.name)) EXPECT_EQ(reason, "service.away") << method->name;
    }
  }
}

std::size_t rows_of(World& world, const std::string& table) {
  return static_cast<std::size_t>(world.rows("select count(*) from " + table)[0].integer(0));
}

class EachService : public testing::TestWithParam<std::string> {};

TEST_P(EachService, CanBeLeftOut) {
  const auto here = without(GetParam());
  World world({with(here)}, options());
  world.advance(game_hours(20));
  expect_whole_without(world, here);
  expect_proof(world);
}

TEST_P(EachService, StandsStillWhileItIsAwayAndGoesOn) {
  const auto here = without(GetParam());
  World world({with(of_a_world())}, options());
  world.advance(game_hours(5));
  world.clear_events();
  world.restart_with({with(here)}, options());
  const auto gone = world.events_of<pb::PackChanged>();
  ASSERT_EQ(gone.size(), 1U);
  ASSERT_EQ(gone[0].parts_size(), 1);
  EXPECT_EQ(gone[0].parts(0).part(), "services");
  EXPECT_THAT(gone[0].parts(0).removed(), testing::Contains(GetParam()));
  EXPECT_FALSE(gone[0].unknown());
  const auto timers = [&] {
    return world.rows("select count(*) from timers where service = '" + GetParam() + "'")[0].integer(0);
  };
  const auto before = timers();
  world.advance(game_hours(9));
  EXPECT_EQ(timers(), before);
  world.clear_events();
  world.restart_with({with(of_a_world())}, options());
  const auto back = world.events_of<pb::PackChanged>();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_THAT(back[0].parts(0).added(), testing::Contains(GetParam()));
  world.advance(game_hours(14));
  expect_whole_without(world, of_a_world());
  EXPECT_THAT(world.inputs(),
              testing::Not(testing::Contains(testing::Field(&InputRecord::type, "troupe.v1.TurnFailed"))));
  expect_proof(world);
}

TEST_P(EachService, BeginsInAWorldThatHadNone) {
  World fresh({with(of_a_world())}, options());
  const auto here = without(GetParam());
  World world({with(here)}, options());
  world.advance(game_hours(3));
  world.restart_with({with(of_a_world())}, options());
  for (const auto& table : world.timeline().table_names()) {
    if (here.contains(table.substr(0, table.find('_')))) continue;
    EXPECT_EQ(rows_of(world, table) > 0, rows_of(fresh, table) > 0) << table << " as in a world that begins";
  }
  world.advance(game_hours(14));
  expect_whole_without(world, of_a_world());
  expect_proof(world);
  world.clear_events();
  world.restart_with({with(of_a_world())}, options());
  EXPECT_TRUE(world.events_of<pb::PackChanged>().empty()) << "it is told once";
}

INSTANTIATE_TEST_SUITE_P(Table, EachService, testing::ValuesIn(of_a_world()),
                         [](const auto& tested) { return tested.param; });

// A service that answers is one of the table, and what the table says is built answers.
TEST(ServiceTable, NamesWhatTheProtosName) {
  ServiceNames declared;
  for (const auto& service : all_services()) declared.insert(service.name);
  ServiceNames rows = of_a_world();
  rows.merge(built(true));
  rows.insert("worlds");  // never left out
  EXPECT_EQ(rows, declared);
  EXPECT_EQ(all_service_rows().size(), 21U);
}

TEST(ServiceTable, ListsAreNamesOfServicesThatCanRunTogether) {
  EXPECT_EQ(*services_from("time, weather"), (ServiceNames{"time", "weather"}));
  const auto refused = [](std::string_view list) { return services_from(list).error().message; };
  EXPECT_EQ(refused("time,wether"), "no service 'wether'; did you mean 'weather'?");
  EXPECT_EQ(refused(""), "no service ''");
  EXPECT_EQ(refused("quests"), "'quests' is not built yet");
  EXPECT_EQ(refused("time,state,npc"), "'npc' cannot run without 'capabilities': add it, or leave 'npc' out");
}

}  // namespace
}  // namespace troupe::test
