// One rule, many doors: each event type of the protos, emitted for everybody, for one player and for
// operators, is seen by the same people through the socket (live, and from a cursor), events.History, Consume
// and world.Why; so are types of a game's own. A type that is added later is tried too, without a line here;
// an RPC that is added later and answers with events does not pass before it is one of these doors.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "edge/edge_rig.h"
#include "services/events/events_service.h"
#include "services/world/world_service.h"
#include "tests/support/quay.h"

namespace troupe {
namespace {

using edge::Rig;
using edge::WsClient;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Json = nlohmann::json;

constexpr const char* kHidden = "HIDDEN-CANARY";
constexpr const char* kOpen = "OPEN-CANARY";
constexpr const char* kAudiences[] = {"everybody", "anna", "operators"};
// Of a game's own: the type's name, and who perceives it by its declaration.
const std::map<std::string, std::string> kOwn = {
    {"OwnForAll", "everybody"}, {"OwnForOne", "player"}, {"OwnForNobody", "operators"}, {"OwnSilent", ""}};

void fill(Message& message, bool hidden, int depth = 0) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    const bool secret = hidden || field->options().GetExtension(pb::hidden);
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (field->is_repeated()) {
        reflection->AddString(&message, field, secret ? kHidden : kOpen);
      } else {
        reflection->SetString(&message, field, secret ? kHidden : kOpen);
      }
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE && !field->is_map() && depth < 3 &&
               field->message_type()->file()->package() == "troupe.v1") {
      fill(field->is_repeated() ? *reflection->AddMessage(&message, field)
                                : *reflection->MutableMessage(&message, field),
           secret, depth + 1);
    }
  }
}

Audience audience_named(const std::string& name) {
  if (name == "everybody") return Audience::everybody();
  return name == "operators" ? Audience::operators() : Audience::one(name);
}

// Emits whatever it is asked for: time.Schedule with the type as `id` and the audience as `payload`.
class Emitter {
 public:
  explicit Emitter(Host& host) { host.serve(&Emitter::emit, this); }
  Result<pb::TimeScheduleReply> emit(Turn& turn, const Caller&, const pb::TimeScheduleRequest& request) {
    TRY(const EventType* type, find_event_type(request.id()));
    const auto event = new_message(type->message);
    fill(*event, false);
    turn.emit(*event, {.subject = request.payload(), .audience = audience_named(request.payload())});
    return pb::TimeScheduleReply();
  }
};

struct World {
  explicit World(Host& host) : emitter(host), events(test::quay(), host), why(test::quay(), host) {
    events.mount();
    why.mount();
  }
  Emitter emitter;
  EventsService events;
  WorldService why;
};

struct Viewer {
  const char* player;
  const char* role;
  bool whole;  // an operator
  std::vector<std::string> headers() const {
    std::vector<std::string> lines = {std::string("X-Troupe-Role: ") + role};
    if (*player != '\0') lines.push_back(std::string("X-Troupe-Player: ") + player);
    return lines;
  }
  bool sees(const std::string& audience) const {
    return whole || audience == "everybody" || (audience == player && std::string(role) == "player");
  }
};
const Viewer kViewers[] = {{"anna", "player", false}, {"bert", "player", false}, {"anna", "npc", false},
                           {"", "game_server", true}, {"", "designer", true},    {"", "admin", true}};

// What a door showed: "Type audience" of each event, and all of its text.
struct Seen {
  std::set<std::string> events;
  std::string text;
};

class Doors : public testing::Test {
 protected:
  Rig rig_{{.world = [](Host& host) { return std::make_shared<World>(host); }}};
  std::set<std::string> own_;

