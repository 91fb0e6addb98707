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
      {"NpcDied", {"place", "by"}},
      {"NpcExpressionChanged", {"place", ""}},
      {"NpcLeft", {"place", "reason"}},
      {"NpcMoved", {"place", "to path arrives_ms reason"}},
      {"ConflictBegan", {"place", ""}},
      {"ConflictEnded", {"place", ""}},
      {"ConflictResolved", {"place", ""}},
      {"FactionBetrayed", {"place", ""}},
      {"FactionRelationChanged", {"operators", ""}},
      {"FactionRetaliated", {"place", ""}},
      {"PriceChanged", {"place", ""}},
      {"ShockBegan", {"place", "reason"}},
      {"ShockEnded", {"place", ""}},
      {"ShortageBegan", {"place", ""}},
      {"ShortageEnded", {"place", ""}},
      {"TerritoryChanged", {"place", ""}},
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

// A value in every field of whatever kind, messages in messages too.
void fill(Message& message, const std::string& text, int depth = 0) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    using R = google::protobuf::Reflection;
    const auto one = [&](auto set, auto add, auto value) {
      field->is_repeated() ? (reflection->*add)(&message, field, value)
                           : (reflection->*set)(&message, field, value);
    };
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        one(&R::SetString, &R::AddString, text);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        one(&R::SetInt32, &R::AddInt32, 7);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        one(&R::SetInt64, &R::AddInt64, 7);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        one(&R::SetUInt32, &R::AddUInt32, 7U);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        one(&R::SetUInt64, &R::AddUInt64, 7U);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        one(&R::SetDouble, &R::AddDouble, 7);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        one(&R::SetFloat, &R::AddFloat, 7);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        one(&R::SetBool, &R::AddBool, true);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        one(&R::SetEnum, &R::AddEnum, field->enum_type()->value(field->enum_type()->value_count() - 1));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        const auto& package = field->message_type()->file()->package();
        if (depth > 3 || (!field->is_map() && package != "troupe.v1")) break;
        fill(field->is_repeated() ? *reflection->AddMessage(&message, field)
                                  : *reflection->MutableMessage(&message, field),
             text, depth + 1);
        break;
      }
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
    const auto has = [](const Message& message, const FieldDescriptor* field) {
      const auto* reflection = message.GetReflection();
      return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                  : reflection->HasField(message, field);
    };
    for (int i = 0; i < type.message->field_count(); ++i) {
      const auto* field = type.message->field(i);
      const bool is_hidden = std::ranges::find(hidden, field->name()) != hidden.end();
      EXPECT_EQ(field->options().GetExtension(pb::hidden), is_hidden)
          << type.type << "." << field->name() << ": the proto and the row differ";
      if (!is_hidden) continue;
      EXPECT_TRUE(has(*event, field)) << type.type << "." << field->name() << ": there was nothing to hide";
      EXPECT_FALSE(has(*public_event, field)) << type.type << "." << field->name();
    }
    EXPECT_TRUE(shown.to(pb::ROLE_PLAYER, "anna")->trace().empty());
    EXPECT_FALSE(shown.to(pb::ROLE_PLAYER, "anna")->has_audience()) << "who else was there";
    EXPECT_EQ(shown.to(pb::ROLE_GAME_SERVER, "game")->payload(), stable_bytes(*event));
  }
}

// Words that name what only their owner, or nobody, may know: such a field is hidden, or the row says why
// not. In messages within an event, too: there nothing is cut off, so nothing may sound so.
void expect_hidden(const std::string& where, const google::protobuf::Descriptor& message, int depth) {
  const std::map<std::string, std::string> kFine = {
      {"EntityGone.reason", "left, deleted"},
      {"FactHeard.fact", "it is theirs"},
      {"DialogueEnded.tier", "their own talk's"},
  };
  for (int i = 0; i < message.field_count(); ++i) {
    const auto* field = message.field(i);
    const std::string name = where + "." + field->name();
    if (depth == 0 && field->options().GetExtension(pb::hidden)) continue;
    EXPECT_FALSE(field->options().GetExtension(pb::hidden)) << name << " is not cut off so deep inside";
    for (const char* word : {"reason", "fact", "told", "decision", "memory", "relation", "secret", "prompt",
                             "belief", "goal", "thought", "trust", "tier", "reasoning", "model"}) {
      const bool of_faction = field->name().starts_with("faction");
      EXPECT_TRUE(of_faction || !field->name().starts_with(word) || kFine.contains(name)) << name;
    }
    const auto* below = field->message_type();
    if (below != nullptr && below->file()->package() == "troupe.v1" && depth < 4)
      expect_hidden(name, *below, depth + 1);
  }
}

TEST(Audience, FieldsThatSoundPrivateAreHidden) {
  for (const auto& type : all_event_types()) {
    if (type.info.players()) expect_hidden(type.type, *type.message, 0);
  }
}

}  // namespace
}  // namespace troupe
