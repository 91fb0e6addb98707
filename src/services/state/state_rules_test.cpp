#include "services/state/state_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "host/json.h"
#include "tests/support/quay.h"

namespace troupe::state {
namespace {

using google::protobuf::Struct;
using testing::ElementsAre;

Struct object(const std::string& json) {
  Struct made;
  EXPECT_TRUE(from_json(json, made)) << json;
  return made;
}

std::string text(const std::string& json) {
  const auto made = canonical(object(json), {});
  return made ? *made : made.error().reason + ": " + made.error().message;
}

TEST(Canonical, SortsKeysAndKeepsIntegersWhole) {
  EXPECT_EQ(text(R"({"b": 2.0, "a": [1, 1.5, -0.0], "c": {"z": null, "y": true}})"),
            R"({"a":[1,1.5,0],"b":2,"c":{"y":true,"z":null}})");
  EXPECT_EQ(text("{}"), "{}");
  EXPECT_EQ(text(R"({"n": 9007199254740992})"), R"({"n":9007199254740992})");
  EXPECT_EQ(text(R"({"n": 1e300})"), R"({"n":1e+300})");
  EXPECT_EQ(text(R"({"t": "ünï \u0000 \" quote"})"), "{\"t\":\"ünï \\u0000 \\\" quote\"}");
}

TEST(Canonical, ComesBackAsItWas) {
  const std::string json = R"({"a":[1,[],{}],"b":{"c":null,"d":false},"e":"text","f":0.1})";
  EXPECT_EQ(text(json), json);
  EXPECT_EQ(*canonical(decode(json), {}), json);
}

TEST(Canonical, RefusesWhatIsNoNumberTooDeepOrTooLarge) {
  Struct infinite;
  (*infinite.mutable_fields())["n"].set_number_value(std::numeric_limits<double>::infinity());
  const auto bad = canonical(infinite, {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().reason, "state.bad_document");
  EXPECT_EQ(bad.error().message, "a number is infinite or not a number");

  std::string nested = "{}";
  for (int i = 0; i < 15; ++i) nested = R"({"n":)" + nested + "}";
  EXPECT_EQ(text(nested), nested);
  EXPECT_EQ(text(R"({"n":)" + nested + "}"), "state.bad_document: the document is nested too deeply");

  Struct large;
  (*large.mutable_fields())["t"].set_string_value(std::string(70'000, 'x'));
  const auto refused = canonical(large, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "state.too_large");
  EXPECT_EQ(refused.error().message, "the document has 70008 bytes as JSON; at most 65536");

  Struct bytes;
  (*bytes.mutable_fields())["t"].set_string_value("\xFF");
  EXPECT_FALSE(canonical(bytes, {}));
}

// The table of RFC 7396, appendix A, as far as both sides are objects.
TEST(MergePatch, FollowsItsStandard) {
  const struct {
    const char* document;
    const char* patch;
    const char* result;
  } rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& row : rows) {
    const auto made = merged(row.document, object(row.patch), {});
    ASSERT_TRUE(made) << row.patch;
    EXPECT_EQ(*made, row.result) << row.document << " with " << row.patch;
  }
}

TEST(ChangedKeys, NamesWhatIsOtherOrGone) {
  EXPECT_THAT(changed_keys(R"({"a":1,"b":{"x":1},"c":3})", R"({"a":1,"b":{"x":2},"d":4})"),
              ElementsAre("b", "c", "d"));
  EXPECT_THAT(changed_keys("", R"({"a":1})"), ElementsAre("a"));
  EXPECT_THAT(changed_keys(R"({"a":1})", ""), ElementsAre("a"));
  EXPECT_THAT(changed_keys(R"({"a":1})", R"({"a":1})"), ElementsAre());
}

TEST(Members, AreReadForTheIndexes) {
  const auto members = members_of({"cart", "c1"}, R"({"place":"quay","player":"anna","tags":["b","a","b"]})",
                                  test::quay(), {});
  ASSERT_TRUE(members);
  EXPECT_EQ(members->place, "quay");
  EXPECT_EQ(members->player, "anna");
  EXPECT_THAT(members->tags, ElementsAre("a", "b"));
  // A player's document belongs to that player, whatever it says.
  EXPECT_EQ(members_of({"player", "anna"}, R"({"player":"bert"})", test::quay(), {})->player, "anna");
}

TEST(Members, OfTheWrongKindAreRefused) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"place":"quya"})", "place 'quya' is not known; did you mean 'quay'?"},
      {R"({"place":7})", "'place' is a text"},
      {R"({"player":"a\u0000b"})", "'player' has at most 128 bytes and no control characters"},
      {R"({"items":[]})", "'items' is an object of counts"},
      {R"({"items":{"eel":-1}})", "'items.eel' is -1; expected a whole number from 0 to 1000000000"},
      {R"({"items":{"eel":1.5}})", "'items.eel' is 1.5; expected a whole number from 0 to 1000000000"},
      {R"({"money":-3})", "'money' is -3; expected a whole number of pence, not negative"},
      {R"({"money":"much"})", "'money' is \"much\"; expected a whole number of pence, not negative"},
      {R"({"x":"far"})", "'x' is a number of metres"},
      {R"({"tags":"all"})", "'tags' is a list of at most 32 texts"},
      {R"({"tags":[1]})", "'tags' holds texts of at most 128 bytes"},
  };
  for (const auto& [document, message] : rows) {
    const auto members = members_of({"player", "anna"}, document, test::quay(), {});
    ASSERT_FALSE(members) << document;
    EXPECT_EQ(members.error().reason, "state.bad_member");
    EXPECT_EQ(members.error().message, message);
  }
}

TEST(Keys, AreChecked) {
  EXPECT_TRUE(check_key({"player", "Änna 7"}, {}));
  for (const Key& key :
       {Key{"", "a"}, Key{"Player", "a"}, Key{"7up", "a"}, Key{"a b", "a"}, Key{"a/b", "a"}}) {
    const auto checked = check_key(key, {});
    ASSERT_FALSE(checked) << key.kind;
    EXPECT_EQ(checked.error().message,
              "kind is a word of small letters, digits and '_' (player, npc, feature, or your own)");
  }
  for (const std::string& id :
       {std::string(), std::string(129, 'x'), std::string("a\nb"), std::string("\xFF")}) {
    const auto checked = check_key({"player", id}, {});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, "id has 1 to 128 bytes and no control characters");
  }
}

TEST(Initial, HasEveryPersonAndThingOfThePack) {
  std::map<Key, std::string> made;
  for (auto& initial : initial_documents(test::quay())) made[initial.key] = initial.text;
  EXPECT_EQ(made.size(), 7U);
  EXPECT_EQ((made[{"npc", "ada"}]), R"({"items":{"eel":4,"lamp_oil":1},"money":50,"place":"market"})");
  EXPECT_EQ((made[{"feature", "gull"}]), R"({"afloat":true,"kind":"boat","paint":"red","place":"quay"})");
  EXPECT_EQ((made[{"feature", "market_bell"}]), R"({"kind":"bell","place":"market"})");
}

}  // namespace
}  // namespace troupe::state
