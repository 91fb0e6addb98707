// What somebody does in sight of others: feelings, moods, reflexes; how often they choose; where they are and
// whether they live. Whole worlds without models.
#include "host/json.h"
#include "tests/world/lively.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/state.pb.h"

namespace troupe::test {
namespace {

constexpr const char* kMill = "tests/support/mill";

pb::Verdict act(World& world, const std::string& who, const std::string& verb, const std::string& person) {
  pb::CapabilitiesExecuteRequest request;
  request.mutable_action()->set_verb(verb);
  (*request.mutable_action()->mutable_args())["person"] = person;
  const auto reply = world.call<pb::Verdict>(player(who), request);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return reply.value_or(pb::Verdict());
}

void stand(World& world, const std::string& who, double x, double y) {
  pb::NpcInputRequest input;
  input.set_x(x);
  input.set_y(y);
  input.set_player(who);  // by the game server: it is believed
  const auto reply = world.call<pb::NpcInputReply>(designer(), input);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
}

pb::NpcView move(World& world, const std::string& npc, const std::string& place) {
  pb::NpcMoveRequest request;
  request.set_npc(npc);
  request.set_place(place);
  const auto reply = world.call<pb::NpcView>(designer(), request);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return reply.value_or(pb::NpcView());
}

pb::NpcMindReply mind(World& world, const std::string& npc) {
  pb::NpcMindRequest request;
  request.set_npc(npc);
  return world.call<pb::NpcMindReply>(designer(), request).value_or(pb::NpcMindReply());
}

TEST(Appraised, WitnessesOfADeedFeelSomething) {
  auto world = world_of(kMill, 3);
  world.advance(game_minutes(1));
  for (const auto* npc : {"ida", "jon", "lou"}) move(world, npc, "green");
  world.clear_events();
  ASSERT_TRUE(act(world, "anna", "mock", "jon").allowed());
  world.settle();
  std::map<std::string, std::set<std::string>> moved;
  for (const auto& change : world.events_of<pb::RelationChanged>()) {
    EXPECT_EQ(change.towards(), "player:anna");
    moved[change.npc()].insert(change.feeling());
  }
  EXPECT_TRUE(moved["ida"].contains("anger")) << "ida likes jon";
  EXPECT_TRUE(moved["jon"].contains("anger")) << "the effect of the verb";
  std::map<std::string, std::string> moods;
  for (const auto& change : world.events_of<pb::EmotionChanged>()) moods[change.npc()] = change.to();
  EXPECT_EQ(moods["ida"], "angry");
  EXPECT_EQ(moods["lou"], "curious");
  pb::NpcPromptRequest ask;
  ask.set_npc("ida");
  ask.set_text("Good morning!");
  ask.set_player("anna");
  const auto prompt = world.call<pb::NpcPromptReply>(designer(), ask);
  ASSERT_TRUE(prompt.has_value()) << prompt.error().message;
  bool read = false;
  for (const auto& message : prompt->messages()) read |= message.text().contains("Ida is angry.");
  EXPECT_TRUE(read) << "prompts say how somebody feels";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  world.advance(game_days(2));
  EXPECT_EQ(mind(world, "ida").view().mood() == "angry", false) << "it fades";
}

TEST(Threats, HostileDeedsMakeReflexesThatClientsHear) {
  auto world = world_of(kMill, 3);
  world.advance(game_minutes(1));
  for (const auto* npc : {"ida", "jon", "kit", "lou"}) move(world, npc, "green");
  stand(world, "anna", 120, 0);
  world.clear_events();
  const std::map<std::string, std::string> strikes = {{"ida", "anna"}, {"kit", "bob"}, {"jon", "carl"}};
  for (const auto& [npc, who] : strikes) ASSERT_TRUE(act(world, who, "strike", npc).allowed());
  world.settle();
  std::map<std::string, std::string> reflexes;
  for (const auto& reflex : world.events_of<pb::NpcReflex>()) {
    if (reflex.reflex() == "interact" || reflex.reflex() == "idle") continue;
    reflexes.emplace(reflex.npc(), reflex.reflex());
    EXPECT_TRUE(reflex.target().starts_with("player:")) << reflex.target();
    EXPECT_FALSE(reflex.place().empty()) << "an area of interest finds it by place";
  }
  EXPECT_EQ(reflexes["ida"], "attack");
  EXPECT_EQ(reflexes["kit"], "flee");
  EXPECT_EQ(reflexes["jon"], "dodge");
  bool runs = false;
  for (const auto& moved : world.events_of<pb::NpcMoved>("kit")) runs |= moved.reason() == "there is danger";
  EXPECT_TRUE(runs) << "who flees goes away";
  world.pass(std::chrono::seconds(20));
  EXPECT_NE(mind(world, "ida").view().reflex(), "attack") << "danger passes";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Threats, AWeaponNearbyIsOne) {
  for (const std::string good : {"knife", "loaf"}) {
    auto world = world_of(kMill, 3);
    world.advance(game_minutes(1));
    move(world, "kit", "green");
    pb::StatePutRequest pockets;
    ASSERT_TRUE(from_json(R"({"kind":"player","id":"anna","document":{"place":"green","money":0,"items":{")" +
                              good + R"(":1}}})",
                          pockets)
                    .has_value());
    ASSERT_TRUE(world.call<pb::StateDocument>(designer(), pockets).has_value());
    stand(world, "anna", 120, 5);
    world.pass(std::chrono::milliseconds(300));
    bool fled = false;
    for (const auto& reflex : world.events_of<pb::NpcReflex>("kit"))
      fled |= reflex.reflex() == "flee" && reflex.target() == "player:anna";
    EXPECT_EQ(fled, good == "knife");
  }
}

