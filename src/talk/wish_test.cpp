// Which lines wish something, and of whom: frames by words alone, in both languages. The lines of bench/acts
// measure how well it goes; here is what each rule is for.
#include "talk/wish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "talk/request.h"
#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

using Names = std::vector<std::string>;

Candidate option(std::string form, std::string text, Deed deed,
                 std::vector<Candidate::Argument> arguments = {}) {
  Candidate out;
  out.verb = form;
  out.form = std::move(form);
  out.text = std::move(text);
  out.deed = deed;
  out.arguments = std::move(arguments);
  return out;
}
Candidate::Argument thing(const std::string& param, Names names) { return {param, std::move(names), false}; }
const Candidate::Argument kAsker{"who", {}, true};

std::vector<Candidate> english() {
  return {
      option("walk to {place}", "walk to the harbour", Deed::go, {thing("place", {"the harbour"})}),
      option("wait a while", "wait a while", Deed::rest),
      option("follow {who}", "follow Ana", Deed::join, {kAsker}),
      option("light {lamp}", "light the square lamp", Deed::other, {thing("lamp", {"the square lamp"})}),
      option("light {lamp}", "light the market lamp", Deed::other, {thing("lamp", {"the market lamp"})}),
      option("put out {lamp}", "put out the square lamp", Deed::other, {thing("lamp", {"the square lamp"})}),
      option("sell {good} to {who}", "sell herring to Ana", Deed::sell,
             {thing("good", {"herring", "fish"}), kAsker}),
      option("give {good} to {who}", "give herring to Ana", Deed::give,
             {thing("good", {"herring", "fish"}), kAsker}),
      option("give {good} to {who}", "give rope to Ana", Deed::give, {thing("good", {"rope"}), kAsker}),
      option("let {person} go", "let Slim go", Deed::other, {thing("person", {"Slim"})}),
      option("run an errand for {person}", "run an errand for Wren", Deed::other,
             {thing("person", {"Wren"})}),
      option("take a nap", "take a nap", Deed::rest),
      option("mend the nets", "mend the nets", Deed::other)};
}
std::vector<Candidate> german() {
  return {
      option("zu {place} gehen", "zu der Brücke gehen", Deed::go, {thing("place", {"die Brücke"})}),
      option("warten", "warten", Deed::rest),
      option("{who} folgen", "Ana folgen", Deed::join, {kAsker}),
      option("{lamp} anzünden", "die Laterne anzünden", Deed::other, {thing("lamp", {"die Laterne"})}),
      option("{who} {good} verkaufen", "Ana Brot verkaufen", Deed::sell, {kAsker, thing("good", {"Brot"})}),
      option("{who} {good} geben", "Ana Brot geben", Deed::give, {kAsker, thing("good", {"Brot"})}),
      option("{good} essen", "Brot essen", Deed::eat, {thing("good", {"Brot"})})};
}

struct Row {
  const char* language;
  std::string line;
  std::string wished;  // text of the option; "" = none; "?" = one of several; "-" = nothing fits
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.line; }

class WishTest : public testing::TestWithParam<Row> {};

