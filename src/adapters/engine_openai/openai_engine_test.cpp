// What the contract suite and the table of faults do not say: what is sent, whom it is sent to, how often.
#include "adapters/engine_openai/openai_engine.h"

#include <condition_variable>

#include "adapters/engine_openai/openai_fixture.h"

namespace troupe::engine {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

class OpenAi : public OpenAiFixture {};

std::string choice_of_letters(const std::string& text,
                              const std::vector<std::pair<std::string, double>>& letters) {
  Json top = Json::array();
  for (const auto& [token, logprob] : letters) top.push_back({{"token", token}, {"logprob", logprob}});
  return Json{{"choices",
               {{{"message", {{"content", text}}}, {"logprobs", {{"content", {{{"top_logprobs", top}}}}}}}}},
              {"usage", {{"prompt_tokens", 30}, {"completion_tokens", 1}}}}
      .dump();
}

// ---- What is sent

TEST_F(OpenAi, AsksAsTheProtocolWants) {
  upstream_.script(good);
  const PrivateFile key("sk-secret\n");
  auto config = model();
  config.key_file = key.path();
  open({config});
  auto request = talk();
  request.stop = {"\n", "", "Odo:"};
  request.sampling.seed = 7;
  request.json_schema = R"({"type":"object"})";
  ASSERT_TRUE(generate(request));
  const auto seen = upstream_.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].line, "POST /v1/chat/completions HTTP/1.1");
  EXPECT_EQ(seen[0].headers.at("authorization"), "Bearer sk-secret");
  EXPECT_EQ(seen[0].headers.at("content-type"), "application/json");
  const auto body = seen[0].json();
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["messages"][1], (Json{{"role", "user"}, {"content", "Who keeps the light?"}}));
  EXPECT_EQ(body["max_tokens"], 32);
  EXPECT_EQ(body["stop"], (Json{"\n", "Odo:"}));
  EXPECT_EQ(body["seed"], 7);
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["response_format"]["json_schema"]["schema"], (Json{{"type", "object"}}));
  for (const char* extra : {"priority", "min_p", "repeat_penalty", "repetition_penalty", "grammar"}) {
    EXPECT_FALSE(body.contains(extra)) << extra << ": clouds refuse what they do not know";
  }
}

TEST_F(OpenAi, JsonIsWholeOrAnError) {
  open();
  auto request = talk();
  request.json_schema = R"({"type":"object"})";
  const auto ask = [&](FaultUpstream::Script script, std::chrono::milliseconds within) {
    upstream_.script(std::move(script));
    request.deadline = env_.now() + within;
    const auto reply = generate(request);
    return reply ? reply->text : std::string(code_name(reply.error().code)) + " " + reply.error().reason;
  };
  EXPECT_EQ(
      ask([](Peer& p) { p.chunked_head() && p.word("{\"a\":") && p.word("1}") && p.end_of_stream(); }, 20s),
      R"({"a":1})");
  EXPECT_EQ(ask([](Peer& p) { p.chunked_head() && p.word("{\"a\":") && p.end_of_stream("length"); }, 20s),
            "exhausted engine.json_cut");
  EXPECT_EQ(ask([](Peer& p) { p.chunked_head() && p.word("{\"a\":") && p.gone(); }, 300ms),
            "deadline_exceeded engine.json_cut");
  EXPECT_EQ(ask(good, 20s), "It is Odo.") << "the upstream is well; who asked sees that it is no JSON";
}

TEST_F(OpenAi, PriorityFollowsTheTierWhereTheUpstreamSchedulesByIt) {
  upstream_.script(good);
  auto config = model();
  config.priority = true;
  config.dialect = Dialect::vllm;
  open({config});
  for (const auto tier : {Tier::gold, Tier::silver, Tier::bronze}) {
    auto request = talk();
    request.tier = tier;
    ASSERT_TRUE(generate(request));
  }
  upstream_.script([](Peer& p) { p.whole(R"({"choices":[{"message":{"content":"x"}}]})"); });
  ASSERT_TRUE(warm(talk()));
  std::vector<int> priorities;
  for (const auto& request : upstream_.seen()) priorities.push_back(request.json()["priority"]);
  EXPECT_EQ(priorities, (std::vector<int>{0, 10, 20, 30}));
}