// Severe weather is a threat to whoever is out in it: the fierce stand their ground, the others run for a roof.
TEST(Threats, SevereWeatherIsOneOutOfDoors) {
  for (const std::string state : {"storm", "blizzard", "cloudy"}) {
    auto world = world_of(kMill, 3);
    world.advance(game_minutes(1));
    for (const auto* npc : {"ida", "jon", "kit"}) move(world, npc, "green");
    move(world, "lou", "house");
    stand(world, "anna", 220, -80);  // in the field: far enough to be nobody's business
    world.clear_events();
    pb::WeatherSetRequest weather;
    weather.set_region("river");
    weather.set_state(state);
    ASSERT_TRUE(world.call<pb::WeatherNow>(designer(), weather));
    world.pass(std::chrono::milliseconds(300));
    std::map<std::string, std::string> reflexes;
    for (const auto& reflex : world.events_of<pb::NpcReflex>()) {
      if (reflex.target().starts_with("weather:")) reflexes.emplace(reflex.npc(), reflex.reflex());
    }
    if (state == "cloudy") {
      EXPECT_TRUE(reflexes.empty());
      continue;
    }
    EXPECT_EQ(reflexes["ida"], "defend") << state;
    EXPECT_EQ(reflexes["jon"], "flee") << state;
    EXPECT_EQ(reflexes["kit"], "flee") << state;
    EXPECT_FALSE(reflexes.contains("lou")) << "under a roof";
    for (const auto& moved : world.events_of<pb::NpcMoved>("kit"))
      EXPECT_TRUE(pack_at(kMill).place(moved.to())->indoors) << moved.to();
    EXPECT_FALSE(world.events_of<pb::NpcMoved>("kit").empty()) << state;
    EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  }
}

TEST(Goods, OnlyWhatThePackCallsFoodIsEaten) {
  for (const auto& good : pack_at(kMill).goods) {
    auto world = world_of(kMill, 3);
    pb::StatePutRequest pockets;
    pockets.set_kind("player");
    pockets.set_id("anna");
    auto& fields = *pockets.mutable_document()->mutable_fields();
    fields["place"].set_string_value("green");
    (*fields["items"].mutable_struct_value()->mutable_fields())[good.id.str()].set_number_value(1);
    ASSERT_TRUE(world.call<pb::StateDocument>(designer(), pockets).has_value());
    pb::CapabilitiesExecuteRequest request;
    request.mutable_action()->set_verb("eat");
    (*request.mutable_action()->mutable_args())["good"] = good.id.str();
    const auto verdict = world.call<pb::Verdict>(player(), request);
    ASSERT_TRUE(verdict.has_value()) << verdict.error().message;
    EXPECT_EQ(verdict->allowed(), good.kind == "food") << good.id.str();
    if (good.kind != "food") EXPECT_EQ(verdict->reason(), "verb.argument") << good.id.str();
  }
}

