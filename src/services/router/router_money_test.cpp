// Budgets: they step down instead of failing, and hold under concurrency and across a crash.
#include "services/router/router_rig.h"

namespace troupe {
namespace {

using engine::Tier;
using test::RouterRig;
using test::World;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

// A prompt token costs 1 micro-USD, a new one 10: the usual line is 20 + 16 tokens at most, and 10 new ones.
constexpr inference::Price kPrice{.prompt = 1'000'000, .output = 10'000'000};
constexpr std::int64_t kMost = 20 + 16 + 10 * 10;

// A dear engine, and a small one that is free.
RouterRig::Configure dear_and_free(inference::BudgetLimits limits) {
  return [limits](RouterRig& rig, RouterConfig& config) {
    config.tiers = {{Tier::silver, {rig.route("dear", kPrice), rig.route("free")}}};
    config.policy.budgets = limits;
    rig.engine("dear").usage.cost_microusd = 60;
    rig.engine("free").at_once = rig.engine("free").says("free");
  };
}

std::int64_t spent(RouterRig& rig, const std::string& player = "") {
  pb::RouterBudgetRequest request;
  request.set_player(player);
  return rig.world.call<pb::RouterBudgetReply>(test::designer(), request)->account().day_spent();
}
std::int64_t reserved(RouterRig& rig) { return rig.status().world_budget().reserved(); }

World::Answer ask_dear(RouterRig& rig, const std::string& player = "anna") {
  const auto before = rig.engine("dear").asked.size();
  auto answer = rig.ask(RouterRig::line(player));
  // The reservation is written by another thread before the engine is asked.
  rig.world.run_until([&] { return answer->has_value() || rig.engine("dear").asked.size() > before; });
  return answer;
}
std::string answer_dear(RouterRig& rig, const World::Answer& answer) {
  rig.engine("dear").answer(rig.engine("dear").asked.size() - 1, rig.engine("dear").says("dear"));
  rig.world.run_until([&] { return answer->has_value(); });
  return RouterRig::text(answer);
}

TEST(Money, StepsDownInsteadOfFailing) {
  RouterRig rig({"dear", "free"}, dear_and_free({.player_day = 100}));
  EXPECT_EQ(answer_dear(rig, ask_dear(rig)), "dear");
  EXPECT_EQ(answer_dear(rig, ask_dear(rig)), "dear") << "60 are spent, 40 are left";
  EXPECT_EQ(spent(rig, "anna"), 120);
  const auto reply = rig.generate(RouterRig::line("anna"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text(), "free");
  EXPECT_EQ(reply->admission(), "downgraded");
  EXPECT_THAT(reply->fallbacks(), ElementsAre("fake-dear/dear: there is no money left for it"));
  EXPECT_EQ(answer_dear(rig, ask_dear(rig, "ben")), "dear") << "the others have theirs";
}

TEST(Money, OneLyingAnswerCostsNoMoreThanAnyCan) {
  RouterRig rig({"dear", "free"}, dear_and_free({.world_total = 10'000}));
  rig.engine("dear").usage.cost_microusd = 200'000'000;
  EXPECT_EQ(answer_dear(rig, ask_dear(rig)), "dear");
  EXPECT_LE(spent(rig), kMost);
  EXPECT_EQ(answer_dear(rig, ask_dear(rig)), "dear") << "there is money left";
}

TEST(Money, WithNothingFreeARefusalSaysWhoseBudgetItIs) {
  RouterRig rig({"dear"}, [](RouterRig& r, RouterConfig& config) {
    config.tiers = {{Tier::silver, {r.route("dear", kPrice)}}};
    config.policy.budgets.npc_day = 0;
  });
  const auto reply = rig.generate(RouterRig::line("anna", "marta"));
  EXPECT_EQ(reply.error().reason, "router.budget");
  EXPECT_EQ(reply.error().message, "the budget of npc:marta is used up, and nothing free serves silver");
}

TEST(Money, OneRequestOfOvershootAtMostWhateverRunsAtOnce) {
  RouterRig rig({"dear", "free"}, dear_and_free({.world_day = 200}));
  rig.engine("dear").usage.cost_microusd = kMost;
  std::vector<World::Answer> answers;
  for (int i = 0; i < 12; ++i)
    answers.push_back(rig.world.start(test::server(), RouterRig::line("p" + std::to_string(i))));
  rig.world.run_until(
      [&] { return rig.engine("dear").asked.size() + rig.engine("free").asked.size() == answers.size(); });
  EXPECT_EQ(rig.engine("dear").asked.size(), 2U);
  EXPECT_EQ(reserved(rig), 2 * kMost);
  for (std::size_t i = 0; i < 2; ++i) rig.engine("dear").answer(i, rig.engine("dear").says("dear"));
  rig.world.run_until(
      [&] { return std::ranges::all_of(answers, [](const auto& a) { return a->has_value(); }); });
  EXPECT_EQ(spent(rig), 2 * kMost);
  EXPECT_EQ(reserved(rig), 0);
}

TEST(Money, WhatWasHeldWhenTheServerDiedIsCharged) {
  RouterRig rig({"dear", "free"}, dear_and_free({.player_day = 100}));
  (void)ask_dear(rig);
  EXPECT_EQ(rig.world.rows("select amount from router_reservations").size(), 1U);
  rig.world.restart();
  EXPECT_EQ(spent(rig, "anna"), kMost);
  EXPECT_EQ(rig.generate(RouterRig::line("anna"))->text(), "free");
  EXPECT_EQ(rig.world.rows("select id from router_reservations").size(), 1U) << "not yet written down";
  rig.world.restart();
  EXPECT_EQ(spent(rig, "anna"), kMost) << "charged once, however often it starts";
  EXPECT_EQ(answer_dear(rig, ask_dear(rig, "ben")), "dear");
  rig.world.run_until([&] { return rig.world.rows("select id from router_reservations").empty(); });
  rig.world.restart();
  EXPECT_EQ(spent(rig, "anna"), kMost);
  EXPECT_EQ(spent(rig, "ben"), 60);
  EXPECT_EQ(spent(rig), kMost + 60);
  EXPECT_EQ(rig.status().world_budget().total_spent(), kMost + 60);
}

TEST(Money, WhatTwoWriteDownAtOnceIsChargedOnce) {
  RouterRig rig({"dear", "free"}, dear_and_free({.player_day = 1000}));
  (void)ask_dear(rig);
  rig.world.restart();
  // Both find what the dead server held, and charge it before their own.
  (void)rig.ask(RouterRig::line("ben"));
  (void)rig.ask(RouterRig::line("carl"));
  rig.world.run_until([&] { return rig.engine("dear").asked.size() == 2; });
  const auto rows = rig.world.rows("select spent from router_ledger where account = 'player:anna'");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].integer(0), kMost);
}

TEST(Money, WhatFailedBeforeItBeganCostsNothing) {
  RouterRig rig({"dear", "free"}, dear_and_free({.player_day = 1000}));
  auto answer = ask_dear(rig);
  rig.engine("dear").answer(0, fail(Code::unavailable, "engine.unreachable", "nobody there"));
  rig.world.run_until([&] { return answer->has_value(); });
  EXPECT_EQ(RouterRig::text(answer), "free");
  EXPECT_EQ(spent(rig, "anna"), 0);
  EXPECT_EQ(reserved(rig), 0);
  // What broke off had begun: nobody knows what it did cost.
  answer = ask_dear(rig);
  rig.engine("dear").answer(1, fail(Code::unavailable, "engine.cut_off", "it broke off"));
  rig.world.run_until([&] { return answer->has_value(); });
  EXPECT_EQ(spent(rig, "anna"), kMost);
  // And so had what was stopped.
  (void)ask_dear(rig);
  rig.gone("player", "anna");
  rig.world.settle();
  EXPECT_EQ(spent(rig, "anna"), 2 * kMost);
  EXPECT_EQ(reserved(rig), 0);
}

TEST(Money, ARequestsOwnBudgetMakesItShorterOrTakesAnotherEngine) {
  RouterRig rig({"dear", "free"}, dear_and_free({}));
  auto request = RouterRig::line("anna");
  request.set_budget_microusd(36 + 85);
  const auto answer = rig.ask(request);
  rig.world.run_until([&] { return !rig.engine("dear").asked.empty(); });
  EXPECT_EQ(rig.engine("dear").asked[0]->request.tokens_max, 8);
  EXPECT_EQ(answer_dear(rig, answer), "dear");
  request.set_budget_microusd(36 + 79);
  EXPECT_EQ(rig.generate(request)->text(), "free") << "fewer than eight tokens are no answer";
  request.set_budget_microusd(0);
  EXPECT_EQ(rig.generate(request)->text(), "free") << "nothing is a budget, too";
}

TEST(Money, WhatIsFreeIsNotWrittenDown) {
  RouterRig rig({"dear", "free"}, dear_and_free({.player_day = 0}));
  EXPECT_EQ(rig.generate(RouterRig::line("anna"))->text(), "free");
  EXPECT_TRUE(rig.world.rows("select account from router_ledger").empty());
}

TEST(Money, IsNoPartOfTheWorldsHistory) {
  RouterRig rig({"dear", "free"}, dear_and_free({.player_day = 1000}));
  EXPECT_EQ(answer_dear(rig, ask_dear(rig)), "dear");
  rig.world.run_until([&] { return !rig.world.rows("select account from router_ledger").empty(); });
  EXPECT_EQ(rig.world.state_hash(), rig.world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe
