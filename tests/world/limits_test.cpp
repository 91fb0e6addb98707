// One player takes nothing of what is everybody's: how often who may call, over every RPC that there is.
#include <gtest/gtest.h>

#include "tests/world/lanternfall.h"

namespace troupe::test {
namespace {

const std::vector<const MethodInfo*>& all_methods() {
  static const auto all = [] {
    std::vector<const MethodInfo*> methods;
    for (const auto& service : all_services()) {
      methods.insert(methods.end(), service.methods.begin(), service.methods.end());
    }
    return methods;
  }();
  return all;
}

Caller somebody(pb::Role role, std::string name, std::string connection = {}) {
  return {.name = std::move(name), .role = role, .connection = std::move(connection)};
}

// How many of `calls` pass at one moment.
int passing(CallLimiter& limiter, const MethodInfo& method, const std::function<Caller(int)>& caller,
            int calls, rt::Instant now = {1'000'000'000}) {
  int passed = 0;
  for (int i = 0; i < calls; ++i) {
    const auto admitted = limiter.admit(method, caller(i), now);
    if (admitted) {
      ++passed;
      continue;
    }
    EXPECT_EQ(admitted.error().code, Code::exhausted) << method.name;
    EXPECT_EQ(admitted.error().reason, "rpc.rate") << method.name;
    EXPECT_GT(admitted.error().retry_after_ms, 0) << method.name;
  }
  return passed;
}

TEST(Limits, HoldForEveryMethodThatAPlayerMayCall) {
  const CallLimits limits;
  int commands = 0;
  for (const auto* method : all_methods()) {
    if (!method->allows(pb::ROLE_PLAYER)) continue;
    SCOPED_TRACE(method->name);
    const auto pace = pace_of(*method);
    if (!method->access.read_only()) ++commands;
    EXPECT_EQ(pace == Pace::reads, method->access.read_only());
    EXPECT_TRUE(limits.player.of(pace).limited());
    CallLimiter one;
    EXPECT_EQ(passing(
                  one, *method, [](int) { return somebody(pb::ROLE_PLAYER, "anna", "c1"); }, 5000),
              limits.player.of(pace).burst);
    EXPECT_TRUE(one.admit(*method, somebody(pb::ROLE_PLAYER, "bert", "c2"), {1'000'000'000}))
        << "one player's haste costs another nothing";
    EXPECT_TRUE(one.admit(*method, somebody(pb::ROLE_PLAYER, "anna", "c1"), {2'000'000'000})) << "time heals";
    CallLimiter many;
    EXPECT_EQ(passing(
                  many, *method,
                  [](int i) { return somebody(pb::ROLE_PLAYER, "name" + std::to_string(i), "c1"); }, 5000),
              limits.connection.of(pace).burst)
        << "other names over the same connection are no way around it";
  }
  EXPECT_GE(commands, 4);
}

TEST(Limits, OthersHaveTheirOwn) {
  const CallLimits limits;
  const auto method = find_method("capabilities.Execute");
  ASSERT_TRUE(method.has_value());
  for (const auto role : {pb::ROLE_NPC, pb::ROLE_GAME_SERVER, pb::ROLE_DESIGNER, pb::ROLE_ADMIN}) {
    CallLimiter limiter;
    const auto& rate = limits.of(role).commands;
    EXPECT_GT(rate.burst, limits.player.commands.burst) << role_name(role);
    EXPECT_EQ(passing(
                  limiter, **method, [&](int) { return somebody(role, "x"); }, 20'000),
              static_cast<int>(rate.burst))
        << role_name(role);
  }
  CallLimiter limiter;
  EXPECT_EQ(passing(
                limiter, **method, [](int) { return somebody(pb::ROLE_SERVICE, "npc"); }, 50'000),
            50'000)
      << "the world's own life is not slowed";
}

// Behind the one wrapper of the host: whatever is served is counted, a refused call too, and what was refused
// is nowhere in the log.
TEST(Limits, StandInFrontOfEveryMethodThatIsServed) {
  const Rate one{.per_second = 1, .burst = 1};
  CallLimits limits{.player = {.commands = one, .inputs = one, .reads = one}};
  auto world = lanternfall_world(3, std::make_shared<CallLimiter>(limits));
  int served = 0;
  for (const auto* method : all_methods()) {
    if (!method->allows(pb::ROLE_PLAYER)) continue;
    SCOPED_TRACE(method->name);
    const Caller caller = somebody(pb::ROLE_PLAYER, method->name);
    const auto call = [&] {
      const auto answer = std::make_shared<std::optional<Result<std::string>>>();
      world.host().spawn("call", [&world, answer, method, caller]() -> boost::asio::awaitable<void> {
        answer->emplace(co_await world.host().call_bytes(method, caller, ""));
      });
      world.run_until([&] { return answer->has_value(); });
      return **answer;
    };
    const auto first = call();
    if (!first && first.error().reason == "service.away") continue;  // of what all worlds share
    EXPECT_TRUE(first || first.error().reason != "rpc.rate");
    const auto inputs = world.inputs().size();
    const auto second = call();
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().reason, "rpc.rate");
    EXPECT_EQ(world.inputs().size(), inputs);
    ++served;
  }
  EXPECT_GE(served, 20);
}

// A verb is a command through the socket's input, too: what counts is what is done, not the door.
TEST(Limits, AnActionInAnInputIsACommand) {
  CallLimits limits;
  limits.player.commands = {.per_second = 1, .burst = 2};
  auto world = lanternfall_world(3, std::make_shared<CallLimiter>(limits));
  pb::NpcInputRequest input;
  input.set_place("harbour");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(world.call<pb::NpcInputReply>(player(), input));
  input.set_action("wait");
  int passed = 0;
  for (int i = 0; i < 10; ++i) {
    const auto done = world.call<pb::NpcInputReply>(player(), input);
    if (done) {
      ++passed;
    } else {
      EXPECT_EQ(done.error().reason, "rpc.rate");
    }
  }
  EXPECT_EQ(passed, 2);
}

}  // namespace
}  // namespace troupe::test
