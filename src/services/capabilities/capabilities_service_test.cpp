#include "services/capabilities/capabilities_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/json.h"
#include "services/state/state_service.h"
#include "tests/support/quay.h"
#include "tests/support/world_fixture.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/time.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe {
namespace {

using test::designer;
using test::player;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Stands for time, weather and npc: says what the test wants.
struct Sky {
  std::string phase = "day";
  std::string weather = "clear";
  double trust = 0.6;
};
class SkyService {
 public:
  SkyService(const Sky& sky, Host& host) : sky_(sky), host_(host) {}
  void mount() {
    host_.serve(&SkyService::time, this);
    host_.serve(&SkyService::weather, this);
    host_.serve(&SkyService::relation, this);
  }

 private:
  Result<pb::TimeState> time(const Caller&, const pb::TimeGetRequest&) const {
    pb::TimeState reply;
    reply.set_phase(sky_.phase);
    return reply;
  }
  Result<pb::WeatherNow> weather(const Caller&, const pb::WeatherGetRequest& request) const {
    EXPECT_EQ(request.region(), "coast");
    pb::WeatherNow reply;
    reply.set_state(sky_.weather);
    return reply;
  }
  Result<pb::NpcRelationReply> relation(const Caller&, const pb::NpcRelationRequest&) const {
    pb::NpcRelationReply reply;
    reply.set_value(sky_.trust);
    return reply;
  }
  const Sky& sky_;
  Host& host_;
};

class CapabilitiesTest : public testing::Test {
 protected:
  Sky sky_;
  test::World world_{
      {test::mount<StateService>(test::quay()), test::mount<SkyService>(sky_), mount_capabilities()}};

