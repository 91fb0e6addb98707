// What holds for every RPC of the protos, on a world with every service: a new one is covered without a line
// here.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "host/json.h"
#include "services/worlds/fake_runner.h"
#include "tests/world/lanternfall.h"
#include "troupe/v1/state.pb.h"

namespace troupe::test {
namespace {

World everything() {
  static const auto reflex = engine::make_reflex_engine({});
  RouterConfig router;
  router.tiers[engine::Tier::gold] = {{.engine = reflex.get(), .model = "reflex", .writes = false}};
  const Mount world = [router](Host& host) -> std::shared_ptr<void> {
    return std::make_shared<WorldServices>(lanternfall(), host, router, NpcConfig{.thinks = false},
                                           AiConfig{}, ModelsConfig{});
  };
  static FakeRunner runner({{.name = lanternfall().world.name, .pack = lanternfall().world.name}});
  const Mount shared = [](Host& host) -> std::shared_ptr<void> {
    return std::make_shared<SharedServices>(lanternfall(), host, runner);
  };
  const auto config = timeline_config(lanternfall(), 1);
  return World({shared, world},
               {.world = config.world, .seed = 1, .start = config.start, .scale = config.scale});
}

Result<std::string> ask(World& world, const MethodInfo* method, Caller caller, const std::string& payload) {
  const auto answer = std::make_shared<std::optional<Result<std::string>>>();
  caller.world = world.options().world;
  world.host().spawn("ask", [&world, answer, method, caller, payload]() -> rt::asio::awaitable<void> {
    answer->emplace(co_await call_over_bus(world.env(), world.bus(), method, caller, payload));
  });
  world.run_until([&] { return answer->has_value(); });
  return **answer;
}

Caller admin(std::string key = {}) {
  Caller caller{.name = "root", .role = pb::ROLE_ADMIN};
  caller.idempotency_key = std::move(key);
  return caller;
}

std::vector<const MethodInfo*> every_rpc() {
  std::vector<const MethodInfo*> all;
  for (const auto& service : all_services())
    all.insert(all.end(), service.methods.begin(), service.methods.end());
  return all;
}

// Requests that are taken; an RPC without one here is asked with an empty one.
const std::map<std::string, std::string>& good_requests() {
  static const std::map<std::string, std::string> kGood = {
      {"ai.SetProfile", R"({"profile":{"player":"anna","name":"teen"}})"},
      {"events.Consume", R"({"consumer":"hud"})"},
      {"npc.Forget", R"({"player":"anna"})"},
      {"npc.Input", R"({"player":"anna","x":300,"y":60})"},
      {"npc.Prompt", R"({"npc":"marta","text":"Good morning","player":"anna"})"},
      {"npc.Remember", R"({"npc":"marta","memories":[{"text":"A ship lay off the point."}]})"},
      {"npc.Talk", R"({"npc":"marta","text":"Good morning","player":"anna"})"},
      {"settings.Declare", R"({"key":"fog","type":"bool","default_value":true,"summary":"Fog"})"},
      {"settings.Set", R"({"category":"audio","key":"master_volume","value":0.5})"},
      {"settings.SetFlag", R"({"flag":{"flag":"map","on":true}})"},
      {"settings.SetPreference",
       R"({"player":"anna","category":"audio","key":"master_volume","value":0.25})"},
      {"settings.SetTier", R"({"player":"anna","tier":"premium"})"},
      {"state.Delete", R"({"kind":"chest","id":"b","version":1})"},
      {"state.Put", R"({"kind":"chest","id":"a","document":{"coins":3}})"},
      {"time.Advance", R"({"by_ms":60000})"},
      {"time.Schedule", R"({"at_ms":999999999999,"name":"bell"})"},
      {"time.SetScale", R"({"scale":120})"},
      {"time.Unschedule", R"({"id":"nothing"})"},
      {"world.Resolve", R"({"faction":"lamp_company","against":"night_boats","how":"ally"})"},
      {"world.Shock", R"({"kind":"boom","good":"herring"})"},
  };
  return kGood;
}

std::string request_of(const MethodInfo* method) {
  const auto message = new_message(method->request);
  const auto good = good_requests().find(method->name);
  if (good != good_requests().end()) EXPECT_TRUE(from_json(good->second, *message)) << method->name;
  return message->SerializeAsString();
}

TEST(EveryRpc, HonoursAKeyOrRefusesItByName) {
  auto world = everything();
  std::vector<std::string> honoured;
  for (const auto* method : every_rpc()) {
    SCOPED_TRACE(method->name);
    const std::string request = request_of(method);
    const Caller caller = admin("key of " + method->name);
    const auto first = ask(world, method, caller, request);
    if (!method->takes_key()) {
      ASSERT_FALSE(first.has_value());
      EXPECT_EQ(first.error().reason, "idempotency.not_taken");
      EXPECT_THAT(first.error().message, testing::HasSubstr(method->name));
      continue;
    }
    if (!first) {  // refused for what it holds, and the key is free
      EXPECT_THAT(first.error().reason, testing::Not(testing::StartsWith("idempotency.")))
          << first.error().message;
      continue;
    }
    honoured.push_back(method->name);
    world.settle();
    const auto inputs = world.timeline().tail().inputs;
    const auto again = ask(world, method, caller, request);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(*again, *first);
    world.settle();
    EXPECT_EQ(world.timeline().tail().inputs, inputs) << "one effect";
    // The same key with a field that nobody knows: another body.
    const auto other = ask(world, method, caller, request + "\xC0\x3E\x01");
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().reason, "idempotency.other_request");
  }
  for (const auto& [name, request] : good_requests()) {
    if (name != "state.Delete")
      EXPECT_THAT(honoured, testing::Contains(name)) << "its request here is refused";
  }
  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
}

// What changed nothing is not an event: the same request again tells nobody anything. Time stands meanwhile.
TEST(EveryRpc, TheSameAgainIsNoEvent) {
  const std::set<std::string> happens_again = {"npc.Remember", "npc.Talk", "time.Advance", "world.Resolve",
                                               "world.Shock"};
  for (const auto& [name, json] : good_requests()) {
    SCOPED_TRACE(name);
    auto world = everything();
    const auto method = find_method(name);
    ASSERT_TRUE(method);
    if ((*method)->access.read_only()) continue;
    const std::string request = request_of(*method);
    (void)ask(world, *method, admin(), request);
    world.settle();
    world.clear_events();
    const auto logged = world.timeline().tail().events;
    (void)ask(world, *method, admin(), request);
    world.settle();
    EXPECT_EQ(world.timeline().tail().events > logged, happens_again.contains(name));
    if (!happens_again.contains(name))
      EXPECT_TRUE(world.events().empty()) << world.events().front().ShortDebugString();
  }
}

// Sets one string field after the other to `text`, also within messages, and names and values of maps and
// documents; and undoes it again.
void each_string(google::protobuf::Message& message, const std::string& text, int depth,
                 const std::string& path, const std::function<void(const std::string&)>& look) {
  using google::protobuf::FieldDescriptor;
  const auto* values = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const std::string name = path + field->name();
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      field->is_repeated() ? values->AddString(&message, field, text)
                           : values->SetString(&message, field, text);
      look(name);
      values->ClearField(&message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth > 0) {
      auto* below = field->is_repeated() ? values->AddMessage(&message, field)
                                         : values->MutableMessage(&message, field);
      each_string(*below, text, depth - 1, name + ".", look);
      values->ClearField(&message, field);
    }
  }
}

