// Players among the people of Lanternfall: what one does costs nobody else a place, a memory or a secret.
#include <gtest/gtest.h>

#include "tests/world/lanternfall.h"
#include "troupe/v1/state.pb.h"

namespace troupe::test {
namespace {

Result<pb::Verdict> act(World& world, const std::string& who, const std::string& verb,
                        const std::map<std::string, std::string>& args = {}) {
  pb::CapabilitiesExecuteRequest request;
  request.mutable_action()->set_verb(verb);
  for (const auto& [name, value] : args) (*request.mutable_action()->mutable_args())[name] = value;
  return world.call<pb::Verdict>(player(who), request);
}

pb::NpcInputReply at(World& world, const Caller& caller, double x, double y, const std::string& who = {}) {
  pb::NpcInputRequest input;
  input.set_x(x);
  input.set_y(y);
  input.set_player(who);
  const auto reply = world.call<pb::NpcInputReply>(caller, input);
  EXPECT_TRUE(reply) << reply.error().message;
  return reply.value_or(pb::NpcInputReply());
}

pb::NpcMindReply mind(World& world, const std::string& npc) {
  pb::NpcMindRequest request;
  request.set_npc(npc);
  return *world.call<pb::NpcMindReply>(designer(), request);
}

pb::NpcView where(World& world, const std::string& npc) {
  pb::NpcGetRequest request;
  request.set_npc(npc);
  return *world.call<pb::NpcView>(designer(), request);
}

// Where a player stands decides what is near: nobody gets into the lighthouse by saying so.
TEST(Players, AreNoFasterThanTheWorldSays) {
  auto world = lanternfall_world(4);
  const auto& arrival = *lanternfall().place(lanternfall().world.arrival.str());
  ASSERT_GT(std::hypot(60 - arrival.x, 20 - arrival.y), 30);
  auto there = at(world, player(), 60, 20);
  EXPECT_TRUE(there.held());
  EXPECT_EQ(there.place(), arrival.id.str());
  double x = there.x();
  double y = there.y();
  for (int i = 0; i < 20; ++i) {  // as often as they like
    there = at(world, player(), 60, 20);
    EXPECT_LE(std::hypot(there.x() - x, there.y() - y), .5);
  }
  world.pass(std::chrono::seconds(1));
  there = at(world, player(), 60, 20);
  EXPECT_LE(std::hypot(there.x() - x, there.y() - y), lanternfall().world.players.speed_m_s * 1.1);
  // Who may act for others may put them anywhere, and they go on from there.
  EXPECT_FALSE(at(world, designer(), 60, 20, "anna").held());
  world.pass(std::chrono::seconds(1));
  there = at(world, player(), 64, 20);
  EXPECT_FALSE(there.held());
  EXPECT_EQ(there.x(), 64);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

// `players: {positions: game}`: then only the game server's word counts.
TEST(Players, StandWhereTheGameSaysWhereThePackWantsThat) {
  static const auto games = [] {
    auto pack = lanternfall();
    pack.world.players.game_says = true;
    return pack;
  }();
  auto world = lanternfall_world(4, nullptr, {}, games);
  const auto& arrival = *games.place(games.world.arrival.str());
  world.pass(std::chrono::seconds(60));
  auto there = at(world, player(), arrival.x + 1, arrival.y);
  EXPECT_TRUE(there.held());
  EXPECT_EQ(there.x(), arrival.x);
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  EXPECT_FALSE(at(world, game, 60, 20, "anna").held());
  world.pass(std::chrono::seconds(60));
  there = at(world, player(), arrival.x, arrival.y);
  EXPECT_TRUE(there.held());
  EXPECT_EQ(there.x(), 60);
}

TEST(Players, AreBusyForTheirVerbsMinutesWhereverTheyAct) {
  auto world = lanternfall_world(4);
  ASSERT_TRUE(act(world, "anna", "wait"));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(act(world, "anna", "wait").error().reason, "verb.busy");
  EXPECT_EQ(world.events_of<pb::VerbExecuted>("anna").size(), 1U);
  world.advance(game_minutes(10));
  EXPECT_TRUE(act(world, "anna", "wait"));
}

// A day of nothing but comforting somebody does not buy what a friendship buys.
TEST(Players, ABurstOfKindnessOpensNoSecret) {
  auto world = lanternfall_world(4);
  const auto marta = where(world, "marta");
  at(world, designer(), marta.x(), marta.y(), "anna");
  int done = 0;
  for (int i = 0; i < 80; ++i) {
    const auto verdict = act(world, "anna", "comfort", {{"person", "marta"}});
    if (verdict && verdict->allowed()) ++done;
  }
  EXPECT_EQ(done, 1);
  for (int i = 0; i < 30; ++i) {
    world.advance(game_minutes(10));
    const auto now = where(world, "marta");
    at(world, designer(), now.x(), now.y(), "anna");
    const auto verdict = act(world, "anna", "comfort", {{"person", "marta"}});
    if (verdict && verdict->allowed()) ++done;
  }
  EXPECT_GT(done, 5);
  double trust = 0;
  for (const auto& relation : mind(world, "marta").relations()) {
    if (relation.to() == "player:anna") trust = relation.trust();
  }
  const double stranger = lanternfall().npc("marta")->strangers.trust;
  EXPECT_GT(trust, stranger);
  EXPECT_LE(trust, stranger + .35);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Players, WhoLeftMakesRoom) {
  NpcConfig npc{.thinks = false};
  npc.limits.players_max = 20;
  static const auto reflex = engine::make_reflex_engine({});
  RouterConfig router;
  router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
  World world({[&](Host& host) -> std::shared_ptr<void> {
                return std::make_shared<WorldServices>(lanternfall(), host, router, npc, AiConfig{},
                                                       ModelsConfig{});
              }},
              {.world = lanternfall().world.name});
  for (int i = 0; i < 20; ++i) at(world, designer(), 0, 0, "name" + std::to_string(i));
  pb::NpcInputRequest one_more;
  const auto full = world.call<pb::NpcInputReply>(player("zoe"), one_more);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().reason, "npc.players");
  world.pass(std::chrono::seconds(61));
  for (int i = 0; i < 40; ++i) at(world, player("new" + std::to_string(i % 20)), 0, 0);
  EXPECT_EQ(world.rows("select player from npc_players").size(), 20U);
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

// The row of a mind is written at each act: it does not grow with every player ever.
TEST(Players, AMindDoesNotGrowWithEveryPlayer) {
  auto world = lanternfall_world(4);
  const auto here = where(world, "marta");
  for (int i = 0; i < 160; ++i) {
    const std::string name = "name" + std::to_string(i);
    at(world, designer(), here.x(), here.y(), name);
    ASSERT_TRUE(act(world, name, "comfort", {{"person", "marta"}}));
  }
  int players = 0;
  for (const auto& relation : mind(world, "marta").relations()) {
    if (relation.to().starts_with("player:")) ++players;
  }
  EXPECT_EQ(players, 100);
  const auto rows = world.rows("select length(parts) from npc_minds where id = 'marta'");
  EXPECT_LT(rows[0].integer(0), 25'000);
}

}  // namespace
}  // namespace troupe::test