  static test::Mount mount_capabilities() {
    return [](Host& host) {
      auto service = std::make_shared<CapabilitiesService>(test::quay(), host);
      service->mount();
      return service;
    };
  }
  template <class Request>
  static Request action(const std::string& kind, const std::string& actor, const std::string& verb,
                        const std::map<std::string, std::string>& args) {
    Request request;
    request.set_kind(kind);
    request.set_actor(actor);
    request.mutable_action()->set_verb(verb);
    for (const auto& [name, value] : args) (*request.mutable_action()->mutable_args())[name] = value;
    return request;
  }
  Result<pb::Verdict> execute(const Caller& caller, const std::string& kind, const std::string& actor,
                              const std::string& verb, const std::map<std::string, std::string>& args = {}) {
    return world_.call<pb::Verdict>(caller, action<pb::CapabilitiesExecuteRequest>(kind, actor, verb, args));
  }
  Result<pb::Verdict> check(const Caller& caller, const std::string& kind, const std::string& actor,
                            const std::string& verb, const std::map<std::string, std::string>& args = {}) {
    return world_.call<pb::Verdict>(caller, action<pb::CapabilitiesCheckRequest>(kind, actor, verb, args));
  }
  static std::string said(const Result<pb::Verdict>& verdict) {
    if (!verdict) return verdict.error().reason + ": " + verdict.error().message;
    return verdict->allowed() ? "allowed" : verdict->reason() + ": " + verdict->message();
  }
  std::string document(const std::string& kind, const std::string& id) {
    pb::StateGetRequest request;
    request.set_kind(kind);
    request.set_id(id);
    const auto found = world_.call<pb::StateDocument>(test::server(), request);
    return found ? *state::canonical(found->document(), {}) : found.error().reason;
  }
  std::vector<std::string> legal(const Caller& caller, const std::string& kind = {},
                                 const std::string& actor = {}) {
    pb::CapabilitiesLegalRequest request;
    request.set_kind(kind);
    request.set_actor(actor);
    const auto reply = world_.call<pb::CapabilitiesLegalReply>(caller, request);
    if (!reply) return {reply.error().reason + ": " + reply.error().message};
    std::vector<std::string> texts;
    for (const auto& option : reply->options()) texts.push_back(option.text());
    return texts;
  }
};

TEST_F(CapabilitiesTest, ANewcomerArrivesWithTheirFirstDeed) {
  EXPECT_EQ(document("player", "anna"), "state.unknown");
  EXPECT_THAT(legal(player("anna")), Contains("walk to the market"));
  EXPECT_EQ(document("player", "anna"), "state.unknown") << "asking changes nothing";
  const auto verdict = execute(player("anna"), "", "", "fish");
  ASSERT_EQ(said(verdict), "allowed");
  EXPECT_EQ(verdict->duration_minutes(), 90);
  EXPECT_EQ(document("player", "anna"), R"({"items":{"eel":2},"money":0,"place":"quay"})");
  EXPECT_EQ(said(execute(player("bert"), "", "", "say", {{"words", "hello"}})), "allowed");
  EXPECT_EQ(document("player", "bert"), R"({"items":{},"money":0,"place":"quay"})");
}

TEST_F(CapabilitiesTest, ADeedChangesStateAndIsTold) {
  ASSERT_EQ(said(execute(player("anna"), "player", "anna", "walk", {{"place", "market"}})), "allowed");
  EXPECT_EQ(document("player", "anna"), R"({"items":{},"money":0,"place":"market"})");
  pb::StatePatchRequest rich;
  rich.set_kind("player");
  rich.set_id("anna");
  (*rich.mutable_patch()->mutable_fields())["money"].set_number_value(7);
  ASSERT_TRUE(world_.call<pb::StateDocument>(designer(), rich));
  world_.advance(game_minutes(2));
  world_.clear_events();

  const auto verdict = execute(player("anna"), "", "", "buy", {{"good", "eel"}, {"seller", "ada"}});
  ASSERT_EQ(said(verdict), "allowed");
  EXPECT_EQ(verdict->doing(), "buys eel from Ada");
  EXPECT_EQ(document("player", "anna"), R"({"items":{"eel":1},"money":2,"place":"market"})");
  EXPECT_EQ(document("npc", "ada"), R"({"items":{"eel":3,"lamp_oil":1},"money":55,"place":"market"})");
  const auto deeds = world_.events_of<pb::VerbExecuted>("anna");
  ASSERT_EQ(deeds.size(), 1U);
  EXPECT_EQ(deeds[0].kind(), "player");
  EXPECT_EQ(deeds[0].text(), "anna buys eel from Ada at the market");
  EXPECT_EQ(deeds[0].action().args().at("seller"), "ada");
  EXPECT_THAT(deeds[0].raised(), ElementsAre("GoodBought"));
  EXPECT_EQ(world_.events().back().place(), "market");
  EXPECT_EQ(verdict->event_id(), "testworld-" + std::to_string(world_.events().back().sequence()));

  world_.advance(game_minutes(3));
  EXPECT_EQ(said(execute(player("anna"), "", "", "buy", {{"good", "eel"}, {"seller", "ada"}})),
            "verb.precondition: anna has 2 pence; that takes 5");
}

TEST_F(CapabilitiesTest, WhatIsRefusedChangesNothingAndIsAudited) {
  const auto unknown = execute(player("anna"), "", "", "fishh");
  EXPECT_EQ(said(unknown), "verb.unknown: there is no verb 'fishh'; did you mean 'fish'?");
  EXPECT_EQ(said(execute(player("anna"), "", "", "walk", {{"place", "moon"}})),
            "verb.argument: 'place' of walk is 'moon', which is no place");
  EXPECT_EQ(said(execute(player("anna"), "", "", "rest")), "verb.precondition: that is done indoors");
  EXPECT_EQ(document("player", "anna"), "state.unknown");
  const auto refused = world_.events_of<pb::VerbRefused>("anna");
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[0].reason(), "verb.unknown");
  EXPECT_EQ(refused[0].action().verb(), "fishh");
  EXPECT_EQ(refused[2].message(), "that is done indoors");
  EXPECT_EQ(unknown->event_id(), "testworld-1");
  EXPECT_TRUE(world_.events_of<pb::VerbExecuted>().empty());
}

