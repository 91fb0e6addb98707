// OpenAI's paths, with a backend that says back what it was asked.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "edge/edge_rig.h"
#include "edge/openai_reply.h"

namespace troupe::edge {
namespace {

class Echo final : public OpenAiBackend {
 public:
  explicit Echo(Notes& notes) : notes_(notes) {}

  Task<engine::GenerateReply> chat(Caller caller, ChatRequest request,
                                   std::function<void(std::string_view)> on_text) override {
    last = request;
    who = caller.name;
    if (request.generate.model == "nobody")
      co_return fail(Code::not_found, "model_not_found", "no model 'nobody'");
    notes_.add(fmt::format("seed {}", request.generate.sampling.seed));
    const std::string said = request.generate.messages.back().text;
    if (said == "busy") co_return fail(Code::exhausted, "engine.busy", "too many wait", 1500);
    struct Leaving {
      ~Leaving() { notes.add(done ? "chat done" : "chat cancelled"); }
      Notes& notes;
      bool done = false;
    };
    Leaving leaving{notes_};
    if (!request.generate.json_schema.empty() && said.find("in words") == std::string::npos) {
      for (const char* piece : {R"({"place":)", R"("quay"})"}) {
        if (on_text) on_text(piece);
      }
      leaving.done = true;
      co_return engine::GenerateReply{.text = R"({"place":"quay"})"};
    }
    if (on_text) on_text("one ");
    if (said == "hang") {
      notes_.add("chat begun");
      co_await rt::sleep_until(*env, rt::Instant::never());
    }
    if (said == "break") co_return fail(Code::unavailable, "engine.failed", "the engine fell over");
    if (on_text) on_text("two");
    leaving.done = true;
    engine::GenerateReply reply;
    reply.text = "one two";
    reply.model = "small-1";
    reply.finish = said == "late" ? engine::Finish::deadline : engine::Finish::stop;
    reply.usage.prompt_tokens = 11;
    reply.usage.cached_tokens = 7;
    reply.usage.new_tokens = 2;
    if (request.generate.top_logprobs >= 0) {
      reply.logprobs = {{.token = "one ", .logprob = -.5, .top = {{"one ", -.5}, {"\xF0\x9F", -1.5}}},
                        {.token = "two", .logprob = 0, .top = {}}};
    }
    co_return reply;
  }
  Task<engine::ChooseReply> choose(Caller, ChooseRequest request) override {
    asked.push_back(request.choose);
    engine::ChooseReply reply{.choice = choice, .probabilities = {}, .method = "test"};
    reply.probabilities.assign(request.choose.options.size(), 0.5);
    reply.usage.cost_microusd = 100;
    co_return reply;
  }
  Task<engine::EmbedReply> embed(Caller, EmbedRequest request) override {
    last_account = request.account;
    engine::EmbedReply reply;
    for (std::size_t i = 0; i < request.embed.texts.size(); ++i) reply.vectors.push_back({1.0F, 0.0F});
    reply.model = "embed-1";
    reply.usage.prompt_tokens = 3;
    co_return reply;
  }
  Task<std::vector<engine::ModelInfo>> models(Caller) override {
    co_return std::vector<engine::ModelInfo>{
        {.name = "small-1", .context_tokens = 2048, .tiers = {engine::Tier::silver}}};
  }

  std::optional<rt::Env> env;
  ChatRequest last;
  Account last_account;
  std::vector<engine::ChooseRequest> asked;
  std::size_t choice = 0;
  std::string who;

 private:
  Notes& notes_;
};

struct OpenAiRig {
  OpenAiRig() : echo(notes), rig({.openai = &echo}) { echo.env.emplace(rig.env()); }
  Notes notes;
  Echo echo;
  Rig rig;

