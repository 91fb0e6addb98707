// Requests on their way: fallback, downgrade, fairness, hedging, canaries, premises, and what is told of
// them.
#include "services/router/router_rig.h"
#include "troupe/v1/models.pb.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {
namespace {

const std::string kOfA = "{model=\"a\",tier=\"silver\",world=\"testworld\"} ";

using engine::Tier;
using test::FakeEngine;
using test::RouterRig;
using test::World;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

Error failed() { return {Code::unavailable, "engine.failed", "it failed"}; }

TEST(Router, GoesOnToTheNextWhenOneFails) {
  RouterRig rig({"a", "b"});
  rig.engine("a").at_once = std::unexpected(failed());
  rig.engine("b").at_once = rig.engine("b").says("the keeper");
  const auto reply = rig.generate(RouterRig::line());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text(), "the keeper");
  EXPECT_THAT(reply->fallbacks(), ElementsAre("fake-a/a: it failed"));
  EXPECT_EQ(reply->admission(), "admitted") << "a failure is no downgrade";
  auto strict = RouterRig::line();
  strict.set_no_fallback(true);
  EXPECT_EQ(rig.generate(strict).error().reason, "engine.failed");
}

TEST(Router, RefusesWithAReason) {
  RouterRig rig({"a"});
  rig.engine("a").at_once = std::unexpected(failed());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rig.generate(RouterRig::line()).error().reason, "engine.failed");
  EXPECT_EQ(rig.generate(RouterRig::line()).error().reason, "router.nobody") << "the breaker is open";
  EXPECT_EQ(rig.engine("a").asked.size(), 3U);
  EXPECT_EQ(rig.tier("silver").refused(), 1);
  auto bad = RouterRig::line();
  bad.set_budget_microusd(-1);
  EXPECT_EQ(rig.generate(bad).error().reason, "router.bad_budget");
  bad = RouterRig::line();
  bad.set_deadline_ms(-1);
  EXPECT_EQ(rig.generate(bad).error().reason, "router.bad_deadline");
  bad = RouterRig::line();
  bad.set_tier("golden");
  EXPECT_EQ(rig.generate(bad).error().reason, "router.unknown_tier");
}

TEST(Router, StepsDownToASmallerTier) {
  const auto with_small = [](RouterRig& rig, RouterConfig& config) {
    config.tiers = {{Tier::silver, {rig.route("large")}},
                    {Tier::gold, {rig.route("small"), rig.route("reflex")}}};
  };
  RouterRig rig({"large", "small", "reflex"}, with_small);
  rig.engine("large").at_once = std::unexpected(failed());
  rig.engine("small").at_once = rig.engine("small").says("hm");
  const auto reply = rig.generate(RouterRig::line());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->tier(), "gold");
  EXPECT_EQ(reply->model(), "small");
  EXPECT_EQ(reply->admission(), "downgraded");
  EXPECT_EQ(rig.tier("silver").downgraded(), 1);
  rig.engine("small").at_once = std::unexpected(failed());
  EXPECT_EQ(rig.generate(RouterRig::line()).error().reason, "engine.failed");
  EXPECT_TRUE(rig.engine("reflex").asked.empty()) << "the reflex engine does not speak";

  RouterRig stays({"large", "small", "reflex"}, [&](RouterRig& r, RouterConfig& config) {
    with_small(r, config);
    config.policy.step_down = false;
  });
  stays.engine("large").at_once = std::unexpected(failed());
  EXPECT_FALSE(stays.generate(RouterRig::line()));
  EXPECT_TRUE(stays.engine("small").asked.empty());
}

TEST(Router, AChoiceEndsWithTheReflex) {
  RouterRig rig({"small", "reflex"}, [](RouterRig& r, RouterConfig& config) {
    config.tiers = {{Tier::gold, {r.route("small"), r.route("reflex")}}};
  });
  rig.engine("small").choose_error = failed();
  pb::RouterChooseRequest request;
  request.set_npc("marta");
  request.add_options("mend nets");
  request.add_options("go home");
  const auto reply = rig.world.call<pb::RouterChooseReply>(test::server(), request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->tier(), "reflex");
  EXPECT_EQ(rig.engine("reflex").choices, 1);
}