  void emit(const std::string& type, const std::string& audience) {
    const auto done =
        edge::post(rig_.port(), "/api/time/Schedule", Json{{"id", type}, {"payload", audience}}.dump());
    ASSERT_EQ(done.status, 200) << type << done.body;
  }
  void emit_everything() {
    for (const auto& type : all_event_types()) {
      for (const char* audience : kAudiences) emit(type.type, audience);
    }
  }
  // One of each of a game's own types; the subject says for whom, as above.
  void emit_own() {
    for (const auto& [type, audience] : kOwn) {
      const auto declared = edge::post(
          rig_.port(), "/api/events/Register",
          Json{{"type", type},
               {"audience", audience},
               {"fields", {{{"name", "player"}, {"type", "string"}}, {{"name", "word"}, {"type", "string"}}}}}
              .dump());
      ASSERT_EQ(declared.status, 200) << declared.body;
      const std::string subject = audience == "everybody" ? "everybody"
                                  : audience == "player"  ? "anna"
                                                          : "operators";
      for (const bool said :
           {false, true}) {  // as declared, and for operators alone where whoever publishes says so
        Json event = {{"type", type},
                      {"subject", said ? "operators" : subject},
                      {"payload", {{"player", "anna"}, {"word", kOpen}}}};
        if (said) event["audience"] = "operators";
        const auto done = edge::post(rig_.port(), "/api/events/Publish", event.dump());
        ASSERT_EQ(done.status, 200) << done.body;
        own_.insert(type + " " + event["subject"].get<std::string>());
      }
    }
  }
  std::set<std::string> expected(const Viewer& viewer, bool live) const {
    std::set<std::string> events;
    for (const auto& own : own_) {
      if (viewer.sees(own.substr(own.find(' ') + 1))) events.insert(own);
    }
    for (const auto& type : all_event_types()) {
      for (const char* audience : kAudiences) {
        if ((live || !type.info.live()) && viewer.sees(audience)) events.insert(type.type + " " + audience);
      }
    }
    return events;
  }
  void expect(const Viewer& viewer, const Seen& seen, bool live, const std::string& door) const {
    const std::string who = door + ", " + viewer.role + " " + viewer.player;
    EXPECT_EQ(seen.events, expected(viewer, live)) << who;
    EXPECT_EQ(seen.text.find(kHidden) != std::string::npos, viewer.whole) << who;
    EXPECT_NE(seen.text.find(kOpen), std::string::npos) << who;
    EXPECT_EQ(seen.text.find("\"audience\":{") != std::string::npos, viewer.whole) << who;
  }

  std::unique_ptr<WsClient> socket(const Viewer& viewer, std::optional<std::uint64_t> cursor) {
    auto client = std::make_unique<WsClient>(rig_.port(), "troupe.v1.json");
    Json hello = {{"role", viewer.role}, {"subscribe", {{"id", 1}}}};
    if (*viewer.player != '\0') hello["player"] = viewer.player;
    if (cursor) hello["cursor"] = *cursor;
    (void)client->hello(hello);
    EXPECT_FALSE(client->read_json("response").contains("error"));
    return client;
  }
  // Up to the fence, which everybody sees.
  static Seen read(WsClient& client) {
    Seen seen;
    for (;;) {
      const auto event = client.read_json("event");
      if (event.is_null()) break;
      const auto& envelope = event["envelope"];
      if (envelope["subject"] == "fence") break;
      seen.events.insert(envelope["type"].get<std::string>() + " " + envelope["subject"].get<std::string>());
      seen.text += event.dump();
    }
    return seen;
  }
  Seen pages(const Viewer& viewer, const std::string& method, Json request) {
    Seen seen;
    for (int page = 0; page < 20; ++page) {
      const auto answer = edge::post(rig_.port(), "/api/events/" + method, request.dump(), viewer.headers());
      EXPECT_EQ(answer.status, 200) << answer.body;
      const auto reply = answer.json();
      if (reply["events"].empty()) break;
      for (const auto& event : reply["events"]) {
        seen.events.insert(event["type"].get<std::string>() + " " + event["subject"].get<std::string>());
        seen.text += event.dump();
      }
      const auto last = reply["events"].back()["sequence"];
      if (method == "History") {
        request["after_sequence"] = last;
      } else {
        (void)edge::post(rig_.port(), "/api/events/Ack",
                         Json{{"consumer", request["consumer"]}, {"sequence", last}}.dump());
      }
    }
    return seen;
  }
};

TEST_F(Doors, ShowEachEventToTheSamePeople) {
  std::vector<std::unique_ptr<WsClient>> live;
  for (const auto& viewer : kViewers) live.push_back(socket(viewer, std::nullopt));
  emit_everything();
  emit_own();
  // Not before everything: what a door shows does not depend on when it is asked.
  for (std::size_t i = 0; i < std::size(kViewers); ++i) {
    const Viewer& viewer = kViewers[i];
    if (std::string(viewer.role) != "npc") {
      expect(viewer, pages(viewer, "History", {{"limit", 100}}), false, "History");
    }
    if (viewer.whole) {
      const std::string name = std::string("all-") + viewer.role;
      expect(viewer, pages(viewer, "Consume", {{"consumer", name}, {"from_sequence", 1}}), false, "Consume");
    }
  }
  std::vector<std::unique_ptr<WsClient>> resumed;
  for (const auto& viewer : kViewers) resumed.push_back(socket(viewer, 0));
  const auto fence = edge::post(
      rig_.port(), "/api/events/Publish",
      R"({"type":"AudioCueTriggered","subject":"fence","audience":"everybody","payload":{"cue":"end"}})");
  ASSERT_EQ(fence.status, 200) << fence.body;
  for (std::size_t i = 0; i < std::size(kViewers); ++i) {
    expect(kViewers[i], read(*live[i]), true, "socket, live");
    expect(kViewers[i], read(*resumed[i]), false, "socket, from a cursor");
  }
}

