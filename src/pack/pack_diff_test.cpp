#include "pack/pack_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace troupe::pack {
namespace {

const Pack& minimal() {
  static const auto loaded = load_pack("tests/packs/minimal");
  if (!loaded) throw std::runtime_error("the minimal pack does not load");
  return *loaded;
}

std::string words(const std::vector<PartDiff>& parts) {
  std::string out;
  for (const auto& part : parts) {
    out += (out.empty() ? "" : ", ") + part.part;
    for (const auto& id : part.added) out += " +" + id;
    for (const auto& id : part.removed) out += " -" + id;
    for (const auto& id : part.changed) out += " ~" + id;
  }
  return out;
}

TEST(PackDiff, SaysWhatIsOtherwise) {
  const struct {
    const char* wanted;
    std::function<void(Pack&)> edit;
  } rows[] = {
      {"", [](Pack&) {}},
      {"", [](Pack& p) { p.npcs[0].at.line = 99; }},  // where it is written means nothing
      {"", [](Pack& p) { p.hash = "other"; }},
      {"world ~version ~scale",
       [](Pack& p) {
         p.world.scale = 1;
         p.world.version = "2";
       }},
      {"world ~start", [](Pack& p) { p.world.start_clock.minute = 1; }},
      {"world ~money", [](Pack& p) { p.world.money.coin = "shells"; }},
      {"months ~reed", [](Pack& p) { p.calendar.months[0].days = 21; }},
      {"weekdays +Restday", [](Pack& p) { p.calendar.weekdays.emplace_back("Restday"); }},
      {"festivals -float", [](Pack& p) { p.calendar.festivals.clear(); }},
      {"regions ~river", [](Pack& p) { p.climate.regions[0].hours[Weather::clear] = 3; }},
      // The place is otherwise, too: its things are a part of it.
      {"places ~landing, features +landing_bell",
       [](Pack& p) {
         p.places[0].features.push_back(
             {.id = FeatureId("landing_bell"), .kind = "bell", .name = "the bell", .state = {}, .at = {}});
       }},
      {"places ~landing, features ~landing_lamp, feature_states -landing_lamp.lit",
       [](Pack& p) { p.places[0].features[0].state.erase("lit"); }},
      {"goods +tea -eel", [](Pack& p) { p.goods[0].id = GoodId("tea"); }},
      {"npcs ~ada", [](Pack& p) { p.npcs[0].goals[0].priority = .1; }},
      {"npcs ~ada", [](Pack& p) { p.npcs[0].routine[1].verb = VerbId("walk"); }},
      {"npcs -ada", [](Pack& p) { p.npcs.erase(p.npcs.begin()); }},
      {"verbs ~walk", [](Pack& p) { p.verbs[0].effects.clear(); }},
      {"lore +lore/a.md", [](Pack& p) { p.lore.push_back({.file = "lore/a.md", .title = "A", .text = ""}); }},
      {"files +quests/a.yaml", [](Pack& p) { p.files.emplace_back("quests/a.yaml"); }},
      {"", [](Pack& p) { p.files.emplace_back("README.md"); }},
  };
  for (const auto& [wanted, edit] : rows) {
    Pack after = minimal();
    edit(after);
    EXPECT_EQ(words(diff(minimal(), after)), wanted);
  }
}

TEST(PackDiff, IsTheSameBackwards) {
  Pack after = minimal();
  after.npcs[1].id = NpcId("bea");
  EXPECT_EQ(words(diff(minimal(), after)), "npcs +bea -ben");
  EXPECT_EQ(words(diff(after, minimal())), "npcs +ben -bea");
}

TEST(PackDiff, EveryPartHasAName) {
  EXPECT_THAT(part_names(), testing::Contains("npcs"));
  const auto all = diff(Pack(), minimal());
  for (const auto& part : all) EXPECT_THAT(part_names(), testing::Contains(part.part));
}

}  // namespace
}  // namespace troupe::pack
