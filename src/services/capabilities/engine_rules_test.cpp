#include "services/capabilities/engine_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::capabilities {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST(Versions, AreComparedByNumber) {
  const struct {
    const char* a;
    const char* b;
    std::strong_ordering order;
  } rows[] = {
      {"5.10", "5.9", std::strong_ordering::greater},   {"5", "5.0", std::strong_ordering::equal},
      {"5.4.1", "5.4", std::strong_ordering::greater},  {"4.27", "5.0", std::strong_ordering::less},
      {"10.0", "9.9.9", std::strong_ordering::greater}, {"5.05", "5.5", std::strong_ordering::equal},
  };
  for (const auto& row : rows)
    EXPECT_EQ(compare_versions(row.a, row.b), row.order) << row.a << " and " << row.b;
  for (const char* bad : {"", "five", "5.", ".5", "5..1", "5.4-rc1", "1.2.3.4.5", "-5", "99999999", "5 4"}) {
    EXPECT_FALSE(parse_version(bad)) << bad;
  }
}

// What was registered, and the table on top of it.
struct Registered {
  explicit Registered(const Limits& limits = {}) : table(engines, features, limits) {}
  void put(const pb::EngineVersion& engine) { engines[engine.engine() + ' ' + engine.version()] = engine; }
  void put(const pb::Feature& feature) { features[feature.engine() + ' ' + feature.name()] = feature; }

  EngineTable::Engines engines;
  EngineTable::Features features;
  EngineTable table;
};

pb::EngineVersion version(const std::string& engine, const std::string& number,
                          const std::string& released = "") {
  pb::EngineVersion out;
  out.set_engine(engine);
  out.set_version(number);
  out.set_released(released);
  return out;
}

struct Row {
  std::string name, summary, introduced;
  std::string deprecated = {}, parameter = {};
};
pb::Feature feature(const Row& row) {
  pb::Feature out;
  out.set_engine("own_engine");
  out.set_category("ai");
  out.set_name(row.name);
  out.set_summary(row.summary);
  out.set_introduced(row.introduced);
  out.set_deprecated(row.deprecated);
  if (!row.parameter.empty()) (*out.mutable_parameters())[row.parameter] = "x";
  return out;
}

TEST(BuiltIn, TableIsSound) {
  const Registered registered;
  const auto& table = registered.table;
  for (const auto& engine : built_in_engines())
    EXPECT_TRUE(table.check(engine)) << engine.engine() << engine.version();
  std::map<std::string, int> per_category;
  for (const auto& feature : built_in_features()) {
    const auto checked = table.check(feature);
    EXPECT_TRUE(checked) << feature.name() << ": " << (checked ? "" : checked.error().message);
    ++per_category[feature.category()];
  }
  EXPECT_GE(built_in_features().size(), 25U);
  for (const auto category : kCategories) EXPECT_GE(per_category[std::string(category)], 3) << category;
  const auto versions = *table.engines("unreal");
  EXPECT_EQ(versions.front().version(), "5.0");
  EXPECT_EQ(versions.back().version(), "5.5");
  EXPECT_EQ(table.engines("")->size(), 11U);
}

std::vector<std::string> names(const Result<std::vector<pb::Feature>>& found) {
  std::vector<std::string> made;
  if (!found) return {found.error().reason + ": " + found.error().message};
  for (const auto& feature : *found) made.push_back(feature.name());
  return made;
}

