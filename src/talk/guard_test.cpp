// What a model may say, by good and bad lines in both languages: whole answers and single sentences.
#include "talk/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

constexpr auto kNone = std::string_view();

struct Row {
  const char* language;
  std::string line;
  std::string text;
  std::string_view objection;  // one of those that are found; empty = it may be said
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.text; }

Prompted english() {
  return {.line = "",
          .notes = "The ferry costs 6 pence. Garrick keeps the ferry since the flood.",
          .allowed =
              "Ada Thorn, 40, baker. She sells bread at Holm Bridge. In May the count comes. Varn is two "
              "days off.",
          .speaker = "Ada Thorn",
          .others = {"Garrick", "Sister Berit"},
          .names = {"the old mill", "rye bread"},
          .said = {"The ferry is at the end of the road."}};
}
Prompted german() {
  return {
      .line = "",
      .notes = "Die Fähre kostet 6 Heller. Garrick führt die Fähre seit der Flut.",
      .allowed = "Ada Dorn, 40, Bäckerin. Sie verkauft Brot an der Holmbrücke. Nach Varn sind es zwei Tage.",
      .speaker = "Ada Dorn",
      .others = {"Garrick", "Schwester Berit"},
      .names = {"die alte Mühle", "Roggenbrot"},
      .said = {"Die Fähre liegt am Ende der Straße."}};
}
Guard guard_for(const Row& row) {
  const bool en = std::string_view(row.language) == "en";
  Prompted prompted = en ? english() : german();
  prompted.line = row.line;
  return Guard(language_in(row.language), std::move(prompted));
}

class GuardTest : public testing::TestWithParam<Row> {};

TEST_P(GuardTest, Answer) {
  const auto& row = GetParam();
  const auto found = guard_for(row).answer(row.text);
  if (row.objection == kNone) {
    EXPECT_EQ(to_string(found), "");
    return;
  }
  std::vector<std::string_view> kinds;
  for (const Objected& one : found) kinds.push_back(name_of(one.to));
  EXPECT_THAT(kinds, testing::Contains(row.objection)) << to_string(found);
}

const std::string kFerry = "Who runs the ferry these days?";
const std::string kFaehre = "Wer führt jetzt die Fähre?";

INSTANTIATE_TEST_SUITE_P(
    English, GuardTest,
    testing::Values(
        Row{"en", kFerry, "Garrick does, since the flood. Six pence, and no haggling.", kNone},
        Row{"en", kFerry, "Garrick's the man. It costs 6 pence.", kNone},
        Row{"en", kFerry, "I couldn't tell you, love. I only know bread.", kNone},
        Row{"en", kFerry, "Ask Sister Berit, or go to Holm Bridge in May.", kNone},
        Row{"en", "Is the ferry six pence?", "Yes, the ferry is six pence.", kNone},
        Row{"en", "Do you know Rolf?", "Rolf? I never met a Rolf, sir.", kNone},
        Row{"en", "I lost a red scarf.", "A scarf! I'd look under the benches, God knows what lies there.",
            kNone},
        Row{"en", "Are you an NPC?", "An NPC? I am a baker, and my feet hurt.", kNone},
        Row{"en", "Thank you.", "A thousand thanks to you, too.", kNone},
        Row{"en", kFerry, "He said: \"Tomorrow. Perhaps.\"", kNone},
        Row{"en", kFerry, "NO! Not the ferry again.", kNone},
        Row{"en", kFerry, "Ada is what they call me, and I know nothing.", kNone},
        Row{"en", kFerry, "", "empty"}, Row{"en", kFerry, "...", "empty"},
        Row{"en", kFerry, "Garrick does.<|im_end|>", "control_tokens"},
        Row{"en", kFerry, "User: and who is he?", "control_tokens"},
        Row{"en", "Print hello.", "def hello(): print('hello')", "control_tokens"},
        Row{"en", kFerry, "*wipes her hands* Garrick.", "stage_direction"},
        Row{"en", kFerry, "She smiles and points at the river.", "stage_direction"},
        Row{"en", kFerry, "Garrick does.\nAnd you?", "stage_direction"},
        Row{"en", "Are you an AI?", "No, I am not an AI.", "banned_word"},
        Row{"en", kFerry, "As an assistant I cannot say.", "banned_word"},
        Row{"en", kFerry, "My instructions forbid it.", "banned_word"},
        Row{"en", kFerry, "Ada smiles at you and says nothing.", "third_person_of_self"},
        Row{"en", kFerry, "Ada Thorn, the baker, knows the ferry.", "third_person_of_self"},
        Row{"en", kFerry, "I am Garrick, and it is mine.", "claims_to_be_other"},
        Row{"en", kFerry, "My name is Sister Berit.", "claims_to_be_other"},
        Row{"en", kFerry, "They call me Rosalind.", "claims_to_be_other"},
        Row{"en", kFerry, "That would be Osbert, at the landing.", "unknown_name"},
        Row{"en", kFerry, "Osbert keeps it now.", "unknown_name"},
        Row{"en", kFerry, "Go to Merrow Street and ask.", "unknown_name"},
        Row{"en", kFerry, "Ask me again in March.", "unknown_name"},
        Row{"en", kFerry, "It costs seven pence.", "unknown_number"},
        Row{"en", kFerry, "It costs 25 pence.", "unknown_number"},
        Row{"en", kFerry, "He has had it for a hundred years.", "unknown_number"},
        Row{"en", kFerry, "On the fifth day it sank.", "unknown_number"},
        Row{"en", kFerry, "Der Fährmann ist nicht hier, aber ich bin für Sie da.", "other_language"},
        Row{"en", kFerry, "Je ne sais pas, mais vous pouvez demander.", "other_language"},
        Row{"en", kFerry, "The ferry 是 closed.", "other_language"},
        Row{"en", kFerry, "I know it, I know it, I know it, I know it.", "repeats"},
        Row{"en", kFerry, "It is the ferry. It is the ferry.", "repeats"},
        Row{"en", kFerry, "The ferry is at the end of the road.", "repeats"},
        Row{"en", "Where did my red scarf go yesterday?", "Where did your red scarf go yesterday?", "echo"},
        Row{"en", "I burned my hand on the hot oven.", "I burned my hand on the hot oven.", "echo"},
        Row{"en", kFerry, "How can I help you?", "question_dodged"},
        Row{"en", "Good day.", "Good day! How can I help you?", kNone},
        Row{"en", kFerry, "Well. Yes. No. Perhaps. Who can say.", "too_long"}));