TEST_P(WishTest, Row) {
  const auto& row = GetParam();
  const auto candidates = std::string_view(row.language) == "en" ? english() : german();
  const Wish found = wish(language_in(row.language), {row.line, {"Pip"}, {}}, candidates, nullptr, {});
  EXPECT_FALSE(found.why.empty());
  switch (found.kind) {
    case WishKind::none:
      EXPECT_EQ("", row.wished) << found.why;
      break;
    case WishKind::act:
      EXPECT_EQ(candidates[found.candidate].text, row.wished) << found.why;
      break;
    case WishKind::unclear:
      EXPECT_EQ("?", row.wished) << found.why;
      break;
    case WishKind::nothing_fits:
      EXPECT_EQ("-", row.wished) << found.why;
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(
    English, WishTest,
    testing::Values(
        Row{"en", "Light the square lamp.", "light the square lamp"},
        Row{"en", "Pip, could you please light the market lamp?", "light the market lamp"},
        Row{"en", "Would you mind lighting the square lamp?", "light the square lamp"},
        Row{"en", "The square lamp is dark. Light it, please.", "light the square lamp"},
        Row{"en", "Please put the lamp out.", "put out the square lamp"},
        Row{"en", "Go down to the harbour and look.", "walk to the harbour"},
        Row{"en", "Come with me to the harbour.", "follow Ana"},
        Row{"en", "Wait here until I am back.", "wait a while"},
        Row{"en", "I'll take a herring, please.", "sell herring to Ana"},
        Row{"en", "Two herring for my wife, please.", "sell herring to Ana"},
        Row{"en", "I have no money. Could you spare a herring?", "give herring to Ana"},
        Row{"en", "Lend me the rope!", "give rope to Ana"}, Row{"en", "Let Slim go, Pip.", "let Slim go"},
        Row{"en", "Will you do an errand for Wren?", "run an errand for Wren"},
        Row{"en", "You should take a nap.", "take a nap"},
        Row{"en", "Do me a favour and fix these nets.", "mend the nets"}, Row{"en", "Light the lamp.", "?"},
        Row{"en", "Light the chapel candle.", "-"}, Row{"en", "Sell me a horse.", "-"},
        Row{"en", "Who lights the square lamp?", ""}, Row{"en", "Did you light the square lamp?", ""},
        Row{"en", "Do not light the square lamp.", ""}, Row{"en", "Never walk to the harbour alone.", ""},
        Row{"en", "He told me to light the square lamp.", ""}, Row{"en", "I mend the nets myself.", ""},
        Row{"en", "If you light the square lamp, I will tell.", ""},
        Row{"en", "Would you ever light the square lamp?", ""},
        Row{"en", "Somebody should mend the nets.", ""}, Row{"en", "Herring makes me sick.", ""},
        Row{"en", "No herring for me.", ""}, Row{"en", "*takes a herring*", ""},
        Row{"en", "You are a fool.", ""}, Row{"en", "Good morning.", ""}));

INSTANTIATE_TEST_SUITE_P(
    German, WishTest,
    testing::Values(Row{"de", "Zünde bitte die Laterne an.", "die Laterne anzünden"},
                    Row{"de", "Kannst du die Laterne anzünden?", "die Laterne anzünden"},
                    Row{"de", "Geh zur Brücke.", "zu der Brücke gehen"},
                    Row{"de", "Komm mit mir!", "Ana folgen"}, Row{"de", "Warte hier.", "warten"},
                    Row{"de", "Ich nehme ein Brot.", "Ana Brot verkaufen"},
                    Row{"de", "Ein Brot, bitte.", "Ana Brot verkaufen"},
                    Row{"de", "Gib mir ein Brot, ich habe kein Geld.", "Ana Brot geben"},
                    Row{"de", "Wer zündet die Laterne an?", ""}, Row{"de", "Zünde die Laterne nicht an!", ""},
                    Row{"de", "Wenn du die Laterne anzündest, sage ich es allen.", ""},
                    Row{"de", "Ich habe gestern Brot gegessen.", ""}, Row{"de", "Guten Morgen.", ""}));

// A line that no frame knows: its form is sure, and what is named and said fits one option.
TEST(Wish, IsFoundByItsFormToo) {
  FormModel sure;
  sure.dimensions = 2;
  sure.weights.resize(sure.dimensions + kFormBuckets);
  sure.weights[0] = 10;
  const std::vector<Candidate> candidates = english();
  VectorTable vectors;
  for (const std::string& text : texts_of(language_in("en"), candidates)) {
    const bool nets = text.contains("nets");
    vectors.add(text, nets ? Vector{1, 0} : Vector{0, 1});
  }
  const WishLine line{"These nets are past mending for my poor eyes.", {}, {1, 0}};
  const Wish found = wish(language_in("en"), line, candidates, &sure, vectors);
  EXPECT_EQ(found.kind, WishKind::act) << found.why;
  EXPECT_EQ(candidates[found.candidate].verb, "mend the nets");
  sure.weights[0] = -10;
  EXPECT_EQ(wish(language_in("en"), line, candidates, &sure, vectors).kind, WishKind::none);
  const WishLine order{"Mend the nets.", {}, {1, 0}};
  EXPECT_EQ(wish(language_in("en"), order, candidates, &sure, vectors).kind, WishKind::none);
}

// "Ring the bell" of somebody who has no bell here is no news: it is refused where its form is that of a request.
TEST(Wish, OfWhatNobodyHereCanDoIsKnownByItsForm) {
  const Language& language = language_in("en");
  const auto candidates = english();
  FormModel model;
  model.dimensions = 2;
  model.weights.resize(model.dimensions + kFormBuckets);
  const auto kind_at = [&](const char* line, float form) {
    model.weights[0] = form;  // the logarithm of its odds
    const WishLine heard{.line = line, .called = {}, .vector = {1, 0}};
    return wish(language, heard, candidates, &model, {}).kind;
  };
  for (const char* line : {"Please ring the fog bell.", "Ring the bell.", "Can you fix my sword?"}) {
    EXPECT_EQ(kind_at(line, 1.4F), WishKind::nothing_fits) << line;  // .8
    EXPECT_EQ(kind_at(line, .4F), WishKind::none) << line;           // .6
  }
  EXPECT_EQ(kind_at("The light burned last night.", 1.4F), WishKind::none);
}

TEST(NoWish, SaysWhy) {
  const Language& language = language_in("en");
  EXPECT_EQ(no_wish(language, "*bows*"), "stage direction");
  EXPECT_EQ(no_wish(language, "Oh sure, give me your house, too."), "jest");
  EXPECT_EQ(no_wish(language, "Who are you?"), "question, report or threat");
  EXPECT_EQ(no_wish(language, "If you call the watch, you are a dead man."), "question, report or threat");
  EXPECT_EQ(no_wish(language, "Call the watch!"), "");
}

// Functions words make the form: the trainer (tools/train_form) fills the same buckets.
TEST(Form, FillsTheTrainersBuckets) {
  Acting acting;
  acting.function_words = {"please", "the", "you"};
  EXPECT_THAT(form_buckets(acting, "please ring the bell, you!"),
              testing::ElementsAre(51, 75, 106, 159, 177, 180, 282, 286, 297, 301, 324, 343, 487, 498));
}

TEST(Form, IsHighOfAWish) {
  const auto form = built_in_form("en", "");
  ASSERT_TRUE(form);
  const Acting& acting = language_in("en").acting;
  const auto of = [&](std::string_view line) { return form_of(*form, acting, line, {}).value(); };
  EXPECT_GT(of("Could you open the gate, please?"), .8);
  EXPECT_LT(of("Who opened the gate?"), .2);
  const auto with_vectors = built_in_form("en", "minilm-l6-v2");
  ASSERT_TRUE(with_vectors);
  EXPECT_EQ(with_vectors->dimensions, 384U);
  EXPECT_FALSE(built_in_form("xx", ""));
}

TEST(Form, NeedsTheVectorOfItsModel) {
  FormModel model;
  model.dimensions = 2;
  model.weights.resize(model.dimensions + kFormBuckets);
  const Acting& acting = language_in("en").acting;
  EXPECT_FALSE(form_of(model, acting, "Open the gate.", {}));
  EXPECT_DOUBLE_EQ(form_of(model, acting, "Open the gate.", {.6F, .8F}).value(), .5);
  model.weights[0] = 10;
  EXPECT_GT(form_of(model, acting, "Open the gate.", {.6F, .8F}).value(), .99);
}

TEST(Form, SaysItsMistakes) {
  const auto loaded =
      load_form("form.yaml", "language: en\nsize: 0\nscale: 1\nbias: 0\nweights: [\"1 2 3\"]\n");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(pack::to_string(loaded.error().front()), testing::HasSubstr("there are 3 weights"));
}

}  // namespace
}  // namespace troupe::talk
