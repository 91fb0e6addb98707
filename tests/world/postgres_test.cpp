// The same world on PostgreSQL as on SQLite: the same inputs give the same log and the same state, byte for byte,
// whichever it was recorded on.
#include "adapters/db_postgres/postgres_db.h"

#include <gtest/gtest.h>

#include "app/replay.h"
#include "tests/support/postgres_server.h"
#include "tests/world/lively.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

constexpr const char* kPack = "worlds/lanternfall";

// A room that is gone with the test.
class PostgresRoom {
 public:
  explicit PostgresRoom(std::string name) : name_(std::move(name)) {}
  ~PostgresRoom() { (void)db::drop_postgres_room(PostgresServer::shared().url(), name_); }
  OpenDatabase opener() const {
    return [name = name_](const rt::Env& env) {
      return db::open_postgres(env, {.url = PostgresServer::shared().url(), .room = name});
    };
  }

 private:
  const std::string name_;
};

std::unique_ptr<World> begin(OpenDatabase database) {
  const auto config = timeline_config(pack_at(kPack), std::uint64_t{7});
  const Mount all = [](Host& host) -> std::shared_ptr<void> {
    static const auto reflex = engine::make_reflex_engine({});
    RouterConfig router;
    router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
    return std::make_shared<WorldServices>(pack_at(kPack), host, router, NpcConfig{.thinks = false},
                                           AiConfig{}, ModelsConfig{});
  };
  return std::make_unique<World>(std::vector<Mount>{all}, WorldOptions{.world = config.world,
                                                                       .seed = 7,
                                                                       .start = config.start,
                                                                       .scale = config.scale,
                                                                       .pack_hash = pack_at(kPack).hash,
                                                                       .database = std::move(database)});
}

// A day with players in it, restarts, and what is refused.
void live(World& world) {
  for (int hour = 0; hour < 24; ++hour) {
    world.advance(game_hours(1));
    pb::NpcTalkRequest talk;
    talk.set_npc(hour % 2 == 0 ? "marta" : "tobin");
    talk.set_text("Grüße! Do you remember hour " + std::to_string(hour) + "?");
    const auto said = world.call<pb::NpcTalkReply>(player("anna"), talk);
    EXPECT_TRUE(said.has_value()) << said.error().message;
    pb::StatePutRequest put;
    put.set_kind("crate");
    put.set_id("c" + std::to_string(hour % 5));
    (*put.mutable_document()->mutable_fields())["weight"].set_number_value(hour + .25);
    (void)world.call<pb::StateDocument>(designer(), put);  // the fifth is there already, without its version
    if (hour == 11) world.restart();
  }
  ASSERT_TRUE(world.timeline().checkpoint_now());
}

ReplayReport again(World& world, const OpenDatabase& copy) {
  const auto report =
      replay_log(world.db(), [](const std::string&) -> Result<pack::Pack> { return pack_at(kPack); }, copy);
  EXPECT_TRUE(report.has_value()) << report.error().message;
  return report.value_or(ReplayReport());
}

std::filesystem::path file_for_copy() {
  return std::filesystem::temp_directory_path() / ("troupe-again-" + std::to_string(::getpid()) + ".db");
}

TEST(Postgres, WhatWasRecordedInAFileIsTheSameInPostgres) {
  const auto world = begin({});
  live(*world);
  EXPECT_GT(world->history().size(), 1000U);
  const PostgresRoom copy("copy");
  const auto there = again(*world, copy.opener());
  EXPECT_EQ(there.problem, "");
  EXPECT_EQ(there.recorded_hash, world->state_hash());
  EXPECT_EQ(there.recorded_hash, there.replayed_hash);
  const auto here = again(*world, sqlite_file(file_for_copy()));
  remove_sqlite_file(file_for_copy());
  EXPECT_EQ(here.replayed_hash, there.replayed_hash);
}

TEST(Postgres, WhatWasRecordedInPostgresIsTheSameInAFile) {
  const PostgresRoom room("recorded");
  const auto world = begin(room.opener());
  live(*world);
  EXPECT_GT(world->history().size(), 1000U);
  const auto there = again(*world, sqlite_file(file_for_copy()));
  remove_sqlite_file(file_for_copy());
  EXPECT_EQ(there.problem, "");
  EXPECT_EQ(there.recorded_hash, world->state_hash());
  EXPECT_EQ(there.recorded_hash, there.replayed_hash);
  const auto verified = world->call<pb::WorldVerifyReply>(designer(), pb::WorldVerifyRequest());
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->problem(), "");
}

// (Their inputs have other ids of talks: SQLite's adapter draws one of its own from the source that these come from. So
// the hashes of two that are lived through apart differ.)
TEST(Postgres, WhatHappensIsTheSameOnBoth) {
  const auto in_file = begin({});
  live(*in_file);
  const PostgresRoom room("both");
  const auto in_postgres = begin(room.opener());
  live(*in_postgres);
  EXPECT_EQ(in_file->history().back().chain, in_postgres->history().back().chain);
}

}  // namespace
}  // namespace troupe::test