TEST(EveryRpc, RefusesTextThatCannotBeStoredInItsOwnTurn) {
  auto world = everything();
  int fields = 0;
  for (const auto* method : every_rpc()) {
    const auto message = new_message(method->request);
    each_string(*message, std::string("a\0b", 3), 4, method->name + ": ", [&](const std::string& name) {
      ++fields;
      const auto tail = world.timeline().tail().inputs;
      const auto reply = ask(world, method, admin(), message->SerializeAsString());
      ASSERT_FALSE(reply.has_value()) << name;
      EXPECT_EQ(reply.error().reason, "rpc.bad_text") << name;
      EXPECT_EQ(world.timeline().tail().inputs, tail) << name;
    });
  }
  EXPECT_GT(fields, 150);
  EXPECT_TRUE(world.timeline().health().has_value());
}

// Names, documents, events, causes: whatever a game hands on may be what a player typed.
TEST(EveryRpc, TakesNoTextThatTheWorldsRatingDoesNotAllow) {
  auto world = everything();
  int fields = 0;
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  for (const auto* method : every_rpc()) {
    if (method->access.read_only() || method->access.unheard() || !method->allows(game.role)) continue;
    const auto message = new_message(method->request);
    each_string(*message, "you cunt", 4, method->name + ": ", [&](const std::string& name) {
      ++fields;
      const auto tail = world.timeline().tail().inputs;
      const auto reply = ask(world, method, game, message->SerializeAsString());
      ASSERT_FALSE(reply.has_value()) << name;
      EXPECT_EQ(reply.error().reason, "ai.held_back") << name << ": " << reply.error().message;
      EXPECT_LE(world.timeline().tail().inputs, tail + 1) << name << ": no more than the record of it";
      const auto by_author = ask(world, method, admin(), message->SerializeAsString());
      EXPECT_TRUE(by_author || by_author.error().reason != "ai.held_back") << name;
    });
  }
  EXPECT_GT(fields, 40);
  world.settle();
  const auto kept = world.events_of<pb::GuardrailViolated>();
  ASSERT_FALSE(kept.empty());
  EXPECT_LE(kept.size(), 10U) << "of one caller in a minute; the rest is counted";
  EXPECT_EQ(kept[0].evidence(), "cunt");
  EXPECT_EQ(kept[0].direction(), "in");
}

