#include "talk/addressed.h"

#include <gtest/gtest.h>

#include "talk/talk_fixture.h"

namespace troupe::talk {
namespace {

pack::Npc person(const std::string& id, const std::string& name, std::vector<std::string> aliases = {}) {
  pack::Npc who;
  who.id = pack::NpcId(id);
  who.name = name;
  who.aliases = std::move(aliases);
  return who;
}

TEST(Addressed, WhoIsCalledAnswers) {
  const auto pip = person("pip", "Pip", {"the boy"});
  const auto nell = person("nell", "Nell Harrow");
  const pack::Npc* present[] = {&nell, &pip};
  const std::pair<const char*, const char*> rows[] = {
      {"Pip, what did you see?", "pip"},
      {"hey pip! come here", "pip"},
      {"Hey, Pip, who was it?", "pip"},
      {"PIP?", "pip"},
      {"Nell Harrow: what do you sell?", "nell"},
      {"Nell - a herring, please.", "nell"},
      {"What did you see, Pip?", "pip"},
      {"Do you know Nell, Pip?", "pip"},
      {"Good morning, Mrs Harrow", ""},
      {"Pip, where is Nell?", "pip"},
      {"Nell, have you seen Pip?", "nell"},
      // Spoken of, and not to.
      {"Where is Pip?", ""},
      {"Pip stole it.", ""},
      {"I hate Pip, he stinks", ""},
      {"Pipes, please.", ""},
      {"What about the boy and Nell?", ""},
      {"and Pip?", ""},
      {"And Pip, what did you see?", "pip"},
      {"", ""},
      {"...", ""},
      {",", ""},
  };
  for (const auto& [line, who] : rows) {
    const auto* found = addressed(language_in("en"), present, line);
    EXPECT_EQ(found == nullptr ? "" : found->id.str(), who) << line;
  }
}

TEST(Addressed, ATitleIsNoName) {
  const auto anselm = person("anselm", "Father Anselm");
  const pack::Npc* present[] = {&anselm};
  EXPECT_EQ(addressed(language_in("en"), present, "Anselm, bless me."), &anselm);
  EXPECT_EQ(addressed(language_in("en"), present, "Father Anselm, bless me."), &anselm);
  EXPECT_EQ(addressed(language_in("en"), present, "You look like my father."), nullptr);
  EXPECT_EQ(addressed(language_in("en"), present, "Good night, father."), nullptr)
      << "whoever it is sent to is meant";
}

TEST(Addressed, InAnyLanguage) {
  const auto fiete = person("fiete", "Fiete Ohlsen");
  const pack::Npc* present[] = {&fiete};
  EXPECT_EQ(addressed(language_in("de"), present, "Und du, Fiete?"), &fiete);
  EXPECT_EQ(addressed(language_in("de"), present, "Na Fiete, was hast du gesehen?"), &fiete);
  EXPECT_EQ(addressed(language_in("de"), present, "Wo ist Fiete?"), nullptr);
}

}  // namespace
}  // namespace troupe::talk
