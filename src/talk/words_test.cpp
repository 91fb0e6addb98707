#include "talk/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/first_person.h"
#include "talk/normalise.h"
#include "talk/pattern.h"
#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Fold, ComparesLettersWithoutMarks) {
  struct Row {
    const char* text;
    const char* folded;
  };
  const Row rows[] = {{"Über", "ueber"},  {"u\u0308ber", "ueber"}, {"Straße", "strasse"}, {"Café", "cafe"},
                      {"Don’t", "don't"}, {"Łódź", "lodz"},        {"Ćwiek", "cwiek"},    {"ЖУК", "жук"},
                      {"ΑΒΓ", "αβγ"},     {"日本", "日本"},        {"a–b", "a-b"},        {"", ""}};
  for (const Row& row : rows) {
    EXPECT_EQ(fold(row.text), row.folded) << row.text;
  }
}

TEST(Fold, TakesAnyBytes) {
  for (int first = 0; first < 256; ++first) {
    const std::string text = {static_cast<char>(first), '\x80', 'a'};
    EXPECT_LE(fold(text).size(), 12u);
    EXPECT_LE(tokens(text).size(), 3u);
  }
}

TEST(Tokens, AreWordsWithWhereTheyStand) {
  const auto found = tokens("Don't go, Jörg: 21 steps—now! 😀");
  ASSERT_EQ(found.size(), 6u);
  EXPECT_EQ(found[0].folded, "don't");
  EXPECT_EQ(found[2].text, "Jörg");
  EXPECT_EQ(found[2].folded, "joerg");
  EXPECT_EQ(found[3].text, "21");
  EXPECT_EQ(found[5].text, "now");
  EXPECT_THAT(tokens("😀 !!"), IsEmpty());
}

TEST(Sentences, EndWithTheirMarks) {
  EXPECT_THAT(sentences("Go well. Walk on\n the land side!  Yes?"),
              ElementsAre("Go well.", "Walk on the land side!", "Yes?"));
  EXPECT_THAT(sentences("He said: \"Rain.\" And left"), ElementsAre("He said: \"Rain.\"", "And left"));
  EXPECT_THAT(sentences("  "), IsEmpty());
}

TEST(Numbers, AreReadInDigitsAndWords) {
  const Words& en = language_in("en").words;
  EXPECT_THAT(numbers(en, "seven fish, 12 loaves and twenty-one nets"), ElementsAre(7, 12, 21));
  EXPECT_THAT(numbers(en, "two hundred and a thousand"), ElementsAre(200, 1000));
  EXPECT_THAT(numbers(en, "three hundred forty-two"), ElementsAre(342));
  EXPECT_THAT(numbers(en, "none"), IsEmpty());
  const Words& de = language_in("de").words;
  EXPECT_THAT(numbers(de, "einundzwanzig Frösche und zwölf Taler"), ElementsAre(21, 12));
}

TEST(Stems, LeaveEndingsAndStopWords) {
  const Words& en = language_in("en").words;
  EXPECT_THAT(stems(en, "She was mending the nets"), ElementsAre("mend", "net"));
  EXPECT_EQ(stem(en, "ring"), "ring") << "three letters stay at least";
  EXPECT_EQ(with_article(en, "apothecary"), "an apothecary");
  EXPECT_EQ(with_article(en, "the keeper"), "the keeper");
  EXPECT_EQ(without_article(en, "The Drowned Bell"), "Drowned Bell");
}

TEST(Pattern, MeetsFoldedTextAndRefusesWhatItCannotRun) {
  const auto pattern = Pattern::read("\\büber (\\w+)");
  ASSERT_TRUE(pattern) << pattern.error().message;
  EXPECT_TRUE(pattern->finds(fold("Der Weg über Ulm")));
  EXPECT_EQ(pattern->find(fold("Über Ulm")).groups.at(0), "ulm");
  EXPECT_FALSE(pattern->finds("hinueber ulm"));
  EXPECT_FALSE(Pattern::read("a(?=b)"));
  EXPECT_FALSE(Pattern::read("(a"));
  EXPECT_FALSE(Pattern::read(std::string(2000, 'a')));
  EXPECT_FALSE(Pattern().finds("anything"));
  EXPECT_FALSE(Pattern().find("anything"));
}