TEST(Router, OneGreedyPlayerCostsTheOthersNothing) {
  RouterRig rig({"a"}, [](RouterRig& r, RouterConfig& config) {
    config.tiers[Tier::silver] = {r.route("a")};
    config.tiers[Tier::silver][0].places = 4;
  });
  std::vector<World::Answer> greedy;
  for (int i = 0; i < 20; ++i) greedy.push_back(rig.ask(RouterRig::line("greedy")));
  auto& engine = rig.engine("a");
  EXPECT_EQ(engine.asked.size(), 3U) << "of four places the last is for others";
  const auto anna = rig.ask(RouterRig::line("anna"));
  EXPECT_EQ(engine.asked.size(), 4U);
  EXPECT_EQ(engine.asked.back()->request.caller, "anna");
  const auto ben = rig.ask(RouterRig::line("ben"));
  EXPECT_EQ(rig.status().engines(0).waiting(), 18);
  engine.answer(0, engine.says("done"));
  rig.world.settle();
  EXPECT_EQ(engine.asked.back()->request.caller, "ben") << "next, before 17 of the greedy one's";
  EXPECT_EQ(RouterRig::text(greedy[0]), "done");
}

TEST(Router, APersonInAConversationSaysOneThingAtATime) {
  RouterRig rig({"a"});
  for (int i = 0; i < 5; ++i) (void)rig.ask(RouterRig::line("anna", "marta"));
  EXPECT_EQ(rig.engine("a").asked.size(), 2U);
  for (int i = 0; i < 70; ++i) (void)rig.ask(RouterRig::line("anna", "marta"));
  EXPECT_EQ(RouterRig::text(rig.ask(RouterRig::line("anna", "marta"))), "router.busy");
  EXPECT_EQ(RouterRig::text(rig.ask(RouterRig::line("ben", "marta"))), "(nothing yet)");
  EXPECT_EQ(rig.engine("a").asked.back()->request.caller, "marta");
}

TEST(Router, WhoWaitsTooLongOrLeavesGivesUpTheirPlace) {
  RouterRig rig({"a"});
  auto request = RouterRig::line("anna", "marta");
  request.set_deadline_ms(5000);
  for (int i = 0; i < 2; ++i) (void)rig.ask(request);
  request.set_deadline_ms(1000);
  std::vector<World::Answer> waiting;
  for (int i = 0; i < 2; ++i) waiting.push_back(rig.ask(request));
  EXPECT_EQ(rig.status().engines(0).waiting(), 2);
  rig.world.pass(1100ms);
  for (const auto& answer : waiting) EXPECT_EQ(RouterRig::text(answer), "deadline");
  EXPECT_EQ(rig.status().engines(0).in_flight(), 2);
  EXPECT_EQ(rig.status().engines(0).waiting(), 0);
  EXPECT_EQ(rig.engine("a").asked.size(), 2U) << "what nobody waits for is not begun";
  rig.world.pass(5s);
  EXPECT_EQ(rig.status().engines(0).in_flight(), 0);
  (void)rig.ask(request);
  EXPECT_EQ(rig.engine("a").asked.size(), 3U);
}

TEST(Router, WhatAStoryWaitedSaysNothingOfATalk) {
  RouterRig rig({"a", "b"}, [](RouterRig& r, RouterConfig& config) {
    config.tiers = {{Tier::silver, {r.route("a"), r.route("b")}}, {Tier::bronze, {r.route("a")}}};
  });
  auto& a = rig.engine("a");
  a.usage = {.new_tokens = 8, .queue_us = 60'000'000, .first_token_us = 61'000'000, .total_us = 62'000'000};
  a.at_once = a.says("Once upon a time.");
  auto story = RouterRig::line();
  story.set_tier("bronze");
  ASSERT_TRUE(rig.generate(story));
  a.at_once.reset();
  for (int i = 0; i < 2; ++i) (void)rig.ask(RouterRig::line());
  EXPECT_EQ(a.asked.size(), 3U);
  EXPECT_TRUE(rig.engine("b").asked.empty());
  EXPECT_EQ(rig.status().engines(0).requests(), 1);
}

// A large model and a small one, and a player whose patience is over before the deadline.
RouterRig::Configure impatient() {
  return [](RouterRig& rig, RouterConfig& config) {
    config.tiers = {{Tier::silver, {rig.route("large")}}, {Tier::gold, {rig.route("small")}}};
    config.policy.player_patience = 6s;
  };
}

