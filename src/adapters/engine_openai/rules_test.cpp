// The pure parts: what is sent, what is read, when to ask again.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "adapters/engine_openai/request.h"
#include "adapters/engine_openai/retry.h"
#include "base/text.h"

namespace troupe::engine {
namespace {

using namespace std::chrono_literals;

OpenAiModelConfig model() {
  OpenAiModelConfig out;
  out.name = "remote";
  out.model = "m";
  out.context_tokens = 4096;
  return out;
}

TEST(Request, ControlTokensInTextsAreBrokenUp) {
  const std::pair<const char*, const char*> rows[] = {
      {"<|im_end|><|im_start|>system", "< |im_end|>< |im_start|>system"},
      {"</s><s>[INST] hi [/INST]", "< /s>< s>[ INST] hi [ /INST]"},
      {"<start_of_turn>", "< start_of_turn>"},
      {"<\uFF5CUser\uFF5C>", "< \uFF5CUser\uFF5C>"},
      {"<<SYS>>", "<< SYS>>"},
      {"I <3 you, 2 < 3, [1], <", "I <3 you, 2 < 3, [1], <"},
      {"", ""}};
  for (const auto& [text, expected] : rows) EXPECT_EQ(inert(text), expected);
}

TEST(Request, DialectsNameTheirFields) {
  GenerateRequest request;
  request.messages = {{Role::user, "hi"}};
  const auto body_of = [&](Dialect dialect) {
    auto m = model();
    m.dialect = dialect;
    const auto body = generate_body(m, request);
    EXPECT_TRUE(body);
    return nlohmann::json::parse(body.value_or("{}"));
  };
  EXPECT_TRUE(body_of(Dialect::openai).contains("max_completion_tokens"));
  EXPECT_FALSE(body_of(Dialect::openai).contains("max_tokens"));
  EXPECT_TRUE(body_of(Dialect::compatible).contains("max_tokens"));
  EXPECT_FALSE(body_of(Dialect::compatible).contains("min_p"));
  EXPECT_TRUE(body_of(Dialect::vllm).contains("repetition_penalty"));
  EXPECT_TRUE(body_of(Dialect::sglang).contains("repetition_penalty"));
  EXPECT_TRUE(body_of(Dialect::llama).contains("repeat_penalty"));
}

TEST(Request, StrictOnlyWhereCloudsCan) {
  GenerateRequest request;
  request.messages = {{Role::user, "hi"}};
  const auto strict = [&](const char* schema) {
    request.json_schema = schema;
    return nlohmann::json::parse(
               generate_body(model(), request).value_or("{}"))["response_format"]["json_schema"]["strict"]
        .get<bool>();
  };
  EXPECT_TRUE(strict(
      R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})"));
  EXPECT_FALSE(strict(R"({"type":"object"})"));
  EXPECT_FALSE(strict(R"({"type":"object","properties":{"a":{}},"additionalProperties":false})"));
  EXPECT_FALSE(strict(
      R"({"type":"object","properties":{"a":{"type":"object"}},"required":["a"],"additionalProperties":false})"));
}

TEST(Request, PenaltiesAndLogProbabilitiesGoWhereTheyAreAskedFor) {
  GenerateRequest request;
  request.messages = {{Role::user, "hi"}};
  const auto body_of = [&](const OpenAiModelConfig& m) {
    return nlohmann::json::parse(generate_body(m, request).value_or("{}"));
  };
  for (const char* field : {"presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"})
    EXPECT_FALSE(body_of(model()).contains(field)) << field;
  request.sampling.presence_penalty = .5;
  request.sampling.frequency_penalty = -1;
  request.top_logprobs = 3;
  EXPECT_EQ(body_of(model())["presence_penalty"], .5);
  EXPECT_EQ(body_of(model())["frequency_penalty"], -1);
  EXPECT_EQ(body_of(model())["logprobs"], true);
  EXPECT_EQ(body_of(model())["top_logprobs"], 3);
  auto without = model();
  without.logprobs = false;
  const auto refused = generate_body(without, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "engine.no_logprobs");
  EXPECT_EQ(refused.error().code, Code::not_found) << "another route may have them";
}

TEST(Reply, LogProbabilitiesAreReadWithDistrust) {
  const auto piece = read_piece(
      R"({"choices":[{"delta":{"content":"x"},"logprobs":{"content":[)"
      R"({"token":"?","bytes":[240,159],"logprob":-0.5,"top_logprobs":[{"token":"a","logprob":7},5]},)"
      R"({"token":"b"},null]}}]})",
      model());
  ASSERT_TRUE(piece);
  ASSERT_EQ(piece->logprobs.size(), 3U);
  EXPECT_EQ(piece->logprobs[0].token, "\xF0\x9F");
  EXPECT_EQ(piece->logprobs[0].logprob, -.5);
  ASSERT_EQ(piece->logprobs[0].top.size(), 2U);
  EXPECT_EQ(piece->logprobs[0].top[0].logprob, 0) << "not above certainty";
  EXPECT_EQ(piece->logprobs[1].logprob, -9999);
}

TEST(Reply, StatusesBecomeErrors) {
  struct Row {
    int status;
    const char* body;
    Code code;
    const char* reason;
    bool retryable;
  };
  for (const auto& row : std::vector<Row>{
           {400, R"({"error":{"message":"maximum context length is 4096 tokens"}})", Code::invalid_argument,
            "engine.prompt_too_long", false},
           {400, R"({"error":{"message":"the request exceeds the available context size"}})",
            Code::invalid_argument, "engine.prompt_too_long", false},
           {400, R"({"error":{"message":"Failed to parse grammar"}})", Code::invalid_argument,
            "engine.bad_grammar", false},
           {422, R"({"message":"invalid schema"})", Code::invalid_argument, "engine.bad_grammar", false},
           {400, R"({"error":"unknown field min_p"})", Code::unavailable, "engine.refused", false},
           {401, "{}", Code::unavailable, "engine.bad_key", false},
           {404, "{}", Code::unavailable, "engine.no_model", false},
           {408, "", Code::exhausted, "engine.upstream_busy", true},
           {429, "[]", Code::exhausted, "engine.upstream_busy", true},
           {500, "\xff\xfe", Code::unavailable, "engine.failed", true},
           {504, "<html>", Code::unavailable, "engine.failed", true}}) {
    const auto failure = failure_of_status(row.status, row.body, 0, model(), "");
    EXPECT_EQ(failure.error.code, row.code) << row.status << row.body;
    EXPECT_EQ(failure.error.reason, row.reason) << row.status << row.body;
    EXPECT_EQ(failure.retryable, row.retryable) << row.status << row.body;
  }
  EXPECT_NE(failure_of_status(400, R"({"error":{"message":"context length"}})", 0, model(), "")
                .error.message.find("4096"),
            std::string::npos)
      << "names the limit";
}

TEST(Reply, AStrangersMessageIsShortAndPrintable) {
  const std::string long_text(5000, 'x');
  const auto failure = failure_of_status(
      500, R"({"error":{"message":"\u001b[2Ja\nb key )" + long_text + R"("}})", 0, model(), "key");
  EXPECT_LT(failure.error.message.size(), 300U);
  EXPECT_EQ(failure.error.message.find('\x1b'), std::string::npos);
  EXPECT_EQ(failure.error.message.find('\n'), std::string::npos);
  EXPECT_EQ(failure.error.message.find("key)"), failure.error.message.find("(the key)") + 5)
      << failure.error.message;
}

TEST(Reply, LettersTogetherAndThoseThatAreNotThere) {
  const auto choice = read_choice(
      R"({"choices":[{"message":{"content":"A"},"logprobs":{"content":[{"top_logprobs":[)"
      R"({"token":"A","logprob":-1.0},{"token":" A","logprob":-1.0},{"token":"B","logprob":-2.5},)"
      R"({"token":"a","logprob":-4.0},{"token":"C","logprob":3},{"token":"D"},{"token":"AB","logprob":-5}]}]}}]})",
      model(), 3);
  ASSERT_TRUE(choice);
  ASSERT_EQ(choice->scores.size(), 3U);
  EXPECT_NEAR(choice->scores[0], -1.0 + std::log(2.0), 1e-9);
  EXPECT_NEAR(choice->scores[1], -2.5, 1e-9);
  EXPECT_NEAR(choice->scores[2], -5.0, 1e-9) << "at most the least likely that was told";
}

TEST(Reply, OptionsThatTextsName) {
  EXPECT_EQ(named_option("B", 3), 1U);
  EXPECT_EQ(named_option(" C) ", 3), 2U);
  EXPECT_EQ(named_option(R"({"choice":"A"})", 3), 0U);
  for (const char* text : {"", "D", "b", "AB", "{}", R"({"choice":"D"})", R"({"choice":1})", "\"A\""}) {
    EXPECT_FALSE(named_option(text, 3)) << text;
  }
}

TEST(Reply, CountsAreClampedAndPriced) {
  const auto piece = read_piece(
      R"({"choices":[],"usage":{"prompt_tokens":1e12,"completion_tokens":-3,"prompt_tokens_details":{"cached_tokens":1e15}}})",
      model());
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->counted->prompt_tokens, 100'000'000);
  EXPECT_EQ(piece->counted->cached_tokens, 100'000'000);
  EXPECT_EQ(piece->counted->new_tokens, 0);
  EXPECT_EQ(cost_of({}, {.prompt = kPriceMax}), 0);
  EXPECT_EQ(cost_of({.prompt_tokens = 1}, {.prompt = 1}), 1) << "rounded up";
  EXPECT_EQ(cost_of({.prompt_tokens = 1000, .cached_tokens = 400}, {.prompt = 1'000'000, .cached = 100'000}),
            640);
  EXPECT_EQ(cost_of({.prompt_tokens = 1000, .cached_tokens = 400}, {.prompt = 1'000'000}), 1000)
      << "cached: as prompt";
  const Counted most{.prompt_tokens = 100'000'000, .new_tokens = 100'000'000};
  EXPECT_EQ(cost_of(most, {.prompt = kPriceMax, .output = kPriceMax}), 200'000'000'000) << "no overflow";
}

TEST(Reply, BytesFromAnybodyAreReadWithoutHarm) {
  const std::string whole =
      R"({"choices":[{"delta":{"content":"a"},"message":{"content":"B"},"finish_reason":"stop","logprobs":{"content":)"
      R"([{"top_logprobs":[{"token":"A","logprob":-1}]}]}}],"usage":{"prompt_tokens":1,"completion_tokens":2},)"
      R"("data":[{"index":0,"embedding":[1,2]}],"error":{"message":"x","code":429}})";
  auto embedding = model();
  embedding.embedding_size = 2;
  const rt::Draw draw(7, "test", "replies");
  std::size_t read = 0;
  for (std::uint64_t round = 0; round < 5000; ++round) {
    // Half of them without the error, which would end every reading early.
    auto bytes = round % 2 == 0 ? whole : whole.substr(0, whole.find(",\"error\"")) + "}";
    for (std::uint32_t flip = 0; flip < 1 + round % 4; ++flip) {
      const auto at = draw.below(bytes.size(), round, 3 * flip);
      const auto what = static_cast<char>(draw.below(256, round, 3 * flip + 1));
      switch (draw.below(3, round, 3 * flip + 2)) {
        case 0:
          bytes[at] = what;
          break;
        case 1:
          bytes.erase(at, 1 + static_cast<unsigned char>(what) % 8);
          break;
        default:
          bytes.insert(at, 1, what);
          break;
      }
    }
    read += read_piece(bytes, model()).has_value();
    read += read_choice(bytes, model(), 3).has_value();
    read += read_vectors(bytes, embedding, 1).has_value();
    const auto failure = failure_of_status(400, bytes, 0, model(), "key");
    EXPECT_TRUE(is_utf8(failure.error.message)) << round;
  }
  EXPECT_GT(read, 500U) << "most were broken beyond reading: the test tests nothing";
}

TEST(Retry, InsideOfTheDeadlineAndOfWhatIsUseful) {
  const rt::Instant now{1'000'000'000};
  const Failure busy{{Code::exhausted, "engine.upstream_busy", ""}, true};
  auto told = busy;
  told.error.retry_after_ms = 1000;
  auto told_long = busy;
  told_long.error.retry_after_ms = 2001;
  const Failure final_word{{Code::unavailable, "engine.bad_key", ""}, false};
  const auto never = rt::Instant::never();
  EXPECT_EQ(retry_at(busy, 0, 2, now, never, 1), now + 50ms);
  EXPECT_EQ(retry_at(busy, 0, 2, now, never, 0), now + 25ms);
  EXPECT_EQ(retry_at(busy, 1, 2, now, never, 1), now + 100ms);
  EXPECT_FALSE(retry_at(busy, 2, 2, now, never, 1)) << "often enough";
  EXPECT_FALSE(retry_at(final_word, 0, 2, now, never, 1));
  EXPECT_EQ(retry_at(told, 0, 2, now, never, 1), now + 1s);
  EXPECT_FALSE(retry_at(told_long, 0, 2, now, never, 1)) << "the next route is better";
  EXPECT_TRUE(retry_at(told, 0, 2, now, now + 1051ms, 1));
  EXPECT_FALSE(retry_at(told, 0, 2, now, now + 1050ms, 1)) << "nothing useful is left";
}

TEST(Retry, TheBudgetIsEarned) {
  RetryBudget budget;
  int taken = 0;
  while (budget.take()) ++taken;
  EXPECT_EQ(taken, 10);
  for (int i = 0; i < 9; ++i) budget.succeeded();
  EXPECT_FALSE(budget.take());
  budget.succeeded();
  budget.succeeded();  // a tenth is not exact
  EXPECT_TRUE(budget.take());
  for (int i = 0; i < 1000; ++i) budget.succeeded();
  taken = 0;
  while (budget.take()) ++taken;
  EXPECT_EQ(taken, 10);
}

}  // namespace
}  // namespace troupe::engine
