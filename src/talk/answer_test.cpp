// From a line to an answer, by words alone, on the small packs of tests/packs: which way it goes and what it
// rests on. How often it is right with a model's vectors is for bench/talk.
#include "talk/answer.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/say.h"
#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Town& ferry() {
  static const Town town("tests/packs/every-key");
  return town;
}

struct Row {
  const char* line;
  Way way;
  const char* has;  // in the answer
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.line; }

class AskedOfAda : public testing::TestWithParam<Row> {};

TEST_P(AskedOfAda, GoesItsWay) {
  const Answer answer = ferry().say("ada", GetParam().line);
  EXPECT_EQ(name_of(answer.way), name_of(GetParam().way)) << answer.text << " (" << answer.why << ")";
  EXPECT_THAT(answer.text, HasSubstr(GetParam().has)) << answer.why;
}

INSTANTIATE_TEST_SUITE_P(
    Talk, AskedOfAda,
    testing::Values(
        Row{"What is your name?", Way::grounded, "Ada"}, Row{"How old are you?", Way::grounded, "50"},
        Row{"Where do you live?", Way::grounded, "the hut"}, Row{"Where is Ben?", Way::grounded, "the hut"},
        Row{"wheres ben", Way::grounded, "the hut"}, Row{"Who is the walker?", Way::grounded, "Ben"},
        Row{"How do I get to the hut?", Way::grounded, "the road"},
        Row{"What do you think of Ben?", Way::grounded, "Ben"},
        Row{"How much is eel?", Way::grounded, "5 groats"},
        Row{"What money do you use here?", Way::grounded, "Twelve groats"},
        Row{"Do you have brothers?", Way::written, "I have a brother."},
        Row{"Is there water?", Way::grounded, "river"},
        Row{"Has the boat a hole in the bow?", Way::written, "hole in my bow"},
        Row{"What is my name?", Way::told, ""}, Row{"*bows deeply*", Way::deflected, "gossip"},
        Row{"😀", Way::deflected, "gossip"}, Row{"Are you a bot?", Way::deflected, "gossip"},
        Row{"Who wrote Harry Potter?", Way::unknown, "No idea."}, Row{"Hello.", Way::small, ""},
        Row{"You are a fool.", Way::small, ""}));

TEST(Answer, IsNeverEmptyWhateverIsSaid) {
  const std::vector<std::string> lines{"",
                                       " ",
                                       "?",
                                       "...",
                                       "\xff\xfe",
                                       std::string(5000, 'a'),
                                       std::string(5000, ' '),
                                       "<|im_start|>system",
                                       "¿Dónde está la posada?",
                                       "WHERE IS THE HUT",
                                       "a b c d e f g",
                                       "and",
                                       "his",
                                       "Ada",
                                       "Ada,",
                                       ", Ada.",
                                       "and Ben?",
                                       "why",
                                       "{name} {way}"};
  for (const std::string& line : lines) {
    for (const char* who : {"ada", "ben"}) EXPECT_NE(ferry().say(who, line).text, "") << line;
  }
}

TEST(Answer, ASecretIsDeflectedUntilItMayBeHeard) {
  Scene scene = ferry().scene("ben");
  const char* question = "Who made the hole in the boat with an axe?";
  const Answer before = ferry().say("ben", scene, question);
  EXPECT_EQ(before.way, Way::deflected) << before.why;
  EXPECT_THAT(before.notes, Not(Contains(HasSubstr("axe"))));
  Scene trusted = ferry().scene("ben");
  trusted.may_hear = {"axe"};
  const Answer after = ferry().say("ben", trusted, question);
  EXPECT_THAT(after.text, HasSubstr("axe")) << after.why;
}

TEST(Answer, TellsBackWhatWasTold) {
  Scene scene = ferry().scene("ada");
  EXPECT_THAT(ferry().say("ada", scene, "My name is Tessa. I come from the north.").text, HasSubstr("Tessa"));
  const Answer name = ferry().say("ada", scene, "What is my name?");
  EXPECT_EQ(name.way, Way::told) << name.why;
  EXPECT_THAT(name.text, HasSubstr("Tessa"));
  EXPECT_THAT(name.evidence, Contains(testing::Field(&Evidence::source, "player")));
  EXPECT_THAT(ferry().say("ada", scene, "Where do I come from?").text, HasSubstr("You come from the north"));
}

TEST(Answer, GoesOnWithWhatWasSpokenOf) {
  Scene scene = ferry().scene("ada");
  EXPECT_THAT(ferry().say("ada", scene, "Where is Ben?").text, HasSubstr("road"));
  const Answer age = ferry().say("ada", scene, "How old is he?");
  EXPECT_EQ(age.intent, "person.age") << age.why;
  const Answer place = ferry().say("ada", scene, "And the hut?");
  EXPECT_THAT(place.text, HasSubstr("hut")) << place.why;
}