// They are looked at in slices: no word hides in a seam, and none is made by one.
TEST(EveryRpc, ALongTextIsReadToItsEnd) {
  auto world = everything();
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
  const auto put = [&](const std::string& text) {
    pb::StatePutRequest request;
    request.set_kind("note");
    static int next = 0;
    request.set_id("n" + std::to_string(++next));
    (*request.mutable_document()->mutable_fields())["text"].set_string_value(text);
    const auto reply = world.call<pb::StateDocument>(game, request);
    return reply ? std::string("kept") : reply.error().reason;
  };
  const std::string fine(9000, ' ');
  for (std::size_t at : {0, 3800, 4088, 4090, 4092, 4093, 4094, 4095, 4096, 4100, 8185, 8990}) {
    auto text = fine;
    text.replace(at, 6, " cunt ");
    EXPECT_EQ(put(text), "ai.held_back") << at;
    std::string words;
    while (words.size() < at) words += "assess classic Scunthorpe ";
    EXPECT_EQ(put(words), "kept") << at;
    EXPECT_EQ(put(words + "cunt"), "ai.held_back") << at;
  }
}

TEST(EveryRpc, IsForNobodyWhoseNameCannotBeSaidOrRead) {
  auto world = everything();
  for (const auto* method : every_rpc()) {
    if (!method->allows(pb::ROLE_PLAYER)) continue;
    for (const auto& [name, reason] :
         std::vector<std::pair<std::string, std::string>>{{"Cuntface", "ai.held_back"},
                                                          {"an\u200bna", "npc.bad_player"},
                                                          {std::string(65, 'a'), "npc.bad_player"}}) {
      const auto reply = ask(world, method, {.name = name, .role = pb::ROLE_PLAYER}, "");
      ASSERT_FALSE(reply.has_value()) << method->name << " " << name;
      EXPECT_EQ(reply.error().reason, reason) << method->name;
    }
  }
}

}  // namespace
}  // namespace troupe::test
