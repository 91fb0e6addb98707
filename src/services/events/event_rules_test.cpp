#include "services/events/event_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json.h"
#include "services/events/consumers.h"
#include "services/events/own_types.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/settings.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe::events {
namespace {

using testing::Contains;
using testing::ElementsAre;

// The kinds of events that the design promises, and what they are called here.
TEST(Types, HaveEveryKindThatWasPromised) {
  const std::pair<const char*, const char*> kinds[] = {
      {"time of day", "PhaseChanged"},
      {"day world", "DayWorldActivated"},
      {"night world", "NightWorldActivated"},
      {"weather", "WeatherChanged"},
      {"season", "SeasonChanged"},
      {"weather transition", "WeatherTransitioned"},
      {"audio cue", "AudioCueTriggered"},
      {"dialogue started", "DialogueStarted"},
      {"dialogue ended", "DialogueEnded"},
      {"NPC expression", "NpcExpressionChanged"},
      {"emotion", "EmotionChanged"},
      {"biome", "BiomeChanged"},
      {"flora", "FloraChanged"},
      {"fauna", "FaunaChanged"},
      {"world state", "WorldStateChanged"},
      {"player state", "PlayerStateChanged"},
      {"NPC state", "NpcStateChanged"},
      {"quest state", "QuestStateChanged"},
      {"narrative generated", "NarrativeGenerated"},
      {"story node completed", "StoryNodeCompleted"},
      {"model switched", "ModelSwitched"},
      {"guardrail violation", "GuardrailViolated"},
      {"inference completed", "InferenceCompleted"},
  };
  EXPECT_EQ(std::size(kinds), 23U);
  for (const auto& [kind, type] : kinds) {
    const auto found = find_event_type(type);
    ASSERT_TRUE(found) << kind;
    EXPECT_FALSE((*found)->info.service().empty()) << type;
    EXPECT_FALSE((*found)->info.summary().empty()) << type;
  }
}

std::string refused(const Result<const EventType*>& type) {
  return type ? "ok" : type.error().reason + ": " + type.error().message;
}

TEST(Publishable, IsWhatNoServiceSaysItself) {
  EXPECT_EQ(refused(publishable("AudioCueTriggered")), "ok");
  EXPECT_EQ(refused(publishable("QuestStateChanged")), "ok");
  EXPECT_EQ(refused(publishable("WeatherChanged")),
            "events.not_yours: WeatherChanged is published by the weather service alone");
  EXPECT_EQ(refused(publishable("EventDeadLettered")),
            "events.not_yours: EventDeadLettered is published by the events service alone");
  EXPECT_EQ(refused(publishable("AudioCueTrigered")),
            "events.unknown_type: no event type 'AudioCueTrigered'; did you mean 'AudioCueTriggered'?");
}

TEST(Payload, IsReadByTheFieldsOfItsType) {
  const auto& type = **find_event_type("AudioCueTriggered");
  const auto read = [&](const std::string& json) -> std::string {
    google::protobuf::Struct payload;
    EXPECT_TRUE(from_json(json, payload));
    const auto message = message_of(type, payload, {});
    return message ? (*message)->ShortDebugString() : message.error().reason + ": " + message.error().message;
  };
  EXPECT_EQ(read(R"({"cue":"bell","volume":0.5})"), "cue: \"bell\" volume: 0.5");
  EXPECT_EQ(read("{}"), "");
  EXPECT_EQ(read(R"({"cuee":"bell"})"),
            "events.bad_payload: no field 'cuee' in AudioCueTriggered; did you mean 'cue'?");
  EXPECT_THAT(read(R"({"volume":"loud"})"), testing::StartsWith("events.bad_payload: "));
  EXPECT_EQ(read(R"({"cue":")" + std::string(17'000, 'x') + "\"}"),
            "events.bad_payload: the payload has 17010 bytes as JSON; at most 16384");
}

TEST(Priorities, HaveNames) {
  EXPECT_EQ(priority_of(""), pb::PRIORITY_NORMAL);
  for (const char* name : {"low", "normal", "high"}) EXPECT_EQ(priority_name(priority_of(name)), name);
}