TEST(Router, WhoDoesNotBeginIsNotWaitedForUntilTheDeadline) {
  RouterRig rig({"large", "small"}, impatient());
  auto& small = rig.engine("small");
  small.usage = {.new_tokens = 8, .first_token_us = 1'000'000, .total_us = 1'700'000};
  small.at_once = small.says("hm");
  rig.engine("large").at_once = std::unexpected(failed());
  ASSERT_TRUE(rig.generate(RouterRig::line("ben", "finn"))) << "measured: 1.7 s until it has said enough";
  rig.engine("large").at_once.reset();
  const auto began = rig.world.host().env().now();
  const auto answer = rig.ask(RouterRig::line("anna", "marta"));
  const auto& asked = *rig.engine("large").asked.back();
  EXPECT_EQ(asked.request.deadline - began, 15s);
  EXPECT_EQ(asked.request.first_token_by - began, 1000ms) << "the small one could begin within 2 s";
  rig.world.pass(1100ms);
  ASSERT_EQ(RouterRig::text(answer), "hm");
  EXPECT_TRUE(small.asked.back()->request.first_token_by.is_never()) << "the last, with nothing else to do";

  small.at_once.reset();
  auto program = RouterRig::line();
  program.set_model("small");
  (void)rig.ask(program);
  const auto again = rig.world.host().env().now();
  (void)rig.ask(RouterRig::line("carl", "marta"));
  rig.world.pass(4400ms);
  EXPECT_EQ(small.asked.back()->request.caller, "marta");
  EXPECT_EQ(small.asked.back()->request.first_token_by - again, 6s) << "others are in its way";
  const auto story = rig.ask(RouterRig::line("", "marta"));
  EXPECT_TRUE(rig.engine("large").asked.back()->request.first_token_by.is_never()) << "nobody listens";
}

// The first of all talks: nothing was measured yet, and the large model would have to read a long prompt.
TEST(Router, AFirstTalkBeginsSoon) {
  RouterRig rig({"large", "small"}, impatient());
  const auto began = rig.world.host().env().now();
  const auto answer = rig.ask(RouterRig::line("anna", "marta"));
  EXPECT_EQ(rig.engine("large").asked.back()->request.first_token_by - began, 1s)
      << "the other half is left to the small one";
  rig.engine("large").answer(
      0, std::unexpected(Error{Code::deadline_exceeded, "engine.doomed", "it would be late"}));
  rig.world.settle();
  ASSERT_EQ(rig.engine("small").asked.size(), 1U) << "at once";
  rig.engine("small").answer(0, rig.engine("small").says("hm"));
  rig.world.settle();
  EXPECT_EQ(RouterRig::text(answer), "hm");
  (void)rig.ask(RouterRig::line("anna", "marta"));
  EXPECT_EQ(rig.engine("large").asked.size(), 2U) << "one late answer does not make it ill";

  // Where the small one would not be soon either, the large one may take what the listener's patience allows.
  RouterRig slow({"large", "small"}, impatient());
  slow.engine("small").usage = {.new_tokens = 8, .first_token_us = 3'000'000, .total_us = 3'700'000};
  slow.engine("small").at_once = slow.engine("small").says("hm");
  auto program = RouterRig::line();
  program.set_model("small");
  ASSERT_TRUE(slow.generate(program));
  const auto again = slow.world.host().env().now();
  (void)slow.ask(RouterRig::line("anna", "marta"));
  EXPECT_EQ(slow.engine("large").asked.back()->request.first_token_by - again, 3s) << "half of the patience";
}

TEST(Router, WhoBeginsInTimeHasUntilTheDeadline) {
  RouterRig rig({"large", "small"}, impatient());
  auto caller = test::server();
  caller.stream = "str.test";
  const auto answer = rig.ask(RouterRig::line("anna", "marta"), caller);
  rig.world.pass(900ms);
  rig.engine("large").asked.back()->on_text("Once upon");
  rig.world.pass(9s);
  EXPECT_EQ(RouterRig::text(answer), "(nothing yet)");
  rig.engine("large").answer(0, rig.engine("large").says("Once upon a time."));
  rig.world.settle();
  EXPECT_EQ(RouterRig::text(answer), "Once upon a time.");
}

