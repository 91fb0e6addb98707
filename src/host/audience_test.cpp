// Who perceives an event, for every type of the protos: a type that is added later has its row here, or this
// does not pass.
#include "host/audience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/weather.pb.h"

namespace troupe {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using testing::ElementsAre;

struct Row {
  const char* who;  // operators; player: the one it names; place: who was there, everybody where it has none
  const char* hidden;  // fields that players never get
};

const std::map<std::string, Row>& rows() {
  static const std::map<std::string, Row> kRows = {
      {"AudioCueTriggered", {"place", ""}},
      {"BiomeChanged", {"place", ""}},
      {"DayChanged", {"place", ""}},
      {"DayWorldActivated", {"place", ""}},
      {"DialogueEnded", {"player", "decision"}},
      {"DialogueStarted", {"player", ""}},
      {"EmotionChanged", {"place", "reason"}},
      {"EntityGone", {"place", ""}},
      {"EntityStateChanged", {"place", ""}},
      {"EventDeadLettered", {"operators", ""}},
      {"FactHeard", {"player", ""}},
      {"FaunaChanged", {"place", ""}},
      {"FestivalStarted", {"place", ""}},
      {"FlagChanged", {"place", "flag"}},
      {"FloraChanged", {"place", ""}},
      {"GuardrailViolated", {"operators", ""}},
      {"InferenceCompleted", {"operators", ""}},
      {"IntentChanged", {"place", "reason tier"}},
      {"JobEnded", {"operators", ""}},
      {"MemoriesForgotten", {"operators", ""}},
      {"MemoryAdded", {"operators", ""}},
      {"MinuteTicked", {"place", ""}},
      {"ModelSwitched", {"operators", ""}},
      {"NarrativeGenerated", {"operators", ""}},
      {"NightWorldActivated", {"place", ""}},
      {"NpcAppeared", {"place", "reason"}},
      {"NpcArrived", {"place", ""}},
      {"NpcDecided", {"operators", ""}},
      {"NpcDied", {"place", ""}},
      {"NpcExpressionChanged", {"place", ""}},
      {"NpcLeft", {"place", "reason"}},
      {"NpcMoved", {"place", "to path arrives_ms reason"}},
      {"NpcReflex", {"place", ""}},
      {"NpcStateChanged", {"operators", ""}},
      {"PackChanged", {"operators", ""}},
      {"PhaseChanged", {"place", ""}},
      {"PlayerAddressed", {"player", "subject reason"}},
      {"PlayerStateChanged", {"player", ""}},
      {"PlayerTierChanged", {"player", ""}},
      {"PreferenceChanged", {"player", ""}},
      {"QuestStateChanged", {"player", ""}},
      {"RelationChanged", {"operators", ""}},
      {"RumourTold", {"operators", ""}},
      {"SeasonChanged", {"place", ""}},
      {"SettingChanged", {"place", ""}},
      {"StoryNodeCompleted", {"player", ""}},
      {"TalkJoined", {"player", "subject"}},
      {"TalkOverheard", {"place", ""}},
      {"TimeAdvanced", {"place", ""}},
      {"TimeScaleChanged", {"place", ""}},
      {"TimerFired", {"operators", ""}},
      {"VerbOfferEnded", {"player", ""}},
      {"VerbOffered", {"player", ""}},
      {"VerbExecuted", {"place", "relations told"}},
      {"VerbRefused", {"operators", ""}},
      {"WeatherChanged", {"place", ""}},
      {"WeatherSevere", {"place", ""}},
      {"WeatherTransitioned", {"place", ""}},
      {"WorldStateChanged", {"place", ""}},
  };
  return kRows;
}

// A value in every field, messages in messages too.
void fill(Message& message, const std::string& text, int depth = 0) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    if (field->is_repeated()) {
      if (field->type() == FieldDescriptor::TYPE_STRING) reflection->AddString(&message, field, text);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map() && depth < 3)
        fill(*reflection->AddMessage(&message, field), text, depth + 1);
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(&message, field, text);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth < 3 && field->message_type()->file()->package() == "troupe.v1")
          fill(*reflection->MutableMessage(&message, field), text, depth + 1);
        break;
      default:
        break;
    }
  }
}

std::vector<std::string> everybody_there(const std::string&) { return {"bert", "anna"}; }

pb::Envelope emitted(const EventType& type, const Message& event, const std::string& place,
                     const Audience& wanted = {}) {
  pb::Envelope envelope;
  envelope.set_type(type.type);
  envelope.set_place(place);
  envelope.set_trace("a trace");
  envelope.set_payload(stable_bytes(event));
  *envelope.mutable_audience() = decide_audience(&type, event, wanted, place, everybody_there);
  return envelope;
}

TEST(Audience, EveryTypeHasItsRow) {
  for (const auto& type : all_event_types()) {
    ASSERT_TRUE(rows().contains(type.type))
        << type.type << " is new: who perceives it? Give it a row, and mark its hidden fields in the proto";
  }
}

