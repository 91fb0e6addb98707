// Engines over HTTP behind the router: the order of routes, fallback, the breaker.
#include "app/engines.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "adapters/engine_openai/fault_upstream.h"
#include "app/paths.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

using engine::FaultUpstream;
using engine::Peer;
using engine::Tier;
using namespace std::chrono_literals;

engine::OpenAiModelConfig model_at(const FaultUpstream& upstream, const std::string& name) {
  engine::OpenAiModelConfig model;
  model.name = name;
  model.url = upstream.url();
  model.model = "m";
  model.tiers = {Tier::gold, Tier::silver};
  model.allow_addresses = {"127.0.0.0/8"};
  model.retries = 0;
  model.prices.output = 1'000'000;
  return model;
}

void says(Peer& peer, const std::string& text) {
  peer.chunked_head() && peer.word(text) && peer.end_of_stream();
}

// A world whose only service is the router. The engines live as long as that, so inside of the world's loop.
struct Rig {
  struct Held {
    Engines engines;
    std::unique_ptr<RouterService> router;
  };
  explicit Rig(EngineOptions options)
      : world({[this, options](Host& host) -> std::shared_ptr<void> {
          auto made = std::make_shared<Held>(Held{open_engines(host.env(), options), nullptr});
          made->router = std::make_unique<RouterService>(host, made->engines.router);
          made->router->mount();
          held = made.get();
          return made;
        }}) {}
  const Engines& engines() const { return held->engines; }
  pb::RouterGenerateReply generate(const std::string& model = "") {
    pb::RouterGenerateRequest request;
    request.set_tier("silver");
    request.set_model(model);
    request.set_temperature(0.7);
    auto* message = request.add_messages();
    message->set_role("user");
    message->set_text("Who keeps the light?");
    const auto answer = world.start(test::server(), request);
    world.run_until([&] { return answer->has_value(); });
    const auto reply = test::World::parse<pb::RouterGenerateReply>(**answer);
    problem = reply ? "" : reply.error().reason;
    return reply.value_or(pb::RouterGenerateReply());
  }
  std::string health_of(const std::string& model) {
    const auto status = world.call<pb::RouterStatusReply>(test::server(), pb::RouterStatusRequest());
    if (!status) return status.error().message;
    for (const auto& route : status->engines()) {
      if (route.model() == model) return route.health();
    }
    return "missing";
  }

  Held* held = nullptr;
  test::World world;
  std::string problem;
};

TEST(EnginesOverHttp, TheFirstThatIsWellAnswersAndTheBreakerOpensAndCloses) {
  FaultUpstream first([](Peer& p) { p.whole("{}", "500 No"); });
  FaultUpstream second([](Peer& p) { says(p, "second"); });
  Rig rig({.remote = {model_at(first, "first"), model_at(second, "second")}});
  for (int i = 0; i < 3; ++i) {
    const auto reply = rig.generate();
    EXPECT_EQ(reply.text(), "second") << rig.problem;
    ASSERT_EQ(reply.fallbacks().size(), 1);
    EXPECT_NE(reply.fallbacks(0).find("openai/first"), std::string::npos) << reply.fallbacks(0);
    EXPECT_EQ(reply.usage().cost_microusd(), 3);
  }
  EXPECT_EQ(rig.health_of("first"), "open");
  EXPECT_EQ(rig.generate().text(), "second");
  EXPECT_EQ(first.seen().size(), 3U) << "left alone while the breaker is open";
  first.script([](Peer& p) { says(p, "first"); });
  rig.world.pass(10s);
  EXPECT_EQ(rig.generate().text(), "first") << "the probe";
  EXPECT_EQ(rig.health_of("first"), "ok");
}

TEST(EnginesOverHttp, AnEngineThatHangsOpensTheBreakerToo) {
  FaultUpstream hangs([](Peer& p) { p.gone(); });
  Rig rig({.remote = {model_at(hangs, "hangs")}});
  for (int i = 0; i < 3; ++i) {
    pb::RouterGenerateRequest request;
    request.set_tier("silver");
    request.set_deadline_ms(5000);
    auto* message = request.add_messages();
    message->set_role("user");
    message->set_text("Who keeps the light?");
    const auto answer = rig.world.start(test::server(), request);
    rig.world.run_until([&] { return hangs.seen().size() == static_cast<std::size_t>(i) + 1; });
    rig.world.pass(5s);
    rig.world.run_until([&] { return answer->has_value(); });
    EXPECT_EQ((*answer)->error().reason, "engine.silent");
  }
  EXPECT_EQ(rig.health_of("hangs"), "open");
}

