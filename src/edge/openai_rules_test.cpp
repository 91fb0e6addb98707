// What is refused before an engine is asked, and in which words. No server.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "edge/openai_reply.h"
#include "edge/openai_request.h"

namespace troupe::edge {
namespace {

std::string ask(const std::string& more) {
  return R"({"model":"silver","messages":[{"role":"user","content":"a"}],)" + more + "}";
}
std::string messages(const std::string& list) { return R"({"model":"silver","messages":[)" + list + "]}"; }
std::string format(const std::string& schema, const std::string& strict = "false") {
  return ask(fmt::format(
      R"("response_format":{{"type":"json_schema","json_schema":{{"name":"s","strict":{},"schema":{}}}}})",
      strict, schema));
}
std::string tools(const std::string& list, const std::string& more = "") {
  return ask(fmt::format(R"("tools":[{}]{})", list, more));
}
std::string tool(const std::string& inside) { return R"({"type":"function","function":{)" + inside + "}}"; }

struct Refusal {
  std::string body;
  std::string code;
  std::string param;
};

void expect_refused(const Refusal& row) {
  const auto parsed = parse_chat(row.body);
  ASSERT_FALSE(parsed) << row.body;
  const auto reply = openai_error_reply(parsed.error());
  EXPECT_EQ(reply.status, 400) << row.body;
  const auto error = nlohmann::json::parse(reply.body)["error"];
  EXPECT_EQ(error["code"], row.code) << row.body;
  EXPECT_EQ(error["type"], "invalid_request_error");
  EXPECT_EQ(error["param"].is_null() ? "" : error["param"].get<std::string>(), row.param) << reply.body;
}

TEST(OpenAiRules, RangesAreOpenAis) {
  for (const auto& [field, least, most] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"temperature", "-0.1", "2.1"},
           {"top_p", "-0.1", "1.1"},
           {"presence_penalty", "-2.1", "2.1"},
           {"frequency_penalty", "-2.1", "2.1"},
           {"n", "0", "9"},
           {"max_tokens", "0", "40000"},
           {"max_completion_tokens", "-1", "1.5"}}) {
    for (const auto& value : {least, most, std::string("\"x\""), std::string("[]")})
      expect_refused({ask(fmt::format(R"("{}":{})", field, value)), "openai.bad_request", field});
  }
  for (const char* value : {"-1", "21", "1.5"})
    expect_refused({ask(fmt::format(R"("logprobs":true,"top_logprobs":{})", value)), "openai.bad_request",
                    "top_logprobs"});
  expect_refused({ask(R"("top_logprobs":2)"), "openai.bad_request", "top_logprobs"});
  expect_refused({ask(R"("logprobs":1)"), "openai.bad_request", "logprobs"});
  expect_refused({ask(R"("stream_options":{})"), "openai.bad_request", "stream_options"});
  expect_refused({ask(R"("seed":1.5)"), "openai.bad_request", "seed"});
  expect_refused({ask(R"("user":"a\nb")"), "openai.bad_request", "user"});
  expect_refused({ask(fmt::format(R"("user":"{}")", std::string(65, 'x'))), "openai.bad_request", "user"});
}

TEST(OpenAiRules, WhatIsNotSupportedIsNamed) {
  for (const auto& [field, value] :
       std::vector<std::pair<std::string, std::string>>{{"functions", R"([{"name":"f"}])"},
                                                        {"function_call", R"("auto")"},
                                                        {"logit_bias", R"({"5":1})"},
                                                        {"best_of", "2"},
                                                        {"audio", "{}"},
                                                        {"modalities", R"(["audio"])"},
                                                        {"prediction", "{}"},
                                                        {"web_search_options", "{}"},
                                                        {"reasoning_effort", R"("high")"},
                                                        {"verbosity", R"("low")"},
                                                        {"service_tier", R"("flex")"},
                                                        {"store", "true"},
                                                        {"moderation", "{}"}})
    expect_refused({ask(fmt::format(R"("{}":{})", field, value)), "openai.unsupported", field});
  for (const char* harmless :
       {R"("functions":[],"function_call":"none","logit_bias":{},"modalities":["text"],"store":false)",
        R"("service_tier":"auto","metadata":{"a":"b"},"prompt_cache_key":"k","safety_identifier":"s")",
        R"("parallel_tool_calls":false,"what_is_new_next_year":{"x":1},"n":null,"tools":null,"stop":null)"})
    EXPECT_TRUE(parse_chat(ask(harmless))) << harmless;
}