TEST(Router, WhoIsTurnedAwayMakesTheLargeModelYield) {
  RouterRig rig({"large"}, [](RouterRig& r, RouterConfig& config) {
    const auto small = Route{.engine = &r.engine("large"), .model = "small"};
    config.tiers = {{Tier::silver, {r.route("large")}}, {Tier::gold, {small}}};
    config.policy.player_patience = 6s;
  });
  auto& engine = rig.engine("large");
  const auto talk = RouterRig::line("anna", "marta");
  const auto late = rig.ask(talk);
  rig.world.pass(16s);
  ASSERT_EQ(RouterRig::text(late), "deadline");
  engine.at_once = engine.says("hm");
  const auto pressed = rig.generate(talk);
  EXPECT_EQ(engine.asked.back()->request.model, "small");
  EXPECT_EQ(pressed->admission(), "downgraded");
  EXPECT_THAT(pressed->fallbacks(), ElementsAre(HasSubstr("others are turned away")));
  (void)rig.generate(RouterRig::line());
  EXPECT_EQ(engine.asked.back()->request.model, "large") << "a program's answer is no talk";
  rig.world.pass(31s);
  (void)rig.generate(talk);
  EXPECT_EQ(engine.asked.back()->request.model, "large");
}

RouterRig::Configure hedged(std::chrono::milliseconds after) {
  return [after](RouterRig&, RouterConfig& config) { config.policy.hedge_after[Tier::silver] = after; };
}

TEST(Router, HedgesWhenTheFirstTakesLong) {
  RouterRig rig({"a", "b"}, hedged(200ms));
  const auto answer = rig.ask(RouterRig::line());
  EXPECT_EQ(rig.engine("b").asked.size(), 0U);
  rig.world.pass(100ms);
  EXPECT_EQ(rig.engine("b").asked.size(), 0U);
  rig.world.pass(200ms);
  ASSERT_EQ(rig.engine("b").asked.size(), 1U);
  rig.engine("b").answer(0, rig.engine("b").says("b was sooner"));
  rig.world.settle();
  ASSERT_EQ(RouterRig::text(answer), "b was sooner");
  EXPECT_TRUE(rig.engine("a").asked[0]->stopped) << "the other is stopped";
  const auto reply = World::parse<pb::RouterGenerateReply>(**answer);
  EXPECT_EQ(reply->admission(), "hedged");
  EXPECT_EQ(reply->engine(), "fake-b");
  EXPECT_THAT(reply->fallbacks(), ElementsAre("fake-a/a: slow, fake-b/b was asked, too"));
  EXPECT_EQ(rig.tier("silver").hedged(), 1);
  EXPECT_EQ(rig.tier("silver").hedge_after_ms(), 200);
}

TEST(Router, DoesNotHedgeWhatIsQuickOrFails) {
  RouterRig rig({"a", "b"}, hedged(200ms));
  auto quick = rig.ask(RouterRig::line());
  rig.engine("a").answer(0, rig.engine("a").says("quick"));
  rig.world.pass(500ms);
  EXPECT_EQ(RouterRig::text(quick), "quick");
  EXPECT_TRUE(rig.engine("b").asked.empty());
  rig.engine("a").at_once = std::unexpected(failed());
  rig.engine("b").at_once = rig.engine("b").says("b");
  const auto reply = rig.generate(RouterRig::line());
  EXPECT_EQ(reply->text(), "b") << "that is what the next route is for, at once";
  EXPECT_EQ(rig.tier("silver").hedged(), 0);
}

TEST(Router, OfTwoThatRaceTheOneThatSpeaksFirstIsHeard) {
  RouterRig rig({"a", "b"}, hedged(200ms));
  auto caller = test::server();
  caller.stream = "str.test";
  std::string heard;
  const auto subscription = rig.world.bus().subscribe("str.test", [&](const bus::Event& event) {
    pb::StreamPart part;
    if (part.ParseFromString(event.payload)) heard += part.text();
  });
  ASSERT_TRUE(subscription);
  const auto answer = rig.ask(RouterRig::line(), caller);
  rig.world.pass(300ms);
  auto& a = rig.engine("a");
  auto& b = rig.engine("b");
  ASSERT_EQ(b.asked.size(), 1U);
  b.asked[0]->on_text("from b");
  a.asked[0]->on_text("from a");
  rig.world.settle();
  EXPECT_EQ(heard, "from b");
  EXPECT_TRUE(a.asked[0]->stopped);
  // What was heard is never said twice: its error is the end.
  b.answer(0, std::unexpected(failed()));
  rig.world.settle();
  EXPECT_EQ(RouterRig::text(answer), "engine.failed");
  EXPECT_EQ(a.asked.size(), 1U);
}

