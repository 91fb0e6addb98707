#include "talk/things.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/heard.h"
#include "talk/scene.h"
#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

pack::Npc somebody(const std::string& id, const std::string& name, const std::string& role) {
  pack::Npc npc;
  npc.id = pack::NpcId(id);
  npc.name = name;
  npc.role = role;
  return npc;
}

pack::Pack small_town() {
  pack::Pack pack;
  pack.npcs = {somebody("anna", "Anna Weber", "baker"), somebody("anna2", "Anna Wolf", "keeper of the light"),
               somebody("abbot", "Father Grey", "abbot")};
  pack.npcs[1].aliases = {"the lamp woman"};
  pack::Place place;
  place.id = pack::PlaceId("net_loft");
  place.name = "the old net loft";
  place.kind = "chapel";
  pack.places = {place};
  pack::Fact fact;
  fact.text = "In spring the Merrow sank, and Anna saw it.";
  pack.facts = {fact};
  return pack;
}

std::vector<std::string> ids(const Things& things, const std::string& line) {
  std::vector<std::string> out;
  for (const auto& found : things.link(line)) out.push_back(things.at(found.thing).id);
  return out;
}

TEST(Things, AreFoundByEachOfTheirNames) {
  const Things things = Things::of(small_town(), language_in("en").words);
  struct Row {
    const char* line;
    std::vector<std::string> ids;
  };
  const Row rows[] = {{"Where is Anna Weber?", {"anna"}},
                      {"where is WEBER's house", {"anna"}},
                      {"is the baker in?", {"anna"}},
                      {"the keeper of the light", {"anna2"}},
                      {"the keeper", {"anna2"}},
                      {"the lamp woman", {"anna2"}},
                      {"Father Grey", {"abbot"}},
                      {"my father is ill", {}},
                      {"the net loft", {"net_loft"}},
                      {"the loft", {"net_loft"}},
                      {"is there a church", {"net_loft"}},
                      {"what was the Merrow", {"Merrow"}},
                      {"bakers", {"anna"}},
                      {"bakery", {}},
                      {"", {}}};
  for (const Row& row : rows) EXPECT_EQ(ids(things, row.line), row.ids) << row.line;
}

TEST(Things, ANameThatTwoHaveIsBothOfThem) {
  const Things things = Things::of(small_town(), language_in("en").words);
  EXPECT_THAT(ids(things, "Where is Anna?"), UnorderedElementsAre("anna", "anna2"));
}

TEST(Things, ANameOfFactsIsCalledWhatStandsBehindIt) {
  pack::Pack pack = small_town();
  pack.facts[0].text =
      "On that night Odo went out. Odo, the bell ringer of Holm, came home late, the last of all.";
  const Things things = Things::of(pack, language_in("en").words);
  EXPECT_EQ(ids(things, "where is the bell ringer"), std::vector<std::string>{"Odo"});
  pack.facts[0].text = "On that night Odo, the baker, went out in the Swift, the Merrow's boat.";
  EXPECT_EQ(ids(Things::of(pack, language_in("en").words), "where is the baker"),
            std::vector<std::string>{"anna"});
}

TEST(Things, AGoodIsFoundByWhatPeopleCallItAndNotByAWordOfEveryDay) {
  pack::Pack pack = small_town();
  pack::Good good;
  good.id = pack::GoodId("oil");
  good.name = "oil";
  good.unit = "a can";
  pack.goods = {good};
  good.id = pack::GoodId("ale");
  good.name = "ale";
  good.unit = "a jug";
  pack.goods.push_back(good);
  pack::Faction faction;
  faction.id = pack::FactionId("line");
  faction.name = "Meridian Line";
  pack.factions = {faction};
  faction.id = pack::FactionId("company");
  faction.name = "the Lamp Company";
  pack.factions.push_back(faction);
  const Things things = Things::of(pack, language_in("en").words);
  EXPECT_EQ(ids(things, "where can I find treasure"), std::vector<std::string>{});
  EXPECT_EQ(ids(things, "what is it for a can"), std::vector<std::string>{"oil"});
  EXPECT_EQ(ids(things, "a beer please"), std::vector<std::string>{"ale"});
  EXPECT_EQ(ids(things, "who is Meridian"), std::vector<std::string>{"line"});
  EXPECT_EQ(ids(things, "light the lamp"), std::vector<std::string>{}) << "a lamp is no company";
}

TEST(Mask, LeavesWhatIsAsked) {
  const Language& en = language_in("en");
  const Things things = Things::of(small_town(), en.words);
  const auto masked = [&](const std::string& line) {
    return mask(things, en.words, en.asking, line, things.link(line));
  };
  EXPECT_EQ(masked("How do I get to the old net loft?"), "How do I get to this place?");
  EXPECT_EQ(masked("Where is Weber's house?"), "Where is this person's house?");
  EXPECT_EQ(masked("What time is it?"), "What time is it?");
}

TEST(ShortName, IsNoTitle) {
  const Words& en = language_in("en").words;
  EXPECT_EQ(short_name(en, "Father Anselm"), "Anselm");
  EXPECT_EQ(short_name(en, "Marta Quill"), "Marta");
  EXPECT_EQ(short_name(en, "Pip"), "Pip");
}

TEST(Scene, SaysWherePeopleMayBeSaidToBe) {
  auto loaded = pack::load_pack("tests/packs/every-key");
  ASSERT_TRUE(loaded);
  const pack::Npc& ada = *loaded->npc("ada");
  EXPECT_EQ(work_place(*loaded, ada), pack::PlaceId("hut")) << "what is private is nobody's business";
  EXPECT_EQ(place_by_day(*loaded, ada, pack::Clock{7 * 60}), pack::PlaceId("hut"));
  EXPECT_EQ(place_by_day(*loaded, *loaded->npc("ben"), pack::Clock{12 * 60}), pack::PlaceId("road"));
  EXPECT_THAT(wares(*loaded, ada), IsEmpty()) << "she has eel, and no hour in which she sells";
}

TEST(Hear, KnowsWhoIsMeantAndWhatIsAsked) {
  const Town town("tests/packs/every-key");
  Scene scene = town.scene("ada");
  const auto heard = [&](const char* line) { return hear(town.world(), town.person("ada"), scene, line); };
  EXPECT_EQ(heard("Ada, where is Ben?").whole.line, "Where is Ben?");
  EXPECT_EQ(heard("Where is Ben, Ada?").whole.line, "Where is Ben?");
  EXPECT_TRUE(heard("so where is Ben").whole.is_question);
  EXPECT_FALSE(heard("I walked all day.").whole.is_question);
  EXPECT_FALSE(heard("*waves*").is_speech);
  EXPECT_EQ(heard("Who is Ben? Where is the hut?").questions.size(), 2u);
  scene.spoken.last[ThingType::person] = "ben";
  EXPECT_EQ(heard("How old is he?").whole.line, "How old is Ben?");
  EXPECT_EQ(heard("Is he my brother?").whole.line, "Is he my brother?") << "it is about the one who asks";
}

}  // namespace
}  // namespace troupe::talk