TEST(OpenAiRules, MessagesAreCheckedWhereTheyAre) {
  const std::string user = R"({"role":"user","content":"a"},)";
  for (
      const auto& [list, param] : std::vector<std::pair<std::string, std::string>>{
          {user + R"({"role":"king","content":"a"})", "messages[1].role"},
          {R"({"role":"user"})", "messages[0].content"},
          {R"({"role":"assistant"})", "messages[0].content"},
          {R"({"role":"user","content":5})", "messages[0].content"},
          {user + R"({"role":"tool","content":"a"})", "messages[1].tool_call_id"},
          {user + R"({"role":"tool","content":"a","tool_call_id":"x"})", "messages[1].tool_call_id"},
          {user + R"({"role":"assistant","tool_calls":[{"id":"x","type":"function"}]})",
           "messages[1].tool_calls[0].function"},
          {R"({"role":"assistant","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":""}}]})",
           "messages"}})
    expect_refused({messages(list), "openai.bad_request", param});
}

TEST(OpenAiRules, CallsAndAnswersOfToolsStandInThePrompt) {
  const auto chat = parse_chat(
      messages(R"({"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1",)"
               R"("type":"function","function":{"name":"walk","arguments":"{\"place\":\"quay\"}"}}]},)"
               R"({"role":"tool","tool_call_id":"c1","content":"there"})"));
  ASSERT_TRUE(chat) << chat.error().message;
  const auto& told = chat->request.generate.messages;
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].role, engine::Role::user) << "a model that sees itself write calls writes more of them";
  EXPECT_EQ(told[1].text, "walk {\"place\":\"quay\"} answered: there");
  EXPECT_EQ(chat->tools.answered, std::vector<std::string>{"walk"});
}

TEST(OpenAiRules, ALoopAroundToolsEnds) {
  Tool walk, wait;
  walk.name = "walk";
  wait.name = "wait";
  ToolUse use{.mode = ToolMode::automatic, .offered = {walk, wait}, .answered = {}};
  EXPECT_EQ(tool_options(use).size(), 3U);
  use.answered = {"walk"};
  ASSERT_EQ(tool_options(use).size(), 2U) << "words or wait";
  EXPECT_EQ(tool_options(use)[1]->name, "wait");
  use.answered = {"walk", "wait"};
  ASSERT_EQ(tool_options(use).size(), 1U);
  EXPECT_FALSE(tool_options(use)[0]) << "words";
  use.mode = ToolMode::required;
  EXPECT_EQ(tool_options(use).size(), 2U) << "the client insists";
  // Who speaks again may have everything again.
  const auto chat = parse_chat(messages(
      R"({"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function",)"
      R"("function":{"name":"walk","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"there"},)"
      R"({"role":"user","content":"again"})"));
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_TRUE(chat->tools.answered.empty());
}

TEST(OpenAiRules, ToolsThatCannotBe) {
  const auto good = tool(R"("name":"f")");
  const std::string bad = "openai.bad_request";
  std::string many = good;
  for (int i = 0; i < 25; ++i) many += "," + tool(fmt::format(R"("name":"f{}")", i));
  for (const auto& row : std::vector<Refusal>{
           {tools(tool(R"("name":"")")), bad, "tools[0].function.name"},
           {tools(tool(R"("name":"a b")")), bad, "tools[0].function.name"},
           {tools(tool(R"("name":")" + std::string(65, 'x') + "\"")), bad, "tools[0].function.name"},
           {tools(good + "," + good), bad, "tools[1]"},
           {tools(many), bad, "tools"},
           {tools(R"({"type":"custom"})"), "openai.unsupported", "tools[0].type"},
           {tools(tool(R"("name":"f","parameters":[])")), bad, "tools[0].function.parameters"},
           {tools(tool(R"("name":"f","parameters":{"enum":[]})")), "openai.impossible_schema",
            "tools[0].function.parameters"},
           {ask(R"("tool_choice":"required")"), bad, "tool_choice"},
           {tools(good, R"(,"tool_choice":"maybe")"), bad, "tool_choice"},
           {tools(good, R"(,"tool_choice":{"type":"function","function":{"name":"g"}})"), bad,
            "tool_choice.function.name"},
           {tools(good, R"(,"tool_choice":{"type":"allowed_tools"})"), "openai.unsupported",
            "tool_choice.type"}})
    expect_refused(row);
}