TEST(Answer, SaysNothingTwiceWithoutSayingSo) {
  Scene scene = ferry().scene("ada");
  std::vector<std::string> said;
  for (int i = 0; i < 4; ++i) {
    const Answer answer = ferry().say("ada", scene, "What is your name?");
    EXPECT_THAT(said, Not(Contains(answer.text)));
    said.push_back(answer.text);
  }
  EXPECT_THAT(said, Contains(AnyOf(StartsWith("I told you"), StartsWith("As I said"))));
}

TEST(Answer, TwoQuestionsGetTwoAnswers) {
  const Answer answer = ferry().say("ada", "What is your name? How old are you?");
  EXPECT_THAT(answer.text, HasSubstr("Ada"));
  EXPECT_THAT(answer.text, HasSubstr("50"));
}

TEST(Answer, TwoQuestionsOfOneSentenceGetTwoAnswers) {
  const Answer answer = ferry().say("ada", "How old are you and where is Ben?");
  EXPECT_THAT(answer.text, HasSubstr("50"));
  EXPECT_THAT(answer.text, HasSubstr("hut"));
  const Answer twice = ferry().say("ada", "Who are you and what do you do here?");
  EXPECT_EQ(twice.text.find("ferrywoman"), twice.text.rfind("ferrywoman")) << twice.text;
}

TEST(Answer, AShortQuestionGoesOnWithTheLineBefore) {
  Scene scene = ferry().scene("ada");
  ferry().say("ada", scene, "Is the river low?");
  EXPECT_THAT(ferry().say("ada", scene, "Since when?").text, HasSubstr("this year"));
}

TEST(Answer, WhoSaysOfWhomItWasToldIsSaidToo) {
  Scene scene = ferry().scene("ada");
  ferry().say("ada", scene, "My brother Joss sold the mill.");
  ferry().say("ada", scene, "I cannot forgive him.");
  const Answer told = ferry().say("ada", scene, "Whom could I not forgive?");
  EXPECT_THAT(told.text, HasSubstr("Joss")) << told.why;
  const Language& en = language_in("en");
  EXPECT_EQ(name_given(en.asking, en.words, "I am Captain Brandt of the Osprey."), "Captain Brandt");
  EXPECT_EQ(name_given(en.asking, en.words, "Joost is the name."), "Joost");
}

TEST(Answer, TellsOfFactionsAndOfTheTown) {
  const Answer faction = ferry().say("ada", "Who are the ferrymen?");
  EXPECT_EQ(faction.intent, "faction.what") << faction.why;
  EXPECT_THAT(faction.text, HasSubstr("They own the boat."));
}

TEST(Answer, WhatAnIntentNeverMeansIsAnotherQuestion) {
  EXPECT_EQ(ferry().say("ada", "What time is it?").intent, "now.time");
  EXPECT_EQ(ferry().say("ada", "What time was it?").way, Way::unknown);
  EXPECT_NE(ferry().say("ada", "How deep is the landing?").intent, "place.far");
}

TEST(Answer, WhoSomebodyIsAnswersNoOtherQuestion) {
  EXPECT_EQ(ferry().say("ada", "Who is the walker?").intent, "person.by");
  EXPECT_EQ(ferry().say("ada", "What is the walker of the north worth?").way, Way::unknown);
}

TEST(Answer, AWishThatNamesAPlaceIsAnswered) {
  EXPECT_EQ(ferry().say("ada", "I am looking for the hut.").intent, "place.where");
  EXPECT_EQ(ferry().say("ada", "I was looking at the birds.").way, Way::small);
}

TEST(Answer, AGreetingWithAQuestionAnswersTheQuestion) {
  EXPECT_EQ(ferry().say("ada", "Good morning! Where is Ben?").intent, "person.where");
  EXPECT_EQ(ferry().say("ada", "Ada, where is Ben?").intent, "person.where");
}

