// The language files that are built in, as they are; and mistakes in one, each with its message.
#include "talk/language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "talk/data.h"

namespace troupe::talk {
namespace {

std::string messages(const std::expected<Language, std::vector<pack::Problem>>& loaded) {
  std::string out;
  if (loaded) return out;
  for (const pack::Problem& problem : loaded.error()) out += pack::to_string(problem) + "\n";
  return out;
}

class BuiltIn : public testing::TestWithParam<std::string> {};

TEST_P(BuiltIn, IsWhole) {
  const auto language = load_language("talk." + GetParam() + ".yaml", std::string(language_file(GetParam())));
  ASSERT_TRUE(language) << messages(language);
  EXPECT_EQ(language->code, GetParam());
}

TEST_P(BuiltIn, HasTheIntentsOfEnglish) {
  const auto en = load_language("talk.en.yaml", std::string(language_file("en")));
  const auto other = load_language("talk.yaml", std::string(language_file(GetParam())));
  ASSERT_TRUE(en && other);
  for (const Intent& intent : en->intents) {
    const Intent* same = other->intent(intent.id);
    ASSERT_NE(same, nullptr) << intent.id;
    EXPECT_EQ(same->slot, intent.slot) << intent.id;
    EXPECT_EQ(same->source, intent.source) << intent.id;
    EXPECT_EQ(same->manner, intent.manner) << intent.id;
    EXPECT_EQ(same->line, intent.line) << intent.id;
    EXPECT_EQ(same->forms.empty(), intent.forms.empty()) << intent.id;
  }
  EXPECT_EQ(en->intents.size(), other->intents.size());
}

INSTANTIATE_TEST_SUITE_P(Talk, BuiltIn, testing::ValuesIn(built_in_languages()),
                         [](const auto& param) { return param.param; });

TEST(BuiltInFiles, AreEnglishAndGerman) {
  EXPECT_THAT(built_in_languages(), testing::IsSupersetOf({"de", "en"}));
  EXPECT_EQ(language_file("xx"), "");
}

// The English file with one place changed.
struct Mistake {
  const char* name;
  std::string was;
  std::string is;
  std::string message;  // what follows "talk.yaml:LINE:COLUMN: "
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreSaidWhereTheyStand) {
  std::string text(language_file("en"));
  const auto at = text.find(GetParam().was);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().was.size(), GetParam().is);
  const auto loaded = load_language("talk.yaml", text);
  ASSERT_FALSE(loaded);
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  EXPECT_THAT(messages(loaded), testing::HasSubstr(GetParam().message));
  const int said = loaded.error().front().line;
  EXPECT_TRUE(said == 0 || std::abs(said - static_cast<int>(line)) <= 3)
      << messages(loaded) << "the mistake is in line " << line;
}

INSTANTIATE_TEST_SUITE_P(
    Talk, Mistakes,
    testing::Values(
        Mistake{"unknown_key", "  stem_letters_min: 3", "  stem_leters_min: 3", "stem_leters_min"},
        Mistake{"lookahead", "  either: '\\bor\\b|", "  either: '\\bor(?!x)|", "is no pattern"},
        Mistake{"open_group", "  either: '\\bor\\b|", "  either: '(or|", "is no pattern"},
        Mistake{"unknown_placeholder", "At {home}.", "At {house}.", "'{house}' is not known here"},
        Mistake{"open_brace", "At {home}.", "At {home.", "has a brace that names nothing"},
        Mistake{"unknown_slot", "Who is {P}?", "Who is {Q}?", "'{Q}' is not known here"},
        Mistake{"two_slots", "Who is {P}?", "Who is {L}?", "asks for two kinds of things"},
        Mistake{"intent_twice", "id: self.age", "id: self.name", "intent 'self.name' is here twice"},
        Mistake{"intent_id", "id: self.age", "id: age", "expected two identifiers"},
        Mistake{"manner", "manner: greeting", "manner: greting", "did you mean 'greeting'"},
        Mistake{"claim", "claims: [role]", "claims: [rôle]", "a claim is"},
        Mistake{"condition", "when: alone", "when: lonely", "when is 'lonely'"},
        Mistake{"line_kind", "line: thanks", "line: thank", "did you mean 'thanks'"},
        Mistake{"follow", "then: {person: person.age}", "then: {person: person.ages}", "person.ages"},
        Mistake{"weather_missing",
                "    clear: {says: clear sky, words: clear sunny sun fine nice bright dry}\n", "", "clear"},
        Mistake{"no_number", "  ordinal: \"{n}th\"", "  ordinal: \"th{m}\"", "'{m}' is not known here"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(LoadLanguage, RefusesWhatIsNoText) {
  EXPECT_FALSE(load_language("talk.yaml", "\xff\xfe"));
  EXPECT_FALSE(load_language("talk.yaml", ""));
  EXPECT_FALSE(load_language("talk.yaml", "language: en"));
}

TEST(LanguageOf, IsThePacksOwnFileOrTheBuiltInOne) {
  pack::Pack pack;
  EXPECT_EQ(language_of(pack)->code, "en");
  pack.world.language = "xx";
  EXPECT_THAT(messages(language_of(pack)),
              testing::HasSubstr("language 'xx' is not known; expected one of de, en"));
  pack.language_files["talk.xx.yaml"] = std::string(language_file("de"));
  EXPECT_EQ(language_of(pack)->code, "de");
}

}  // namespace
}  // namespace troupe::talk