TEST(OpenAiRules, TheSchemasOfAllToolsAreCountedTogether) {
  std::string many;
  for (int i = 0; i < 20; ++i) {
    many += (i ? "," : "") +
            tool(fmt::format(
                R"("name":"f{0}","parameters":{{"properties":{{"a":{{"pattern":"^[a-z]{{1,9{0}}}$"}},)"
                R"("b":{{"pattern":"^([ab]{{1,30}}c{0}){{1,20}}$"}}}}}})",
                i));
  }
  expect_refused({tools(many), "openai.bad_request", "tools[14].function.parameters"});
}

// What OpenAI takes, here as there.
TEST(OpenAiRules, WhatSaysNothingIsTaken) {
  const std::string user = R"({"role":"user","content":"a"})";
  const std::string call =
      R"({"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f",)"
      R"("arguments":""}}]})";
  struct Row {
    std::string list;
    std::vector<std::string> told;
  };
  for (const auto& row : std::vector<Row>{
           {user + R"(,{"role":"assistant","content":""},)" + user, {"a", "", "a"}},
           {user + R"(,{"role":"assistant","content":null,"refusal":"no"},)" + user, {"a", "", "a"}},
           {user + "," + call + R"(,{"role":"tool","tool_call_id":"c","content":""})",
            {"a", "f {} answered: "}},
           {user + "," + call +
                R"(,{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":""}]})",
            {"a", "f {} answered: "}},
           {R"({"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"b"}]})", {"b"}},
           {R"({"role":"user","content":""})", {""}},
           {R"({"role":"user","content":[]})", {""}},
           {R"({"role":"system","content":""},)" + user, {"", "a"}},
           {R"({"role":"user","name":"bob","content":"a"},{"role":"assistant","name":"marta","content":"b"})",
            {"bob: a", "marta: b"}},
           {R"({"role":"user","name":"","content":"a"})", {"a"}}}) {
    const auto chat = parse_chat(messages(row.list));
    ASSERT_TRUE(chat) << row.list << chat.error().message;
    std::vector<std::string> told;
    for (const auto& message : chat->request.generate.messages) told.push_back(message.text);
    EXPECT_EQ(told, row.told) << row.list;
  }
  for (const char* more :
       {R"("stop":"")", R"("stop":["",""])", R"("user":"")", R"("tools":[],"tool_choice":"auto")",
        R"("seed":null)",
        R"("tools":[{"type":"function","function":{"name":"f","description":"","parameters":null}}])"})
    EXPECT_TRUE(parse_chat(ask(more))) << more;
}

TEST(OpenAiRules, SchemasThatNothingMatches) {
  const std::string where = "response_format.json_schema.schema";
  for (const char* schema :
       {R"({"enum":[]})", R"({"type":"string","minLength":5,"maxLength":2})",
        R"({"type":"integer","minimum":5,"maximum":2})", R"({"type":"array","minItems":3,"maxItems":2})",
        R"({"anyOf":[{"enum":[]},false]})", R"({"oneOf":[]})", R"({"allOf":[{"type":"string"},{"enum":[]}]})",
        R"({"type":"object","properties":{"a":{"enum":[]}},"required":["a"]})",
        R"({"type":"object","properties":{},"required":["a"],"additionalProperties":false})",
        R"({"type":"array","items":{"enum":[]},"minItems":1})"})
    expect_refused({format(schema), "openai.impossible_schema", where});
  for (const char* schema :
       {R"({"type":"object","properties":{"a":{"enum":[]}}})", R"({"anyOf":[{"enum":[]},{"type":"string"}]})",
        R"({"type":"array","items":{"enum":[]}})", R"({"type":"integer","minimum":2,"maximum":2})"})
    EXPECT_TRUE(parse_chat(format(schema))) << schema;
  expect_refused({ask(R"("response_format":{"type":"json_schema"})"), "openai.bad_request", where});
  expect_refused({format("[]"), "openai.bad_request", where});
}

