// Every RPC of the protos, by every role. Whoever has no right hears so; and what a player may read shows
// nothing of what is another player's, of what is in somebody's mind, or of what somebody does out of sight.
// An RPC that is opened to players later fails here until it says why that is no leak.
#include <gtest/gtest.h>

#include <map>

#include "host/json.h"
#include "services/worlds/fake_runner.h"
#include "tests/world/lanternfall.h"
#include "troupe/v1/capabilities.pb.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/settings.pb.h"
#include "troupe/v1/state.pb.h"

namespace troupe {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::uint64_t kSeed = 987654321987;

// What players may call, and why that shows them nothing of others.
const std::map<std::string, std::string>& open_to_players() {
  static const std::map<std::string, std::string> kOpen = {
      {"ai.GetProfile", "their own"},
      {"capabilities.Accept", "what they were asked"},
      {"capabilities.Check", "their own deeds"},
      {"capabilities.Decline", "what they were asked, or asked"},
      {"capabilities.Offers", "what they were asked, or asked"},
      {"capabilities.Engines", "the same for everybody"},
      {"capabilities.Execute", "their own deeds"},
      {"capabilities.Features", "the same for everybody"},
      {"capabilities.Legal", "their own deeds"},
      {"capabilities.Verbs", "the same for everybody"},
      {"events.History", "by each event's audience"},
      {"events.Types", "types that players may perceive"},
      {"npc.Forget", "what is remembered of themselves"},
      {"npc.Get", "activity and mood at their own place"},
      {"npc.Input", "their own position"},
      {"npc.List", "activity and mood at their own place"},
      {"npc.Memories", "what is remembered of themselves"},
      {"npc.Talk", "their own talk"},
      {"settings.Get", "the same for everybody"},
      {"settings.GetFlag", "their own"},
      {"settings.GetPreferences", "their own"},
      {"settings.GetTier", "their own"},
      {"settings.List", "the same for everybody"},
      {"settings.SetPreference", "their own"},
      {"state.Get", "their own, features, where people are"},
      {"time.Calendar", "the same for everybody"},
      {"time.Get", "the same for everybody"},
      {"weather.Forecast", "the same for everybody"},
      {"weather.Get", "the same for everybody"},
      {"weather.List", "the same for everybody"},
      {"world.Factions", "who holds what, as everybody sees; not what is in their chests"},
      {"world.Get", "the map; not the seed"},
      {"world.Market", "prices, the same for everybody"},
      {"worlds.Lines", "moments by name, and nothing of what happened in them"},
      {"worlds.List", "which there are, and nothing of who is in them"},
      {"worlds.Wake", "every request that names it does"},
  };
  return kOpen;
}

// Fields by what they are called, aimed at bert, at marta, or at whatever this test made.
std::unique_ptr<Message> aimed(const MethodInfo& method, const std::map<std::string, std::string>& values) {
  auto request = new_message(method.request);
  const auto* reflection = request->GetReflection();
  for (int i = 0; i < method.request->field_count(); ++i) {
    const auto* field = method.request->field(i);
    const auto value = values.find(field->name());
    if (value != values.end() && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated())
      reflection->SetString(request.get(), field, value->second);
  }
  return request;
}

class Rights : public testing::Test {
 protected:
  test::FakeRunner runner_{{{.name = "lanternfall", .pack = "lanternfall"}}};
  test::World world_{test::lanternfall_world(kSeed, nullptr, {[this](Host& host) -> std::shared_ptr<void> {
                                               return std::make_shared<SharedServices>(test::lanternfall(),
                                                                                       host, runner_);
                                             }})};
  const Caller game_{.name = "game", .role = pb::ROLE_GAME_SERVER};