TEST_F(OpenAi, UsageAndCost) {
  upstream_.script(good);  // 20 prompt tokens, 8 of them cached, 3 new
  auto config = model();
  config.prices = {.prompt = 150'000, .cached = 75'000, .output = 600'000};
  open({config});
  const auto reply = generate(talk());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.prompt_tokens, 20);
  EXPECT_EQ(reply->usage.cached_tokens, 8);
  EXPECT_EQ(reply->usage.new_tokens, 3);
  EXPECT_EQ(reply->usage.cost_microusd, 5) << "1.8 + .6 + 1.8 = 4.2, rounded up";
  EXPECT_GE(reply->usage.total_us, reply->usage.first_token_us);
}

TEST_F(OpenAi, WhatWasPaidForBeforeTheDeadlineIsEstimated) {
  upstream_.script([](Peer& p) { p.chunked_head() && p.word("It") && p.word(" is") && p.gone(); });
  auto config = model();
  config.prices = {.prompt = 1'000'000, .output = 1'000'000};
  open({config});
  const auto reply = generate(talk(300ms));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.new_tokens, 2);
  EXPECT_GE(reply->usage.cost_microusd, 3);
}

TEST_F(OpenAi, WarmAsksForNothingThatCosts) {
  upstream_.script(good);
  auto config = model();
  config.prices.prompt = 1;
  open({config});
  const auto usage = warm(talk());
  ASSERT_TRUE(usage);
  EXPECT_TRUE(upstream_.seen().empty());
}