TEST(OpenAiRules, ASchemaIsHeldToEveryWordOrRefusedByTheWord) {
  const std::string where = "response_format.json_schema.schema";
  for (const char* strict : {"true", "false"}) {
    expect_refused(
        {format(R"({"type":"object","patternProperties":{"a":{}}})", strict), "openai.unsupported", where});
    expect_refused({format(R"({"type":"string","format":"iri"})", strict), "openai.unsupported", where});
    expect_refused({format(R"({"type":"nonsense"})", strict), "openai.bad_request", where});
    EXPECT_TRUE(parse_chat(
        format(R"({"type":"object","properties":{"not":{"type":"array","uniqueItems":true}}})", strict)));
  }
  const auto refused = parse_chat(format(R"({"items":{"unevaluatedItems":false}})"));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("'unevaluatedItems'")) << refused.error().message;
}

TEST(OpenAiRules, AJsonObjectWithASchemaIsHeldToIt) {
  const auto chat = parse_chat(ask(R"("response_format":{"type":"json_object","schema":{"type":"array"}})"));
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->request.generate.json_schema, R"({"type":"array"})");
  expect_refused({ask(R"("response_format":{"type":"json_object","schema":{"unevaluatedItems":false}})"),
                  "openai.unsupported", "response_format.schema"});
}

TEST(OpenAiRules, AChoiceLooksAtWhatWasSaidLast) {
  engine::GenerateRequest request;
  request.messages = {{engine::Role::system, "You are Marta."},
                      {engine::Role::user, std::string(5000, 'x') + "\xC3\xA9"},
                      {engine::Role::assistant, "Aye."}};
  Tool walk;
  walk.name = "walk";
  walk.description = "Go\nfar";
  const auto question = tool_question({std::nullopt, walk}, request);
  EXPECT_EQ(question.ask.context, "You are Marta.");
  EXPECT_LE(question.ask.scene.size(), 1024U);
  EXPECT_TRUE(question.ask.scene.ends_with("\xC3\xA9\nassistant: Aye."));
  EXPECT_EQ(question.ask.options, (std::vector<std::string>{"answer in words", "call walk: Go far"}));
}

TEST(OpenAiErrors, OpenAisWordsAndStatuses) {
  struct Row {
    Error error;
    int status;
    const char* code;
  };
  for (const auto& row : std::vector<Row>{
           {{Code::not_found, "router.unknown_model", "no model 'x'", 0}, 404, "model_not_found"},
           {{Code::invalid_argument, "engine.prompt_too_long", "the prompt has 9 tokens; m takes 4", 0},
            400,
            "context_length_exceeded"},
           {{Code::not_found, "engine.no_logprobs", "none", 0}, 400, "engine.no_logprobs"},
           {{Code::not_found, "engine.no_grammar", "none", 0}, 400, "engine.no_grammar"},
           {{Code::exhausted, "engine.json_cut", "too few", 0}, 400, "engine.json_cut"},
           {{Code::exhausted, "engine.busy", "busy", 1500}, 429, "engine.busy"},
           {{Code::deadline_exceeded, "engine.json_cut", "late", 0}, 504, "engine.json_cut"}}) {
    const auto reply = openai_error_reply(row.error);
    EXPECT_EQ(reply.status, row.status) << row.error.reason;
    EXPECT_EQ(nlohmann::json::parse(reply.body)["error"]["code"], row.code);
    const bool told = std::ranges::find(reply.headers, std::pair<std::string, std::string>(
                                                           "x-should-retry", "false")) != reply.headers.end();
    EXPECT_EQ(told, row.status == 504) << row.error.reason;
  }
}

}  // namespace
}  // namespace troupe::edge
