#include "services/state/state_pack.h"

#include <gtest/gtest.h>

#include "tests/support/quay.h"

namespace troupe::state {
namespace {

using troupe::v1::PackChanged;

PackChanged change(const char* part, std::initializer_list<const char*> removed) {
  PackChanged out;
  auto& added = *out.add_parts();
  added.set_part(part);
  for (const char* id : removed) added.add_removed(id);
  return out;
}

TEST(Fate, OfADocumentUnderAnotherPack) {
  const PackChanged none;
  const struct {
    Key key;
    const char* before;
    PackChanged change;
    const char* after;  // "" = as it was; "gone"
  } rows[] = {
      {{"npc", "ada"}, R"({"place":"market"})", none, ""},
      {{"npc", "ada"}, R"({"place":"attic"})", none, R"({"place":"loft"})"},  // her home
      {{"player", "anna"}, R"({"place":"attic","x":3,"y":4})", none, R"({"place":"quay"})"},
      {{"barrel", "b"}, R"({"place":"attic"})", none, R"({"place":"quay"})"},
      {{"barrel", "b"}, R"({"place":""})", none, ""},
      {{"barrel", "b"}, R"({"place":7})", none, ""},  // the writer's own
      // Goods of the pack go with it, the game's own stay.
      {{"player", "anna"},
       R"({"items":{"rope":2,"sword":1}})",
       change("goods", {"rope"}),
       R"({"items":{"sword":1}})"},
      {{"player", "anna"}, R"({"items":{"rope":2}})", none, ""},
      // A thing is where and what the pack says; what it remembers stays.
      {{"feature", "quay_lamp"},
       R"({"kind":"lamp","lit":true,"oil":1,"place":"market"})",
       none,
       R"({"kind":"lamp","lit":true,"oil":1,"place":"quay"})"},
      {{"feature", "quay_lamp"},
       R"({"kind":"lamp","place":"quay"})",
       none,
       R"({"kind":"lamp","lit":false,"oil":3,"place":"quay"})"},
      {{"feature", "quay_lamp"},
       R"({"kind":"lamp","lit":"red","oil":1,"place":"quay"})",
       none,
       R"({"kind":"lamp","lit":false,"oil":1,"place":"quay"})"},
      {{"feature", "quay_lamp"},
       R"({"kind":"lamp","lit":false,"oil":3,"place":"quay","soot":1})",
       change("feature_states", {"quay_lamp.soot"}),
       R"({"kind":"lamp","lit":false,"oil":3,"place":"quay"})"},
      {{"feature", "old_lamp"},
       R"({"kind":"lamp","place":"quay"})",
       change("features", {"old_lamp"}),
       "gone"},
      {{"feature", "a_games_own"}, R"({"kind":"chest","place":"quay"})", none, ""},
  };
  for (const auto& row : rows) {
    const auto fate = fate_of(row.key, row.before, test::quay(), row.change);
    const std::string found = !fate ? "" : fate->gone_because.empty() ? fate->text : "gone";
    EXPECT_EQ(found, row.after) << describe(row.key) << " " << row.before;
  }
}

TEST(LeftBehind, LiesWhereItWas) {
  const Key ada{"npc", "ada"};
  EXPECT_EQ(left_behind(ada, R"({"place":"market"})", ""), "");
  EXPECT_EQ(left_behind(ada, R"({"place":"market","money":0,"items":{"eel":0}})", ""), "");
  const std::string first = left_behind(ada, R"({"place":"market","money":5,"items":{"eel":4}})", "");
  EXPECT_EQ(first, R"({"from":"ada","items":{"eel":4},"money":5,"place":"market"})");
  EXPECT_EQ(left_behind(ada, R"({"place":"market","money":1,"items":{"eel":1,"oil":2}})", first),
            R"({"from":"ada","items":{"eel":5,"oil":2},"money":6,"place":"market"})");
}

}  // namespace
}  // namespace troupe::state