TEST(EnginesOverHttp, RoutesAreAsConfigured) {
  FaultUpstream first([](Peer& p) { says(p, "first"); });
  FaultUpstream second([](Peer& p) { says(p, "second"); });
  Rig rig({.remote = {model_at(first, "first"), model_at(second, "second")},
           .routes = {{Tier::silver, {"second", "firts"}}, {Tier::gold, {}}}});
  EXPECT_EQ(rig.engines().problem, "routes.silver: no model 'firts'; did you mean 'first'?");
  EXPECT_EQ(rig.generate().text(), "second");
  EXPECT_EQ(rig.generate("first").text(), "");
  EXPECT_EQ(rig.problem, "router.unknown_model") << "a model in no route is not asked";
  ASSERT_EQ(rig.engines().router.tiers.at(Tier::gold).size(), 1U);
  EXPECT_EQ(rig.engines().router.tiers.at(Tier::gold)[0].model, "reflex");
}

// A name that nobody knows is a mistake in the configuration; what is known and not there is not.
TEST(Engines, ANameThatNobodyKnowsIsAStartError) {
  const models::CatalogueEntry known{
      .name = "known", .file = "", .sha256 = "", .licence = "", .tiers = {"silver"}};
  engine::OpenAiModelConfig remote;
  remote.name = "far";
  const auto refused = [&](EngineOptions options) {
    options.catalogue = {known};
    options.remote = {remote};
    const auto checked = check_engine_names(options);
    return checked ? std::string() : checked.error().reason + ": " + checked.error().message;
  };
  EXPECT_EQ(refused({.routes = {{Tier::silver, {"known", "far"}}},
                     .policy = {.canaries = {{Tier::silver, {.model = "far", .share = 1}}}}}),
            "");
  EXPECT_EQ(refused({.routes = {{Tier::silver, {"knwon"}}}}),
            "config.unknown_model: routes.silver: no model 'knwon'; did you mean 'known'? (known, far)");
  EXPECT_EQ(refused({.policy = {.canaries = {{Tier::gold, {.model = "gone", .share = 1}}}}}),
            "config.unknown_model: canary.gold: no model 'gone' (known, far)");
  EXPECT_EQ(refused({.only = {"gone"}}), "config.unknown_model: models.only: no model 'gone' (known, far)");
}

