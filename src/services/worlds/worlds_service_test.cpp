#include "services/worlds/worlds_service.h"

#include <gmock/gmock.h>

#include "services/worlds/fake_runner.h"
#include "tests/support/world_fixture.h"

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
