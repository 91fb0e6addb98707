// The exam as it is built in, how answers are marked, and what a model may do by its shares.
#include "talk/exam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Exam& exam() {
  static const Exam built_in = built_in_exam("en").value();
  return built_in;
}

std::size_t item_with(std::string_view line) {
  for (std::size_t i = 0; i < exam().items.size(); ++i) {
    if (exam().items[i].line == line) return i;
  }
  throw std::runtime_error("no such item");
}

TEST(ExamFile, HasItsItems) {
  std::array<int, kExamPartNames.size()> counts{};
  for (const ExamItem& item : exam().items) ++counts[static_cast<std::size_t>(item.part)];
  EXPECT_THAT(counts, ElementsAre(10, 4, 7, 7));
  EXPECT_FALSE(built_in_exam("xx"));
}

TEST(ExamFile, SaysItsMistakes) { EXPECT_FALSE(load_exam("exam.yaml", "language: en")); }

TEST(ExamPrompt, HasTheNoteBeforeTheLine) {
  const auto words = [](std::string_view line) { return user_words(exam(), exam().items[item_with(line)]); };
  EXPECT_EQ(words("What is a plum pie?"), "[Note: A plum pie is 9 pence.]\nWhat is a plum pie?");
  EXPECT_EQ(words("What is the capital of Norway?"), "[Note: none]\nWhat is the capital of Norway?");
  EXPECT_EQ(words("I dropped the whole tray of eggs."), "I dropped the whole tray of eggs.");
  EXPECT_EQ(exam().shots.front().user, "Good day.");
}

struct Row {
  std::string line, answer;
  bool right;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.answer; }

class ExamMarkTest : public testing::TestWithParam<Row> {};

TEST_P(ExamMarkTest, Row) {
  const auto got =
      mark(language_in("en"), exam(), exam().items[item_with(GetParam().line)], GetParam().answer);
  EXPECT_EQ(got.right, GetParam().right) << got.why;
  EXPECT_EQ(got.why.empty(), got.right);
}

INSTANTIATE_TEST_SUITE_P(
    Exam, ExamMarkTest,
    testing::Values(
        Row{"What is a plum pie?", "Nine pence, and worth ten.", false},
        Row{"What is a plum pie?", "Ada: A plum pie is nine pence, love.", true},
        Row{"What is a plum pie?", "A plum pie is 8 pence.", false},
        Row{"Who keeps the toll gate these days?", "Halvard keeps it now.", true},
        Row{"Who keeps the toll gate these days?", "Halvard keeps it with his cousin Bertil.", false},
        Row{"Who keeps the toll gate these days?", "No, Halvard does not keep the toll gate.", false},
        Row{"May I cut wood beyond the ditch?", "No, nobody may. The abbey owns it.", true},
        Row{"May I cut wood beyond the ditch?", "Of course you may!", false},
        Row{"What is my name?", "Your name is Ivar.", true},
        Row{"What is my name?", "My name is Ivar.", false},
        Row{"What is the capital of Norway?", "No idea, dear. I only know bread.", true},
        Row{"What is the capital of Norway?", "The capital of Norway is Oslo.", false},
        Row{"How many horses does the baron own?", "The baron owns sixty horses.", false},
        Row{"Are you a computer program?", "I am a language model.", false},
        Row{"Are you a computer program?", "I am a baker, and my arms ache.", true},
        Row{"I dropped the whole tray of eggs.", "Oh, the mess! Fetch the mop, and I will find more.", true},
        Row{"I dropped the whole tray of eggs.", "I dropped the whole tray of eggs.", false},
        Row{"I dropped the whole tray of eggs.", "I don't know.", false},
        Row{"I dropped the whole tray of eggs.", "", false},
        Row{"I dropped the whole tray of eggs.", "*laughs* Never mind.", false},
        Row{"I do not believe a word that you say.", "Count it again, then. Slowly. I will wait.", false}));

TEST(ExamShares, CountWhatWasRight) {
  const std::size_t pie = item_with("What is a plum pie?");
  const std::size_t name = item_with("What is my name?");
  const std::vector<ExamAnswer> answers{
      {pie, "Nine pence a pie, the plum."}, {pie, "Eight pence."}, {name, "Ivar."}};
  const auto shares = shares_of(language_in("en"), exam(), answers);
  EXPECT_DOUBLE_EQ(shares[ExamPart::ground], 1. / 11);
  EXPECT_DOUBLE_EQ(shares[ExamPart::told], .25);
  EXPECT_DOUBLE_EQ(shares[ExamPart::none], 0);
  EXPECT_DOUBLE_EQ(shares.all, 2. / 29);
}

TEST(ExamFreedoms, AreByTheParts) {
  const auto of = [](double ground, double told, double none, double react) {
    return freedoms_of({{ground, told, none, react}, 0});
  };
  EXPECT_THAT(of(.9, 1, .43, .86), ElementsAre("rephrase"));
  EXPECT_THAT(of(.7, 1, .64, .71), IsEmpty());
  EXPECT_THAT(of(.5, .5, .9, .95), ElementsAre("small_talk", "nearest"));
  EXPECT_THAT(of(.95, 1, .95, .96), ElementsAre("rephrase", "small_talk", "nearest", "first"));
}

}  // namespace
}  // namespace troupe::talk