// Whom somebody likes pays less, whom they are angry with pays more.
TEST(Prices, HangOnFeelings) {
  std::map<std::string, double> paid;
  for (const std::string deed : {"praise", "mock"}) {
    auto world = world_of(kMill, 3);
    world.advance(game_minutes(1));
    move(world, "ida", "green");
    pb::StatePutRequest pockets;
    pockets.set_kind("player");
    pockets.set_id("anna");
    (*pockets.mutable_document()->mutable_fields())["place"].set_string_value("green");
    (*pockets.mutable_document()->mutable_fields())["money"].set_number_value(1000);
    ASSERT_TRUE(world.call<pb::StateDocument>(designer(), pockets).has_value());
    pb::NpcRelationRequest ask;
    ask.set_npc("ida");
    ask.set_towards("player:anna");
    const auto relation = [&] {  // no RPC: services ask it of each other
      return World::parse<pb::NpcRelationReply>(
          world.timeline().query(server(), ask.GetDescriptor()->full_name(), ask.SerializeAsString()));
    };
    const auto before = relation();
    ASSERT_TRUE(act(world, "anna", deed, "ida").allowed());
    world.settle();
    const auto after = relation();
    ASSERT_TRUE(before && after);
    paid[deed] = after->price_factor() - before->price_factor();
    if (deed == "mock") EXPECT_LT(after->confidence(), before->confidence()) << "and is told less";
  }
  EXPECT_LT(paid["praise"], 0);
  EXPECT_GT(paid["mock"], 0);
}

// What a player sees runs on real time, at any scale.
class Cadence : public testing::TestWithParam<std::int64_t> {};

TEST_P(Cadence, DecisionsNearAPlayerAreHalfToTwiceASecond) {
  auto world = world_of(kMill, 3, Scale{GetParam() * 1000});
  stand(world, "anna", 0, 0);
  world.pass(std::chrono::seconds(3));
  world.clear_events();
  const auto at = [&](const std::string& npc) { return mind(world, npc).view(); };
  std::map<std::string, int> near;  // seconds during which somebody was near throughout
  std::map<std::string, int> decided;
  for (int second = 0; second < 20; ++second) {
    for (const auto* npc : {"ida", "jon", "kit", "lou"}) {
      pb::NpcMoveRequest request;  // kept in sight
      if (second == 0 || at(npc).place() != "mill") move(world, npc, "mill");
    }
    stand(world, "anna", 0, 0);
    world.clear_events();
    world.pass(std::chrono::seconds(1));
    for (const auto& decision : world.events_of<pb::NpcDecided>()) ++decided[decision.npc()];
  }
  for (const auto* npc : {"ida", "jon", "kit", "lou"}) {
    EXPECT_GE(decided[npc], 10) << npc << " at scale " << GetParam();
    EXPECT_LE(decided[npc], 40) << npc << " at scale " << GetParam();
  }
}

// Who plays elsewhere makes nobody think as if they were watched.
TEST_P(Cadence, DecisionsFarFromPlayersAreSlower) {
  auto world = world_of(kMill, 3, Scale{GetParam() * 1000});
  world.pass(std::chrono::seconds(3));
  std::map<std::string, int> decided;
  for (int second = 0; second < 20; ++second) {
    for (const auto* npc : {"ida", "jon", "kit", "lou"}) move(world, npc, "mill");
    stand(world, "anna", 220, -80);  // the field
    world.clear_events();
    world.pass(std::chrono::seconds(1));
    for (const auto& decision : world.events_of<pb::NpcDecided>()) ++decided[decision.npc()];
  }
  for (const auto* npc : {"ida", "jon", "kit", "lou"})
    EXPECT_LT(decided[npc], 10) << npc << " at scale " << GetParam() << ": not half a decision a second";
}