TEST(Normalised, MendsOneSlipAndLeavesNames) {
  const Words& en = language_in("en").words;
  Vocabulary known;
  known.names = {"chapel", "harbour"};
  known.common = {"lantern"};
  known.asked = {"where", "name", "time", "tell"};
  known.stems = {"walk", "lantern"};
  struct Row {
    const char* line;
    const char* meant;
  };
  const Row rows[] = {
      {"whats that", "what is that"},
      {"where is the chappel", "where is the chapel"},
      {"where is the chaple", "where is the chapel"},
      {"where is the hrbour", "where is the harbour"},
      {"Do you know Harbor the smith?", "Do you know Harbor the smith?"},
      {"WHERE IS THE CHAPLE", "Where is the chapel"},
      {"a lantrn here", "a lantern here"},
      {"wahts your naem", "what is your name"},  // a short form with a slip in it
      {"hwat tiem", "what time"},
      {"tlel me", "tell me"},
      {"the tile", "the tile"},  // another word, one letter away
      {"a game", "a game"},
      {"a hsrbour", "a harbour"},
      {"he walked to the lanterns", "he walked to the lanterns"},  // forms of words that are known
      {"Don't walk", "Don't walk"},                                // "don" is no "down"
      {"", ""}};
  for (const Row& row : rows) {
    EXPECT_EQ(normalised(en, known, row.line), row.meant) << row.line;
  }
  EXPECT_TRUE(one_slip("chapel", "chaple"));
  EXPECT_TRUE(one_slip("chapel", "chappel"));
  EXPECT_FALSE(one_slip("chapel", "chapel"));
  EXPECT_FALSE(one_slip("chapel", "cahple"));
}

TEST(FirstPerson, IsMadeByRuleOrNotAtAll) {
  const FirstPerson& en = language_in("en").saying.first_person;
  EXPECT_EQ(activity_in_first_person(en, "mends nets by the open door"), "I mend nets by the open door.");
  EXPECT_EQ(activity_in_first_person(en, "sits on the third stone and looks at the light"),
            "I sit on the third stone and look at the light.");
  EXPECT_EQ(activity_in_first_person(en, "sits with her back to the wall"),
            "I sit with my back to the wall.");
  EXPECT_EQ(activity_in_first_person(en, ""), std::nullopt);
  const Named marta{{"Marta", "Quill"}, "she", {"Odo"}};
  EXPECT_EQ(sentence_in_first_person(en, "Marta mends nets and has done so for thirty years.", marta),
            "I mend nets and have done so for thirty years.");
  EXPECT_EQ(sentence_in_first_person(en, "She was Odo's friend, and they played draughts.", marta),
            "I was Odo's friend, and we played draughts.");
  EXPECT_EQ(sentence_in_first_person(en, "The town likes her.", marta), std::nullopt);
  EXPECT_EQ(sentence_in_first_person(en, "Her mother runs the mill in Arle, and she misses her.", marta),
            "My mother runs the mill in Arle.");
  EXPECT_EQ(sentence_in_first_person(en, "Her mother gave her the mill.", marta), std::nullopt);
  EXPECT_EQ(sentence_in_first_person(en, "Her husband runs a bakery and writes to her.", marta),
            "My husband runs a bakery.");
  EXPECT_EQ(sentence_in_first_person(en, "She rose early, writes her own letters and reads poetry.", marta),
            "I rose early, write my own letters and read poetry.");
  EXPECT_EQ(sentence_in_first_person(en, "She misses Odo, who let Marta win.", marta), std::nullopt);
  const FirstPerson& de = language_in("de").saying.first_person;
  EXPECT_EQ(activity_in_first_person(de, "hebt den Zoll ein und zählt Frösche"),
            "Ich hebe den Zoll ein und zähle Frösche.");
  EXPECT_EQ(activity_in_first_person(de, "schläft über der Küche"), "Ich schlafe über der Küche.");
}

TEST(Clauses, AreSaidOfOneself) {
  const FirstPerson& en = language_in("en").saying.first_person;
  EXPECT_THAT(clauses(en, "I do the thirty rooms and come from a farm in the valley."),
              ElementsAre("I do the thirty rooms.", "I come from a farm in the valley."));
  EXPECT_THAT(clauses(en, "I mend nets."), IsEmpty());
  EXPECT_THAT(clauses(en, ""), IsEmpty());
}

TEST(Turned, ExchangesIAndYou) {
  const Saying& en = language_in("en").saying;
  EXPECT_EQ(turned(en, "My knee has been hurting. I am old."), "Your knee has been hurting. You are old.");
  EXPECT_EQ(turned(en, "I will bring you my bread."), "You will bring me your bread.");
  EXPECT_EQ(turned(en, "If you keep quiet I will bring you two buckles."),
            "If I keep quiet you will bring me two buckles.");
  EXPECT_EQ(turned(en, ""), "");
}

TEST(Pick, SaysNothingTwiceWhileThereIsAnother) {
  const std::vector<std::string> texts{"a", "b", "c"};
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    EXPECT_EQ(pick(texts, std::vector<std::string>{"a", "c"}, seed).text, "b");
    EXPECT_FALSE(pick(texts, {}, seed).again);
  }
  EXPECT_TRUE(pick(texts, texts, 1).again);
  EXPECT_EQ(pick({}, {}, 1).text, "");
}

}  // namespace
}  // namespace troupe::talk
