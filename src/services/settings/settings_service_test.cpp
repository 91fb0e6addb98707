#include "services/settings/settings_service.h"
#include "services/settings/world_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

using test::designer;
using test::player;
using testing::ElementsAre;

class SettingsTest : public testing::Test {
 protected:
  test::World world_{{test::mount<SettingsService>()}, {.world = "shared", .has_time = false}};
  const Caller game_{.name = "game", .role = pb::ROLE_GAME_SERVER};

  template <class Reply, class Request>
  Result<Reply> call(const Caller& caller, const std::string& json) {
    Request request;
    const auto done = from_json(json, request);
    EXPECT_TRUE(done) << json << ": " << (done ? "" : done.error().message);
    return world_.call<Reply>(caller, request);
  }
  Result<pb::Setting> get(const std::string& json) {
    return call<pb::Setting, pb::SettingsGetRequest>(player("anna"), json);
  }
  Result<pb::Setting> set(const std::string& json, const Caller& caller = designer()) {
    return call<pb::Setting, pb::SettingsSetRequest>(caller, json);
  }
  Result<pb::Preferences> prefer(const Caller& caller, const std::string& json) {
    return call<pb::Preferences, pb::SettingsSetPreferenceRequest>(caller, json);
  }
  Result<pb::Preferences> preferences(const Caller& caller, const std::string& json = "{}") {
    return call<pb::Preferences, pb::SettingsGetPreferencesRequest>(caller, json);
  }
  Result<pb::Flag> set_flag(const std::string& json, const Caller& caller = designer()) {
    return call<pb::Flag, pb::SettingsSetFlagRequest>(caller, json);
  }
  Result<pb::FlagState> flag(const Caller& caller, const std::string& json) {
    return call<pb::FlagState, pb::SettingsGetFlagRequest>(caller, json);
  }
  Result<pb::PlayerTier> tier(const Caller& caller, const std::string& json = "{}") {
    return call<pb::PlayerTier, pb::SettingsGetTierRequest>(caller, json);
  }
  Result<pb::PlayerTier> set_tier(const Caller& caller, const std::string& json) {
    return call<pb::PlayerTier, pb::SettingsSetTierRequest>(caller, json);
  }
  // "dora: set audio.master_volume: 0.8 -> 0.5", newest first.
  std::vector<std::string> audit() {
    const auto reply = call<pb::SettingsAuditReply, pb::SettingsAuditRequest>(designer(), "{}");
    EXPECT_TRUE(reply);
    std::vector<std::string> lines;
    for (const auto& entry : reply->entries()) {
      EXPECT_GT(entry.wall_ms(), 0);
      lines.push_back(entry.who() + ": " + entry.what() + ": " + entry.before() + " -> " + entry.after());
    }
    return lines;
  }
  static double value(const Result<pb::Preferences>& preferences, const std::string& name) {
    return preferences->values().fields().at(name).number_value();
  }
  template <class T>
  static std::string refused(const Result<T>& reply) {
    return reply ? "ok" : reply.error().reason + ": " + reply.error().message;
  }
};

TEST_F(SettingsTest, ASettingHasItsDefaultUntilItIsSet) {
  const auto before = get(R"({"category":"audio","key":"master_volume"})");
  ASSERT_TRUE(before);
  EXPECT_EQ(before->value().number_value(), .8);
  EXPECT_EQ(before->maximum(), 1);
  EXPECT_EQ(before->type(), "number");
  EXPECT_TRUE(before->per_player());
  ASSERT_TRUE(set(R"({"category":"audio","key":"master_volume","value":0.5})"));
  const auto after = get(R"({"category":"audio","key":"master_volume"})");
  EXPECT_EQ(after->value().number_value(), .5);
  EXPECT_EQ(after->default_value().number_value(), .8);
  const auto told = world_.events_of<pb::SettingChanged>("audio.master_volume");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].value().number_value(), .5);
  EXPECT_EQ(set(R"({"category":"audio","key":"master_volume","value":null})")->value().number_value(), .8);
  EXPECT_THAT(audit(), ElementsAre("dora: set audio.master_volume: 0.5 -> 0.8",
                                   "dora: set audio.master_volume: 0.8 -> 0.5"));
}