TEST_P(Cadence, ATalkLastsAsPeopleTalk) {
  auto world = world_of(kMill, 3, Scale{GetParam() * 1000});
  world.pass(std::chrono::seconds(1));
  pb::NpcTalkRequest request;
  request.set_npc("ida");
  request.set_text("Good morning!");
  const auto reply = world.call<pb::NpcTalkReply>(player(), request);
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(mind(world, "ida").view().intent(), "talk");
  world.pass(std::chrono::seconds(10));
  EXPECT_EQ(mind(world, "ida").view().intent(), "talk") << "she waits for the next line";
  world.pass(std::chrono::seconds(30));
  EXPECT_NE(mind(world, "ida").view().intent(), "talk") << "and not for ever";
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

INSTANTIATE_TEST_SUITE_P(Scales, Cadence, testing::Values(1, 60, 3600));

// ---- one owner of where somebody is and whether they live

struct Write {
  const char* what;
  const char* method;
  const char* json;
};

// Every member of a person's document that another service relies on, by every door.
TEST(Fate, WhatNpcOwnsIsRefusedByName) {
  auto world = world_of(kMill, 3);
  const std::pair<const char*, const char*> members[] = {
      {R"("place":"house")", "npc.Move"}, {R"("place":null)", "npc.Move"}, {R"("dead":true)", "npc.Die"}};
  const auto refused = [&](const auto& reply, const std::string& what, const std::string& method) {
    ASSERT_FALSE(reply.has_value()) << what;
    EXPECT_EQ(reply.error().reason, "state.owned") << what;
    EXPECT_NE(reply.error().message.find(method), std::string::npos) << reply.error().message;
  };
  const auto read = [](auto request, const std::string& json) {
    EXPECT_TRUE(from_json(json, request).has_value()) << json;
    return request;
  };
  for (const auto& [member, method] : members) {
    const std::string key = R"("kind":"npc","id":"ida",)";
    const std::string put = "{" + key + R"("version":1,"document":{)" + member + "}}";
    const std::string patch = "{" + key + R"("patch":{)" + member + "}}";
    refused(world.call<pb::StateDocument>(designer(), read(pb::StatePutRequest(), put)), put, method);
    refused(world.call<pb::StateDocument>(designer(), read(pb::StatePatchRequest(), patch)), patch, method);
    for (const auto& [form, body] : {std::pair<std::string, std::string>{"put", put}, {"patch", patch}}) {
      const std::string batch = R"({"changes":[{")" + form + "\":" + body + "}]}";
      refused(world.call<pb::StateBatchReply>(designer(), read(pb::StateBatchRequest(), batch)), batch,
              method);
    }
  }
  const std::string gone = R"({"kind":"npc","id":"ida"})";
  refused(world.call<pb::StateDocument>(designer(), read(pb::StateDeleteRequest(), gone)), gone, "npc.Die");
  const std::string batch = R"({"changes":[{"delete":)" + gone + "}]}";
  refused(world.call<pb::StateBatchReply>(designer(), read(pb::StateBatchRequest(), batch)), batch,
          "npc.Die");
  // What others do not rely on is written as ever, and a Put keeps what it does not name.
  const auto kept = world.call<pb::StateDocument>(
      designer(),
      read(pb::StatePutRequest(), R"({"kind":"npc","id":"ida","version":1,"document":{"money":1}})"));
  ASSERT_TRUE(kept.has_value()) << kept.error().message;
  EXPECT_TRUE(kept->document().fields().contains("place"));
}

TEST(Fate, WhereSomebodyIsMovedTheyAreForEverybody) {
  auto world = world_of(kMill, 3);
  world.advance(game_minutes(30));
  for (const auto& place : pack_at(kMill).places) {
    const std::string before = mind(world, "ida").view().place();
    move(world, "ida", place.id.str());
    EXPECT_EQ(mind(world, "ida").view().place(), place.id.str());
    pb::StateGetRequest get;
    get.set_kind("npc");
    get.set_id("ida");
    const auto document = world.call<pb::StateDocument>(designer(), get);
    EXPECT_EQ(document->document().fields().at("place").string_value(), place.id.str());
    if (before != place.id.str())
      EXPECT_EQ(world.events_of<pb::NpcArrived>("ida").back().place(), place.id.str());
  }
  // A player's place is state's to write: npc hears of it.
  stand(world, "anna", 0, 0);
  pb::StatePatchRequest patch;
  ASSERT_TRUE(from_json(R"({"kind":"player","id":"anna","patch":{"place":"field"}})", patch).has_value());
  ASSERT_TRUE(world.call<pb::StateDocument>(designer(), patch).has_value());
  const auto rows = world.rows("select place, x from npc_players where player = 'anna'");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text(0), "field");
  EXPECT_EQ(rows[0].real(1), 220);
  pb::StateDeleteRequest gone;
  gone.set_kind("player");
  gone.set_id("anna");
  ASSERT_TRUE(world.call<pb::StateDocument>(designer(), gone).has_value());
  EXPECT_TRUE(world.rows("select player from npc_players where player = 'anna'").empty());
}

