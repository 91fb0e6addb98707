// OpenAI's paths, with a backend that says back what it was asked.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "edge/edge_rig.h"
#include "edge/openai_json.h"

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
    const std::string said = request.generate.messages.back().text;
    if (said == "busy") co_return fail(Code::exhausted, "engine.busy", "too many wait", 1500);
    struct Leaving {
      ~Leaving() { notes.add(done ? "chat done" : "chat cancelled"); }
      Notes& notes;
      bool done = false;
    };
    Leaving leaving{notes_};
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
    co_return reply;
  }
  Task<engine::EmbedReply> embed(Caller, engine::EmbedRequest request) override {
    engine::EmbedReply reply;
    for (std::size_t i = 0; i < request.texts.size(); ++i) reply.vectors.push_back({1.0F, 0.0F});
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

TEST(OpenAi, Completion) {
  struct OpenAiRig s;
  const auto answer = s.chat(say("hi"), {"X-Troupe-Player: anna"});
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
  EXPECT_EQ(s.echo.who, "anna");
  EXPECT_EQ(s.chat(say("late")).json()["troupe"]["finish"], "deadline");
}

TEST(OpenAi, ParametersArrive) {
  struct OpenAiRig s;
  ASSERT_EQ(s.chat(R"({"model":"small-1","messages":[{"role":"developer","content":"be brief"},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
      "max_tokens":5,"max_completion_tokens":7,"temperature":0,"top_p":0.5,"seed":42,"stop":["x","y"],"n":1,"user":"u",
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
  EXPECT_EQ(s.echo.last.budget->value, 250);
}

TEST(OpenAi, BadRequestsInOpenAisShape) {
  struct OpenAiRig s;
  struct Case {
    std::string body;
    const char* code;
  };
  for (const auto& c :
       {Case{"", "openai.bad_request"},
        Case{"[]", "openai.bad_request"},
        Case{R"({"model":"silver"})", "openai.bad_request"},
        Case{R"({"messages":[{"role":"user","content":"a"}]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[{"role":"king","content":"a"}]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[{"role":"user"}]})", "openai.bad_request"},
        Case{R"({"model":"silver","messages":[{"role":"user","content":[{"type":"image_url"}]}]})",
             "openai.unsupported"},
        Case{say("a", R"(,"n":2)"), "openai.unsupported"},
        Case{say("a", R"(,"tools":[{"type":"function"}])"), "openai.unsupported"},
        Case{say("a", R"(,"frequency_penalty":1)"), "openai.unsupported"},
        Case{say("a", R"(,"logprobs":true)"), "openai.unsupported"},
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
}

TEST(OpenAi, UnknownModelAndBusyEngine) {
  struct OpenAiRig s;
  for (const char* stream : {"", R"(,"stream":true)"}) {
    auto answer =
        s.chat(fmt::format(R"({{"model":"nobody","messages":[{{"role":"user","content":"a"}}]{}}})", stream));
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(
        answer.body,
        R"({"error":{"message":"no model 'nobody'","type":"invalid_request_error","param":null,"code":"model_not_found"}})");
    answer = s.chat(say("busy", stream));
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.headers.at("retry-after"), "2");
    EXPECT_EQ(answer.json()["error"]["type"], "rate_limit_error");
  }
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