TEST_F(SettingsTest, BadValuesAreRefusedAndLeaveNothing) {
  EXPECT_EQ(refused(set(R"({"category":"video","key":"frame_rate_max","value":1000})")),
            "settings.bad_value: video.frame_rate_max is 1000; expected a whole number from 30 to 240");
  EXPECT_EQ(refused(set(R"({"category":"video","key":"frame_rate","value":60})")),
            "settings.unknown: no setting 'video.frame_rate'; did you mean 'video.frame_rate_max'?");
  EXPECT_EQ(
      refused(call<pb::SettingsListReply, pb::SettingsListRequest>(designer(), R"({"category":"sound"})")),
      "settings.unknown_category: no category 'sound' (audio, video, controls, accessibility, ai, world, "
      "game)");
  ASSERT_TRUE(set(R"({"category":"audio","key":"master_volume","value":0.8})")) << "what it is already";
  EXPECT_TRUE(world_.inputs().empty());
  EXPECT_THAT(audit(), ElementsAre());
}

TEST_F(SettingsTest, ListingShowsACategoryOrAll) {
  const auto all = call<pb::SettingsListReply, pb::SettingsListRequest>(player("anna"), "{}");
  EXPECT_EQ(all->settings_size(), static_cast<int>(settings::all_settings().size()));
  const auto video =
      call<pb::SettingsListReply, pb::SettingsListRequest>(player("anna"), R"({"category":"video"})");
  for (const auto& setting : video->settings()) EXPECT_EQ(setting.category(), "video");
  EXPECT_EQ(video->settings(0).choices(3), "ultra");
}

TEST_F(SettingsTest, PreferencesAreEachPlayersOwn) {
  ASSERT_TRUE(set(R"({"category":"audio","key":"master_volume","value":0.5})"));
  EXPECT_EQ(value(preferences(player("anna")), "audio.master_volume"), .5) << "what is set for everybody";
  const auto mine = prefer(player("anna"), R"({"category":"audio","key":"master_volume","value":0.9})");
  ASSERT_TRUE(mine) << mine.error().message;
  EXPECT_EQ(value(mine, "audio.master_volume"), .9);
  EXPECT_EQ(value(preferences(player("bert")), "audio.master_volume"), .5);
  EXPECT_EQ(value(preferences(game_, R"({"player":"anna"})"), "audio.master_volume"), .9);
  const auto told = world_.events_of<pb::PreferenceChanged>("anna");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].key(), "master_volume");
  ASSERT_TRUE(prefer(player("anna"), R"({"category":"audio","key":"master_volume","value":null})"));
  EXPECT_EQ(value(preferences(player("anna")), "audio.master_volume"), .5);
  EXPECT_EQ(audit()[0], "anna: preference audio.master_volume of anna: 0.9 -> default");

  EXPECT_EQ(refused(preferences(player("anna"), R"({"player":"bert"})")),
            "settings.not_yours: 'anna' has their own settings, not another's");
  EXPECT_EQ(refused(prefer(player("anna"),
                           R"({"player":"bert","category":"audio","key":"master_volume","value":0})")),
            "settings.not_yours: 'anna' has their own settings, not another's");
  EXPECT_EQ(refused(prefer(player("anna"), R"({"category":"world","key":"players_max","value":5})")),
            "settings.not_per_player: world.players_max is the same for everybody");
  EXPECT_EQ(refused(prefer(player("anna"), R"({"category":"audio","key":"master_volume","value":2})")),
            "settings.bad_value: audio.master_volume is 2; expected a number from 0 to 1");
  EXPECT_EQ(refused(preferences(game_)),
            "settings.bad_player: a player's name has 1 to 64 bytes and no control characters");
}

