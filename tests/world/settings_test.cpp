// Each setting that the server acts on does what it says: one that has no row here fails.
#include <map>

#include "services/settings/world_settings.h"
#include "tests/world/minds.h"

namespace troupe::test {
namespace {

// Lanternfall where an engine of the test's own speaks and chooses.
struct Thinking {
  Thinking()
      : world({[this](Host& host) -> std::shared_ptr<void> {
                engine = std::make_unique<FakeEngine>(host.env(), "fake", std::vector<std::string>{"m"});
                RouterConfig router;
                for (const auto tier : {engine::Tier::gold, engine::Tier::silver, engine::Tier::bronze})
                  router.tiers[tier] = {{.engine = engine.get(), .model = "m"}};
                services = std::make_shared<WorldServices>(
                    lanternfall(), host, router, NpcConfig{.read_ahead = false}, AiConfig{}, ModelsConfig{});
                return services;
              }},
              {.world = lanternfall().world.name, .start = GameTime{} + game_hours(20)}) {
    services->start();
    world.settle();
  }
  void set(const std::string& key, const google::protobuf::Value& value) {
    pb::SettingChanged changed;
    changed.set_category("ai");
    changed.set_key(key);
    *changed.mutable_value() = value;
    pb::SettingsHeard heard;
    heard.set_event("SettingChanged");
    heard.set_subject("ai." + key);
    heard.set_payload(changed.SerializeAsString());
    bool done = false;
    world.host().spawn("set", [this, heard, &done]() -> rt::asio::awaitable<void> {
      const auto told = co_await world.host().submit<pb::SettingsHeardReply>(Caller::server(), heard);
      EXPECT_TRUE(told) << told.error().message;
      done = true;
    });
    world.run_until([&] { return done; });
  }
  World::Answer talk() {
    pb::NpcTalkRequest request;
    request.set_npc("marta");
    request.set_text("The ferryman is in debt.");
    return world.start(player(), request);
  }

  std::unique_ptr<FakeEngine> engine;
  std::shared_ptr<WorldServices> services;
  World world;
};

google::protobuf::Value number(double value) {
  google::protobuf::Value out;
  out.set_number_value(value);
  return out;
}
google::protobuf::Value boolean(bool value) {
  google::protobuf::Value out;
  out.set_bool_value(value);
  return out;
}

void talk_deadline() {
  Thinking by_default;
  const auto slow = by_default.talk();
  by_default.world.pass(std::chrono::seconds(3));
  EXPECT_FALSE(slow->has_value());
  Thinking set;
  set.set("talk_deadline_ms", number(1000));
  const auto answer = set.talk();
  set.world.pass(std::chrono::seconds(3));
  EXPECT_TRUE(answer->has_value()) << "a written line, when the time is over";
}

void choose_deadline() {
  const auto time_of = [](double ms) {
    Thinking thinking;
    if (ms > 0) thinking.set("choose_deadline_ms", number(ms));
    pb::NpcInputRequest input;
    const auto* home = lanternfall().place(lanternfall().npc("marta")->home.str());
    input.set_x(home->x);
    input.set_y(home->y);
    for (int step = 0; step < 600 && thinking.engine->choices == 0; ++step) {
      (void)thinking.world.call<pb::NpcInputReply>(player(), input);
      thinking.world.pass(std::chrono::seconds(1));
    }
    EXPECT_GT(thinking.engine->choices, 0) << "somebody near a player chooses";
    return thinking.engine->time_to_choose;
  };
  EXPECT_GT(time_of(0), std::chrono::milliseconds(400));
  EXPECT_LE(time_of(100), std::chrono::milliseconds(400));
}

void reflection() {
  for (const bool on : {true, false}) {
    Thinking thinking;
    thinking.set("reflection", boolean(on));
    thinking.engine->at_once = thinking.engine->says("Good evening to you.");
    const auto said = thinking.talk();
    thinking.world.run_until([&] { return said->has_value(); });
    thinking.world.advance_to(GameTime{} + game_hours(22) + game_minutes(30));
    std::size_t jobs = 0;
    for (const auto& row : thinking.world.rows("select id from router_jobs")) jobs += row.values().size();
    EXPECT_EQ(jobs > 0, on) << "a job in the evening, for whoever was talked to";
    if (!on) EXPECT_EQ(thinking.world.state_hash(), thinking.world.replayed_state_hash());
  }
}

TEST(Settings, EachOfTheServersDoesWhatItSays) {
  const std::map<std::string, std::function<void()>> effects = {
      {"ai.choose_deadline_ms", choose_deadline},
      {"ai.reflection", reflection},
      {"ai.talk_deadline_ms", talk_deadline},
      // The door asks for these: Ws.AsManyPlayersAsAreSet*, and the part `settings` of the tests from outside.
      {"world.message_of_the_day", [] {}},
      {"world.players_max", [] {}},
  };
  for (const auto& setting : settings::all_settings()) {
    SCOPED_TRACE(setting.name());
    const auto effect = effects.find(setting.name());
    EXPECT_EQ(effect != effects.end(), settings::used_by(setting) == "server");
    if (effect != effects.end()) effect->second();
  }
}

}  // namespace
}  // namespace troupe::test