TEST(Engines, TheChoiceModelIsAFileOrAModelThatChooses) {
  const models::CatalogueEntry chooser{
      .name = "chooser", .file = "", .sha256 = "", .licence = "", .tiers = {"choice"}};
  const models::CatalogueEntry talker{
      .name = "talker", .file = "", .sha256 = "", .licence = "", .tiers = {"gold"}};
  const auto refused = [&](const std::string& choice, std::vector<std::string> gold = {"talker"}) {
    const auto checked = check_engine_names(
        {.catalogue = {chooser, talker}, .choice = choice, .routes = {{Tier::gold, std::move(gold)}}});
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(refused(""), "");
  EXPECT_EQ(refused("none"), "");
  EXPECT_EQ(refused("chooser"), "");
  EXPECT_EQ(refused("choser"),
            "models.choice: 'choser' is no choice model; did you mean 'chooser'? (a GGUF file, or none, "
            "chooser)");
  EXPECT_EQ(refused("talker"), "models.choice: 'talker' is no choice model (a GGUF file, or none, chooser)");
  EXPECT_EQ(refused("/nowhere/own.gguf"),
            "models.choice: '/nowhere/own.gguf' is no file (a GGUF file, or none, chooser)");
  const auto file = std::filesystem::path(::testing::TempDir()) / fmt::format("own-{}.gguf", ::getpid());
  std::ofstream(file) << "no model";
  EXPECT_EQ(refused(file.string(), {file.stem().string(), "talker"}), "") << "a route can name it";
  Rig rig({.models_dir = "/nowhere", .catalogue = {chooser}, .choice = file.string()});
  EXPECT_TRUE(rig.engines().problem.contains(file.string())) << rig.engines().problem;
  EXPECT_FALSE(rig.engines().problem.contains("chooser:")) << "it was replaced: " << rig.engines().problem;
  EXPECT_EQ(rig.engines().router.tiers.at(Tier::gold).size(), 1U) << "the reflex";
  std::filesystem::remove(file);
}

TEST(Engines, WhatIsDeprecatedIsLoadedOnlyWhereItIsNamed) {
  const models::CatalogueEntry old{.name = "old",
                                   .file = "old.gguf",
                                   .sha256 = "",
                                   .size = 1,
                                   .licence = "",
                                   .tiers = {"silver"},
                                   .deprecated = true};
  const auto missed = [&](EngineOptions options) {
    options.models_dir = "/nowhere";
    options.catalogue = {old};
    return Rig(std::move(options)).engines().problem.contains("old: not on this machine");
  };
  EXPECT_FALSE(missed({})) << "nobody looks for it";
  EXPECT_TRUE(missed({.only = {"old"}}));
  EXPECT_TRUE(missed({.routes = {{Tier::silver, {"old"}}}}));
}

// talk.may before the catalogue before what was found; and everything for what nobody says anything of.
TEST(EnginesOverHttp, AKeptGradeDecidesWhereNobodyElseSaysAnything) {
  using inference::Freedom;
  using inference::Freedoms;
  FaultUpstream good([](Peer& p) { says(p, "good"); });
  const auto model = model_at(good, "far");
  pb::ModelGrade grade;
  grade.set_examined(true);
  grade.add_may("small_talk");
  const auto key = models::remote_key("far", model.url, model.model);
  Freedoms small_talk;
  small_talk.add(Freedom::small_talk);
  Freedoms rephrase;
  rephrase.add(Freedom::rephrase);
  const auto opened = [&](EngineOptions options) {
    options.remote = {model};
    Rig rig(std::move(options));
    const auto& voice = rig.engines().voices.at("far");
    EXPECT_EQ(voice.key, key);
    return std::pair{rig.engines().router.tiers.at(Tier::silver)[0].freedoms, voice.may_by};
  };
  EXPECT_EQ(opened({}), (std::pair{Freedoms::all(), std::string("default")}));
  EXPECT_EQ(opened({.grades = {{key, grade}}}), (std::pair{small_talk, std::string("grade")}));
  EXPECT_EQ(opened({.may = {{"far", rephrase}}, .grades = {{key, grade}}}),
            (std::pair{rephrase, std::string("talk.may")}));
  EXPECT_EQ(opened({.grades = {{models::remote_key("far", "http://other/v1", "m"), grade}}}).second,
            "default")
      << "another model under this name";
  grade.clear_may();
  EXPECT_EQ(opened({.grades = {{key, grade}}}).first, Freedoms());
  grade.set_examined(false);
  EXPECT_EQ(opened({.grades = {{key, grade}}}).second, "default") << "it was only asked to choose";
}

TEST(Engines, WhatIsOnlyListedIsNotMissed) {
  const models::CatalogueEntry listed{.name = "better",
                                      .file = "better.gguf",
                                      .sha256 = "",
                                      .licence = "",
                                      .tiers = {"silver"},
                                      .listed = true,
                                      .parameters = 1};
  const auto problem = [&](EngineOptions options) {
    options.models_dir = "/nowhere";
    options.catalogue = {listed};
    return Rig(std::move(options)).engines().problem;
  };
  EXPECT_EQ(problem({}), "");
  EXPECT_TRUE(problem({.only = {"better"}}).contains("better: not on this machine"));
  EXPECT_EQ(problem({.routes = {{Tier::silver, {"better"}}}}), "routes.silver: no model 'better'");
}

// What an operator reads in /readyz of a server that has engines over HTTP only.
TEST(EnginesOverHttp, AServerWithRemoteEnginesOnlyIsReady) {
  FaultUpstream good([](Peer& p) { says(p, "good"); });
  auto model = model_at(good, "good");
  model.tiers = {Tier::silver};
  const models::CatalogueEntry local{.name = "local",
                                     .file = "local.gguf",
                                     .sha256 = std::string(64, 'a'),
                                     .size = 1,
                                     .licence = "",
                                     .tiers = {"silver"}};
  Rig rig({.models_dir = "/nowhere", .catalogue = {local}, .remote = {model}});
  EXPECT_EQ(rig.engines().problem, "") << "weights are not missed";
  EXPECT_TRUE(has_models(rig.engines()));
  EXPECT_EQ(rig.generate().text(), "good");
  EXPECT_TRUE(upstream_health(rig.engines(), "good"));
  good.script([](Peer& p) { p.whole("{}", "500 No"); });
  EXPECT_EQ(rig.generate().text(), "");
  const auto ill = upstream_health(rig.engines(), "good");
  ASSERT_FALSE(ill);
  EXPECT_EQ(ill.error().reason, "engine.unreachable");
  Rig alone({.models_dir = "/nowhere", .catalogue = {local}});
  EXPECT_FALSE(has_models(alone.engines()));
  EXPECT_TRUE(alone.engines().problem.contains("local: not on this machine")) << alone.engines().problem;
}

TEST(EnginesOverHttp, PricesReachTheBudgets) {
  FaultUpstream dear([](Peer& p) { says(p, "dear"); });
  auto priced = model_at(dear, "dear");
  priced.parallel = 3;
  Rig rig(
      {.remote = {priced},
       .policy = {.budgets = {.world_day = 1}, .canaries = {{Tier::silver, {.model = "gone", .share = 1}}}}});
  EXPECT_EQ(rig.engines().problem, "canary.silver: no model 'gone' serves a tier");
  const auto& route = rig.engines().router.tiers.at(Tier::silver)[0];
  EXPECT_EQ(route.price.output, 1'000'000);
  EXPECT_EQ(route.places, 6U);
  EXPECT_EQ(rig.generate().text(), "dear") << "there was one micro-USD left";
  EXPECT_EQ(rig.generate().text(), "");
  EXPECT_EQ(rig.problem, "router.budget");
  EXPECT_EQ(dear.seen().size(), 1U);
}

// The tier falls to the next engine, and says why.
TEST(Engines, WeightsThatAreNotWhatTheySayAreNotLoaded) {
  FaultUpstream good([](Peer& p) { says(p, "good"); });
  const auto dir = std::filesystem::path(::testing::TempDir()) / fmt::format("troupe-weights-{}", ::getpid());
  std::filesystem::create_directories(dir / "local");
  std::ofstream(dir / "local" / "local.gguf") << "not what it was";
  const models::CatalogueEntry entry{.name = "local",
                                     .file = "local.gguf",
                                     .sha256 = std::string(64, 'a'),
                                     .size = 15,
                                     .licence = "MIT",
                                     .context_tokens = 512,
                                     .tiers = {"silver"}};
  Rig rig({.models_dir = dir, .catalogue = {entry}, .remote = {model_at(good, "good")}});
  EXPECT_TRUE(rig.engines().problem.contains("local.gguf is not what it says it is"))
      << rig.engines().problem;
  EXPECT_FALSE(rig.engines().loaded.contains("local"));
  EXPECT_EQ(rig.generate().text(), "good");
  std::filesystem::remove_all(dir);
}

TEST(EnginesOverHttp, OneThatCannotBeOpenedIsNamedAndTheOthersServe) {
  FaultUpstream good([](Peer& p) { says(p, "good"); });
  auto keyless = model_at(good, "keyless");
  keyless.key_file = "/nowhere/key";
  const models::CatalogueEntry entry{
      .name = "taken", .file = "", .sha256 = "", .licence = "", .tiers = {"test"}};
  Rig rig({.catalogue = {entry}, .remote = {keyless, model_at(good, "taken"), model_at(good, "good")}});
  EXPECT_NE(rig.engines().problem.find("engines.keyless: /nowhere/key"), std::string::npos)
      << rig.engines().problem;
  EXPECT_NE(rig.engines().problem.find("engines.taken"), std::string::npos) << rig.engines().problem;
  EXPECT_EQ(rig.generate().text(), "good");
  const auto models = remote_models(rig.engines());
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].name(), "good");
  EXPECT_EQ(models[0].state(), "current");
  EXPECT_EQ(models[0].tiers_size(), 2);
}