TEST_F(SettingsTest, FlagsGoBySwitchShareAndTier) {
  EXPECT_EQ(refused(flag(player("anna"), R"({"flag":"new_map"})")),
            "settings.unknown_flag: no flag 'new_map'; there is none");
  ASSERT_TRUE(set_flag(R"({"flag":{"flag":"new_map","on":true,"summary":"The map from above"}})"));
  EXPECT_TRUE(flag(player("anna"), R"({"flag":"new_map"})")->on()) << "a share left out is everybody";
  ASSERT_TRUE(set_flag(R"({"flag":{"flag":"new_map","on":true,"rollout_percent":0}})"));
  EXPECT_FALSE(flag(player("anna"), R"({"flag":"new_map"})")->on());
  ASSERT_TRUE(set_flag(R"({"flag":{"flag":"new_map","on":true,"tiers":["whale","premium"]}})"));
  EXPECT_EQ(flag(player("anna"), R"({"flag":"new_map"})")->reason(), "only for premium, whale");
  ASSERT_TRUE(set_tier(game_, R"({"player":"anna","tier":"premium"})"));
  EXPECT_TRUE(flag(player("anna"), R"({"flag":"new_map"})")->on());
  EXPECT_FALSE(flag(game_, R"({"flag":"new_map","player":"bert"})")->on());
  EXPECT_EQ(refused(flag(player("anna"), R"({"flag":"new_map","player":"bert"})")),
            "settings.not_yours: 'anna' has their own settings, not another's");
  EXPECT_EQ(world_.events_of<pb::FlagChanged>("new_map").size(), 3U);
  EXPECT_EQ(refused(set_flag(R"({"flag":{"flag":"new_map","tiers":["golden"]}})")),
            "settings.unknown_tier: no tier 'golden' (free, premium, whale)");
  EXPECT_EQ(audit()[1], "dora: flag new_map: on for 0% of all -> on for 100% of premium, whale");
}

TEST_F(SettingsTest, TiersAreNotThePlayersToSet) {
  EXPECT_EQ(tier(player("anna"))->tier(), "free");
  EXPECT_EQ(tier(player("anna"))->characters_max(), 1);
  EXPECT_EQ(refused(set_tier(player("anna"), R"({"player":"anna","tier":"whale"})")),
            "rpc.role: settings.SetTier is not for the role 'player'");
  EXPECT_EQ(refused(set_tier(designer(), R"({"player":"anna","tier":"whale"})")),
            "rpc.role: settings.SetTier is not for the role 'designer'");
  EXPECT_EQ(refused(prefer(player("anna"), R"({"category":"tier","key":"anna","value":"whale"})")),
            "settings.unknown: no setting 'tier.anna'");
  const auto whale = set_tier(game_, R"({"player":"anna","tier":"whale"})");
  ASSERT_TRUE(whale);
  EXPECT_EQ(whale->characters_max(), 10);
  EXPECT_EQ(whale->storage_mb_max(), 10'000);
  EXPECT_EQ(tier(player("anna"))->tier(), "whale");
  EXPECT_EQ(tier(player("bert"))->tier(), "free");
  EXPECT_EQ(refused(tier(player("bert"), R"({"player":"anna"})")),
            "settings.not_yours: 'bert' has their own settings, not another's");
  const auto told = world_.events_of<pb::PlayerTierChanged>("anna");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].from(), "free");
  EXPECT_EQ(told[0].to(), "whale");
  EXPECT_EQ(refused(set_tier(game_, R"({"player":"anna","tier":"gold"})")),
            "settings.unknown_tier: no tier 'gold' (free, premium, whale)");
  EXPECT_THAT(audit(), ElementsAre("game: tier of anna: free -> whale"));
}