EventRecord record(const google::protobuf::Message& message) {
  return {.sequence = 7,
          .cause = 3,
          .type = message.GetDescriptor()->name(),
          .subject = "s",
          .place = "p",
          .priority = 2,
          .payload = message.SerializeAsString()};
}

TEST(Views, ShowFieldsAndCause) {
  pb::AudioCueTriggered cue;
  cue.set_cue("bell");
  const auto view = *view_for({.name = "game", .role = pb::ROLE_GAME_SERVER}, record(cue), "quay");
  EXPECT_EQ(view.id(), "quay-7");
  EXPECT_EQ(view.cause(), "quay-3");
  EXPECT_EQ(view.priority(), "high");
  EXPECT_EQ(view.payload().fields().at("cue").string_value(), "bell");
  EXPECT_EQ(view.payload().fields().at("volume").number_value(), 0);
  EXPECT_EQ(view.audience().kind(), pb::Audience::OPERATORS);
  pb::Envelope unknown;
  unknown.set_type("GoneSince");
  unknown.set_payload("x");
  EXPECT_EQ(view_of(unknown).type(), "GoneSince");
  EXPECT_FALSE(view_of(unknown).has_payload());
  google::protobuf::Struct own;
  (*own.mutable_fields())["name"].set_string_value("Fafnir");
  unknown.set_type("DragonSlain");
  unknown.set_payload(own.SerializeAsString());
  EXPECT_EQ(view_of(unknown).payload().fields().at("name").string_value(), "Fafnir");
}

std::string declared(const std::string& json) {
  OwnType type;
  EXPECT_TRUE(from_json(json, type)) << json;
  const auto done = check_own_type(type, {});
  return done ? "ok" : done.error().reason + ": " + done.error().message;
}

TEST(OwnTypes, AreDeclaredInFullOrRefusedWithAReason) {
  EXPECT_EQ(declared(R"({"type":"DragonSlain","fields":[{"name":"dragon","type":"string","required":true},
                         {"name":"player","type":"string"}],"audience":"player"})"),
            "ok");
  EXPECT_EQ(declared(R"({"type":"dragon_slain"})"),
            "events.bad_type: a type is named in PascalCase, as in DragonSlain");
  EXPECT_EQ(declared(R"({"type":"PhaseChanged"})"),
            "events.type_taken: PhaseChanged is a type of the server; choose another name");
  EXPECT_EQ(
      declared(R"({"type":"A","audience":"plase"})"),
      "events.bad_type: audience is operators, player, place, everybody, not 'plase'; did you mean 'place'?");
  EXPECT_EQ(
      declared(R"({"type":"A","audience":"player"})"),
      "events.bad_type: the audience 'player' is the one in the field 'player': declare it as a string");
  EXPECT_EQ(
      declared(R"({"type":"A","fields":[{"name":"a","type":"strin"}]})"),
      "events.bad_type: field 'a' is one of string, number, bool, list, object, any, not 'strin'; did you "
      "mean 'string'?");
  EXPECT_EQ(declared(R"({"type":"A","fields":[{"name":"a","type":"any"},{"name":"a","type":"any"}]})"),
            "events.bad_type: field 'a' stands there twice");
}

TEST(OwnTypes, PayloadsAreValidated) {
  OwnType type;
  ASSERT_TRUE(from_json(
      R"({"type":"DragonSlain","fields":[{"name":"dragon","type":"string","required":true},
                      {"name":"heads","type":"number"},{"name":"loot","type":"any"}]})",
      type));
  const auto said = [&](const std::string& json) -> std::string {
    google::protobuf::Struct payload;
    EXPECT_TRUE(from_json(json, payload));
    const auto done = check_own_payload(type, payload, {});
    return done ? "ok" : done.error().message;
  };
  EXPECT_EQ(said(R"({"dragon":"Fafnir","heads":1,"loot":[1]})"), "ok");
  EXPECT_EQ(said(R"({"heads":1})"), "field 'dragon' of DragonSlain is missing");
  EXPECT_EQ(said(R"({"dragon":1})"), "field 'dragon' of DragonSlain is a string, not a number");
  EXPECT_EQ(said(R"({"dragon":"F","head":1})"), "no field 'head' in DragonSlain; did you mean 'heads'?");
}

}  // namespace
}  // namespace troupe::events