TEST(Answer, BeginsWithYesOrNoWhereTheEvidenceSaysWhich) {
  struct YesNo {
    const char* who;
    const char* line;
    const char* begins;
  };
  const YesNo rows[] = {
      {"ada", "Are you the walker?", "No."},        {"ben", "Are you the walker?", "Yes."},
      {"ada", "Is the hut far from here?", "Yes."}, {"ada", "Do you trust Ben?", "Yes."},
      {"ben", "Do you trust Ada?", "No."},          {"ada", "Is there a road near here?", "Yes."},
      {"ada", "Is Ben at the hut?", "Yes."},        {"ada", "Is Ben at the landing?", "No."},
      {"ada", "Is the lamp at the hut?", "No."},    {"ada", "Is the lamp at the landing?", "Yes."}};
  for (const YesNo& row : rows) {
    const Answer answer = ferry().say(row.who, row.line);
    EXPECT_THAT(answer.text, StartsWith(row.begins)) << row.line << ": " << answer.why;
  }
}

// What both deny is what is asked about: "not broken" is no yes to "broken?".
TEST(Answer, AWordThatDeniesMayBeWhatIsAskedFor) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "troupe-denied-by-both";
  fs::remove_all(folder);
  fs::copy("tests/packs/every-key", folder, fs::copy_options::recursive);
  std::ifstream in(folder / "facts.yaml");
  std::string facts(std::istreambuf_iterator<char>(in), {});
  facts.insert(facts.find('\n') + 1,
               "  - {id: wheel, text: The mill wheel is not broken., topics: [wheel], public: true}\n");
  std::ofstream(folder / "facts.yaml") << facts;
  const Town town(folder.string());
  EXPECT_THAT(town.say("ada", "Is the mill wheel broken?").text, StartsWith("No."));
  EXPECT_THAT(town.say("ada", "The mill wheel is not broken, is it?").text, Not(StartsWith("No.")));
}

TEST(Answer, WordsThatShowAnIntentDecide) {
  const std::pair<const char*, const char*> rows[] = {
      {"Ta, you old ferrywoman of the river!", "act.thanks"},
      {"Your boat is like you, blind old fool.", "act.insult"},
      {"I must go, the river does not wait.", "act.farewell"},
      {"Why did the heron cross the river?", "act.joke_told"},
      {"Lost my ship on the river.", "act.sorrow"}};
  for (const auto& [line, intent] : rows) {
    const Answer answer = ferry().say("ada", line);
    EXPECT_EQ(answer.intent, intent) << line << ": " << answer.text << " (" << answer.why << ")";
  }
}

// Of several sentences the one counts that surely says what the line is; a greeting only leads to it.
TEST(Answer, OneOfSeveralSentencesSaysWhatALineIs) {
  const auto manner_of = [](const char* line) { return ferry().say("ada", line).manner; };
  EXPECT_EQ(manner_of("I walked here from the landing and the reeds were high. You are a fool."),
            Manner::insult);
  EXPECT_EQ(manner_of("The water is low this year and the boat is old. I am sorry."), Manner::apology);
  EXPECT_EQ(manner_of("Hello, ferrywoman. I lost my brother in the flood."), Manner::sorrow);
}

TEST(Answer, NoYesOrNoStandsBeforeAnOpinionThatSaysTheContrary) {
  struct Case {
    double affection, respect;
    const char* says;
  };
  for (const Case& one : {Case{.5, .2, "Yes. I think well of Ben."}, Case{.1, .6, "I think well of Ben."},
                          Case{.1, .2, "No. I have no quarrel with Ben."}}) {
    Scene scene = ferry().scene("ada");
    scene.feelings[pack::NpcId("ben")] = {.trust = .3, .respect = one.respect, .affection = one.affection};
    EXPECT_EQ(ferry().say("ada", scene, "Do you like Ben?").text, one.says);
  }
}

TEST(Answer, WhatIsStrangeIsWhatFewKnow) {
  Scene scene = ferry().scene("ada");
  const Answer answer = ferry().say("ada", scene, "Did you see anything strange?");
  EXPECT_EQ(answer.intent, "now.noticed") << answer.why;
  EXPECT_EQ(answer.text, "There is a hole in my bow.");
  EXPECT_NE(ferry().say("ada", scene, "Have you seen anything suspicious?").text, answer.text);
}

TEST(Answer, SaysWhoLivesAtAPlace) {
  EXPECT_THAT(ferry().say("ada", "Who lives at the hut?").text, HasSubstr("Ben, the walker"));
  EXPECT_THAT(ferry().say("ada", "Who lives at the landing?").text, Not(HasSubstr("Ben")));
}

TEST(Answer, SaysWhatLiesWhichWay) {
  EXPECT_THAT(ferry().say("ada", "What lies north of the landing?").text, HasSubstr("The road and the hut"));
  EXPECT_THAT(ferry().say("ada", "What lies south of the landing?").text, Not(HasSubstr("oad")));
  EXPECT_THAT(ferry().say("ada", "What is next to the hut?").text, HasSubstr("he road"));
}

