#include "services/capabilities/verb_text.h"

#include <gtest/gtest.h>

#include "tests/support/quay.h"

namespace troupe::capabilities {
namespace {

using test::quay;

TEST(ThirdPerson, EveryVerbAndNothingThatIsNone) {
  const std::pair<const char*, const char*> rows[] = {
      {"light the lamp", "lights the lamp"},
      {"put out the lamp", "puts out the lamp"},
      {"fish", "fishes"},
      {"go home", "goes home"},
      {"carry it", "carries it"},
      {"buy eel", "buys eel"},
      {"pass by", "passes by"},
      {"watch", "watches"},
      {"have a drink", "has a drink"},
      // Every verb, and nothing that is none.
      {"eat or drink {good}", "eats or drinks {good}"},
      {"eat, drink or rest", "eats, drinks or rests"},
      {"rest and sleep", "rests and sleeps"},
      {"light a candle and pray", "lights a candle and prays"},
      {"sit down and drink", "sits down and drinks"},
      {"take {good} and run away", "takes {good} and runs away"},
      {"buy bread and drink", "buys bread and drink"},
      {"buy bread, butter and fish", "buys bread, butter and fish"},
      {"walk up and down", "walks up and down"},
      {"talk to {person} or listen", "talks to {person} or listens"},
  };
  for (const auto& [infinitive, third] : rows)
    EXPECT_EQ(third_person(quay().texts.deed.third_person, infinitive), third);
}

// Nothing of English is left where the file of a language says nothing of it.
TEST(ThirdPerson, AVerbStandsAsItIsInALanguageThatMakesNoThirdPerson) {
  EXPECT_EQ(third_person({}, "eat or drink {good}"), "eat or drink {good}");
  EXPECT_EQ(third_person({.whole = {{"aller", "va"}}, .endings = {{"er", "e"}}, .joints = {"et"}},
                         "danser et aller"),
            "danse et va");
}

}  // namespace
}  // namespace troupe::capabilities