TEST_F(OpenAi, AnUpstreamThatLeavesLogProbabilitiesOutHasNone) {
  upstream_.script(good);
  open();
  auto request = talk();
  request.top_logprobs = 0;
  const auto reply = generate(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.no_logprobs");
  upstream_.script([](Peer& p) {
    p.chunked_head() &&
        p.event(
            R"({"choices":[{"delta":{"content":"It"},"logprobs":{"content":[{"token":"It","logprob":-1}]}}]})") &&
        p.end_of_stream();
  });
  const auto told = generate(request);
  ASSERT_TRUE(told) << told.error().message;
  ASSERT_EQ(told->logprobs.size(), 1U);
  EXPECT_EQ(told->logprobs[0].token, "It");
}

TEST_F(OpenAi, AGrammarNeedsADialectThatHasOne) {
  upstream_.script(good);
  open();
  auto request = talk();
  request.grammar = "root ::= \"yes\"";
  const auto reply = generate(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.no_grammar");
  EXPECT_EQ(reply.error().code, Code::not_found) << "no fault of its health, and no mistake of the caller";
  const std::pair<Dialect, const char*> fields[] = {{Dialect::llama, "/grammar"},
                                                    {Dialect::vllm, "/structured_outputs/grammar"},
                                                    {Dialect::sglang, "/ebnf"}};
  for (const auto& [dialect, field] : fields) {
    auto config = model();
    config.dialect = dialect;
    open({config});
    ASSERT_TRUE(generate(request)) << field;
    EXPECT_EQ(upstream_.seen().back().json()[Json::json_pointer(field)], request.grammar);
  }
}

// ---- Cancel, deadline, order

TEST_F(OpenAi, CancelClosesTheConnectionAtOnce) {
  std::atomic<bool> gone = false;
  upstream_.script([&](Peer& p) {
    p.chunked_head() && p.word("It is");
    gone = p.gone();
  });
  open();
  const auto call = start_generate(talk());
  ASSERT_TRUE(turn_until([&] { return !call->pieces.empty(); }));
  const auto stopped = env_.now();
  on_loop([&] { call->handle.stop(); });
  ASSERT_TRUE(turn_until([&] { return gone.load(); }));
  EXPECT_LT(env_.now() - stopped, 100ms);
  EXPECT_TRUE(idle());
}

TEST_F(OpenAi, AStopStringClosesTheConnectionOfAnUpstreamThatIgnoresIt) {
  upstream_.script(
      [](Peer& p) { p.chunked_head() && p.word("It is Odo. EN") && p.word("D and then some") && p.gone(); });
  open();
  auto request = talk();
  request.stop = {"END"};
  const auto call = start_generate(request);
  const auto reply = wait(call);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text, "It is Odo. ");
  EXPECT_EQ(joined(call->pieces), "It is Odo. ");
  EXPECT_EQ(reply->finish, Finish::stop);
  EXPECT_TRUE(connections_closed());
}

TEST_F(OpenAi, DestroyingTheEngineAnswersWhatWaits) {
  upstream_.script([](Peer& p) { p.gone(); });
  auto config = model();
  config.parallel = 1;
  open({config});
  const auto running = start_generate(talk());
  const auto waiting = start_generate(talk());
  const auto choosing = start_choose(question());
  turn();  // all have begun
  ASSERT_TRUE(turn_until([&] { return upstream_.seen().size() == 1; }));
  engine_.reset();
  ASSERT_TRUE(turn_until([&] { return group_.running() == 0; }));
  for (const auto& call : {running, waiting}) {
    ASSERT_TRUE(call->done());
    EXPECT_EQ(call->result->error().reason, "engine.stopping");
  }
  EXPECT_EQ(choosing->result->error().reason, "engine.stopping");
  EXPECT_TRUE(connections_closed());
}

TEST_F(OpenAi, WhoWaitsIsServedByTierThenByDeadline) {
  std::mutex mutex;
  std::condition_variable changed;
  bool open_gate = false;
  upstream_.script([&](Peer& p) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open_gate; });
    lock.unlock();
    good(p);
  });
  auto config = model();
  config.parallel = 1;
  open({config});
  std::vector<CallPtr<GenerateReply>> calls;
  const auto add = [&](Tier tier, std::chrono::seconds within, const std::string& text) {
    auto request = talk(within);
    request.tier = tier;
    request.messages = {{Role::user, text}};
    calls.push_back(start_generate(request));
  };
  add(Tier::bronze, 20s, "first");
  ASSERT_TRUE(turn_until([&] { return upstream_.seen().size() == 1; }));
  add(Tier::bronze, 20s, "bronze");
  add(Tier::silver, 30s, "silver late");
  add(Tier::silver, 20s, "silver soon");
  add(Tier::gold, 60s, "gold");
  turn();
  EXPECT_EQ(upstream_.seen().size(), 1U) << "one at a time";
  {
    const std::lock_guard lock(mutex);
    open_gate = true;
  }
  changed.notify_all();
  ASSERT_TRUE(turn_until([&] { return group_.running() == 0; }));
  std::vector<std::string> order;
  for (const auto& request : upstream_.seen()) order.push_back(request.json()["messages"][0]["content"]);
  EXPECT_EQ(order, (std::vector<std::string>{"first", "gold", "silver soon", "silver late", "bronze"}));
  EXPECT_EQ(openai_->stats().connections, 1U) << "and all over one connection";
}

// ---- Retries

TEST_F(OpenAi, AsksAgainWhereThatCanHelp) {
  std::atomic<int> asked = 0;
  upstream_.script([&](Peer& p) {
    switch (asked++) {
      case 0:
        return hang_up(p);
      case 1:
        p.whole(R"({"error":{"message":"busy"}})", "429 Busy");
        return;
      default:
        good(p);
    }
  });
  open();
  const auto reply = generate(talk());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(openai_->stats().retries, 2U);
  EXPECT_EQ(seen_state().problem, "");
}

TEST_F(OpenAi, WaitsAsLongAsItIsToldTo) {
  std::atomic<int> asked = 0;
  upstream_.script([&](Peer& p) {
    if (asked++ > 0) return good(p);
    p.whole(R"({"error":{"message":"busy"}})", "429 Busy", "Retry-After: 1\r\n");
  });
  open();
  const auto began = env_.now();
  ASSERT_TRUE(generate(talk()));
  EXPECT_GE(env_.now() - began, 1s);
  EXPECT_EQ(asked, 2);
}

