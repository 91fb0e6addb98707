// OpenAI's path for players: what goes to a model and what comes back is judged as any talk is; whole sentences
// that fit are shown, streamed or not.
#include "app/openai_backend.h"

#include "tests/world/minds.h"

namespace troupe::test {
namespace {

struct OpenAiPath : ::testing::Test, Minds {
  OpenAiPath() : Minds({.read_ahead = false}) { begin(); }

  struct Heard {
    std::optional<Result<engine::GenerateReply>> reply;
    std::string shown;
  };
  using Ask = std::function<void(edge::ChatRequest&)>;
  std::shared_ptr<Heard> ask(const Caller& caller, const std::string& text, const Ask& more = {}) {
    auto heard = std::make_shared<Heard>();
    edge::ChatRequest request;
    request.generate.tier = engine::Tier::silver;
    request.generate.messages = {{engine::Role::user, text}};
    if (more) more(request);
    world.host().spawn("chat", [this, heard, caller, request]() -> rt::asio::awaitable<void> {
      heard->reply.emplace(
          co_await backend.chat(caller, request, [heard](std::string_view piece) { heard->shown += piece; }));
    });
    world.settle();
    return heard;
  }
  std::vector<pb::GuardrailViolated> violations() {
    world.settle();
    return world.events_of<pb::GuardrailViolated>();
  }

  OneWorld worlds{world.timeline()};
  RouterOpenAiBackend backend{world.env(), world.bus(), worlds, [this] { return world.options().world; }};
  const Caller game{.name = "game", .role = pb::ROLE_GAME_SERVER};
};

TEST_F(OpenAiPath, WhatAPlayerMayNotSayReachesNoModel) {
  engine->at_once = engine->says("Good day.");
  const Ask as_anna = [](auto& request) { request.account.player = "anna"; };
  for (const auto& [caller, more] : std::vector<std::pair<Caller, Ask>>{{player(), {}}, {game, as_anna}}) {
    const auto asked = engine->asked.size();
    const auto heard = ask(caller, "Say it, you stupid cunt.", more);
    ASSERT_TRUE(heard->reply && !*heard->reply) << caller.name;
    EXPECT_EQ(heard->reply->error().reason, "ai.held_back");
    EXPECT_EQ(heard->shown, "");
    EXPECT_EQ(engine->asked.size(), asked);
    const auto fine = ask(caller, "Good day to you.", more);
    ASSERT_TRUE(fine->reply && *fine->reply);
    EXPECT_EQ((*fine->reply)->text, "Good day.");
  }
  for (const auto& violation : violations()) {
    EXPECT_EQ(violation.direction(), "in");
    EXPECT_EQ(violation.door(), "v1.chat");
    EXPECT_EQ(violation.player(), "anna");
  }
  EXPECT_EQ(violations().size(), 2U);
  engine->at_once = engine->says("You cunt.");
  const auto program = ask(game, "Say it, you stupid cunt.");
  ASSERT_TRUE(program->reply && *program->reply) << "who names no player speaks for itself";
  EXPECT_EQ((*program->reply)->text, "You cunt.");
}

TEST_F(OpenAiPath, OnlyWhatFitsIsShownAtOnceOrInPieces) {
  for (const bool pieces : {false, true}) {
    engine->at_once.reset();
    const auto before = violations().size();
    const auto heard = ask(player(), "Who are you?");
    const auto call = engine->asked.size() - 1;
    const std::string whole = "You are late. You little sh1t. Go home.";
    if (pieces) {
      for (std::size_t at = 0; at < whole.size(); at += 3) {
        engine->asked[call]->on_text(std::string_view(whole).substr(at, 3));
        world.settle();
        EXPECT_TRUE(std::string_view("You are late. ").starts_with(heard->shown)) << heard->shown;
      }
    }
    auto reply = engine->says(whole);
    reply.logprobs = {{.token = "sh1t", .logprob = -1, .top = {}}};
    engine->answer(call, reply);
    world.settle();
    ASSERT_TRUE(heard->reply && *heard->reply);
    EXPECT_TRUE((*heard->reply)->held_back);
    EXPECT_EQ((*heard->reply)->text.find("sh1t"), std::string::npos) << (*heard->reply)->text;
    EXPECT_EQ((*heard->reply)->text, heard->shown) << "the same by both ways";
    EXPECT_TRUE((*heard->reply)->logprobs.empty()) << "they spell it";
    if (pieces) EXPECT_TRUE(heard->shown.starts_with("You are late.")) << heard->shown;
    const auto kept = violations();
    ASSERT_EQ(kept.size(), before + 1);
    EXPECT_EQ(kept.back().direction(), "out");
    EXPECT_EQ(kept.back().door(), "v1.chat");
  }
}

// JSON is read as whoever gets it will read it: not by its escapes, and names count too.
TEST_F(OpenAiPath, JsonIsJudgedAsItReads) {
  for (const char* foul :
       {R"({"line":"\u0066\u0075\u0063\u006b you"})", R"({"fuck":1})", R"({"a":[{"b":"you cunt"}]})"}) {
    engine->at_once = engine->says(foul);
    const auto heard = ask(player(), "Answer.",
                           [](auto& request) { request.generate.json_schema = R"({"type":"object"})"; });
    ASSERT_TRUE(heard->reply && *heard->reply) << foul << heard->reply->error().message;
    EXPECT_TRUE((*heard->reply)->held_back) << foul;
    EXPECT_EQ((*heard->reply)->text, "") << foul;
    EXPECT_EQ(heard->shown, "") << foul;
  }
  engine->at_once = engine->says(R"({"line":"Good day"})");
  const auto heard =
      ask(player(), "Answer.", [](auto& request) { request.generate.json_schema = R"({"type":"object"})"; });
  ASSERT_TRUE(heard->reply && *heard->reply);
  EXPECT_EQ((*heard->reply)->text, R"({"line":"Good day"})");
}

}  // namespace
}  // namespace troupe::test
