// How a text is written: penalties, schemas.
#include <algorithm>

#include "adapters/engine_llama/llama_fixture.h"

namespace troupe::engine {
namespace {

TEST_F(LlamaTest, PenaltiesKeepWordsFromComingBack) {
  open_smollm();
  auto request = sure('b', 12);
  const auto plain = generate(request);
  ASSERT_TRUE(plain) << plain.error().message;
  const auto times = [](const std::string& text) { return std::ranges::count(text, 'b'); };
  EXPECT_GE(times(plain->text), 6) << plain->text;
  request.sampling.presence_penalty = 2;
  request.sampling.frequency_penalty = 2;
  request.sampling.seed = 1;
  const auto penalised = generate(request);
  ASSERT_TRUE(penalised) << penalised.error().message;
  EXPECT_LT(times(penalised->text), times(plain->text)) << penalised->text;
}

TEST_F(LlamaTest, ASchemaThatNothingMatchesIsTheCallersMistake) {
  open_smollm();
  auto request = talk("Say something as JSON.", 48);
  // Refused by the converter, or a grammar in which nothing may follow.
  for (const char* schema :
       {R"({"type":"nonsense"})", R"({"anyOf":[]})", R"({"type":"integer","minimum":5,"maximum":2})",
        R"({"type":"object","properties":{"a":{"enum":[]}},"required":["a"]})",
        R"({"type":"object","properties":{"a":{"anyOf":[]}},"required":["a"]})"}) {
    request.json_schema = schema;
    const auto reply = generate(request);
    EXPECT_FALSE(reply) << schema << ": " << reply->text;
    if (reply) continue;
    EXPECT_EQ(reply.error().code, Code::invalid_argument) << schema;
    EXPECT_EQ(reply.error().reason, "engine.bad_grammar") << schema;
  }
}

}  // namespace
}  // namespace troupe::engine