  template <class Reply, class Request>
  Reply must(const Caller& caller, const std::string& json) {
    Request request;
    const auto read = from_json(json, request);
    EXPECT_TRUE(read) << json << (read ? "" : read.error().message);
    const auto reply = world_.call<Reply>(caller, request);
    EXPECT_TRUE(reply) << json << ": " << (reply ? "" : reply.error().message);
    return reply.value_or(Reply());
  }
  Result<std::string> call(const MethodInfo& method, const Caller& caller, const Message& request) {
    const auto answer = world_.call_method(&method, caller, request.SerializeAsString());
    if (!answer) return std::unexpected(answer.error());
    const auto reply = new_message(method.reply);
    EXPECT_TRUE(reply->ParseFromString(*answer)) << method.name;
    return to_json(*reply);
  }
  // Something of bert's, of marta's mind, of the operators': words that nobody else may read.
  std::vector<std::string> plant() {
    (void)must<pb::StateDocument, pb::StatePutRequest>(
        game_, R"({"kind":"player","id":"bert","document":{"place":"harbour","note":"DOCUMENT-CANARY"}})");
    (void)must<pb::StateDocument, pb::StatePutRequest>(
        game_, R"({"kind":"player","id":"anna","document":{"place":"harbour"}})");
    (void)must<pb::StateDocument, pb::StatePutRequest>(
        game_, R"({"kind":"hoard","id":"bert","document":{"place":"harbour","note":"HOARD-CANARY"}})");
    (void)must<pb::NpcTalkReply, pb::NpcTalkRequest>(test::player("bert"),
                                                     R"({"npc":"marta","text":"TALK-CANARY"})");
    (void)must<pb::NpcRememberReply, pb::NpcRememberRequest>(
        game_, R"({"npc":"marta","memories":[{"text":"MEMORY-CANARY"}]})");
    (void)must<pb::RouterJob, pb::RouterSubmitRequest>(
        game_,
        R"({"kind":"story","work":{"player":"bert","messages":[{"role":"user","text":"JOB-CANARY"}]}})");
    (void)must<pb::EventsConsumeReply, pb::EventsConsumeRequest>(game_, R"({"consumer":"CONSUMER-CANARY"})");
    (void)must<pb::PlayerTier, pb::SettingsSetTierRequest>(game_, R"({"player":"bert","tier":"whale"})");
    std::vector<std::string> canaries = {"CANARY", std::to_string(kSeed), "whale\""};
    const auto people = must<pb::NpcListReply, pb::NpcListRequest>(test::designer(), "{}");
    for (const auto& npc : people.npcs()) {
      if (npc.place() != "harbour" && !npc.activity().empty()) canaries.push_back('"' + npc.activity() + '"');
      if (!npc.reason().empty()) canaries.push_back('"' + npc.reason() + '"');
    }
    EXPECT_GT(canaries.size(), 10U) << "somebody does something elsewhere";
    return canaries;
  }
  static std::vector<std::map<std::string, std::string>> aims() {
    return {{},
            {{"player", "bert"},
             {"kind", "player"},
             {"id", "bert"},
             {"npc", "marta"},
             {"actor", "bert"},
             {"subject", "bert"},
             {"category", "audio"},
             {"region", "harbour"},
             {"flag", "storms"}},
            {{"player", "bert"},
             {"kind", "npc"},
             {"id", "marta"},
             {"npc", "marta"},
             {"actor", "marta"},
             {"subject", "marta"}},
            {{"player", "bert"}, {"kind", "hoard"}, {"id", "bert"}, {"npc", "isolde"}}};
  }
};

TEST_F(Rights, WhoHasNoneHearsSo) {
  const Caller callers[] = {{.name = "anna", .role = pb::ROLE_PLAYER},
                            {.name = "marta", .role = pb::ROLE_NPC},
                            {.name = "game", .role = pb::ROLE_GAME_SERVER},
                            {.name = "dora", .role = pb::ROLE_DESIGNER},
                            {.name = "nobody", .role = pb::ROLE_UNSPECIFIED}};
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      for (const auto& caller : callers) {
        if (method->allows(caller.role)) {
          EXPECT_NE(caller.role, pb::ROLE_UNSPECIFIED) << method->name;
          continue;
        }
        const auto answer = call(*method, caller, *aimed(*method, {}));
        ASSERT_FALSE(answer) << method->name << " for " << caller.name;
        const char* reason = caller.role == pb::ROLE_UNSPECIFIED ? "rpc.no_role" : "rpc.role";
        EXPECT_EQ(answer.error().reason, reason) << method->name << " for " << caller.name;
      }
    }
  }
}

TEST_F(Rights, WhatPlayersMayCallSaysWhy) {
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      EXPECT_EQ(method->allows(pb::ROLE_PLAYER), open_to_players().contains(method->name))
          << method->name << ": open to players, and why does that show nothing of others?";
    }
  }
}

TEST_F(Rights, APlayerReadsNothingThatIsAnothersOrOutOfSight) {
  const auto canaries = plant();
  std::string operators;
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      if (!method->access.read_only()) continue;
      for (const auto& aim : aims()) {
        const auto request = aimed(*method, aim);
        for (const auto& caller :
             {test::player("anna"), test::player(""), Caller{.name = "tobin", .role = pb::ROLE_NPC}}) {
          if (!method->allows(caller.role)) continue;
          const auto answer = call(*method, caller, *request);
          const std::string text = answer ? *answer : answer.error().message;
          for (const auto& canary : canaries) {
            EXPECT_EQ(text.find(canary), std::string::npos)
                << method->name << " tells '" << caller.name << "' " << canary << " for "
                << request->ShortDebugString();
          }
        }
        if (const auto answer = call(*method, test::designer(), *request)) operators += *answer;
      }
    }
  }
  for (const char* planted : {"DOCUMENT-CANARY", "TALK-CANARY", "MEMORY-CANARY", "CONSUMER-CANARY"}) {
    EXPECT_NE(operators.find(planted), std::string::npos) << planted << ": nobody at all reads it";
  }
}