  Answer chat(const std::string& body, const std::vector<std::string>& headers = {}) {
    return post(rig.port(), "/v1/chat/completions", body, headers);
  }
};

std::string say(const std::string& text, const std::string& more = "") {
  return fmt::format(R"({{"model":"silver","messages":[{{"role":"user","content":"{}"}}]{}}})", text, more);
}

std::vector<std::string> events_of(const std::string& body) {
  std::vector<std::string> events;
  std::size_t at = 0;
  while (at < body.size()) {
    const auto end = body.find("\n\n", at);
    if (end == std::string::npos || !body.substr(at).starts_with("data: ")) return {};
    events.push_back(body.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return events;
}

TEST(OpenAi, Completion) {
  struct OpenAiRig s;
  const auto answer = s.chat(say("hi"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto json = answer.json();
  EXPECT_EQ(json["object"], "chat.completion");
  EXPECT_TRUE(json["id"].get<std::string>().starts_with("chatcmpl-"));
  EXPECT_EQ(json["model"], "small-1");
  EXPECT_EQ(json["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(json["choices"][0]["message"]["content"], "one two");
  EXPECT_EQ(json["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(json["usage"]["total_tokens"], 13);
  EXPECT_EQ(json["usage"]["prompt_tokens_details"]["cached_tokens"], 7);
  EXPECT_EQ(s.echo.last.generate.tier, engine::Tier::silver);
  EXPECT_EQ(s.echo.last.generate.model, "");
  EXPECT_FALSE(s.echo.last.generate.deadline.is_never());
  EXPECT_EQ(s.echo.who, "local");
  EXPECT_EQ(s.chat(say("late")).json()["troupe"]["finish"], "deadline");
}

TEST(OpenAi, WhetherAnAnswerMayBeShared) {
  struct OpenAiRig s;
  const auto by_meaning = [&](const std::string& body, const std::vector<std::string>& headers) {
    EXPECT_EQ(s.chat(body, headers).status, 200);
    return s.echo.last.by_meaning;
  };
  EXPECT_FALSE(by_meaning(say("a"), {}));
  EXPECT_FALSE(by_meaning(say("a"), {"X-Troupe-Cache: exact"}));
  EXPECT_TRUE(by_meaning(say("a"), {"X-Troupe-Cache: meaning"}));
  EXPECT_FALSE(by_meaning(say("a", R"(,"n":2)"), {"X-Troupe-Cache: meaning"})) << "several are to differ";
  const auto wrong = s.chat(say("a"), {"X-Troupe-Cache: never"});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.json()["error"]["code"], "openai.bad_request");
}

TEST(OpenAi, ParametersArrive) {
  struct OpenAiRig s;
  ASSERT_EQ(s.chat(R"({"model":"small-1","messages":[{"role":"developer","content":"be brief"},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
      "max_tokens":5,"max_completion_tokens":7,"temperature":0,"top_p":0.5,"seed":42,"stop":["x","y"],"n":1,"user":"marek","presence_penalty":1,
      "frequency_penalty":-2,"logprobs":true,"top_logprobs":2,"metadata":{"a":"b"},"store":false,"something_new":1,
      "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}})",
                   {"X-Troupe-Budget-Microusd: 250"})
                .status,
            200);
  const auto& got = s.echo.last.generate;
  EXPECT_EQ(got.model, "small-1");
  EXPECT_EQ(got.messages[0].role, engine::Role::system);
  EXPECT_EQ(got.messages[1].text, "ab");
  EXPECT_EQ(got.tokens_max, 7);
  EXPECT_EQ(got.sampling.temperature, 0);
  EXPECT_EQ(got.sampling.top_p, 0.5);
  EXPECT_EQ(got.sampling.seed, 42U);
  EXPECT_EQ(got.stop, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(got.json_schema, R"({"type":"object"})");
  EXPECT_EQ(got.sampling.presence_penalty, 1);
  EXPECT_EQ(got.sampling.frequency_penalty, -2);
  EXPECT_EQ(got.top_logprobs, 2);
  EXPECT_EQ(s.echo.last.account.budget->value, 250);
  EXPECT_EQ(s.echo.last.account.player, "marek");
}

TEST(OpenAi, ANamedModelRunsOnTheHeadersTier) {
  struct OpenAiRig s;
  const std::string body = R"({"model":"small-1","messages":[{"role":"user","content":"a"}]})";
  ASSERT_EQ(s.chat(body, {"X-Troupe-Tier: bronze"}).status, 200);
  EXPECT_EQ(s.echo.last.generate.tier, engine::Tier::bronze);
  EXPECT_EQ(s.echo.last.generate.model, "small-1");
  const auto unknown = s.chat(body, {"X-Troupe-Tier: platinum"});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.json()["error"]["code"], "router.unknown_tier");
  EXPECT_EQ(s.chat(say("a"), {"X-Troupe-Tier: gold"}).status, 400) << "the model said silver";
}

TEST(OpenAi, EveryAnswerHasARequestId) {
  struct OpenAiRig s;
  const auto good =
      s.chat(say("hi"), {"traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"});
  EXPECT_EQ(good.headers.at("x-request-id"), "req_0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(good.headers.at("traceresponse").starts_with("00-0123456789abcdef0123456789abcdef-"));
  const auto bad = s.chat("[]");
  EXPECT_EQ(bad.headers.at("x-request-id").size(), 36U) << "errors too";
}

TEST(OpenAi, SeveralChoices) {
  struct OpenAiRig s;
  const auto answer = s.chat(say("hi", R"(,"n":3,"seed":5)"), {"X-Troupe-Budget-Microusd: 100"});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto json = answer.json();
  ASSERT_EQ(json["choices"].size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(json["choices"][i]["index"], i);
  EXPECT_EQ(json["usage"]["prompt_tokens"], 11) << "read once";
  EXPECT_EQ(json["usage"]["completion_tokens"], 6);
  for (const char* seed : {"seed 5", "seed 6", "seed 7"}) EXPECT_EQ(s.notes.count(seed), 1U) << seed;
  EXPECT_EQ(s.echo.last.account.budget->value, 33) << "together at most the budget";

  const auto events = events_of(s.chat(say("hi", R"(,"n":2,"stream":true)")).body);
  std::map<int, std::string> texts;
  std::map<int, int> ends;
  for (const auto& event : events) {
    if (event == "[DONE]") continue;
    const auto choice = nlohmann::json::parse(event)["choices"][0];
    texts[choice["index"]] += choice["delta"].value("content", "");
    if (!choice["finish_reason"].is_null()) ++ends[choice["index"]];
  }
  EXPECT_EQ(texts, (std::map<int, std::string>{{0, "one two"}, {1, "one two"}}));
  EXPECT_EQ(ends, (std::map<int, int>{{0, 1}, {1, 1}}));
  EXPECT_EQ(events.back(), "[DONE]");
}

// Those below zero too; what goes on is a number that a database can hold, for each of several choices.
TEST(OpenAi, ASeedIsAnyWholeNumber) {
  struct OpenAiRig s;
  for (const auto& [seed, first, second] :
       std::vector<std::array<std::string, 3>>{{"0", "0", "1"},
                                               {"-1", "9223372036854775807", "0"},
                                               {"-9223372036854775808", "0", "1"},
                                               {"9223372036854775807", "9223372036854775807", "0"},
                                               {"-5", "9223372036854775803", "9223372036854775804"}}) {
    const auto before = s.notes.count("seed " + second);
    ASSERT_EQ(s.chat(say("hi", R"(,"n":2,"seed":)" + seed)).status, 200) << seed;
    EXPECT_GT(s.notes.count("seed " + first), 0U) << seed;
    EXPECT_EQ(s.notes.count("seed " + second), before + 1) << seed;
  }
}

TEST(OpenAi, LogProbabilities) {
  struct OpenAiRig s;
  const auto answer = s.chat(say("hi", R"(,"logprobs":true,"top_logprobs":2)")).json();
  const auto content = answer["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(content.size(), 2U);
  EXPECT_EQ(content[0]["token"], "one ");
  EXPECT_EQ(content[0]["logprob"], -.5);
  EXPECT_EQ(content[0]["top_logprobs"][1]["bytes"], nlohmann::json::array({0xF0, 0x9F}))
      << "half a character";
  const auto events = events_of(s.chat(say("hi", R"(,"logprobs":true,"stream":true)")).body);
  ASSERT_GT(events.size(), 2U);
  const auto end = nlohmann::json::parse(events[events.size() - 2]);
  EXPECT_EQ(end["choices"][0]["logprobs"]["content"].size(), 2U) << "with the last chunk";
  EXPECT_TRUE(s.chat(say("hi")).json()["choices"][0]["logprobs"].is_null());
}

constexpr const char* kTools =
    R"(,"tools":[{"type":"function","function":{"name":"walk","description":"Go somewhere",)"
    R"("parameters":{"type":"object","properties":{"place":{"type":"string"}},"required":["place"]}}},)"
    R"({"type":"function","function":{"name":"wait"}}])";

TEST(OpenAi, ToolsAreChosenThenTheirArgumentsWritten) {
  struct OpenAiRig s;
  s.echo.choice = 1;
  const auto answer = s.chat(say("to the quay", kTools), {"X-Troupe-Budget-Microusd: 250"});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto choice = answer.json()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_TRUE(choice["message"]["content"].is_null());
  const auto call = choice["message"]["tool_calls"][0];
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["function"]["name"], "walk");
  EXPECT_EQ(call["function"]["arguments"], R"({"place":"quay"})");
  EXPECT_TRUE(call["id"].get<std::string>().starts_with("call_"));
  ASSERT_EQ(s.echo.asked.size(), 1U);
  EXPECT_EQ(s.echo.asked[0].options,
            (std::vector<std::string>{"answer in words", "call walk: Go somewhere", "call wait"}));
  EXPECT_EQ(s.echo.asked[0].scene, "user: to the quay");
  EXPECT_NE(s.echo.last.generate.messages.back().text.find("Call the function walk"), std::string::npos);
  EXPECT_EQ(s.echo.last.account.budget->value, 150) << "the choice cost 100";
  EXPECT_EQ(answer.json()["troupe"]["chosen"]["probabilities"].size(), 3U);

  s.echo.choice = 0;
  const auto words = s.chat(say("how are you", kTools)).json()["choices"][0];
  EXPECT_EQ(words["message"]["content"], "one two");
  EXPECT_FALSE(words["message"].contains("tool_calls"));
  EXPECT_EQ(words["finish_reason"], "stop");
}

TEST(OpenAi, ToolsAsTheClientWantsThem) {
  struct OpenAiRig s;
  const auto ask = [&](const std::string& choice) {
    return s.chat(say("hm", std::string(kTools) + R"(,"tool_choice":)" + choice)).json()["choices"][0];
  };
  const auto named = ask(R"({"type":"function","function":{"name":"walk"}})");
  EXPECT_EQ(named["message"]["tool_calls"][0]["function"]["name"], "walk");
  EXPECT_EQ(named["finish_reason"], "stop") << "as OpenAI says where the client decided";
  EXPECT_EQ(ask(R"("none")")["message"]["content"], "one two");
  EXPECT_TRUE(s.echo.asked.empty()) << "nothing to choose";
  const auto required = ask(R"("required")");
  EXPECT_EQ(required["message"]["tool_calls"][0]["function"]["name"], "walk");
  ASSERT_EQ(s.echo.asked.size(), 1U);
  EXPECT_EQ(s.echo.asked[0].options.size(), 2U) << "words are no option";
}

TEST(OpenAi, ToolCallsAreStreamed) {
  struct OpenAiRig s;
  s.echo.choice = 1;
  const auto events = events_of(s.chat(say("to the quay", std::string(kTools) + R"(,"stream":true)")).body);
  ASSERT_EQ(events.size(), 5U);
  const auto delta = [&](std::size_t i) { return nlohmann::json::parse(events[i])["choices"][0]["delta"]; };
  EXPECT_EQ(delta(0)["role"], "assistant");
  EXPECT_EQ(delta(0)["tool_calls"][0]["function"]["name"], "walk");
  EXPECT_EQ(delta(0)["tool_calls"][0]["index"], 0);
  EXPECT_EQ(delta(1)["tool_calls"][0]["function"]["arguments"], R"({"place":)");
  EXPECT_EQ(delta(2)["tool_calls"][0]["function"]["arguments"], R"("quay"})");
  EXPECT_EQ(nlohmann::json::parse(events[3])["choices"][0]["finish_reason"], "tool_calls");
}

TEST(OpenAi, AnAnswerThatIsNoJsonIsAnErrorWhereJsonWasAskedFor) {
  struct OpenAiRig s;
  const auto answer = s.chat(say("in words", R"(,"response_format":{"type":"json_object"})"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["error"]["code"], "openai.no_json");
}

// The reader of JSON is the same at all doors.
TEST(OpenAi, WhatIsNotJsonIsRefusedHereToo) {
  struct OpenAiRig s;
  for (const std::string& field : std::vector<std::string>{
           R"("n":1,)", R"('n':1)", R"("n":1,"n":2)", R"("n":1,"\u006e":2)", R"("n":NaN)", R"("n":1//c)",
           R"("n":01)", "\"user\":\"\xff\"", R"("user":"\ud800")", R"("n":123456789012345678901234567890)",
           "\"n\":" + std::string(100, '[') + std::string(100, ']')}) {
    for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
             {"/v1/chat/completions", R"({"model":"silver","messages":[{"role":"user","content":"a"}],)"},
             {"/v1/embeddings", R"({"model":"m","input":"a",)"}}) {
      const auto answer = post(s.rig.port(), path, body + field + "}");
      EXPECT_EQ(answer.status, 400) << path << field;
      EXPECT_NE(answer.body.find("the JSON is not well formed: line 1, column "), std::string::npos)
          << answer.body;
    }
  }
}

TEST(OpenAi, BadRequestsInOpenAisShape) {
  struct OpenAiRig s;
  struct Case {
    std::string body;
    const char* code;
  };
  for (const auto& c :
       {Case{"", "openai.bad_request"}, Case{"[]", "openai.bad_request"},
        Case{R"({"model":"silver"})", "openai.bad_request"},
        Case{R"({"messages":[{"role":"user","content":"a"}]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[{"role":"king","content":"a"}]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[{"role":"user"}]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[{"role":"user","content":[{"type":"image_url"}]}]})",
             "openai.unsupported"},
        Case{say("a", R"(,"logit_bias":{"1":2})"), "openai.unsupported"},
        Case{say("a", R"(,"temperature":3)"), "openai.bad_request"},
        Case{say("a", R"(,"temperature":"hot")"), "openai.bad_request"},
        Case{say("a", R"(,"max_tokens":0)"), "openai.bad_request"},
        Case{say("a", R"(,"max_tokens":1.5)"), "openai.bad_request"},
        Case{say("a", R"(,"stop":[1])"), "openai.bad_request"},
        Case{say("a", R"(,"stream":"yes")"), "openai.bad_request"},
        Case{say("a", R"(,"response_format":{"type":"xml"})"), "openai.unsupported"},
        Case{say("a", ",\"response_format\":" + std::string(100'000, '[')), "openai.bad_request"},
        Case{say("a", R"(,"response_format":{"type":"json_schema"})"), "openai.bad_request"}}) {
    const auto answer = s.chat(c.body);
    EXPECT_EQ(answer.status, 400) << c.body;
    EXPECT_EQ(answer.json()["error"]["code"], c.code) << c.body;
    EXPECT_EQ(answer.json()["error"]["type"], "invalid_request_error") << c.body;
    EXPECT_TRUE(answer.json()["error"].contains("param")) << c.body;
  }
  EXPECT_EQ(s.chat(say("a"), {"X-Troupe-Budget-Microusd: -1"}).json()["error"]["code"], "rpc.bad_budget");
  EXPECT_EQ(s.chat(say("a"), {"X-Troupe-Deadline-Ms: x"}).json()["error"]["code"], "rpc.bad_deadline");
  EXPECT_EQ(get(s.rig.port(), "/v1/chat/completions").json()["error"]["code"], "http.method_not_allowed");
  EXPECT_EQ(post(s.rig.port(), "/v1/images", "{}").json()["error"]["type"], "invalid_request_error");
  const auto nothing = get(s.rig.port(), "/v1/nope");
  EXPECT_EQ(nothing.status, 404);
  EXPECT_EQ(nothing.json()["error"]["code"], "http.not_found");
}

TEST(OpenAi, UnknownModelAndBusyEngine) {
  struct OpenAiRig s;
  for (const char* stream : {"", R"(,"stream":true)"}) {
    auto answer =
        s.chat(fmt::format(R"({{"model":"nobody","messages":[{{"role":"user","content":"a"}}]{}}})", stream));
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(
        answer.body,
        R"({"error":{"message":"no model 'nobody'","type":"invalid_request_error","param":"model","code":"model_not_found"}})");
    answer = s.chat(say("busy", stream));
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.headers.at("retry-after"), "2");
    EXPECT_EQ(answer.json()["error"]["type"], "rate_limit_error");
  }
}

TEST(OpenAi, Stream) {
  struct OpenAiRig s;
  const auto answer = s.chat(say("hi", R"(,"stream":true,"stream_options":{"include_usage":true})"));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "text/event-stream");
  const auto events = events_of(answer.body);
  ASSERT_EQ(events.size(), 6U) << answer.body;
  std::vector<nlohmann::json> chunks;
  for (std::size_t i = 0; i < 5; ++i) chunks.push_back(nlohmann::json::parse(events[i]));
  EXPECT_EQ(chunks[0]["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(chunks[1]["choices"][0]["delta"]["content"], "one ");
  EXPECT_EQ(chunks[2]["choices"][0]["delta"]["content"], "two");
  EXPECT_EQ(chunks[2]["choices"][0]["finish_reason"], nullptr);
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(chunks[4]["choices"].empty());
  EXPECT_EQ(chunks[4]["usage"]["completion_tokens"], 2);
  EXPECT_TRUE(chunks[1].contains("usage") && chunks[1]["usage"].is_null());
  EXPECT_EQ(events[5], "[DONE]");
  EXPECT_EQ(chunks[0]["id"], chunks[4]["id"]);
  EXPECT_EQ(chunks[0]["object"], "chat.completion.chunk");

  const auto broken = events_of(s.chat(say("break", R"(,"stream":true)")).body);
  ASSERT_FALSE(broken.empty());
  EXPECT_EQ(nlohmann::json::parse(broken.back())["error"]["code"], "engine.failed");
}

TEST(OpenAi, ClientThatLeavesStopsTheThinking) {
  struct OpenAiRig s;
  for (const char* stream : {"", R"(,"stream":true)"}) {
    const auto cancelled = s.notes.count("chat cancelled");
    const auto begun = s.notes.count("chat begun");
    Client client(s.rig.port());
    const std::string body = say("hang", stream);
    client.send(fmt::format(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n\r\n{}",
        s.rig.port(), body.size(), body));
    while (s.notes.count("chat begun") == begun) std::this_thread::yield();
    client.close();
    while (s.notes.count("chat cancelled") == cancelled) std::this_thread::yield();
  }
}

TEST(OpenAi, Embeddings) {
  struct OpenAiRig s;
  auto answer = post(s.rig.port(), "/v1/embeddings", R"({"model":"embed-1","input":["a","b"]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["data"].size(), 2U);
  EXPECT_EQ(answer.json()["data"][1]["index"], 1);
  EXPECT_EQ(answer.json()["data"][0]["embedding"], nlohmann::json::array({1.0, 0.0}));
  EXPECT_EQ(answer.json()["usage"]["total_tokens"], 3);
  answer =
      post(s.rig.port(), "/v1/embeddings", R"({"model":"embed-1","input":"a","encoding_format":"base64"})");
  EXPECT_EQ(answer.json()["data"][0]["embedding"], "AACAPwAAAAA=");
  for (const char* bad :
       {R"({"model":"e"})", R"({"model":"e","input":[]})", R"({"model":"e","input":[""]})",
        R"({"model":"e","input":[[1,2]]})", R"({"model":"e","input":"a","dimensions":3})"}) {
    EXPECT_EQ(post(s.rig.port(), "/v1/embeddings", bad).status, 400) << bad;
  }
}

TEST(OpenAi, Models) {
  struct OpenAiRig s;
  const auto list = get(s.rig.port(), "/v1/models").json();
  EXPECT_EQ(list["object"], "list");
  std::set<std::string> names;
  for (const auto& model : list["data"]) names.insert(model["id"]);
  EXPECT_EQ(names, (std::set<std::string>{"gold", "silver", "bronze", "small-1"}));
  EXPECT_EQ(get(s.rig.port(), "/v1/models/small-1").json()["troupe"]["context_tokens"], 2048);
  EXPECT_EQ(get(s.rig.port(), "/v1/models/nobody").status, 404);
}

}  // namespace
}  // namespace troupe::edge
