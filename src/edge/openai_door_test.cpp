// Free chat is not for all: OpenAI's paths are refused to players unless the configuration lets them in, and
// then counted.
#include "edge/openai_door.h"

#include <gtest/gtest.h>

#include "edge/openai_api.h"
#include "edge/routes.h"
#include "rt/virtual_clock.h"

namespace troupe::edge {
namespace {

Caller player(std::string name = "anna") { return {.name = std::move(name), .role = pb::ROLE_PLAYER}; }

class OpenAiDoorTest : public testing::Test {
 protected:
  rt::asio::io_context io_;
  rt::VirtualClock clock_{io_};
  static std::string said(const Result<std::shared_ptr<void>>& held) {
    return held ? "in" : held.error().reason;
  }
};

TEST_F(OpenAiDoorTest, IsClosedToPlayersByDefault) {
  OpenAiDoor door(clock_, {});
  const auto held = door.enter(player(), 1);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Code::permission_denied);
  EXPECT_EQ(held.error().reason, "openai.players");
  OpenAiDoor open(clock_, {.players = true});
  EXPECT_EQ(said(open.enter({.name = "marta", .role = pb::ROLE_NPC}, 1)), "rpc.role") << "open or closed";
  for (const auto role : {pb::ROLE_GAME_SERVER, pb::ROLE_DESIGNER, pb::ROLE_ADMIN})
    EXPECT_EQ(said(door.enter({.name = "x", .role = role}, 8)), "in");
}

TEST_F(OpenAiDoorTest, CountsEachOfN) {
  OpenAiDoor door(clock_, {.players = true, .rate = {.per_second = 1, .burst = 6}, .parallel = 4});
  EXPECT_EQ(said(door.enter(player(), 8)), "openai.n");
  auto three = door.enter(player(), 3);
  EXPECT_EQ(said(three), "in");
  const auto more = door.enter(player(), 2);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().reason, "openai.parallel");
  EXPECT_EQ(more.error().code, Code::exhausted);
  EXPECT_GT(more.error().retry_after_ms, 0);
  EXPECT_EQ(said(door.enter(player("bert"), 4)), "in") << "another player has their own";
  three = std::unexpected(Error{});
  EXPECT_EQ(said(door.enter(player(), 3)), "in");
  const auto seventh = door.enter(player(), 1);
  ASSERT_FALSE(seventh);
  EXPECT_EQ(seventh.error().reason, "openai.rate");
  EXPECT_EQ(seventh.error().retry_after_ms, 1000);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(said(door.enter(player(), 1)), "in");
}

// Behind no path of theirs is a handler without a door: whatever is added under /v1 has to pass it, too.
class Nobody final : public OpenAiBackend {
 public:
  Task<engine::GenerateReply> chat(Caller, ChatRequest, std::function<void(std::string_view)>) override {
    co_return reached<engine::GenerateReply>();
  }
  Task<engine::ChooseReply> choose(Caller, ChooseRequest) override {
    co_return reached<engine::ChooseReply>();
  }
  Task<engine::EmbedReply> embed(Caller, EmbedRequest) override { co_return reached<engine::EmbedReply>(); }
  Task<std::vector<engine::ModelInfo>> models(Caller) override {
    co_return reached<std::vector<engine::ModelInfo>>();
  }

 private:
  template <class T>
  Result<T> reached() {
    ADD_FAILURE() << "a player got through";
    return T();
  }
};

TEST_F(OpenAiDoorTest, StandsBeforeEveryPath) {
  rt::SeededIds ids{1};
  const rt::Env env{io_.get_executor(), clock_, ids};
  rt::Group group(env, "test");
  Nobody backend;
  OpenAiApi api(env, backend, group, 1024, {});
  Routes routes;
  api.add_routes(routes);
  const std::string chat = R"({"model":"silver","messages":[{"role":"user","content":"hi"}]})";
  const std::string embed = R"({"model":"m","input":"a"})";
  int refused = 0;
  for (const auto& [path, body] :
       std::vector<std::pair<std::string, std::string>>{{"/v1/models", ""},
                                                        {"/v1/models/x", ""},
                                                        {"/v1/chat/completions", chat},
                                                        {"/v1/embeddings", embed}}) {
    const auto route = routes.find(path);
    ASSERT_TRUE(route) << path;
    HttpRequest request;
    request.path = path;
    request.body = body;
    group.spawn("call", [&refused, handler = (*route)->handler, request]() -> boost::asio::awaitable<void> {
      const auto reply = co_await handler({request, player()});
      EXPECT_FALSE(reply);
      if (!reply && reply.error().reason == "openai.players") ++refused;
    });
    clock_.settle();
  }
  EXPECT_EQ(refused, 4);
}

}  // namespace
}  // namespace troupe::edge
