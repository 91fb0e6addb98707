#include "services/ai/ai_guard.h"

#include <gmock/gmock.h>

namespace troupe::ai {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

struct GuardTest : ::testing::Test {
  GuardTest() {
    request.set_written("A basket of herring costs 18 pence at the fish market.");
    request.add_keys("18");
    request.add_never("the old mill");
    auto& context = *request.mutable_context();
    context.set_name("Marta Quill");
    context.set_persona("You are Marta Quill, 58, net mender.");
    context.set_player_text("How much is a basket of herring?");
    context.add_brought_up(request.written());
  }
  Guard guard() const { return {pack, language, request}; }

  pack::Pack pack = pack::load_pack("worlds/lanternfall").value();
  talk::Language language = talk::language_of(pack).value();
  pb::AiSpeakRequest request;
};

TEST_F(GuardTest, LetsPassWhatThePromptAndTheWorldHave) {
  EXPECT_THAT(guard().answer("Eighteen pence a basket. Ask Nell at the fish market."), IsEmpty());
  EXPECT_THAT(guard().rephrasing("That will be 18 pence for a basket of herring, at the fish market."),
              IsEmpty());
}

TEST_F(GuardTest, SaysWhyNot) {
  EXPECT_THAT(guard().sentence("Ask Greta for it, she knows."), Contains(HasSubstr("unknown_name 'Greta'")));
  EXPECT_THAT(guard().sentence("That costs 40 pence."), Contains(HasSubstr("unknown_number")));
  EXPECT_THAT(guard().answer("As an AI language model I eat no herring."),
              Contains(HasSubstr("banned_word")));
  EXPECT_THAT(guard().sentence("He hides in the Old Mill."), Contains("gives_away"));
  EXPECT_THAT(guard().rephrasing("Herring is sold at the fish market by the basket."),
              Contains(HasSubstr("lost_number")));
}

}  // namespace
}  // namespace troupe::ai