// With the weights that set-up fetched.
TEST(Engines, GoldChoosesByTheChoiceModelThenByMeaning) {
  const auto catalogue = models::load_catalogue(catalogue_path(""));
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  const auto gold = [&](const std::string& choice) {
    const Rig rig({.models_dir = models_path(""),
                   .catalogue = *catalogue,
                   .only = {"troupe-choice", "minilm-l6-v2"},
                   .choice = choice});
    EXPECT_EQ(rig.engines().problem, "") << "run 'make setup'";
    std::vector<std::string> names;
    for (const auto& route : rig.engines().router.tiers.at(Tier::gold)) names.push_back(route.model);
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(gold(""), (Names{"troupe-choice", "minilm-l6-v2", "reflex"}));
  const auto own = models_path("") / "troupe-choice" / "troupe-choice-q8_0.gguf";
  EXPECT_EQ(gold(own.string()), (Names{"troupe-choice-q8_0", "troupe-choice", "minilm-l6-v2", "reflex"}))
      << "whoever names it in models.only, too, gets both";
}

TEST(Engines, AChoiceOfGoldSaysHowItWasMade) {
  const auto catalogue = models::load_catalogue(catalogue_path(""));
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  Rig rig(
      {.models_dir = models_path(""), .catalogue = *catalogue, .only = {"troupe-choice", "minilm-l6-v2"}});
  pb::RouterChooseRequest request;
  request.set_tier("gold");
  request.set_context("You are Ada, a lamplighter.");
  request.set_scene("It is 19:00 (dusk). Just now: the lamp at the gate went out.");
  for (const char* option : {"sing a song", "light the lamp", "sell the ladder"}) request.add_options(option);
  request.set_deadline_ms(60'000);
  const auto answer = rig.world.start(test::server(), request);
  rig.world.run_until([&] { return answer->has_value(); });
  const auto reply = test::World::parse<pb::RouterChooseReply>(**answer);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->model(), "troupe-choice");
  EXPECT_EQ(reply->method(), "cross_encoder");
  EXPECT_EQ(reply->choice(), 1);
  EXPECT_NEAR(reply->probabilities(0) + reply->probabilities(1) + reply->probabilities(2), 1, 1e-6);
}

}  // namespace
}  // namespace troupe
