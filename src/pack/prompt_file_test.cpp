#include "pack/prompt_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pack/data.h"

namespace troupe::pack {
namespace {

using testing::HasSubstr;

// The file with `from` in place of `to`, and everything that is wrong with it.
std::vector<std::string> problems_with(std::string_view from, std::string_view to) {
  std::string text(data_file("prompts.en.yaml"));
  const auto at = text.find(from);
  if (at == std::string::npos) return {"the file does not have it"};
  const auto texts = load_prompt_texts("prompts.en.yaml", text.replace(at, from.size(), to));
  std::vector<std::string> out;
  if (!texts)
    std::ranges::transform(texts.error(), std::back_inserter(out),
                           [](const auto& p) { return to_string(p); });
  return out;
}

TEST(PromptTexts, EachFileThatIsBuiltInIsWhole) {
  ASSERT_FALSE(data_files().empty());
  for (const auto name : data_files()) {
    const auto texts = load_prompt_texts(std::string(name), std::string(data_file(name)));
    ASSERT_TRUE(texts) << to_string(texts.error()[0]);
    EXPECT_EQ("prompts." + texts->language + ".yaml", name);
  }
  EXPECT_EQ(built_in_prompt_texts("en").seen.died.with({{"name", "Odo"}}), "Odo died.");
}

TEST(PromptTexts, EdgesOfAPhraseCount) {
  const auto texts = built_in_prompt_texts("en");
  EXPECT_EQ(texts.scene.weather.with({{"weather", "fog"}}), ", fog");
  EXPECT_EQ(texts.prompt.line.with({{"text", "a fact"}}), "- a fact\n");
}

TEST(PromptTexts, AMissingKeyIsNamed) {
  const auto problems = problems_with("  died: \"{name} died.\"\n", "");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("'seen' needs 'died'"));
}

TEST(PromptTexts, AnUnknownKeyStandsWhereItStands) {
  const auto problems = problems_with("  died: ", "  dyed: ");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("prompts.en.yaml:"));
  EXPECT_THAT(problems[0], HasSubstr("'seen' has no key 'dyed'; did you mean 'died'?"));
}

TEST(PromptTexts, APlaceThatAPhraseHasNotIsRefused) {
  const auto problems = problems_with("\"{name} died.\"", "\"{player} died.\"");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("died: it has no place 'player'; expected {name}"));
}

TEST(PromptTexts, ABraceNeedsItsOtherHalf) {
  for (const auto* text : {"\"{name died.\"", "\"name} died.\""}) {
    const auto problems = problems_with("\"{name} died.\"", text);
    ASSERT_EQ(problems.size(), 1U) << text;
    EXPECT_THAT(problems[0], HasSubstr("without its other half")) << text;
  }
}

TEST(Phrase, WordsStandInTheirPlacesAndAreNotRead) {
  constexpr std::string_view kPlaces[] = {"a", "b"};
  const auto phrase = Phrase::read("{b} and {a}, {b}", kPlaces);
  ASSERT_TRUE(phrase);
  EXPECT_EQ(phrase->with({{"a", "{b}"}, {"b", "you"}}), "you and {b}, you");
  EXPECT_EQ(phrase->with({{"a", "me"}}), " and me, ") << "a place without its word stays empty";
}

}  // namespace
}  // namespace troupe::pack
