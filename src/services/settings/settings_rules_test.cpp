#include "services/settings/settings_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace troupe::settings {
namespace {

using testing::ElementsAre;

google::protobuf::Value number(double value) {
  google::protobuf::Value out;
  out.set_number_value(value);
  return out;
}
google::protobuf::Value text(const std::string& value) {
  google::protobuf::Value out;
  out.set_string_value(value);
  return out;
}
google::protobuf::Value boolean(bool value) {
  google::protobuf::Value out;
  out.set_bool_value(value);
  return out;
}

TEST(Table, IsSound) {
  std::set<std::string> names;
  std::map<std::string, int> per_category;
  for (const auto& setting : all_settings()) {
    EXPECT_TRUE(names.insert(setting.name()).second) << setting.name() << " is declared twice";
    EXPECT_TRUE(check_category(setting.category)) << setting.name();
    EXPECT_FALSE(setting.summary.empty()) << setting.name();
    const auto standard = parse(setting, to_proto(setting.standard), {});
    ASSERT_TRUE(standard) << standard.error().message;
    EXPECT_EQ(*standard, setting.standard);
    EXPECT_EQ(*from_text(to_text(setting.standard)), setting.standard) << setting.name();
    ++per_category[setting.category];
  }
  EXPECT_GE(names.size(), 25U);
  for (const auto category : kCategories)
    EXPECT_EQ(per_category[std::string(category)] > 0, category != kOwn);
}

TEST(Values, AreWhatTheirSettingWants) {
  const struct {
    const char* category;
    const char* key;
    google::protobuf::Value value;
    std::string message;  // "" = fits
  } rows[] = {
      {"audio", "master_volume", number(0), ""},
      {"audio", "master_volume", number(1), ""},
      {"audio", "master_volume", number(1.01), "audio.master_volume is 1.01; expected a number from 0 to 1"},
      {"audio", "master_volume", number(-0.1), "audio.master_volume is -0.1; expected a number from 0 to 1"},
      {"audio", "master_volume", number(std::numeric_limits<double>::quiet_NaN()),
       "audio.master_volume is nan; expected a number from 0 to 1"},
      {"audio", "master_volume", text("loud"),
       "audio.master_volume is 'loud'; expected a number from 0 to 1"},
      {"audio", "master_volume", boolean(true), "audio.master_volume is true; expected a number from 0 to 1"},
      {"audio", "master_volume", {}, "audio.master_volume is nothing; expected a number from 0 to 1"},
      {"video", "frame_rate_max", number(144), ""},
      {"video", "frame_rate_max", number(60.5),
       "video.frame_rate_max is 60.5; expected a whole number from 30 to 240"},
      {"video", "quality", text("ultra"), ""},
      {"video", "quality", text("hihg"),
       "video.quality is 'hihg'; expected one of low, medium, high, ultra; did you mean 'high'?"},
      {"video", "quality", number(2), "video.quality is 2; expected one of low, medium, high, ultra"},
      {"controls", "invert_y", boolean(true), ""},
      {"controls", "invert_y", number(1), "controls.invert_y is 1; expected true or false"},
      {"world", "message_of_the_day", text("Mind the fog."), ""},
      {"world", "message_of_the_day", text("a\nb"),
       "world.message_of_the_day is 'a\nb'; expected one line of text of at most 500 bytes"},
  };
  for (const auto& row : rows) {
    const auto value = parse(**find(row.category, row.key), row.value, {});
    EXPECT_EQ(value ? "" : value.error().message, row.message);
    if (!value) EXPECT_EQ(value.error().reason, "settings.bad_value");
  }
  EXPECT_FALSE(parse(**find("world", "message_of_the_day"), text(std::string(501, 'x')), {}));
}

TEST(Names, NearMissesAreNamed) {
  EXPECT_EQ(find("audio", "master_volum").error().message,
            "no setting 'audio.master_volum'; did you mean 'audio.master_volume'?");
  EXPECT_EQ(find("", "").error().message, "no setting '.'");
  EXPECT_EQ(
      check_category("vidoe").error().message,
      "no category 'vidoe'; did you mean 'video'? (audio, video, controls, accessibility, ai, world, game)");
  EXPECT_EQ(find_tier("premum").error().message,
            "no tier 'premum'; did you mean 'premium'? (free, premium, whale)");
}

TEST(Texts, ComeBackAsTheyWere) {
  for (const Value& value :
       {Value(true), Value(0.8), Value(60.0), Value(std::string("a \"b\"")), Value(1e-9)}) {
    EXPECT_EQ(*from_text(to_text(value)), value);
  }
  EXPECT_EQ(to_text(Value(60.0)), "60");
  EXPECT_EQ(to_text(Value(0.8)), "0.8");
  EXPECT_FALSE(from_text("[1]"));
}

TEST(Tiers, HaveTheirLimits) {
  const struct {
    const char* tier;
    int characters;
    std::int64_t storage_mb;
  } rows[] = {{"free", 1, 100}, {"premium", 3, 1000}, {"whale", 10, 10'000}};
  for (const auto& row : rows) {
    const Tier& tier = **find_tier(row.tier);
    EXPECT_EQ(tier.characters_max, row.characters);
    EXPECT_EQ(tier.storage_mb_max, row.storage_mb);
  }
  EXPECT_EQ(all_tiers().size(), 3U);
  EXPECT_EQ(all_tiers().front().name, "free");
  EXPECT_GT(all_tiers()[2].features.size(), all_tiers()[1].features.size());
}

// These numbers may never change: who has a feature would lose it.
TEST(Rollout, IsStable) {
  EXPECT_EQ(bucket("new_map", "anna"), bucket("new_map", "anna"));
  EXPECT_NE(bucket("new_map", "anna"), bucket("new_map", "bert"));
  EXPECT_NE(bucket("new_map", "anna"), bucket("old_map", "anna"));
  EXPECT_NE(bucket("ab", "c"), bucket("a", "bc"));
}

TEST(Rollout, TakesItsShareAndOnlyGrows) {
  Flag flag{.flag = "new_map", .on = true, .tiers = {}, .summary = {}};
  int before = 0;
  std::set<std::string> had;
  for (const double percent : {0., 10., 30., 60., 100.}) {
    flag.rollout_percent = percent;
    std::set<std::string> have;
    for (int i = 0; i < 10'000; ++i) {
      const std::string player = "player" + std::to_string(i);
      if (evaluate(flag, player, "free").on) have.insert(player);
    }
    EXPECT_NEAR(static_cast<double>(have.size()), percent * 100, 150) << percent;
    EXPECT_TRUE(std::ranges::includes(have, had)) << "who had it still has it";
    EXPECT_GE(static_cast<int>(have.size()), before);
    before = static_cast<int>(have.size());
    had = have;
  }
}

TEST(Flags, SayWhy) {
  Flag flag{.flag = "new_map", .on = false, .tiers = {}, .summary = {}};
  EXPECT_EQ(evaluate(flag, "anna", "free").reason, "off");
  flag.on = true;
  EXPECT_EQ(evaluate(flag, "anna", "free").reason, "on");
  EXPECT_TRUE(evaluate(flag, "", "").on);
  flag.tiers = {"premium", "whale"};
  EXPECT_EQ(evaluate(flag, "anna", "free").reason, "only for premium, whale");
  EXPECT_TRUE(evaluate(flag, "anna", "whale").on);
  EXPECT_FALSE(evaluate(flag, "", "").on);
  flag.tiers = {};
  flag.rollout_percent = 0;
  EXPECT_EQ(evaluate(flag, "anna", "free").reason, "not among 0%");
  flag.rollout_percent = 99.99;
  EXPECT_FALSE(evaluate(flag, "", "").on) << "nobody in particular is in no share";
  EXPECT_EQ(describe(flag), "on for 99.99% of all");
}

TEST(Flags, AreChecked) {
  const std::pair<Flag, const char*> rows[] = {
      {{.flag = "", .tiers = {}, .summary = {}}, "a flag has 1 to 64 small letters, digits, '_' and '.'"},
      {{.flag = "New Map", .tiers = {}, .summary = {}},
       "a flag has 1 to 64 small letters, digits, '_' and '.'"},
      {{.flag = "x", .tiers = {"gold"}, .summary = {}}, "no tier 'gold' (free, premium, whale)"},
      {{.flag = "x", .tiers = {}, .summary = "a\nb"}, "summary is one line of at most 500 bytes"},
  };
  for (const auto& [flag, message] : rows) {
    const auto checked = check(flag, {});
    ASSERT_FALSE(checked) << message;
    EXPECT_EQ(checked.error().message, message);
  }
  EXPECT_EQ(check_player("", {}).error().message,
            "a player's name has 1 to 64 bytes and no control characters");
}

}  // namespace
}  // namespace troupe::settings