TEST(Router, WhatWasHeardIsNeverSaidTwice) {
  RouterRig rig({"a", "b"});
  auto caller = test::server();
  caller.stream = "str.test";
  const auto answer = rig.ask(RouterRig::line(), caller);
  rig.engine("a").asked.at(0)->on_text("Once upon");
  rig.engine("a").answer(0, std::unexpected(failed()));
  rig.world.settle();
  EXPECT_EQ(RouterRig::text(answer), "engine.failed");
  EXPECT_TRUE(rig.engine("b").asked.empty());
}

TEST(Router, ACanaryIsForItsShareOfCallers) {
  RouterRig rig({"old", "new"}, [](RouterRig& r, RouterConfig& config) {
    config.tiers = {{Tier::silver, {r.route("old")}}, {Tier::bronze, {r.route("new")}}};
    config.policy.canaries[Tier::silver] = {.model = "new", .share = .3};
  });
  rig.engine("old").at_once = rig.engine("old").says("old");
  rig.engine("new").at_once = rig.engine("new").says("new");
  int on_new = 0;
  for (int i = 0; i < 100; ++i) {
    const auto who = "npc" + std::to_string(i);
    const auto first = rig.generate(RouterRig::line("anna", who))->text();
    EXPECT_EQ(rig.generate(RouterRig::line("ben", who))->text(), first) << "a voice does not change";
    on_new += first == "new" ? 1 : 0;
  }
  EXPECT_NEAR(on_new, 30, 15);
  rig.engine("new").at_once = std::unexpected(failed());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(rig.generate(RouterRig::line("anna", "npc" + std::to_string(i)))->text(), "old")
        << "a canary that dies harms nobody";
  }
  EXPECT_EQ(rig.tier("silver").canary(), "new");
  EXPECT_DOUBLE_EQ(rig.tier("silver").canary_share(), .3);
}

TEST(Router, AnotherModelThatWritesForATierIsTold) {
  RouterRig rig({"a", "b"});
  rig.engine("a").at_once = rig.engine("a").says("aye");
  rig.engine("b").at_once = rig.engine("b").says("hm");
  const auto ask = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(rig.generate(RouterRig::line()));
      rig.world.settle();
    }
  };
  ask(5);
  EXPECT_TRUE(rig.world.events_of<pb::ModelSwitched>().empty()) << "the first is no switch";
  rig.engine("a").at_once = std::unexpected(failed());
  ask(2);
  rig.engine("a").at_once = rig.engine("a").says("aye");
  ask(1);
  EXPECT_TRUE(rig.world.events_of<pb::ModelSwitched>().empty()) << "nor are two answers";
  rig.engine("a").at_once = std::unexpected(failed());
  ask(4);
  const auto told = rig.world.events_of<pb::ModelSwitched>("silver");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].from(), "a");
  EXPECT_EQ(told[0].to(), "b");
  rig.world.restart();
  rig.engine("a").at_once = rig.engine("a").says("aye");
  ask(3);
  EXPECT_EQ(rig.world.events_of<pb::ModelSwitched>("silver").size(), 2U) << "across a restart";
  EXPECT_EQ(rig.world.state_hash(), rig.world.replayed_state_hash());
}

TEST(Router, StopsWhenThePremiseIsGone) {
  RouterRig rig({"a"});
  auto at_the_quay = RouterRig::line("carl", "finn");
  at_the_quay.set_place("quay");
  const auto by_npc = rig.ask(RouterRig::line("anna", "marta"));
  const auto by_player = rig.ask(RouterRig::line("ben", "finn"));
  const auto by_place = rig.ask(at_the_quay);
  const auto other = rig.ask(RouterRig::line("dora", "ivo"));
  auto& engine = rig.engine("a");
  ASSERT_EQ(engine.asked.size(), 4U);
  rig.gone("npc", "marta");
  rig.world.settle();
  EXPECT_EQ(RouterRig::text(by_npc), "router.premise_gone");
  EXPECT_TRUE(engine.asked[0]->stopped);
  EXPECT_EQ(RouterRig::text(by_player), "(nothing yet)");
  rig.gone("player", "ben");
  rig.gone("place", "quay");
  rig.world.settle();
  EXPECT_TRUE(engine.asked[1]->stopped);
  EXPECT_TRUE(engine.asked[2]->stopped);
  EXPECT_FALSE(engine.asked[3]->stopped);
  EXPECT_EQ(RouterRig::text(other), "(nothing yet)");
  EXPECT_EQ(rig.tier("silver").cancelled(), 3);
  EXPECT_EQ(rig.status().engines(0).in_flight(), 1);
}

