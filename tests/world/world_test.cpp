// The whole world without models: it lives, it explains itself, and it does so again.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/world/lanternfall.h"
#include "troupe/v1/world.pb.h"

namespace troupe::test {
namespace {

pb::NpcTalkReply talk(World& world, const std::string& npc, const std::string& text,
                      const std::string& who = "anna") {
  pb::NpcTalkRequest request;
  request.set_npc(npc);
  request.set_text(text);
  const auto reply = world.call<pb::NpcTalkReply>(player(who), request);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return reply.value_or(pb::NpcTalkReply());
}

TEST(Lanternfall, ThreeDaysByThemselves) {
  auto world = lanternfall_world(7);
  std::set<std::string> places;
  for (int hour = 0; hour < 72; ++hour) {
    world.advance(game_hours(1));
    for (const auto& arrived : world.events_of<pb::NpcArrived>("marta")) places.insert(arrived.place());
  }
  EXPECT_GE(places.size(), 3U) << "marta goes about her day";
  const auto decided = world.events_of<pb::NpcDecided>();
  ASSERT_GT(decided.size(), 50U);
  std::set<std::string> who;
  std::set<std::string> what;
  for (const auto& decision : decided) {
    who.insert(decision.npc());
    what.insert(decision.choice());
    EXPECT_FALSE(decision.reason().empty());
    EXPECT_EQ(decision.options_size(), decision.probabilities_size());
  }
  EXPECT_EQ(who.size(), lanternfall().npcs.size()) << "everybody chooses";
  EXPECT_GE(what.size(), 8U) << "and not always the same";
  EXPECT_GT(world.events_of<pb::VerbExecuted>().size(), 10U);

  // Why, down to options and probabilities.
  pb::WorldWhyRequest why;
  for (const auto& envelope : world.events()) {
    if (envelope.type() == "NpcDecided")
      why.set_event_id(event_log::event_id(envelope.world(), envelope.sequence()));
  }
  const auto explained = world.call<pb::WorldWhyReply>(designer(), why);
  ASSERT_TRUE(explained.has_value()) << explained.error().message;
  ASSERT_GE(explained->chain_size(), 1);
  const auto& decision = explained->chain(0).decision().fields();
  ASSERT_TRUE(decision.contains("options"));
  EXPECT_EQ(decision.at("options").list_value().values_size(),
            decision.at("probabilities").list_value().values_size());
  EXPECT_FALSE(decision.at("verdict").string_value().empty());
}

TEST(Lanternfall, TheSameSeedGivesTheSameHistory) {
  auto first = lanternfall_world(11);
  auto second = lanternfall_world(11);
  auto third = lanternfall_world(12);
  for (auto* world : {&first, &second, &third}) world->advance(game_hours(30));
  EXPECT_EQ(first.state_hash(), second.state_hash());
  EXPECT_NE(first.state_hash(), third.state_hash());
}

TEST(Lanternfall, ARestartIsOnlyAnInput) {
  auto world = lanternfall_world(5);
  world.advance(game_hours(5));
  talk(world, "marta", "Good morning!");
  world.restart();
  world.advance(game_hours(5));
  world.restart();
  world.advance(game_hours(5));
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Lanternfall, AReplayReachesTheSameState) {
  auto world = lanternfall_world(3);
  world.advance(game_hours(2));
  talk(world, "marta", "What happened to the keeper?");
  pb::NpcInputRequest input;
  input.set_x(300);
  input.set_y(60);
  ASSERT_TRUE(world.call<pb::NpcInputReply>(player(), input).has_value());
  world.advance(game_minutes(30));
  pb::NpcRememberRequest remember;
  remember.set_npc("marta");
  remember.add_memories()->set_text("A ship without a flag lay off the point.");
  ASSERT_TRUE(world.call<pb::NpcRememberReply>(designer(), remember).has_value());
  pb::TimeSetScaleRequest scale;
  scale.set_scale(600);
  ASSERT_TRUE(world.call<pb::TimeState>(designer(), scale).has_value());
  world.advance(game_hours(10));
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

// What proto/troupe/v1/socket.proto promises of an input frame's place, look and action.
TEST(Lanternfall, AnInputSaysThePlaceLooksAtAThingAndDoesAVerb) {
  auto world = lanternfall_world(4);
  std::string witness;
  for (int hour = 0; witness.empty() && hour < 24; ++hour) {
    world.advance(game_hours(1));
    const auto people = world.call<pb::NpcListReply>(designer(), pb::NpcListRequest());
    for (const auto& npc : people->npcs()) {
      if (npc.place() == "harbour" && !npc.walking()) witness = npc.id();
    }
  }
  ASSERT_FALSE(witness.empty());
  pb::NpcInputRequest input;
  input.set_place("harbour");
  input.set_looked_at("fog_bell");
  input.set_action("ring_bell");
  auto reply = world.call<pb::NpcInputReply>(player(), input);
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->place(), "harbour");
  EXPECT_TRUE(reply->verdict().allowed()) << reply->verdict().message();
  const auto done = world.events_of<pb::VerbExecuted>("anna");
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].action().args().at("bell"), "fog_bell");
  pb::NpcMindRequest ask;
  ask.set_npc(witness);
  const auto mind = world.call<pb::NpcMindReply>(designer(), ask);
  ASSERT_TRUE(mind.has_value());
  EXPECT_NE(mind->ShortDebugString().find("anna looks at the fog bell."), std::string::npos);