TEST(Audience, FollowsFromTypePlayerAndPlace) {
  for (const auto& type : all_event_types()) {
    if (!rows().contains(type.type)) continue;
    const std::string who = rows().at(type.type).who;
    auto event = new_message(type.message);
    fill(*event, "carl");
    for (const std::string place : {"quay", ""}) {
      const auto audience = emitted(type, *event, place).audience();
      if (who == "operators") {
        EXPECT_EQ(audience.kind(), pb::Audience::OPERATORS) << type.type;
      } else if (who == "player") {
        EXPECT_THAT(audience.players(), ElementsAre("carl"))
            << type.type << ": nobody else, wherever they are";
      } else if (place.empty()) {
        EXPECT_EQ(audience.kind(), pb::Audience::EVERYBODY) << type.type;
      } else {
        EXPECT_EQ(audience.kind(), pb::Audience::PLAYERS) << type.type;
        EXPECT_THAT(audience.players(), ElementsAre("anna", "bert")) << type.type;
      }
    }
  }
}

TEST(Audience, TheLeastWhereNobodyIsKnownToBeThere) {
  pb::NpcArrived event;
  const auto type = **find_event_type("NpcArrived");
  const auto audience = decide_audience(&type, event, {}, "quay", nullptr);
  EXPECT_EQ(audience.kind(), pb::Audience::PLAYERS);
  EXPECT_TRUE(audience.players().empty());
  EXPECT_EQ(decide_audience(nullptr, event, {}, "", everybody_there).kind(), pb::Audience::OPERATORS)
      << "a game's own type says who";
}

TEST(Audience, ACrowdIsBounded) {
  const auto crowd = [](const std::string&) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < 2 * kAudienceMax; ++i) names.push_back("p" + std::to_string(i));
    return names;
  };
  const auto type = **find_event_type("NpcArrived");
  EXPECT_EQ(decide_audience(&type, pb::NpcArrived(), {}, "quay", crowd).players_size(),
            static_cast<int>(kAudienceMax));
}

TEST(Audience, OnlyWhoIsNamedAndOperatorsGetIt) {
  struct Viewer {
    pb::Role role;
    const char* name;
    bool everybody, anna, operators;
  };
  const Viewer viewers[] = {
      {pb::ROLE_PLAYER, "anna", true, true, false},       {pb::ROLE_PLAYER, "bert", true, false, false},
      {pb::ROLE_PLAYER, "", true, false, false},          {pb::ROLE_NPC, "anna", true, false, false},
      {pb::ROLE_UNSPECIFIED, "anna", true, false, false}, {pb::ROLE_GAME_SERVER, "game", true, true, true},
      {pb::ROLE_DESIGNER, "dora", true, true, true},      {pb::ROLE_ADMIN, "root", true, true, true},
      {pb::ROLE_SERVICE, "", true, true, true},
  };
  const auto type = **find_event_type("NpcArrived");
  const pb::NpcArrived event;
  for (const auto& viewer : viewers) {
    const auto sees = [&](const Audience& wanted) {
      return Shown(emitted(type, event, "quay", wanted)).to(viewer.role, viewer.name) != nullptr;
    };
    EXPECT_EQ(sees(Audience::everybody()), viewer.everybody) << viewer.role << viewer.name;
    EXPECT_EQ(sees(Audience::one("anna")), viewer.anna) << viewer.role << viewer.name;
    EXPECT_EQ(sees(Audience::operators()), viewer.operators) << viewer.role << viewer.name;
  }
}

TEST(Audience, HiddenFieldsAreCutOffForPlayers) {
  for (const auto& type : all_event_types()) {
    if (!rows().contains(type.type)) continue;
    const auto hidden = split(rows().at(type.type).hidden, ' ');
    auto event = new_message(type.message);
    fill(*event, "canary");
    const Shown shown(emitted(type, *event, "quay", Audience::everybody()));
    auto public_event = new_message(type.message);
    ASSERT_TRUE(public_event->ParseFromString(shown.to(pb::ROLE_PLAYER, "anna")->payload()));
    for (int i = 0; i < type.message->field_count(); ++i) {
      const auto* field = type.message->field(i);
      const bool is_hidden = std::ranges::find(hidden, field->name()) != hidden.end();
      EXPECT_EQ(field->options().GetExtension(pb::hidden), is_hidden)
          << type.type << "." << field->name() << ": the proto and the row differ";
      const auto* reflection = public_event->GetReflection();
      const bool there = field->is_repeated() ? reflection->FieldSize(*public_event, field) > 0
                                              : reflection->HasField(*public_event, field);
      if (is_hidden) EXPECT_FALSE(there) << type.type << "." << field->name();
    }
    EXPECT_TRUE(shown.to(pb::ROLE_PLAYER, "anna")->trace().empty());
    EXPECT_FALSE(shown.to(pb::ROLE_PLAYER, "anna")->has_audience()) << "who else was there";
    EXPECT_EQ(shown.to(pb::ROLE_GAME_SERVER, "game")->payload(), stable_bytes(*event));
  }
}

// Words that name what only their owner, or nobody, may know: such a field is hidden, or the row says why
// not.
TEST(Audience, FieldsThatSoundPrivateAreHidden) {
  const std::map<std::string, std::string> kFine = {
      {"EntityGone.reason", "left, deleted"},
      {"FactHeard.fact", "it is theirs"},
  };
  for (const auto& type : all_event_types()) {
    if (!type.info.players()) continue;
    for (int i = 0; i < type.message->field_count(); ++i) {
      const auto* field = type.message->field(i);
      for (const char* word :
           {"reason", "fact", "told", "decision", "memory", "relation", "secret", "prompt"}) {
        if (!field->name().starts_with(word) || kFine.contains(type.type + "." + field->name())) continue;
        EXPECT_TRUE(field->options().GetExtension(pb::hidden)) << type.type << "." << field->name();
      }
    }
  }
}

}  // namespace
}  // namespace troupe