TEST(Router, TellsWhoThinksAndHowItWent) {
  RouterRig rig({"a"});
  using View = engine::ThoughtView;
  rig.engine("a").thinks = {{.number = 7,
                             .caller = "marta",
                             .model = "a",
                             .tier = Tier::gold,
                             .state = View::State::ended,
                             .outcome = View::Outcome::dropped,
                             .reason = "engine.doomed",
                             .waited_us = 11,
                             .slack_us = -12,
                             .prompt_tokens = 13,
                             .new_tokens = 14,
                             .preemptions = 15,
                             .wasted_tokens = 16}};
  const auto status = rig.status();
  ASSERT_EQ(status.thoughts_size(), 1) << "once, however many routes the engine has";
  EXPECT_EQ(
      status.thoughts(0).DebugString(),
      "engine: \"fake-a\"\nnumber: 7\ncaller: \"marta\"\nmodel: \"a\"\ntier: \"gold\"\nstate: \"ended\"\n"
      "outcome: \"dropped\"\nreason: \"engine.doomed\"\nwaited_us: 11\nslack_us: -12\nprompt_tokens: 13\n"
      "new_tokens: 14\npreemptions: 15\nwasted_tokens: 16\n");
}

TEST(Router, UsageIsToldWhole) {
  RouterRig rig({"a"});
  rig.engine("a").usage = {.prompt_tokens = 1,
                           .cached_tokens = 2,
                           .new_tokens = 3,
                           .queue_us = 4,
                           .first_token_us = 50,
                           .total_us = 90,
                           .cost_microusd = 7,
                           .preemptions = 8,
                           .wasted_tokens = 9,
                           .slack_us = 10,
                           .predicted_us = 11,
                           .computed_us = 12,
                           .cut = engine::Cut::sentence};
  rig.engine("a").at_once = rig.engine("a").says("x");
  EXPECT_EQ(
      rig.generate(RouterRig::line())->usage().DebugString(),
      "prompt_tokens: 1\ncached_tokens: 2\nnew_tokens: 3\nqueue_us: 4\nfirst_token_us: 50\ntotal_us: 90\n"
      "cost_microusd: 7\npreemptions: 8\nwasted_tokens: 9\nslack_us: 10\npredicted_us: 11\ncomputed_us: 12\n"
      "cut: \"sentence\"\n");
  const auto metrics = rig.world.host().metrics().text();
  EXPECT_THAT(metrics, HasSubstr("troupe_router_first_token_seconds_count" + kOfA + "1"));
  EXPECT_THAT(metrics, HasSubstr("troupe_router_token_seconds_sum" + kOfA + "2e-05"));
  EXPECT_THAT(metrics, HasSubstr("troupe_router_lateness_seconds_sum" + kOfA + "0"));
  EXPECT_THAT(metrics, HasSubstr("troupe_router_wasted_tokens_sum" + kOfA + "9"));
  EXPECT_THAT(metrics, HasSubstr("troupe_router_preemptions_total" + kOfA + "8"));
}

TEST(Router, LatenessIsCounted) {
  RouterRig rig({"a"});
  auto request = RouterRig::line();
  request.set_deadline_ms(1000);
  auto& engine = rig.engine("a");
  engine.at_once = engine.says("x");
  EXPECT_TRUE(rig.generate(request)->deadline_met());
  engine.at_once.reset();
  engine.late = true;
  const auto late = rig.ask(request);
  rig.world.pass(1500ms);
  engine.answer(1, engine.says("late"));
  rig.world.settle();
  ASSERT_EQ(RouterRig::text(late), "late");
  EXPECT_FALSE(World::parse<pb::RouterGenerateReply>(**late)->deadline_met());
  EXPECT_EQ(rig.status().engines(0).deadlines_met(), 1);
  EXPECT_EQ(rig.status().engines(0).deadlines_missed(), 1);
  EXPECT_THAT(rig.world.host().metrics().text(),
              HasSubstr("troupe_router_lateness_seconds_sum" + kOfA + "0.5"));
}

}  // namespace
}  // namespace troupe