// A player is dead where their document says so, and then by every door.
TEST(Fate, ADeadPlayerNeitherActsNorTalks) {
  auto world = world_of(kMill, 3);
  world.advance(game_minutes(30));
  move(world, "ida", "green");
  stand(world, "anna", 120, 0);
  const auto say = [&](bool dead) {
    pb::StatePatchRequest patch;
    EXPECT_TRUE(from_json(
        R"({"kind":"player","id":"anna","patch":{"dead":)" + std::string(dead ? "true" : "null") + "}}",
        patch));
    EXPECT_TRUE(world.call<pb::StateDocument>(designer(), patch));
  };
  pb::NpcTalkRequest talk;
  talk.set_npc("ida");
  talk.set_text("Good morning!");
  say(true);
  const auto begun = world.events_of<pb::DialogueStarted>().size();
  const auto refused = world.call<pb::NpcTalkReply>(player(), talk);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "npc.dead");
  EXPECT_EQ(refused.error().message, "anna is dead");
  EXPECT_EQ(world.events_of<pb::DialogueStarted>().size(), begun) << "nobody heard a word";
  EXPECT_EQ(act(world, "anna", "mock", "ida").message(), "anna is dead");
  EXPECT_EQ(act(world, "bert", "mock", "player:anna").allowed(), false);
  say(false);
  EXPECT_TRUE(world.call<pb::NpcTalkReply>(player(), talk));
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Fate, TheDeadDoNothingAndWhatTheyHadLiesThere) {
  auto world = world_of(kMill, 3);
  world.advance(game_minutes(30));
  for (const auto* npc : {"ida", "jon"}) move(world, npc, "green");
  stand(world, "anna", 120, 0);
  world.clear_events();
  pb::NpcDieRequest request;
  request.set_npc("ida");
  request.set_cause("a fall from the loft");
  const auto died = world.call<pb::NpcView>(designer(), request);
  ASSERT_TRUE(died.has_value()) << died.error().message;
  EXPECT_TRUE(died->dead());
  EXPECT_EQ(world.call<pb::NpcView>(designer(), request).error().reason, "npc.dead");
  const auto told = world.events_of<pb::NpcDied>("ida");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].place(), "green");
  pb::StateGetRequest get;
  get.set_kind("pile");
  get.set_id(told[0].left_behind());
  const auto remains = world.call<pb::StateDocument>(designer(), get);
  ASSERT_TRUE(remains.has_value()) << remains.error().message;
  EXPECT_EQ(remains->document().fields().at("place").string_value(), "green");
  EXPECT_FALSE(remains->document().fields().at("items").struct_value().fields().empty());
  get.set_kind("npc");
  get.set_id("ida");
  const auto body = world.call<pb::StateDocument>(designer(), get);
  EXPECT_TRUE(body->document().fields().at("items").struct_value().fields().empty());
  EXPECT_EQ(mind(world, "jon").view().mood(), "sad");

  // They are no target, do not talk, and cannot be moved.
  pb::NpcTalkRequest talk;
  talk.set_npc("ida");
  talk.set_text("Ida?");
  EXPECT_EQ(world.call<pb::NpcTalkReply>(player(), talk).error().reason, "npc.dead");
  EXPECT_EQ(act(world, "anna", "mock", "ida").message(), "Ida is dead");
  pb::NpcMoveRequest move_request;
  move_request.set_npc("ida");
  move_request.set_place("house");
  EXPECT_EQ(world.call<pb::NpcView>(designer(), move_request).error().reason, "npc.dead");
  pb::CapabilitiesExecuteRequest alone;
  alone.set_kind("npc");
  alone.set_actor("ida");
  alone.mutable_action()->set_verb("gaze");
  EXPECT_EQ(world.call<pb::Verdict>(designer(), alone)->message(), "Ida is dead");

  world.restart();
  world.clear_events();
  world.advance(game_days(2));
  for (const auto& envelope : world.events()) {
    if (envelope.subject() == "ida" || envelope.subject() == told[0].left_behind())
      ADD_FAILURE() << envelope.type();
    // They are spoken of, and that is all.
    const auto& type = envelope.type();
    if (type == "RumourTold" || type == "TalkOverheard" || type == "PlayerAddressed") continue;
    EXPECT_EQ(envelope.payload().find("Ida"), std::string::npos) << envelope.type() << " names the dead";
  }
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

}  // namespace
}  // namespace troupe::test