TEST_F(CapabilitiesTest, AnNpcSetsOutAndTheRestIsDoneAtOnce) {
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  ASSERT_EQ(said(execute(game, "npc", "ada", "walk", {{"place", "quay"}})), "allowed");
  EXPECT_EQ(world_.events_of<pb::VerbExecuted>("ada")[0].moved_to(), "quay");
  EXPECT_THAT(document("npc", "ada"), HasSubstr(R"("place":"market")"));
  ASSERT_EQ(said(execute(game, "npc", "ada", "fill_lamp", {{"lamp", "market_lamp"}})), "allowed");
  EXPECT_EQ(document("feature", "market_lamp"), R"({"kind":"lamp","lit":true,"oil":8,"place":"market"})");
  EXPECT_EQ(document("npc", "ada"), R"({"items":{"eel":4},"money":50,"place":"market"})")
      << "what is used up is gone";
}

TEST_F(CapabilitiesTest, RelationsAndFactsAreHandedToTheNpcService) {
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  pb::StatePatchRequest move;
  move.set_kind("npc");
  move.set_id("ben");
  (*move.mutable_patch()->mutable_fields())["place"].set_string_value("market");
  ASSERT_TRUE(world_.call<pb::StateDocument>(test::server(), move)) << "as npc does";
  ASSERT_EQ(
      said(execute(game, "npc", "ada", "hand_over", {{"good", "eel"}, {"count", "2"}, {"person", "ben"}})),
      "allowed");
  const auto given = world_.events_of<pb::VerbExecuted>("ada")[0];
  ASSERT_EQ(given.relations_size(), 1);
  EXPECT_EQ(given.relations(0).npc(), "ben");
  EXPECT_EQ(given.relations(0).towards(), "ada");
  EXPECT_DOUBLE_EQ(given.relations(0).by(), 0.05);
  ASSERT_EQ(said(execute(game, "npc", "ada", "confide", {{"fact", "hole"}, {"person", "ben"}})), "allowed");
  const auto told = world_.events_of<pb::VerbExecuted>("ada")[1];
  ASSERT_EQ(told.told_size(), 1);
  EXPECT_EQ(told.told(0).fact(), "hole");
  EXPECT_EQ(told.told(0).to(), "ben");
  EXPECT_FALSE(told.action().args().contains("fact")) << "whoever stands by does not learn which";
  EXPECT_TRUE(told.action().args().contains("person"));
  sky_.trust = 0.2;
  world_.advance(game_minutes(2));
  EXPECT_EQ(said(execute(game, "npc", "ada", "confide", {{"fact", "hole"}, {"person", "ben"}})),
            "verb.precondition: the trust of Ada for Ben is 0.20; that takes 0.50");
}

TEST_F(CapabilitiesTest, TheSkyCounts) {
  EXPECT_EQ(said(check(player("anna"), "", "", "sink")),
            "verb.precondition: the time of day is day; that takes night");
  sky_.phase = "night";
  EXPECT_EQ(said(check(player("anna"), "", "", "sink")), "allowed");
  EXPECT_EQ(said(check(player("anna"), "", "", "fish")), "allowed");
  sky_.weather = "storm";
  EXPECT_EQ(said(check(player("anna"), "", "", "fish")), "verb.precondition: not while the weather is storm");
  EXPECT_TRUE(world_.events().empty()) << "checking leaves no trace";
}

TEST_F(CapabilitiesTest, NobodyActsForOthersButThoseWhoMay) {
  EXPECT_EQ(said(execute(player("anna"), "player", "bert", "fish")),
            "capabilities.not_you: 'anna' acts for nobody else");
  EXPECT_EQ(said(execute(player("anna"), "npc", "ada", "trade")),
            "capabilities.not_you: 'anna' acts for nobody else");
  EXPECT_EQ(said(execute(player("ada"), "npc", "ada", "trade")),
            "capabilities.not_you: 'ada' acts for nobody else");
  EXPECT_EQ(said(check(player("anna"), "npc", "ada", "trade")),
            "capabilities.not_you: 'anna' acts for nobody else");
  EXPECT_THAT(legal(player("anna"), "npc", "ada"),
              ElementsAre("capabilities.not_you: 'anna' acts for nobody else"));
  const Caller ada{.name = "ada", .role = pb::ROLE_NPC};
  EXPECT_EQ(said(execute(ada, "npc", "ada", "trade")),
            "rpc.role: capabilities.Execute is not for the role 'npc'");
  EXPECT_THAT(legal(ada), Contains("call out prices"));
  EXPECT_EQ(said(check(ada, "npc", "ben", "trade")), "capabilities.not_you: 'ada' acts for nobody else");
  EXPECT_EQ(said(execute(designer(), "player", "anna", "fish")), "allowed");
  // A player called like an NPC stays a player.
  EXPECT_EQ(said(execute(player("ada"), "", "", "fish")), "allowed");
  EXPECT_EQ(document("npc", "ada"), R"({"items":{"eel":4,"lamp_oil":1},"money":50,"place":"market"})");
  EXPECT_EQ(document("player", "ada"), R"({"items":{"eel":2},"money":0,"place":"quay"})");
}