// What is no RPC is a matter between services: nobody else gets to a handler, by whatever door.
TEST_F(Rights, WhatIsNoRpcIsForTheServerAlone) {
  int refused = 0;
  const auto* file = pb::TurnFailed::descriptor()->file();
  std::vector<const google::protobuf::FileDescriptor*> files{file};
  for (const auto& service : all_services()) files.push_back(service.methods.front()->request->file());
  for (const auto* of : files) {
    for (int i = 0; i < of->message_type_count(); ++i) {
      const auto* message = of->message_type(i);
      if (find_method(message) != nullptr) continue;
      for (const auto& caller : {test::player("anna"), game_, test::designer()}) {
        const auto answer = world_.submit(caller, message->full_name());
        ASSERT_FALSE(answer) << message->full_name();
        if (answer.error().reason == "rpc.role") {
          ++refused;
        } else {
          EXPECT_EQ(answer.error().reason, "rpc.unknown") << message->full_name();
        }
      }
    }
  }
  EXPECT_GT(refused, 30) << "the commands that services give each other are among them";
}

// The same player's own things are theirs.
TEST_F(Rights, APlayerReadsWhatIsTheirs) {
  (void)plant();
  const auto own =
      must<pb::StateDocument, pb::StateGetRequest>(test::player("bert"), R"({"kind":"player","id":"bert"})");
  EXPECT_EQ(own.document().fields().at("note").string_value(), "DOCUMENT-CANARY");
  const auto heard = must<pb::EventsHistoryReply, pb::EventsHistoryRequest>(test::player("bert"),
                                                                            R"({"type":"DialogueStarted"})");
  ASSERT_EQ(heard.events_size(), 1);
  EXPECT_EQ(heard.events(0).payload().fields().at("text").string_value(), "TALK-CANARY");
}

// Perceived where and when it happened: nobody reads about it who comes later, and whoever was there does.
TEST_F(Rights, WhatHappensIsForThoseWhoWereThere) {
  (void)plant();
  (void)must<pb::StateDocument, pb::StatePutRequest>(
      game_, R"({"kind":"player","id":"carl","document":{"place":"fish_market"}})");
  const auto told = [&](const std::string& player, const std::string& type) {
    std::vector<std::string> subjects;
    const auto page = must<pb::EventsHistoryReply, pb::EventsHistoryRequest>(test::player(player),
                                                                             R"({"type":")" + type + "\"}");
    for (const auto& event : page.events()) subjects.push_back(event.subject());
    return subjects;
  };
  (void)must<pb::EventsPublishReply, pb::EventsPublishRequest>(
      game_, R"({"type":"AudioCueTriggered","subject":"bell","place":"harbour","payload":{"cue":"bell"}})");
  (void)must<pb::EventsPublishReply, pb::EventsPublishRequest>(
      game_,
      R"({"type":"EntityGone","subject":"bert","payload":{"kind":"player","id":"bert","reason":"left"}})");
  // They change places; what each has perceived stays what it was.
  (void)must<pb::StateDocument, pb::StatePatchRequest>(
      game_, R"({"kind":"player","id":"carl","patch":{"place":"harbour"}})");
  (void)must<pb::StateDocument, pb::StatePatchRequest>(
      game_, R"({"kind":"player","id":"anna","patch":{"place":"fish_market"}})");
  for (const char* type : {"AudioCueTriggered", "EntityGone"}) {
    EXPECT_EQ(told("anna", type).size(), 1U) << type;
    EXPECT_TRUE(told("carl", type).empty()) << type;
    EXPECT_TRUE(told("nobody", type).empty()) << type;
  }
}

// What is about somebody is for who was there, or for those whom it is about: over days of a whole world, with
// everything that happens in it. An event that forgets its place would go to everybody.
TEST_F(Rights, NothingAboutSomebodyIsForEverybody) {
  (void)plant();
  std::map<std::string, int> kinds;
  for (int hour = 0; hour < 36; ++hour) {
    world_.advance(game_hours(1));
    for (const auto* who : {"anna", "bert"}) {
      pb::CapabilitiesExecuteRequest wait;
      wait.mutable_action()->set_verb("wait");
      (void)world_.call<pb::Verdict>(test::player(who), wait);
    }
  }
  pb::NpcDieRequest die;
  die.set_npc("pip");
  die.set_cause("a fall");
  EXPECT_TRUE(world_.call<pb::NpcView>(test::designer(), die));
  (void)must<pb::StateDocument, pb::StateDeleteRequest>(game_, R"({"kind":"player","id":"bert"})");
  (void)must<pb::PlayerTier, pb::SettingsSetTierRequest>(game_, R"({"player":"anna","tier":"premium"})");
  for (const auto& envelope : world_.events()) {
    ++kinds[envelope.type()];
    if (envelope.audience().kind() != pb::Audience::EVERYBODY) continue;
    const auto type = find_event_type(envelope.type());
    ASSERT_TRUE(type);
    for (const char* whose : {"npc", "player", "actor", "to", "id"}) {
      const auto* field = (*type)->message->FindFieldByName(whose);
      EXPECT_TRUE(field == nullptr || field->type() != FieldDescriptor::TYPE_STRING)
          << envelope.ShortDebugString();
    }
  }
  EXPECT_GT(kinds.size(), 15U);
}

}  // namespace
}  // namespace troupe