TEST_F(OpenAi, IsLeftAloneWhenItSaysSo) {
  upstream_.script(
      [](Peer& p) { p.whole(R"({"error":{"message":"busy"}})", "429 Busy", "Retry-After: 30\r\n"); });
  open();
  for (int i = 0; i < 3; ++i) {
    const auto reply = generate(talk());
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Code::exhausted);
    EXPECT_EQ(reply.error().reason, "engine.upstream_busy");
    EXPECT_GT(reply.error().retry_after_ms, 25'000);
  }
  EXPECT_EQ(upstream_.seen().size(), 1U);
}

TEST_F(OpenAi, WhoAsksToBeLeftAloneForADayIsAskedAgainAndSeenToRest) {
  upstream_.script(
      [](Peer& p) { p.whole(R"({"error":{"message":"busy"}})", "429 Busy", "Retry-After: 99999999\r\n"); });
  open();
  const auto reply = generate(talk());
  ASSERT_FALSE(reply);
  EXPECT_LE(reply.error().retry_after_ms, 60'000);
  EXPECT_FALSE(seen_state().problem.empty());
}

TEST_F(OpenAi, AnAnswerWithoutAnEndIsCutWhereItsTokensEnd) {
  const std::string piece(50'000, 'x');
  upstream_.script([piece](Peer& p) {
    p.chunked_head();
    for (int i = 0; i < 20 && p.word(piece); ++i) {
    }
    p.end_of_stream("stop");
  });
  open();
  auto request = talk();
  request.tokens_max = 16;
  const auto reply = generate(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_LE(reply->text.size(), 200'000U);
  EXPECT_EQ(reply->finish, Finish::length);
}

TEST_F(OpenAi, NeverRetriesBeyondTheDeadline) {
  upstream_.script([](Peer& p) { p.whole("{}", "503 Away", "Retry-After: 1\r\n"); });
  open();
  const auto began = env_.now();
  const auto reply = generate(talk(700ms));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.failed") << "what is wrong, not that time ran out";
  EXPECT_LT(env_.now() - began, 500ms);
  EXPECT_EQ(upstream_.seen().size(), 1U);
}

TEST_F(OpenAi, NeverSaysTwiceWhatItHasSaid) {
  upstream_.script([](Peer& p) {
    p.chunked_head() && p.word("It is");
    p.gone(50);
    p.reset();
  });
  open();
  const auto call = start_generate(talk());
  const auto reply = wait(call);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "engine.cut_off");
  EXPECT_EQ(joined(call->pieces), "It is");
  EXPECT_EQ(upstream_.seen().size(), 1U);
}

TEST_F(OpenAi, RetriesAreSpentFromABudget) {
  upstream_.script(hang_up);
  open();
  for (int i = 0; i < 12; ++i) EXPECT_FALSE(generate(talk()));
  EXPECT_EQ(openai_->stats().retries, 10U);
  EXPECT_EQ(upstream_.seen().size(), 22U);
}

TEST_F(OpenAi, ALineIsBoundedLongBeforeAReplyIs) {
  upstream_.script([](Peer& p) {
    p.chunked_head() && p.chunk("data: " + std::string(kEventBytesMax + 1, 'x')) && p.gone();
  });
  open();
  const auto reply = generate(talk());
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("a line without an end"), std::string::npos) << reply.error().message;
}

// ---- Choices and vectors

TEST_F(OpenAi, ChoosesByLettersLessWhatTheyAreAnyway) {
  std::atomic<int> priors = 0;
  upstream_.script([&](Peer& p) {
    const bool neutral = p.request.json()["messages"].size() == 1;
    if (neutral) ++priors;
    // It always likes B; the scene speaks for A.
    p.whole(neutral ? choice_of_letters("B", {{"B", -0.2}, {"A", -3.0}, {" C", -3.0}})
                    : choice_of_letters("B", {{"B", -0.5},
                                              {"A", -1.0},
                                              {"\u2581"
                                               "C",
                                               -3.5},
                                              {"The", -9}}));
  });
  open();
  for (int i = 0; i < 2; ++i) {
    const auto reply = choose(question());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->choice, 0U);
    EXPECT_EQ(reply->method, "letters_minus_prior");
    EXPECT_EQ(reply->usage.prompt_tokens, i == 0 ? 60 : 30);
  }
  EXPECT_EQ(priors, 1) << "remembered";
  const auto body = upstream_.seen()[0].json();
  EXPECT_EQ(body["max_tokens"], 1);
  EXPECT_EQ(body["top_logprobs"], 20);
}

TEST_F(OpenAi, ChoosesByALetterWhereNothingIsMeasured) {
  upstream_.script([](Peer& p) { p.whole(R"({"choices":[{"message":{"content":" C."}}]})"); });
  open();
  const auto reply = choose(question());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->choice, 2U);
  EXPECT_EQ(reply->method, "label");
  EXPECT_EQ(reply->probabilities[2], 1.0);
}

