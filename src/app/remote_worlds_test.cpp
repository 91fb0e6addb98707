// Worlds that another process has: seen, entered, left, and closed under somebody's feet.
#include "app/remote_worlds.h"

#include <gmock/gmock.h>

#include "app/roles.h"
#include "services/worlds/fake_runner.h"
#include "services/worlds/worlds_service.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

struct Gateway {
  explicit Gateway(test::World& world)
      : world(world), worlds(world.env(), world.bus(), "gateway-1"), group(world.env(), "gateway") {
    EXPECT_TRUE(worlds.start(group));
    world.settle();
  }
  ~Gateway() {
    group.cancel();
    world.settle();
  }
  test::World& world;
  RemoteWorlds worlds;
  rt::Group group;
};

struct RemoteWorldsTest : testing::Test {
  test::FakeRunner runner{{{.name = "town", .pack = "town", .file = "town"}}};
  WorldsService* service = nullptr;
  test::World world{{[this](Host& host) -> std::shared_ptr<void> {
                      auto made = std::make_shared<WorldsService>(host, runner, WorldsLimits{});
                      made->mount();
                      service = made.get();
                      return made;
                    }},
                    {.world = kSharedRoom, .has_time = false}};
  std::unique_ptr<Gateway> gateway = std::make_unique<Gateway>(world);

  template <class T>
  Result<T> ask(std::function<Task<T>()> what) {
    std::optional<Result<T>> answer;
    world.host().spawn("ask", [&]() -> rt::asio::awaitable<void> { answer = co_await what(); });
    world.run_until([&] { return answer.has_value(); });
    return *answer;
  }
  std::shared_ptr<Visit> enter(const std::string& name) {
    auto visit = ask<std::shared_ptr<Visit>>([&] { return gateway->worlds.enter(name); });
    return visit ? *visit : nullptr;
  }
  std::string meant(std::optional<std::string> named) {
    const auto is = ask<std::string>([&] { return gateway->worlds.meant(named); });
    return is ? *is : is.error().reason;
  }
  void create(const std::string& name) {
    pb::WorldsCreateRequest request;
    request.set_name(name);
    ASSERT_TRUE(world.call<pb::WorldView>(test::designer(), request));
  }
};

TEST_F(RemoteWorldsTest, AreKnownByName) {
  EXPECT_THAT(gateway->worlds.names(), ElementsAre("town"));
  EXPECT_EQ(meant(std::nullopt), "town");
  EXPECT_EQ(meant("moon"), "world.unknown");
  create("one");  // through another gateway, a moment ago
  EXPECT_EQ(meant("one"), "one");
  world.pass(seconds(6));  // until it is listed
  EXPECT_EQ(meant(std::nullopt), "");
  EXPECT_FALSE(enter("moon"));
  EXPECT_TRUE(enter("one"));
  EXPECT_EQ(gateway->worlds.line("one").name, "main");
}

TEST_F(RemoteWorldsTest, StayAwakeWhileSomebodyIsInOneFromAfar) {
  runner.rests["town"] = {.after = minutes(20), .time_passes = false};
  service->start();
  auto visit = enter("town");
  ASSERT_TRUE(visit);
  world.pass(minutes(60));
  EXPECT_TRUE(runner.is_open("town"));
  visit.reset();
  world.pass(minutes(19));
  EXPECT_TRUE(runner.is_open("town"));
  world.pass(minutes(3));
  EXPECT_FALSE(runner.is_open("town"));
  EXPECT_TRUE(enter("town")) << "who comes wakes it";
  EXPECT_TRUE(runner.is_open("town"));
}

// It says nothing any more, and nobody waits for it for long.
TEST_F(RemoteWorldsTest, FallAsleepWhereAGatewayIsGone) {
  runner.rests["town"] = {.after = minutes(20), .time_passes = false};
  service->start();
  const auto visit = enter("town");
  gateway->group.cancel();
  world.pass(minutes(19));
  EXPECT_TRUE(runner.is_open("town"));
  world.pass(minutes(3));
  EXPECT_FALSE(runner.is_open("town"));
}

TEST_F(RemoteWorldsTest, AreAskedForAnewOnceTheyWereClosed) {
  const auto visit = enter("town");
  pb::WorldClosing closing;
  closing.set_world("town");
  ASSERT_TRUE(world.bus().publish({kWorldClosing, closing.SerializeAsString()}));
  world.settle();
  runner.fails = Error{Code::unavailable, "db.full", "no room"};
  pb::WorldsSleepRequest sleep;
  sleep.set_name("town");
  ASSERT_TRUE(world.call<pb::WorldView>(test::designer(), sleep));
  EXPECT_FALSE(enter("town")) << "what was held before is not taken for granted";
  runner.fails.reset();
  EXPECT_TRUE(enter("town"));
}

TEST(RemoteWorldsAlone, SaysThatNobodyHasWorlds) {
  test::World empty({}, {.world = "elsewhere"});
  Gateway gateway(empty);
  EXPECT_EQ(gateway.worlds.health().error().reason, "service.away");
  EXPECT_THAT(gateway.worlds.names(), ElementsAre());
}

TEST(Roles, AreWholeOrTheDoorAlone) {
  const auto said = [](std::string_view list) {
    const auto roles = roles_from(list);
    return roles ? name_of(*roles) : roles.error().reason;
  };
  EXPECT_EQ(said("all"), "all");
  EXPECT_EQ(said("gateway"), "gateway");
  EXPECT_EQ(said("shared, mind,world"), "world+mind+shared");
  EXPECT_EQ(said("world,mind,shared,gateway"), "all");
  for (const char* alone : {"world", "mind", "shared", "gateway,world", "mind,shared"})
    EXPECT_EQ(said(alone), "roles.together") << alone;
  EXPECT_EQ(said("gatway"), "roles.unknown");
  EXPECT_EQ(said(""), "roles.unknown");
}

}  // namespace
}  // namespace troupe