INSTANTIATE_TEST_SUITE_P(
    German, GuardTest,
    testing::Values(Row{"de", kFaehre, "Garrick, seit der Flut. Sechs Heller kostet sie.", kNone},
                    Row{"de", kFaehre, "Das weiß ich nicht. Ich kenne nur den Teig und den Ofen.", kNone},
                    Row{"de", kFaehre, "Frag Schwester Berit, die steht an der Holmbrücke.", kNone},
                    Row{"de", "Kennst du Rolf?", "Herr Rolf? Nie gesehen.", kNone},
                    Row{"de", kFaehre, "Ich bin Bäckerin und keine Auskunft.", kNone},
                    Row{"de", kFaehre, "Garrick.<|im_end|>", "control_tokens"},
                    Row{"de", kFaehre, "*lächelt* Garrick.", "stage_direction"},
                    Row{"de", kFaehre, "Sie nickt und zeigt zum Fluss.", "stage_direction"},
                    Row{"de", kFaehre, "Als KI kann ich das nicht sagen.", "banned_word"},
                    Row{"de", kFaehre, "Ich bin ein Sprachmodell.", "banned_word"},
                    Row{"de", kFaehre, "Ada lächelt und sagt nichts.", "third_person_of_self"},
                    Row{"de", kFaehre, "Ich bin Garrick.", "claims_to_be_other"},
                    Row{"de", kFaehre, "Ich heiße Rosalinde.", "claims_to_be_other"},
                    Row{"de", kFaehre, "Das macht Herr Osbert.", "unknown_name"},
                    Row{"de", kFaehre, "Sie kostet sieben Heller.", "unknown_number"},
                    Row{"de", kFaehre, "Sie kostet einundzwanzig Heller.", "unknown_number"},
                    Row{"de", kFaehre, "I do not know what you mean, but the ferry is there.",
                        "other_language"},
                    Row{"de", kFaehre, "Das ist die Fähre. Das ist die Fähre.", "repeats"},
                    Row{"de", kFaehre, "Die Fähre liegt am Ende der Straße.", "repeats"},
                    Row{"de", "Ich habe gestern meinen roten Schal verloren.",
                        "Du hast gestern deinen roten Schal verloren.", "echo"},
                    Row{"de", kFaehre, "Wie kann ich dir helfen?", "question_dodged"}));

// The rest is still being written: what only the whole shows is not looked for.
TEST(GuardSentence, IsJudgedAlone) {
  const Guard guard = guard_for({"en", kFerry, "", ""});
  EXPECT_EQ(to_string(guard.sentence("Garrick does.")), "");
  EXPECT_EQ(to_string(guard.sentence("Who runs the ferry?")), "");
  EXPECT_EQ(to_string(guard.sentence("Osbert keeps it for nine pence.")),
            "unknown_name 'Osbert', unknown_number '9'");
}

TEST(GuardNames, AreThoseOfTheWorldToo) {
  Vocabulary known;
  known.common = {"samphire"};
  Prompted prompted = english();
  prompted.line = "What is there to eat?";
  EXPECT_NE(to_string(Guard(language_in("en"), prompted).answer("Samphire is nice.")), "");
  EXPECT_EQ(to_string(Guard(language_in("en"), prompted, &known).answer("Samphire is nice.")), "");
}

TEST(AsSpoken, IsWithoutLabelQuotesAndBrokenEnd) {
  EXPECT_EQ(as_spoken("Ada: \"Not today.\"", "Ada Thorn", 3), "Not today.");
  EXPECT_EQ(as_spoken("Ada Thorn: Not today. Come back tom", "Ada Thorn", 3), "Not today.");
  EXPECT_EQ(as_spoken("Not today", "Ada Thorn", 3), "Not today");
  EXPECT_EQ(as_spoken("One. Two. Three.", "Ada Thorn", 2), "One. Two.");
  EXPECT_EQ(as_spoken("„Heute nicht.“", "Ada Dorn", 3), "Heute nicht.");
}

}  // namespace
}  // namespace troupe::talk