  input.set_action("ring_bell bell=no_such_bell");
  reply = world.call<pb::NpcInputReply>(player(), input);
  ASSERT_TRUE(reply.has_value()) << "where somebody is stays said";
  EXPECT_FALSE(reply->verdict().allowed());
  EXPECT_NE(reply->verdict().reason(), "");
  input.set_action("");
  input.set_looked_at("no_such_thing");
  EXPECT_EQ(world.call<pb::NpcInputReply>(player(), input).error().reason, "npc.unknown");
  input.set_looked_at("");
  input.set_place("harbor");
  EXPECT_EQ(world.call<pb::NpcInputReply>(player(), input).error().message,
            "no place 'harbor' here; did you mean 'harbour'?");
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

TEST(Lanternfall, TalkIsRememberedAcrossARestart) {
  auto world = lanternfall_world(9);
  world.advance(game_minutes(10));
  const auto reply = talk(world, "marta", "What happened to the keeper?");
  EXPECT_FALSE(reply.text().empty()) << "somebody spoken to always answers";
  EXPECT_EQ(reply.tier(), "reflex");
  world.restart();
  pb::NpcRecallRequest recall;
  recall.set_npc("marta");
  recall.set_query("the keeper");
  recall.set_listener("anna");
  auto found = world.call<pb::NpcRecallReply>(designer(), recall);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_GE(found->memories_size(), 1);
  EXPECT_NE(found->memories(0).text().find("What happened to the keeper?"), std::string::npos);
  recall.set_listener("bob");
  found = world.call<pb::NpcRecallReply>(designer(), recall);
  ASSERT_TRUE(found.has_value());
  for (const auto& memory : found->memories()) {
    EXPECT_EQ(memory.text().find("What happened to the keeper?"), std::string::npos) << "not bob's to know";
  }
}

// What changed nothing is not written: the database of a world without players grows by less than 2 MB a day.
TEST(Lanternfall, AnIdleWorldWritesLittle) {
  auto world = lanternfall_world(11);
  // Rows with what they cost beside their texts; the tables that grow.
  const auto bytes = [&] {
    return world
        .rows(
            "select (select coalesce(sum(length(payload) + length(type) + length(subject) + length(place)), "
            "0) "
            "+ 200 * count(*) from events) + (select coalesce(sum(length(record)), 0) + 100 * count(*) from "
            "npc_decisions) + (select coalesce(sum(length(text)), 0) + 200 * count(*) from npc_memories) + "
            "(select coalesce(sum(length(payload)), 0) + 200 * count(*) from inputs)")[0]
        .integer(0);
  };
  world.advance(game_days(1));
  const auto before = bytes();
  world.advance(game_days(2));
  const auto a_day = (bytes() - before) / 2;
  EXPECT_GT(a_day, 10'000) << "they do live";
  EXPECT_LT(a_day, 2'000'000);
  std::map<std::string, std::size_t> counts;
  for (const auto& event : world.history()) ++counts[event.type];
  for (const auto& [type, count] : counts) RecordProperty(type, static_cast<int>(count));
}

TEST(Lanternfall, AFlippedByteIsFoundAndLocated) {
  auto world = lanternfall_world(2);
  world.advance(game_hours(3));
  pb::WorldVerifyRequest verify;
  auto intact = world.call<pb::WorldVerifyReply>(designer(), verify);
  ASSERT_TRUE(intact.has_value());
  EXPECT_EQ(intact->problem(), "");
  const auto rows =
      world.rows("select sequence, payload from events where length(payload) > 3 order by sequence limit 20");
  const auto sequence = rows.back().integer(0);
  std::string payload = rows.back().blob(1);
  payload[2] = static_cast<char>(payload[2] ^ 1);
  ASSERT_TRUE(world.db().transact_now([&](db::Tx& tx) -> Result<void> {
    TRY_VOID(tx.exec("update events set payload = $1 where sequence = $2",
                     db::Values{db::Blob{payload}, sequence}));
    return {};
  }));
  const auto damaged = world.call<pb::WorldVerifyReply>(designer(), verify);
  ASSERT_TRUE(damaged.has_value());
  EXPECT_NE(damaged->problem().find("event " + std::to_string(sequence) + " "), std::string::npos)
      << damaged->problem();
}

struct BadLine {
  std::string npc;
  std::string text;
  std::string message;
};

TEST(Lanternfall, BadLinesAreRefusedWithAReason) {
  auto world = lanternfall_world(1);
  const BadLine cases[] = {
      {"marat", "Hello", "no NPC 'marat' here; did you mean 'marta'?"},
      {"", "Hello", "npc is missing"},
      {"marta", "", "text must say something"},
      {"marta", " \n\t ", "text must say something"},
      {"marta", std::string(4097, 'a'), "text has at most 4096 bytes, not 4097"},
  };
  for (const auto& c : cases) {
    pb::NpcTalkRequest request;
    request.set_npc(c.npc);
    request.set_text(c.text);
    const auto reply = world.call<pb::NpcTalkReply>(player(), request);
    ASSERT_FALSE(reply.has_value()) << c.text;
    EXPECT_EQ(reply.error().message, c.message);
  }
  const auto inputs = world.inputs();
  for (const auto& input : inputs)
    EXPECT_EQ(input.type.find("NpcTalk"), std::string::npos) << "nothing half-applied";
}

}  // namespace
}  // namespace troupe::test