TEST_F(CapabilitiesTest, BadActorsAndOversizedActionsAreNamed) {
  EXPECT_EQ(said(check(designer(), "npc", "adda", "trade")),
            "npc.unknown: no NPC 'adda' here; did you mean 'ada'?");
  EXPECT_EQ(said(check(designer(), "dog", "rex", "fish")),
            "capabilities.bad_kind: kind is npc or player, not 'dog'");
  EXPECT_EQ(said(check(designer(), "player", "", "fish")),
            "capabilities.no_actor: who does it: 'actor' is missing");
  EXPECT_EQ(said(check(designer(), "player", std::string(65, 'x'), "fish")),
            "capabilities.bad_actor: a player's name has 1 to 64 bytes and no control characters");
  EXPECT_EQ(said(execute(player("anna"), "", "", "say", {{"words", std::string(300, 'x')}})),
            "capabilities.too_large: an action has at most 8 arguments of at most 256 bytes");
  EXPECT_TRUE(world_.history().empty());
  pb::CapabilitiesLegalRequest many;
  many.set_limit(201);
  EXPECT_EQ(world_.call<pb::CapabilitiesLegalReply>(player("anna"), many).error().message,
            "limit is 0 to 200, not 201");
}

TEST_F(CapabilitiesTest, TheGrammarOffersWhatIsLegalAndNothingElse) {
  pb::CapabilitiesGrammarRequest request;
  request.set_kind("npc");
  request.set_actor("ada");
  const auto reply = world_.call<pb::CapabilitiesGrammarReply>(designer(), request);
  ASSERT_TRUE(reply);
  const auto schema = nlohmann::json::parse(reply->json_schema());
  std::map<std::string, nlohmann::json> verbs;
  for (const auto& one : schema["oneOf"]) {
    EXPECT_EQ(one["additionalProperties"], false);
    verbs[one["properties"]["verb"]["const"]] = one["properties"]["args"];
  }
  EXPECT_EQ(verbs.size(), 4U) << reply->json_schema();
  EXPECT_EQ(verbs["walk"]["properties"]["place"]["enum"], (std::vector<std::string>{"loft", "quay"}));
  EXPECT_EQ(verbs["walk"]["required"], std::vector<std::string>{"place"});
  EXPECT_EQ(verbs["fill_lamp"]["properties"]["lamp"]["enum"], std::vector<std::string>{"market_lamp"});
  EXPECT_EQ(verbs["say"]["properties"]["words"]["type"], "string");
  EXPECT_TRUE(verbs.contains("trade"));
}

TEST_F(CapabilitiesTest, VerbsAreDescribed) {
  const auto reply = world_.call<pb::CapabilitiesVerbsReply>(player("anna"), pb::CapabilitiesVerbsRequest());
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->verbs_size(), static_cast<int>(test::quay().verbs.size()));
  const auto& fill = reply->verbs(1);
  EXPECT_EQ(fill.id(), "fill_lamp");
  EXPECT_EQ(fill.params(0).type(), "feature");
  EXPECT_EQ(fill.params(0).feature_kind(), "lamp");
  EXPECT_THAT(fill.preconditions(), ElementsAre("{lamp} is here", "the actor has 1 of lamp oil"));
  EXPECT_THAT(fill.who(), ElementsAre("npc", "player"));
}