TEST_F(OpenAi, ChoosesBySchemaWhereTheFirstTokenIsNoLetter) {
  upstream_.script([](Peer& p) {
    const bool shaped = p.request.json().contains("response_format");
    p.whole(Json{{"choices", {{{"message", {{"content", shaped ? R"({"choice": "B"})" : "I"}}}}}}}.dump());
  });
  auto config = model();
  config.logprobs = false;
  open({config});
  for (int i = 0; i < 2; ++i) {
    const auto reply = choose(question());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->choice, 1U);
    EXPECT_EQ(reply->method, "label");
  }
  EXPECT_EQ(upstream_.seen().size(), 3U) << "the second time at once by schema";
}

TEST_F(OpenAi, ThePriorIsNotWorthTheChoice) {
  upstream_.script([](Peer& p) {
    if (p.request.json()["messages"].size() == 1) return p.whole("{}", "500 No"), void();
    p.whole(choice_of_letters("A", {{"A", -0.1}, {"B", -3}, {"C", -3}}));
  });
  open();
  const auto reply = choose(question());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->choice, 0U);
  EXPECT_EQ(reply->method, "letters");
}

TEST_F(OpenAi, VectorsAreCheckedAndMadeUnitLength) {
  struct Row {
    const char* data;
    bool good;
  };
  for (const auto& row :
       std::vector<Row>{{R"([{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}])", true},
                        {R"([{"index":0,"embedding":[3,4]}])", false},
                        {R"([{"index":0,"embedding":[3,4]},{"index":0,"embedding":[3,4]}])", false},
                        {R"([{"index":0,"embedding":[3,4]},{"index":7,"embedding":[3,4]}])", false},
                        {R"([{"index":0,"embedding":[3,4]},{"index":1,"embedding":[3,4,5]}])", false},
                        {R"([{"index":0,"embedding":[3,4]},{"index":1,"embedding":[0,0]}])", false},
                        {R"([{"index":0,"embedding":[3,4]},{"index":1,"embedding":[1e300,1e300]}])", false},
                        {R"([{"index":0,"embedding":[3,4]},{"index":1,"embedding":"AAAA"}])", false},
                        {R"({"0":1})", false}}) {
    upstream_.script(
        [&](Peer& p) { p.whole(std::string(R"({"usage":{"prompt_tokens":5},"data":)") + row.data + "}"); });
    auto config = model();
    config.tiers = {};
    config.embedding_size = 2;
    config.prices.prompt = 1'000'000;
    open({config});
    const auto reply = embed({.texts = {"one", ""}, .deadline = env_.now() + 10s});
    EXPECT_EQ(upstream_.seen().back().json()["input"], (Json{"one", " "}));
    ASSERT_EQ(reply.has_value(), row.good) << row.data;
    if (!row.good) {
      EXPECT_EQ(reply.error().reason, "engine.bad_reply");
      continue;
    }
    EXPECT_FLOAT_EQ(reply->vectors[0][0], 0.6F);
    EXPECT_FLOAT_EQ(reply->vectors[1][1], 1.0F);
    EXPECT_EQ(reply->usage.cost_microusd, 5);
  }
}

}  // namespace
}  // namespace troupe::engine