TEST_F(SettingsTest, RolesAreKeptApart) {
  EXPECT_EQ(set(R"({"category":"audio","key":"master_volume","value":0})", player("anna")).error().reason,
            "rpc.role");
  EXPECT_EQ(set(R"({"category":"audio","key":"master_volume","value":0})", game_).error().reason, "rpc.role");
  EXPECT_EQ(set_flag("{}", player("anna")).error().reason, "rpc.role");
  EXPECT_EQ((call<pb::SettingsAuditReply, pb::SettingsAuditRequest>(player("anna"), "{}").error().reason),
            "rpc.role");
  EXPECT_EQ(
      (call<pb::SettingsListFlagsReply, pb::SettingsListFlagsRequest>(player("anna"), "{}").error().reason),
      "rpc.role");
}

TEST_F(SettingsTest, ARestartForgetsNothingAndAReplayDoesTheSame) {
  ASSERT_TRUE(set(R"({"category":"world","key":"message_of_the_day","value":"Mind the fog."})"));
  ASSERT_TRUE(prefer(player("anna"), R"({"category":"video","key":"quality","value":"low"})"));
  ASSERT_TRUE(set_flag(R"({"flag":{"flag":"new_map","on":true,"rollout_percent":12.5,"tiers":["whale"]}})"));
  ASSERT_TRUE(set_tier(game_, R"({"player":"anna","tier":"premium"})"));
  world_.restart();
  EXPECT_EQ(get(R"({"category":"world","key":"message_of_the_day"})")->value().string_value(),
            "Mind the fog.");
  EXPECT_EQ(preferences(player("anna"))->values().fields().at("video.quality").string_value(), "low");
  const auto flags = call<pb::SettingsListFlagsReply, pb::SettingsListFlagsRequest>(designer(), "{}");
  ASSERT_EQ(flags->flags_size(), 1);
  EXPECT_EQ(flags->flags(0).rollout_percent(), 12.5);
  EXPECT_THAT(flags->flags(0).tiers(), ElementsAre("whale"));
  EXPECT_EQ(tier(player("anna"))->tier(), "premium");
  ASSERT_TRUE(set_tier(game_, R"({"player":"anna","tier":"free"})"));
  EXPECT_EQ(audit().size(), 5U);
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
}

TEST_F(SettingsTest, AGameDeclaresItsOwn) {
  const auto declare = [&](const std::string& json, const Caller& caller = designer()) {
    return call<pb::Setting, pb::SettingsDeclareRequest>(caller, json);
  };
  const std::string fog =
      R"({"key":"fog","type":"number","default_value":0.5,"maximum":1,"summary":"How thick it is","per_player":true})";
  EXPECT_EQ(declare(fog, player("anna")).error().reason, "rpc.role");
  EXPECT_EQ(refused(get(R"({"category":"game","key":"fog"})")),
            "settings.unknown: the game declared no setting 'fog'");
  const auto made = declare(fog);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->category(), "game");
  EXPECT_EQ(made->used_by(), "game");
  EXPECT_EQ(refused(set(R"({"category":"game","key":"fog","value":2})")),
            "settings.bad_value: game.fog is 2; expected a number from 0 to 1");
  ASSERT_TRUE(set(R"({"category":"game","key":"fog","value":0.25})"));
  ASSERT_TRUE(prefer(player("anna"), R"({"category":"game","key":"fog","value":1})"));
  EXPECT_EQ(value(preferences(player("anna")), "game.fog"), 1);
  EXPECT_EQ(value(preferences(player("bert")), "game.fog"), .25);
  ASSERT_TRUE(declare(fog)) << "the same again changes nothing";
  EXPECT_EQ(value(preferences(player("anna")), "game.fog"), 1);
  world_.restart();
  EXPECT_EQ(value(preferences(player("anna")), "game.fog"), 1);
  ASSERT_TRUE(declare(
      R"({"key":"fog","type":"choice","choices":["thin","thick"],"default_value":"thin","summary":"Fog"})"));
  EXPECT_EQ(get(R"({"category":"game","key":"fog"})")->value().string_value(), "thin")
      << "another shape begins anew";
  const auto withdraw = [&] {
    return call<pb::SettingsWithdrawReply, pb::SettingsWithdrawRequest>(designer(), R"({"key":"fog"})")
        ->removed();
  };
  EXPECT_TRUE(withdraw());
  EXPECT_FALSE(withdraw());
  EXPECT_FALSE(get(R"({"category":"game","key":"fog"})"));
  EXPECT_EQ(world_.events_of<pb::SettingChanged>("game.fog").size(), 4U)
      << "declared, set, declared anew, withdrawn";
  EXPECT_EQ(world_.state_hash(), world_.replayed_state_hash());
  for (const char* bad :
       {R"({"key":"Fog","type":"bool","default_value":true,"summary":"x"})",
        R"({"key":"fog","type":"boolean","default_value":true,"summary":"x"})",
        R"({"key":"fog","type":"bool","default_value":true})",
        R"({"key":"fog","type":"number","default_value":0,"minimum":1,"maximum":1,"summary":"x"})",
        R"({"key":"fog","type":"choice","choices":["one"],"default_value":"one","summary":"x"})"}) {
    EXPECT_EQ(declare(bad).error().reason, "settings.bad_declaration") << bad;
  }
  EXPECT_EQ(declare(R"({"key":"fog","type":"bool","default_value":1,"summary":"x"})").error().reason,
            "settings.bad_value");
}