TEST_F(CapabilitiesTest, EnginesAndFeaturesAreKeptOverARestart) {
  pb::CapabilitiesRegisterEngineRequest engine;
  engine.mutable_engine()->set_engine("own_engine");
  engine.mutable_engine()->set_version("1.0");
  EXPECT_EQ(world_.call<pb::EngineVersion>(player("anna"), engine).error().reason, "rpc.role");
  ASSERT_TRUE(world_.call<pb::EngineVersion>(designer(), engine));
  pb::CapabilitiesRegisterFeatureRequest feature;
  ASSERT_TRUE(from_json(
      R"({"feature":{"engine":"own_engine","category":"ai","name":"minds","summary":"People that think.",
                          "introduced":"1.0","parameters":{"tiers":"how many","deadline_ms":"how long"}}})",
      feature));
  ASSERT_TRUE(world_.call<pb::Feature>(designer(), feature));
  world_.restart();
  pb::CapabilitiesFeaturesRequest ask;
  ask.set_engine("own_engine");
  ask.set_version("1.2");
  const auto found = world_.call<pb::CapabilitiesFeaturesReply>(player("anna"), ask);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->features_size(), 1);
  EXPECT_EQ(found->features(0).parameters().at("tiers"), "how many");
  pb::CapabilitiesSuggestRequest suggest;
  suggest.set_engine("unreal");
  suggest.set_version("5.4");
  suggest.set_context("a crowd of people at a harbour");
  const auto suggested = world_.call<pb::CapabilitiesSuggestReply>(designer(), suggest);
  ASSERT_TRUE(suggested);
  EXPECT_GT(suggested->features_size(), 0);
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(CapabilitiesTest, ARestartForgetsNothing) {
  ASSERT_EQ(said(execute(player("anna"), "", "", "fish")), "allowed");
  world_.advance(game_minutes(90));
  ASSERT_EQ(said(execute(player("anna"), "", "", "walk", {{"place", "market"}})), "allowed");
  world_.restart();
  world_.advance(game_minutes(2));
  EXPECT_EQ(document("player", "anna"), R"({"items":{"eel":2},"money":0,"place":"market"})");
  EXPECT_EQ(said(execute(player("anna"), "", "", "walk", {{"place", "quay"}})), "allowed");
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(CapabilitiesTest, TheSameDeedsGiveTheSameHistory) {
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  ASSERT_EQ(said(execute(player("anna"), "", "", "walk", {{"place", "market"}})), "allowed");
  world_.advance(game_minutes(3));
  const auto offered =
      execute(game, "npc", "ada", "hand_over", {{"good", "eel"}, {"count", "2"}, {"person", "anna"}});
  ASSERT_EQ(said(offered), "verb.offered: anna has to agree to that");
  pb::CapabilitiesAcceptRequest accept;
  accept.set_offer(offered->offer());
  ASSERT_EQ(said(world_.call<pb::Verdict>(player("anna"), accept)), "allowed");
  EXPECT_EQ(said(execute(player("anna"), "", "", "hand_over",
                         {{"good", "eel"}, {"count", "3"}, {"person", "ada"}})),
            "verb.precondition: anna has only 2 of eel, not 3");
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST(CapabilitiesAlone, WithoutSkyAndFeelingsSaysSo) {
  test::World world({test::mount<StateService>(test::quay()), [](Host& host) {
                       auto service = std::make_shared<CapabilitiesService>(test::quay(), host);
                       service->mount();
                       return service;
                     }});
  pb::CapabilitiesCheckRequest request;
  request.mutable_action()->set_verb("fish");
  EXPECT_EQ(world.call<pb::Verdict>(player("anna"), request)->message(), "nobody can say what weather it is");
}

TEST(CapabilitiesAlone, WithoutStateIsUnavailableNotWrong) {
  test::World world({[](Host& host) {
    auto service = std::make_shared<CapabilitiesService>(test::quay(), host);
    service->mount();
    return service;
  }});
  pb::CapabilitiesExecuteRequest request;
  request.mutable_action()->set_verb("fish");
  const auto reply = world.call<pb::Verdict>(player("anna"), request);
  ASSERT_FALSE(reply);
  EXPECT_TRUE(world.history().empty());
}

}  // namespace
}  // namespace troupe
