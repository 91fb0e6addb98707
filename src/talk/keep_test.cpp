// Which rephrasings may stand for the words that they were made of.
#include "talk/keep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

struct Row {
  const char* language;
  std::string source, line, text;
  std::vector<std::string> keys;
  std::string_view departs;  // empty = it keeps
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.text; }

class KeepTest : public testing::TestWithParam<Row> {};

TEST_P(KeepTest, Row) {
  const auto& row = GetParam();
  const auto found = keeps(
      language_in(row.language),
      {.source = row.source, .text = row.text, .line = row.line, .speaker = "Ada Thorn", .keys = row.keys});
  if (row.departs.empty()) {
    EXPECT_EQ(to_string(found), "");
    return;
  }
  std::vector<std::string_view> kinds;
  for (const Departed& one : found) kinds.push_back(name_of(one.by));
  EXPECT_THAT(kinds, testing::Contains(row.departs)) << to_string(found);
}

const std::string kMill = "The mill burned on the night of the harvest dance, between nine and ten.";
const std::string kWhen = "When did the mill burn?";
const std::string kRye = "A loaf of rye is 4 pence.";
const std::string kCost = "What does rye bread cost?";
const std::string kWeir = "Nobody may fish above the weir, because the count owns it.";
const std::string kBerit = "Sister Berit is the healer. She lives behind the chapel.";
const std::string kMuehle = "Die Mühle brannte in der Nacht des Erntetanzes, zwischen neun und zehn.";

INSTANTIATE_TEST_SUITE_P(
    Keeps, KeepTest,
    testing::Values(
        Row{"en",
            kMill,
            kWhen,
            "On the night of the harvest dance, between nine and ten, it burned.",
            {"harvest dance"},
            ""},
        Row{"en", kMill, kWhen, "It burned between nine and ten, on the harvest night.", {"ten"}, ""},
        Row{"en", kRye, kCost, "Four pence a loaf, the rye.", {"4 pence"}, ""},
        Row{"en", kRye, kCost, "That one? 4 pence for a loaf of rye.", {"4"}, ""},
        Row{"en",
            kWeir,
            "May I fish above the weir?",
            "Nobody may, because the count owns the weir.",
            {},
            ""},
        Row{"en",
            kBerit,
            "Who can look at my wound?",
            "Berit, the healer. She lives behind the chapel.",
            {"Berit"},
            ""},
        Row{"en", kRye, kCost, "A loaf of rye is five pence.", {"4"}, "new_number"},
        Row{"en", kRye, kCost, "A loaf of rye is two pence.", {"4"}, "new_number"},
        Row{"en", kRye, kCost, "A loaf of rye costs some pence.", {}, "lost_number"},
        Row{"en",
            kMill,
            kWhen,
            "At the harvest dance night of Osbert, between nine and ten.",
            {},
            "new_name"},
        Row{"en",
            kBerit,
            "Who can look at my wound?",
            "The healer lives behind the chapel.",
            {"Sister Berit"},
            "lost_key"},
        Row{"en",
            kMill,
            kWhen,
            "A dreadful fire took everything we loved, and people wept and screamed until ten.",
            {},
            "new_words"},
        Row{"en", kMill, kWhen, "The mill burned, it did.", {}, "too_little"},
        Row{"en", kRye, kCost, "A loaf of rye is not 4 pence.", {}, "denies"},
        Row{"en",
            kWeir,
            "May I fish above the weir?",
            "You may fish above the weir, the count owns it.",
            {},
            "drops_no"},
        Row{"de",
            kMuehle,
            "Wann brannte die Mühle?",
            "Zwischen neun und zehn, in der Nacht des Erntetanzes, da brannte sie.",
            {"Erntetanz"},
            ""},
        Row{"de",
            kMuehle,
            "Wann brannte die Mühle?",
            "In der Nacht des Erntetanzes, zwischen acht und zehn.",
            {},
            "new_number"},
        Row{"de",
            kMuehle,
            "Wann brannte die Mühle?",
            "In der Nacht zwischen neun und zehn.",
            {"Erntetanz"},
            "lost_key"},
        Row{"de",
            kMuehle,
            "Wann brannte die Mühle?",
            "Die Mühle brannte nicht in der Nacht des Erntetanzes, zwischen neun und zehn.",
            {},
            "denies"},
        Row{"de",
            "Das Brot kostet 4 Heller.",
            "Was kostet das Brot?",
            "Vier Heller kostet das Brot.",
            {"4 Heller"},
            ""}));

}  // namespace
}  // namespace troupe::talk
