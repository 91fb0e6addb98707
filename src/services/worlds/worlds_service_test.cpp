#include "services/worlds/worlds_service.h"

#include <gmock/gmock.h>

#include "services/worlds/fake_runner.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/time.pb.h"

namespace troupe {
namespace {

using test::designer;
using test::player;

struct Worlds : testing::Test {
  test::FakeRunner runner{
      {{.name = "town", .pack = "town", .file = "town"}, {.name = "moor", .pack = "moor", .file = "moor"}}};
  WorldsService* service = nullptr;
  test::World world{{[this](Host& host) -> std::shared_ptr<void> {
                      auto made = std::make_shared<WorldsService>(host, runner, WorldsLimits{.awake_max = 4});
                      made->mount();
                      service = made.get();
                      return made;
                    }},
                    {.world = kSharedRoom, .has_time = false}};

  template <class Reply, class Request>
  Result<Reply> ask(const Request& request, Caller caller = designer()) {
    return world.call<Reply>(std::move(caller), request);
  }
  Result<pb::WorldView> create(const std::string& name, const std::string& pack = "town") {
    pb::WorldsCreateRequest request;
    request.set_name(name);
    request.set_pack(pack);
    request.set_seed(5);
    return ask<pb::WorldView>(request);
  }
  Result<pb::WorldView> sleep(const std::string& name) {
    pb::WorldsSleepRequest request;
    request.set_name(name);
    return ask<pb::WorldView>(request);
  }
  Result<pb::WorldsDeleteReply> remove(const std::string& name) {
    pb::WorldsDeleteRequest request;
    request.set_name(name);
    return ask<pb::WorldsDeleteReply>(request);
  }
  std::string listed() {
    std::string all;
    for (const auto& one : ask<pb::WorldsListReply>(pb::WorldsListRequest())->worlds())
      all += one.name() + " " + one.pack() + " " + one.state() + " " + std::to_string(one.seed()) + "; ";
    return all;
  }
  Result<void> enter(const std::string& name) {
    std::optional<Result<void>> answer;
    world.host().spawn("enter", [&, name]() -> rt::asio::awaitable<void> {
      const auto visit = co_await service->enter(name);
      answer = visit ? Result<void>() : std::unexpected(visit.error());
    });
    world.run_until([&] { return answer.has_value(); });
    return *answer;
  }
};

TEST_F(Worlds, AreCreatedPutToSleepWokenAndDeleted) {
  EXPECT_EQ(listed(), "town town awake 1; moor moor awake 1; ");
  const auto made = create("one");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->line(), "main");
  EXPECT_EQ(listed(), "town town awake 1; moor moor awake 1; one town awake 5; ");
  EXPECT_EQ(sleep("one")->state(), "asleep");
  EXPECT_EQ(sleep("one")->sequence(), 7U) << "as it fell asleep";
  EXPECT_EQ(sleep("moor")->state(), "asleep");
  EXPECT_EQ(listed(), "town town awake 1; moor moor asleep 1; one town asleep 5; ");
  EXPECT_TRUE(enter("one")) << "who comes wakes it";
  EXPECT_TRUE(enter("moor"));
  EXPECT_EQ(listed(), "town town awake 1; moor moor awake 1; one town awake 5; ");
  ASSERT_TRUE(remove("one"));
  EXPECT_FALSE(runner.files.contains("one"));
  EXPECT_EQ(enter("one").error().reason, "world.unknown");
  for (const auto& one : ask<pb::WorldsListReply>(pb::WorldsListRequest(), player())->worlds())
    EXPECT_EQ(one.seed(), 0U) << "with it players could tell what will come";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST_F(Worlds, AsTheyWereAfterARestart) {
  ASSERT_TRUE(create("one"));
  ASSERT_TRUE(create("two"));
  ASSERT_TRUE(sleep("two"));
  const int before = runner.opened;
  (void)runner.close("one", "");
  world.restart();
  EXPECT_TRUE(service->exists("one") && service->exists("two"));
  service->start();
  world.settle();
  EXPECT_EQ(runner.opened - before, runner.is_open("one") ? 0 : 1);
  EXPECT_FALSE(runner.is_open("two"));
}

std::string shown(const Result<pb::WorldsLinesReply>& reply) {
  if (!reply) return reply.error().reason;
  std::string out;
  for (const auto& line : reply->lines()) {
    out += (line.current() ? "*" : "") + line.name() + " " + line.label() + " " +
           std::to_string(line.sequence()) + "; ";
  }
  return out;
}

TEST_F(Worlds, HaveLines) {
  pb::WorldsLinesRequest lines;
  lines.set_world("moor");
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(lines)), "*main  7; ");
  pb::WorldsSaveRequest save;
  save.set_world("moor");
  save.set_label("storm");
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(save)), "*main storm 7; *main  7; ");
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(save)), "worlds.label_exists");
  for (const char* label : {"", " x", "12", "a/b", "x\n"}) {
    save.set_label(label);
    EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(save)), "worlds.bad_label") << label;
  }
  pb::WorldsRollbackRequest back;
  back.set_world("moor");
  back.set_to("4");
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(back)), "main storm 7; main  7; *main-2  7; ");
  EXPECT_EQ(service->plan("moor").file, "moor@2");
  back.set_to("storm");
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(back)), "*main storm 7; *main  7; main-2  7; *main-3  7; ");
  EXPECT_THAT(runner.branches, testing::ElementsAre("moor@2 from moor until 4", "moor@3 from moor until 7"));
  pb::WorldsBranchRequest branch;
  branch.set_world("moor");
  branch.set_from("5");
  branch.set_name("what-if");
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(branch)), "*main  7; ");
  EXPECT_EQ(runner.branches.back(), "what-if from moor@3 until 5");
  EXPECT_THAT(listed(), testing::HasSubstr("what-if moor awake 1; "));
  EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(branch)), "worlds.exists");
  branch.set_name("another");
  for (const auto& [from, reason] : {std::pair{"strom", "worlds.unknown_moment"},
                                     {"0", "worlds.bad_moment"},
                                     {"99999999999999999999999", "worlds.bad_moment"},
                                     {"8", "worlds.unknown_moment"}}) {
    branch.set_from(from);
    EXPECT_EQ(shown(ask<pb::WorldsLinesReply>(branch)), reason) << from;
  }
  EXPECT_THAT(listed(), testing::Not(testing::HasSubstr("another"))) << "nothing half-done";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  world.restart();
  EXPECT_EQ(service->plan("moor").file, "moor@3");
}