// A world's own log hears what is set, so that its clients do and a replay knows it.
TEST(WorldSettings, AWorldHearsWhatIsSet) {
  WorldSettings* settings = nullptr;
  test::World world({test::mount<SettingsService>(), [&](Host& host) {
                       auto made = std::make_shared<WorldSettings>(host);
                       made->mount();
                       settings = made.get();
                       return made;
                     }});
  pb::SettingsSetRequest set;
  set.set_category("ai");
  set.set_key("talk_deadline_ms");
  set.mutable_value()->set_number_value(2000);
  ASSERT_TRUE(world.call<pb::Setting>(designer(), set));
  EXPECT_EQ(settings->number("ai.talk_deadline_ms"), 15'000) << "set before this world listened";
  settings->start();
  world.run_until([&] { return settings->number("ai.talk_deadline_ms") == 2000; });
  world.clear_events();

  pb::PreferenceChanged changed;
  changed.set_player("anna");
  changed.set_key("quality");
  pb::Envelope envelope;
  envelope.set_type("PreferenceChanged");
  envelope.set_subject("anna");
  envelope.set_payload(changed.SerializeAsString());
  (void)(world.bus().publish({"evt.shared.settings.PreferenceChanged", envelope.SerializeAsString()}));
  world.settle();
  world.settle();
  const auto log = world.history();
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(log.back().type, "PreferenceChanged") << "in the world's own log";
  EXPECT_EQ(log.back().subject, "anna");
  EXPECT_THAT(log.back().audience.players(), ElementsAre("anna")) << "and nobody else's to know";
  EXPECT_TRUE(changed.ParseFromString(log.back().payload));
  EXPECT_EQ(changed.key(), "quality");

  EXPECT_EQ(world.state_hash(), world.replayed_state_hash());
  world.restart();
  EXPECT_EQ(settings->number("ai.talk_deadline_ms"), 2000) << "from its own log";
}

TEST(SettingsLimits, AreKept) {
  settings::Limits limits;
  limits.flags_max = 1;
  limits.audit_max = 2;
  test::World world({[&](Host& host) {
                      auto service = std::make_shared<SettingsService>(host, limits);
                      service->mount();
                      return service;
                    }},
                    {.world = "shared", .has_time = false});
  const auto flag = [&](const std::string& name, bool on) {
    pb::SettingsSetFlagRequest request;
    request.mutable_flag()->set_flag(name);
    request.mutable_flag()->set_on(on);
    return world.call<pb::Flag>(designer(), request);
  };
  ASSERT_TRUE(flag("a", true));
  EXPECT_EQ(flag("b", true).error().message, "there are 1 flags already");
  ASSERT_TRUE(flag("a", false));
  EXPECT_EQ(world.rows("select id from settings_audit").size(), 2U) << "the oldest entry went";
}

}  // namespace
}  // namespace troupe
