// Models that think before they speak, at upstreams that show it in every way we know.
#include "adapters/engine_openai/openai_fixture.h"

namespace troupe::engine {
namespace {

class Thinking : public OpenAiFixture {
 protected:
  // Says each of them as a piece of its own, and honours max_tokens as if each were a token.
  static FaultUpstream::Script says(std::vector<std::string> pieces) {
    return [pieces](Peer& p) {
      const auto most = p.request.json().value("max_tokens", 1'000);
      p.chunked_head();
      int said = 0;
      for (const auto& piece : pieces) {
        if (said++ == most) {
          p.end_of_stream("length");
          return;
        }
        if (!p.word(piece)) return;
      }
      p.end_of_stream();
    };
  }
  std::pair<Result<GenerateReply>, std::string> hear(const GenerateRequest& request) {
    const auto call = start_generate(request);
    auto reply = wait(call);
    std::string shown;
    for (const auto& piece : call->pieces) shown += piece;
    return {std::move(reply), shown};
  }
  GenerateRequest speech(int tokens_max = 32) const {
    auto request = talk();
    request.speech = true;
    request.tokens_max = tokens_max;
    request.stop = {"\n\n"};
    return request;
  }
};

TEST_F(Thinking, ItsThoughtsAreNotItsAnswerAndDoNotEatIt) {
  std::vector<std::string> pieces = {"<thi", "nk>"};
  for (int i = 0; i < 40; ++i) pieces.push_back("\n\nHm " + std::to_string(i));
  for (const char* piece : {"</th", "ink>", "\n\n", "Good", " day", "."}) pieces.emplace_back(piece);
  upstream_.script(says(pieces));
  open();
  for (const bool is_speech : {true, false, true}) {
    auto request = speech(8);
    request.speech = is_speech;
    const auto [reply, shown] = hear(request);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text, "Good day.");
    EXPECT_EQ(shown, "Good day.");
    EXPECT_TRUE(reply->reasoning.contains("Hm 7"));
    EXPECT_GE(reply->usage.reasoning_tokens, 3);
  }
  EXPECT_TRUE(openai_->thinks("remote"));
}

TEST_F(Thinking, KeptApartByTheUpstreamItIsNoAnswerEither) {
  upstream_.script([](Peer& p) {
    p.chunked_head();
    p.event(R"({"choices":[{"delta":{"reasoning_content":"Who is she?"}}]})");
    p.event(
        R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":" Hm."}]}]}}]})");
    p.word("Good day.");
    p.end_of_stream();
  });
  open();
  const auto reply = generate(speech());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text, "Good day.");
  EXPECT_EQ(reply->reasoning, "Who is she? Hm.");
}

TEST_F(Thinking, AThoughtThatThePromptHasOpenedIsNeverShown) {
  upstream_.script(says({"I should", " greet her.", " So:", "</think>", "Good", " day."}));
  open();
  for (int i = 0; i < 2; ++i) {
    const auto [reply, shown] = hear(speech());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->text, "Good day.");
    EXPECT_EQ(shown, "Good day.");
  }
}

TEST_F(Thinking, WhoThinksNotIsHeardAsTheySpeak) {
  upstream_.script(says({"Good", " day."}));
  open();
  ASSERT_TRUE(generate(speech()));
  EXPECT_FALSE(openai_->thinks("remote"));
  const auto [reply, shown] = hear(speech());
  ASSERT_TRUE(reply);
  EXPECT_EQ(shown, "Good day.");
  EXPECT_EQ(reply->text, "Good day.");
  EXPECT_TRUE(upstream_.seen().back().json().contains("stop"));
}

}  // namespace
}  // namespace troupe::engine