TEST_F(Worlds, WhatIsWrongIsSaid) {
  const auto reason = [](const auto& reply) { return reply ? "" : reply.error().reason; };
  for (const char* name : {"", "../x", "Up", "a b", "shared", "x/y", "d\xc3\xa4", ".", "a.db"})
    EXPECT_EQ(reason(create(name)), "worlds.bad_name") << name;
  EXPECT_EQ(reason(create(std::string(65, 'a'))), "worlds.bad_name");
  EXPECT_EQ(reason(create("one", "sea")), "worlds.unknown_pack");
  EXPECT_EQ(reason(create("one", "")), "worlds.no_pack");
  EXPECT_EQ(reason(create("town")), "worlds.exists");
  ASSERT_TRUE(create("one"));
  EXPECT_EQ(reason(create("one")), "worlds.exists");
  EXPECT_EQ(sleep("onn").error().message, "no world 'onn' here; did you mean 'one'?");
  EXPECT_EQ(reason(sleep("")), "world.unnamed");
  EXPECT_EQ(reason(remove("town")), "worlds.started_with");
  ASSERT_TRUE(create("two"));
  EXPECT_EQ(reason(create("three")), "worlds.too_many_awake");
  EXPECT_THAT(listed(), testing::Not(testing::HasSubstr("three"))) << "nothing half-done";
  ASSERT_TRUE(sleep("two"));
  runner.fails = Error{Code::unavailable, "db.full", "no room"};
  EXPECT_EQ(reason(create("three")), "db.full");
  EXPECT_EQ(reason(enter("two")), "db.full");
  EXPECT_THAT(listed(), testing::Not(testing::HasSubstr("three")));
  runner.fails.reset();
  EXPECT_TRUE(enter("two")) << "and it goes on when the cause is gone";
}

// Twenty minutes alone, then they sleep; the town's people would have lived on.
TEST_F(Worlds, FallAsleepWhereNobodyIsInThem) {
  using std::chrono::minutes;
  runner.rests["town"] = {.after = minutes(20), .time_passes = true};
  service->start();
  ASSERT_TRUE(create("one"));
  runner.visited = {"one"};
  world.pass(minutes(19));
  EXPECT_EQ(listed(), "town town awake 1; moor moor awake 1; one town awake 5; ");
  world.pass(minutes(2));
  EXPECT_EQ(listed(), "town town asleep 1; moor moor awake 1; one town awake 5; ") << "moor never does";
  runner.visited.clear();
  world.pass(minutes(19));
  EXPECT_TRUE(enter("one")) << "who asks for something is somebody";
  world.pass(minutes(19));
  EXPECT_TRUE(runner.is_open("one"));
  world.pass(minutes(2));
  EXPECT_FALSE(runner.is_open("one"));

  // A minute of the game a second.
  std::vector<std::int64_t> advanced;
  std::vector<bus::Subscription> served;
  for (const std::string name : {"one", "town"}) {
    served.push_back(*world.bus().serve("svc." + name + ".time.Get", [](bus::Request) -> Task<std::string> {
      pb::TimeState now;
      now.set_scale(60);
      co_return now.SerializeAsString();
    }));
    served.push_back(
        *world.bus().serve("svc." + name + ".time.Advance", [&](bus::Request asked) -> Task<std::string> {
          pb::TimeAdvanceRequest request;
          EXPECT_TRUE(request.ParseFromString(asked.payload));
          advanced.push_back(request.by_ms());
          co_return pb::TimeState().SerializeAsString();
        }));
  }
  world.pass(std::chrono::hours(1));
  EXPECT_TRUE(enter("one"));
  ASSERT_EQ(advanced.size(), 1U);
  EXPECT_NEAR(static_cast<double>(advanced[0]), 3'600'000. * 60, 60'000. * 60)
      << "what would have been is lived through";
  world.pass(std::chrono::hours(4));
  EXPECT_TRUE(enter("town"));
  ASSERT_EQ(advanced.size(), 2U);
  EXPECT_EQ(advanced[1], game_days(7).ms) << "a week at most";
}

TEST_F(Worlds, AreNamedWhereThereAreSeveral) {
  EXPECT_EQ(service->unnamed(), "");
  EXPECT_EQ(enter("").error().message,
            "there are several worlds: name one (X-Troupe-World, hello.world, --world): town, moor");
  test::FakeRunner one{{{.name = "town", .pack = "town"}}};
  const test::World alone({[&](Host& host) -> std::shared_ptr<void> {
                            auto made = std::make_shared<WorldsService>(host, one);
                            made->mount();
                            EXPECT_EQ(made->unnamed(), "town");
                            return made;
                          }},
                          {.world = kSharedRoom, .has_time = false});
}

}  // namespace
}  // namespace troupe