TEST(Features, ComeAndGoWithVersions) {
  const Registered registered;
  const auto& table = registered.table;
  EXPECT_THAT(names(table.features("unreal", "5.3", "animation")), ElementsAre("control_rig", "retargeting"));
  EXPECT_THAT(names(table.features("unreal", "5.4", "animation")),
              ElementsAre("control_rig", "motion_matching", "retargeting"));
  EXPECT_THAT(names(table.features("unreal", "5.10", "animation")), Contains("motion_matching"));
  EXPECT_THAT(names(table.features("godot", "4.2", "world_building")), ElementsAre("tile_map"));
  EXPECT_THAT(names(table.features("godot", "4.3", "world_building")), ElementsAre("tile_map_layers"));
  EXPECT_THAT(names(table.features("unreal", "5.0", "")), Not(Contains("world_composition")));
  EXPECT_THAT(
      names(table.features("unrael", "", "")),
      ElementsAre("capabilities.unknown_engine: no engine 'unrael'; did you mean 'unreal'? (godot, unreal)"));
  EXPECT_THAT(
      names(table.features("unreal", "five", "")),
      ElementsAre(
          "capabilities.bad_engine: version is 'five'; expected numbers with points between, such as '5.4'"));
  EXPECT_THAT(names(table.features("unreal", "5.0", "smell")),
              ElementsAre("capabilities.bad_feature: no category 'smell' (rendering, audio, physics, ai, "
                          "world_building, animation)"));
}

TEST(Features, AreSuggestedByTheWordsThatTheyShare) {
  const Registered registered;
  const auto& table = registered.table;
  EXPECT_THAT(names(table.suggest("unreal", "5.5", "a harbour at night with hundreds of lanterns", 2)),
              Contains("many_lights"));
  EXPECT_EQ(names(table.suggest("unreal", "5.5", "crowds of people with behaviour", 1)),
            names(table.suggest("unreal", "5.5", "crowds of people with behaviour", 1)));
  EXPECT_THAT(names(table.suggest("unreal", "5.5", "thousands of people in crowds", 1)),
              ElementsAre("mass_crowds"));
  EXPECT_THAT(names(table.suggest("unreal", "5.0", "hundreds of lanterns", 5)), Not(Contains("many_lights")));
  EXPECT_THAT(names(table.suggest("godot", "4.4", "xyzzy", 5)), ElementsAre());
}

TEST(Registering, ChecksAndReplaces) {
  Limits limits;
  limits.engines_max = 1;
  limits.features_max = 1;
  Registered registered(limits);
  const auto& table = registered.table;
  ASSERT_TRUE(table.check(version("own_engine", "1.0")));
  registered.put(version("own_engine", "1.0"));
  EXPECT_TRUE(table.check(version("own_engine", "1.0", "2026-01-01"))) << "the same again is no new one";
  EXPECT_EQ(table.check(version("own_engine", "1.1")).error().message,
            "1 engine versions are registered already");
  const auto minds = feature({"minds", "People that think.", "1.0"});
  ASSERT_TRUE(table.check(minds));
  registered.put(minds);
  EXPECT_TRUE(table.check(minds)) << "the same again is no new one";
  EXPECT_THAT(names(table.features("own_engine", "1.0", "")), ElementsAre("minds"));
  const std::pair<Row, const char*> rows[] = {
      {{"More Minds", "x", "1.0"}, "name is a word of small letters, digits and '_'"},
      {{"minds", "", "1.0"}, "summary is one line of 1 to 300 bytes"},
      {{"minds", "x", "soon"}, "introduced is 'soon'; expected a version such as '5.4'"},
      {{"minds", "x", "1.0", "later"}, "deprecated is 'later'; expected a version such as '5.4', or nothing"},
      {{"minds", "x", "1.10", "1.9"}, "deprecated in 1.9 is not after introduced in 1.10"},
      {{"minds", "x", "1.0", "", "Bad Name"}, "parameters are words with one line of at most 200 bytes"},
      {{"dreams", "x", "1.0"}, "1 features are registered already"},
  };
  for (const auto& [bad, message] : rows) {
    const auto checked = table.check(feature(bad));
    ASSERT_FALSE(checked) << message;
    EXPECT_EQ(checked.error().message, message);
  }
  EXPECT_EQ(table.check(version("Own", "1")).error().message,
            "engine is a word of small letters, digits and '_'");
  EXPECT_EQ(table.check(version("own", "1", "yesterday")).error().message,
            "released is 'yesterday'; expected a date such as '2024-04-23'");
}

}  // namespace
}  // namespace troupe::capabilities