// Whether a message has an event in it, at whatever depth: something with a type and a payload.
bool holds_events(const google::protobuf::Descriptor& message, std::set<std::string>& seen) {
  if (message.FindFieldByName("type") != nullptr && message.FindFieldByName("payload") != nullptr)
    return true;
  if (!seen.insert(message.full_name()).second) return false;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto* below = message.field(i)->message_type();
    if (below != nullptr && holds_events(*below, seen)) return true;
  }
  return false;
}

TEST(DoorsOfEvents, AreAllTriedHere) {
  std::set<std::string> doors;
  for (const auto& service : all_services()) {
    for (const auto* method : service.methods) {
      std::set<std::string> seen;
      if (!holds_events(*method->reply, seen)) continue;
      doors.insert(method->name);
      // Those that do not look at each event's audience are for those who see everything.
      if (method->name != "events.History") {
        EXPECT_FALSE(method->allows(pb::ROLE_PLAYER) || method->allows(pb::ROLE_NPC)) << method->name;
      }
    }
  }
  EXPECT_EQ(doors,
            (std::set<std::string>{"events.Consume", "events.DeadLetters", "events.History", "world.Why"}))
      << "another RPC answers with events: try it as ShowEachEventToTheSamePeople tries these";
}

TEST_F(Doors, WhyIsForThoseWhoSeeEverything) {
  emit("VerbExecuted", "operators");
  for (const auto& viewer : kViewers) {
    const auto answer = edge::post(rig_.port(), "/api/world/Why", R"({"event_id":"1"})", viewer.headers());
    const bool may = std::string(viewer.role) == "designer" || std::string(viewer.role) == "admin";
    EXPECT_EQ(answer.status, may ? 200 : 403) << viewer.role;
    EXPECT_EQ(answer.body.find("CANARY") != std::string::npos, may) << viewer.role;
  }
}

TEST_F(Doors, ATypeThatIsNotForPlayersCannotBeSubscribedToByThem) {
  for (const auto& type : all_event_types()) {
    for (const auto& viewer : kViewers) {
      WsClient client(rig_.port(), "troupe.v1.json");
      Json hello = {{"role", viewer.role}, {"subscribe", {{"id", 1}, {"types", {type.type}}}}};
      if (*viewer.player != '\0') hello["player"] = viewer.player;
      (void)client.hello(hello);
      const bool refused = client.read_json("response").contains("error");
      EXPECT_EQ(refused, !viewer.whole && !type.info.players()) << type.type << ", " << viewer.role;
    }
  }
}

TEST_F(Doors, AGamesOwnTypeComesThroughAllOfThem) {
  const auto done = edge::post(rig_.port(), "/api/events/Register",
                               R"({"type":"DragonSlain","audience":"everybody",
                                   "fields":[{"name":"dragon","type":"string","required":true}]})");
  ASSERT_EQ(done.status, 200) << done.body;
  WsClient client(rig_.port(), "troupe.v1.json");
  (void)client.hello({{"player", "anna"}, {"subscribe", {{"id", 1}, {"types", {"DragonSlain"}}}}});
  EXPECT_FALSE(client.read_json("response").contains("error"));
  WsClient wrong(rig_.port(), "troupe.v1.json");
  (void)wrong.hello({{"player", "anna"}, {"subscribe", {{"id", 1}, {"types", {"DragonSlian"}}}}});
  EXPECT_EQ(wrong.read_json("response")["error"]["reason"], "events.unknown_type");
  const auto published = edge::post(rig_.port(), "/api/events/Publish",
                                    R"({"type":"DragonSlain","payload":{"dragon":"Fafnir"}})");
  ASSERT_EQ(published.status, 200) << published.body;
  const auto event = client.read_json("event");
  EXPECT_EQ(event["envelope"]["type"], "DragonSlain");
  EXPECT_EQ(event["json"]["dragon"], "Fafnir");
  const auto why = edge::post(rig_.port(), "/api/world/Why", R"({"event_id":"1"})");
  EXPECT_NE(why.body.find("Fafnir"), std::string::npos) << why.body;
}

}  // namespace
}  // namespace troupe
