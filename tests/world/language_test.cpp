// A world whose people speak German, lived through with every service and no models: nothing that is said,
// done, remembered or decided in it has a word of English. Made of all that is kept, so that what comes later is tried.
#include <gmock/gmock.h>

#include "tests/world/lively.h"

namespace troupe::test {
namespace {

using testing::IsEmpty;

constexpr auto kWorld = "bench/talk/worlds/moorbrueck";

// Words of English that are none of German, with what stands around them.
std::vector<std::string> english_in(std::string_view bytes) {
  static const std::set<std::string, std::less<>> words = {
      "the",     "is",       "and",   "with", "talks",    "gives", "somebody", "something",
      "nothing", "you",      "your",  "has",  "their",    "of",    "from",     "sells",
      "buys",    "rests",    "carry", "keep", "dies",     "its",   "because",  "coming",
      "asked",   "answered", "knows", "what", "remember", "this",  "says",     "are",
      "been",    "runs",     "there", "to",   "it",       "looks", "spoke",    "belongs"};
  std::vector<std::string> found;
  std::size_t at = 0;
  const auto letter = [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
  };
  while (at < bytes.size()) {
    std::size_t end = at;
    while (end < bytes.size() && letter(bytes[end])) ++end;
    // Between spaces: ids, types and keys are English and no text.
    const bool in_text =
        end < bytes.size() && bytes[end] == ' ' && (at == 0 || bytes[at - 1] == ' ' || bytes[at - 1] < ' ');
    if (in_text && words.contains(std::string_view(bytes).substr(at, end - at))) {
      const auto from = at - std::min<std::size_t>(at, 40);
      found.emplace_back(bytes.substr(from, end + 40 - from));
    }
    at = std::max(end, at + 1);
  }
  return found;
}

struct LanguageTest : ::testing::Test {
  std::string says(const std::string& npc, const std::string& text) {
    pb::NpcTalkRequest talk;
    talk.set_npc(npc);
    talk.set_text(text);
    const auto answer = world.call<pb::NpcTalkReply>(player("anna"), talk);
    return answer ? answer->text() : answer.error().message;
  }
  World world = world_of(kWorld, 7);
};

TEST_F(LanguageTest, NothingThatIsKeptIsEnglish) {
  for (const auto& npc : pack_at(kWorld).npcs) {
    for (const char* line : {"Guten Tag!", "Wer bist du?", "Was kostet ein Brot?", "Gib mir ein Brot.",
                             "Was hast du heute gesehen?", "Du bist ein Lügner!", "Wo ist Gerda?",
                             "Was ist eben passiert?", "Auf Wiedersehen."}) {
      EXPECT_THAT(english_in(says(npc.id.str(), line) + " "), IsEmpty()) << npc.id.str() << ": " << line;
    }
  }
  for (int day = 0; day < 3; ++day) world.advance(game_days(1));
  int looked = 0;
  for (const char* column : {"payload from events", "cast(text as blob) from npc_memories",
                             "cast(activity || ' ' || reason || ' ' || scene as blob) from npc_minds",
                             "cast(text as blob) from npc_beliefs", "cast(text as blob) from npc_lines"}) {
    for (const auto& row : world.rows(std::string("select ") + column)) {
      ++looked;
      EXPECT_THAT(english_in(row.blob(0)), IsEmpty()) << column;
    }
  }
  // How a line was understood is told to who builds the world, in English as the logs are; the rest of a decision is not.
  for (const auto& row : world.rows("select record from npc_decisions")) {
    pb::Decision decision;
    ASSERT_TRUE(decision.ParseFromString(row.blob(0)));
    std::string text = decision.prompt() + " " + decision.output() + " " + decision.reason();
    for (const auto* list : {&decision.options(), &decision.memories(), &decision.facts()}) {
      for (const auto& one : *list) text += " " + one;
    }
    ++looked;
    EXPECT_THAT(english_in(text + " "), IsEmpty()) << decision.kind();
  }
  EXPECT_GT(looked, 500);
}

TEST(Language, EnglishIsFound) {
  EXPECT_THAT(english_in("\x12Gerda gives Brot to Fiete"), testing::SizeIs(2));
  EXPECT_THAT(english_in("Gerda gibt Fiete Brot (die Brücke)"), IsEmpty());
}

}  // namespace
}  // namespace troupe::test