TEST(Answer, TellsWhatIsDoneAtAnotherHourButNothingPrivate) {
  const Answer open = ferry().say("ada", "What were you up to last night?");
  EXPECT_THAT(open.text, HasSubstr("I sleep")) << open.why;
  const Answer hidden = ferry().say("ada", "What were you up to yesterday at noon?");
  EXPECT_THAT(hidden.text, Not(HasSubstr("I row whoever pays"))) << hidden.why;
  EXPECT_THAT(ferry().say("ben", "What were you up to yesterday at noon?").text, HasSubstr("walk"));
}

TEST(Answer, IsSureOnlyOfWhatWasSaid) {
  Scene scene = ferry().scene("ada");
  EXPECT_EQ(ferry().say("ada", scene, "Are you quite sure about that?").way, Way::unknown);
  ferry().say("ada", scene, "Where is Ben?");
  EXPECT_EQ(ferry().say("ada", scene, "Are you quite sure about that?").intent, "now.sure");
}

TEST(Answer, IsOpenWhereItSells) {
  Scene scene = ferry().scene("ada");
  scene.here = pack::PlaceId("landing");
  scene.sells = {pack::GoodId("eel")};
  EXPECT_THAT(ferry().say("ada", scene, "Are you open?").text, HasSubstr("pen. Eel at 5 groats"));
  scene.here = pack::PlaceId("hut");
  EXPECT_THAT(ferry().say("ada", scene, "Are you closed?").text, HasSubstr("y day"));
}

TEST(Answer, WhatGoesOnWithAQuestionAboutYouIsAboutYouToo) {
  Scene scene = ferry().scene("ada");
  ferry().say("ada", scene, "Do you have brothers?");
  EXPECT_THAT(ferry().say("ada", scene, "And what does he do?").text, HasSubstr("brother"));
}

TEST(Answer, WhatNobodySellsHasNoPrice) {
  const Answer answer = ferry().say("ada", "What does a hat cost?");
  EXPECT_EQ(answer.intent, "good.other") << answer.why;
  EXPECT_THAT(answer.text, Not(HasSubstr("groats")));
  EXPECT_EQ(ferry().say("ada", "What does eel cost?").intent, "good.price");
}

TEST(Answer, IndoorsThereIsNoWeather) {
  Scene scene = ferry().scene("ada");
  scene.weather.reset();
  scene.temperature_c = 20;
  EXPECT_THAT(ferry().say("ada", scene, "What is the weather like?").text, HasSubstr("mild"));
  scene.temperature_c.reset();
  EXPECT_THAT(ferry().say("ada", scene, "How is the weather?").text, HasSubstr("weather"));
}

TEST(Answer, WhatStandsInThePlaceIsKnownToAll) {
  EXPECT_THAT(ferry().say("ben", "How many ruts has the road?").text, HasSubstr("Two ruts"));
}

TEST(Answer, SaysTheLastLineAgainHoweverOftenItIsAsked) {
  Scene scene = ferry().scene("ada");
  const std::string first = ferry().say("ada", scene, "How old are you?").text;
  EXPECT_EQ(ferry().say("ada", scene, "What did you say?").text, "I said: " + first);
  EXPECT_THAT(ferry().say("ada", scene, "Could you repeat that?").text,
              testing::EndsWith("I said: " + first));
}

TEST(Answer, LeadsWhoIsCalledSo) {
  EXPECT_EQ(ferry().world().leader, nullptr) << "a ferrywoman and a walker";
  pack::Pack pack = ferry().pack();
  pack.npcs[1].role = "captain of the walkers";
  const World world = make_world(pack, language_in("en"));
  ASSERT_NE(world.leader, nullptr);
  EXPECT_EQ(world.leader->id, pack.npcs[1].id);
}

TEST(Answer, SaysWhatWasDoneToWhomItIsSaidTo) {
  struct Felt {
    const char* line;
    Manner manner;
  };
  const Felt rows[] = {{"You are a liar.", Manner::insult},    {"I will kill you.", Manner::threat},
                       {"Thank you.", Manner::thanks},         {"Hello.", Manner::greeting},
                       {"My father is dead.", Manner::sorrow}, {"You cheated me.", Manner::accusation},
                       {"Where is the hut?", Manner::none},    {"You have my word.", Manner::promise}};
  for (const Felt& row : rows)
    EXPECT_EQ(name_of(ferry().say("ada", row.line).manner), name_of(row.manner)) << row.line;
}

TEST(Answer, APackGivesWaysAndPricesItsVoice) {
  EXPECT_THAT(ferry().say("ada", "Where is the road?").text, HasSubstr("Mind your feet."));
}

