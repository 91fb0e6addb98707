// How a text is written: penalties, schemas.
#include <algorithm>

#include "adapters/engine_llama/llama_fixture.h"
#include "schema/schema.h"

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
    EXPECT_FALSE(reply) << schema;
    if (reply) continue;
    EXPECT_EQ(reply.error().code, Code::invalid_argument) << schema;
    EXPECT_EQ(reply.error().reason, "engine.bad_grammar") << schema;
  }
}

// A loose schema says nothing of how deep an answer goes: what is open has to be closed in time.
TEST_F(LlamaTest, WhatGoesDeepIsClosedBeforeTheTokensEnd) {
  open_smollm();
  const std::string deep(40, '[');
  auto request = talk("Go on: " + deep, 24, "You repeat.");
  request.messages.push_back({Role::assistant, deep + deep});
  request.messages.push_back({Role::user, "Go on: " + deep});
  request.json_schema = R"({"type":"array"})";
  request.sampling.temperature = 1;
  int deepest = 0;
  for (int tokens = 12; tokens < 60; tokens += 5) {
    request.tokens_max = tokens;
    request.sampling.seed = static_cast<std::uint64_t>(tokens);
    const auto reply = generate(request);
    ASSERT_TRUE(reply) << tokens << " tokens: " << reply.error().message;
    deepest = std::max(deepest, static_cast<int>(std::ranges::count(reply->text, '[')));
  }
  EXPECT_GT(deepest, 8) << "nothing was deep enough to try it";
}

// What the converter of schemas does not know would be left out, with a line on stderr: so the grammar is led
// by a schema without it, and by rules of our own.
TEST_F(LlamaTest, TheGrammarLeadsToWhatTheSchemaSays) {
  open_smollm();
  ::testing::internal::CaptureStderr();
  for (
      const char* schema :
      {R"({"type":"string","pattern":"^\\d{3}$"})", R"({"type":"number","minimum":0,"maximum":1})",
       R"({"type":"number","exclusiveMinimum":-3.5,"maximum":-0.25})",
       R"({"type":"integer","minimum":10,"maximum":12})",
       R"({"type":"string","pattern":"^(red|blue) [a-z]{2,5}!?$"})", R"({"type":"string","format":"date"})",
       R"({"type":"string","format":"email"})", R"({"type":"string","format":"ipv4"})",
       R"({"type":"string","format":"ipv6"})", R"({"type":"string","format":"uri"})",
       R"({"type":"string","format":"duration"})", R"({"type":"string","format":"uuid"})",
       R"({"type":"string","format":"hostname"})", R"({"type":"string","format":"date-time"})",
       R"({"type":"object","required":["name"],"additionalProperties":{"type":"boolean"}})",
       R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"]},{"$ref":"#/$defs/b"}],)"
       R"("$defs":{"b":{"properties":{"a":{"maximum":3},"b":{"enum":["x","y"]}},"required":["b"]}}})",
       R"({"type":"integer","multipleOf":7,"minimum":1,"maximum":30})"}) {
    auto request = talk("Answer as JSON.", 96);
    request.json_schema = schema;
    const auto reply = generate(request);
    ASSERT_TRUE(reply) << schema << ": " << reply.error().message;
    const auto read = schema::Schema::read(schema);
    ASSERT_TRUE(read) << schema << ": " << read.error().message;
    const auto met = read->check(reply->text);
    EXPECT_TRUE(met) << schema << ": " << reply->text << ": " << (met ? "" : met.error().message);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace troupe::engine