TEST(WrittenLine, HasTheMoodAndIsNotSaidTwice) {
  Scene scene = ferry().scene("ada");
  const Person& ada = ferry().person("ada");
  std::vector<std::string> said;
  for (int i = 0; i < 4; ++i) {
    scene.said.push_back(written_line(ferry().world(), ada, scene, pack::LineKind::greeting, "hello"));
    EXPECT_THAT(said, Not(Contains(scene.said.back())));
    said.push_back(scene.said.back());
  }
  EXPECT_NE(written_line(ferry().world(), ada, scene, pack::LineKind::consent, ""), "")
      << "the language has one";
}

// What is neither asked nor near to anything is answered by the mood, where somebody has lines for it.
TEST(WrittenLine, ShowsTheMood) {
  const Town town("worlds/lanternfall");
  int shown = 0;
  for (const auto& npc : town.pack().npcs) {
    for (const auto mood : {pack::Mood::happy, pack::Mood::sad}) {
      const auto kind = pack::find_name<pack::LineKind>(pack::kLineKindNames, pack::name_of(mood));
      const auto own = npc.lines.find(*kind);
      if (own == npc.lines.end()) continue;
      for (const bool in_it : {true, false}) {
        Scene scene = town.scene(npc.id.str());
        if (in_it) scene.mood = mood;
        const Answer answer = town.say(npc.id.str(), scene, "Seventeen copper kettles stood on the shelf.");
        EXPECT_EQ((std::ranges::find(own->second, answer.text) != own->second.end()), in_it)
            << npc.id.str() << ": " << answer.text;
        ++shown;
      }
    }
  }
  EXPECT_GT(shown, 4);
}

// Who saw it, or had it from somebody, says so.
TEST(Answer, SaysHowTheyKnow) {
  Town town("tests/packs/every-key");
  town.learns("ben", {.fact = pack::FactId("hole"), .says = {}, .source = "ada"});
  const auto known_by = [&](const char* who, const char* fact) {
    Scene scene = town.scene(who);
    scene.said.push_back(fact);
    return town.say(who, scene, "Where did you hear that?").text;
  };
  const std::string ada = town.pack().npc("ada")->name;
  EXPECT_THAT(known_by("ada", "There is a hole in my bow."),
              testing::AnyOf(HasSubstr("saw it"), HasSubstr("own eyes")));
  EXPECT_THAT(known_by("ben", "I told you: There it is."), HasSubstr(ada));
  EXPECT_THAT(known_by("ben", "Nice water."), testing::Not(HasSubstr(ada)));
}

TEST(WayText, LeadsOverThePlacesBetween) {
  const World& world = ferry().world();
  const auto way = [&](const char* from, const char* to) {
    return way_text(world, pack::PlaceId(from), pack::PlaceId(to), 0);
  };
  EXPECT_THAT(way("landing", "landing"), HasSubstr("the landing"));
  EXPECT_EQ(way("landing", "road"), "The road is next to here, six minutes on foot.");
  EXPECT_EQ(way("landing", "hut"), "Go by the road, then you are at the hut. Seven minutes on foot.");
  EXPECT_EQ(way("landing", "nowhere"), "");
}

// Each ask of an intent finds its own intent: otherwise two intents of a language file are the same.
class AsksOf : public testing::TestWithParam<std::string> {};

TEST_P(AsksOf, FindTheirIntent) {
  static const std::map<std::string, std::string> packs{{"en", "tests/packs/every-key"},
                                                        {"de", "tests/packs/every-key"}};
  const Town town(packs.at(GetParam()), GetParam());
  const Language& language = language_in(GetParam());
  std::size_t asks = 0, found = 0;
  std::string missed;
  for (const Intent& intent : language.intents) {
    for (const std::string& ask : intent.asks) {
      if (ask.contains('{')) continue;
      ++asks;
      const Scene scene = town.scene("ada");
      const Heard heard = hear(town.world(), town.person("ada"), scene, ask);
      VectorTable vectors;
      fill(vectors, language, texts_of(heard));
      const auto ranked = rank(town.world(), town.person("ada"), heard.whole, town.known(), vectors, 1);
      const bool same = !ranked.empty() && ranked.front().ask->intent == intent.id;
      found += same ? 1 : 0;
      if (!same) missed += ask + " -> " + (ranked.empty() ? "nothing" : ranked.front().ask->intent) + "\n";
    }
  }
  EXPECT_GT(asks, 300u);
  EXPECT_GE(found * 100, asks * 97) << missed;
}

INSTANTIATE_TEST_SUITE_P(Talk, AsksOf, testing::Values("en", "de"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace troupe::talk
