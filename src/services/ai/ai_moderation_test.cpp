#include <gtest/gtest.h>

#include "pack/prompt_file.h"
#include "services/ai/ai_service.h"
#include "tests/support/quay.h"
#include "tests/support/world_fixture.h"

namespace troupe {
namespace {

// Prompts of free chat have up to a quarter of a megabyte: meanwhile others have their answers. No word hides in
// a seam.
TEST(LongPrompts, AreJudgedInTurnsWithOthers) {
  static const auto texts = pack::built_in_prompt_texts("en");
  static const auto language = *talk::language_of(test::quay());
  test::World world({[](Host& host) -> std::shared_ptr<void> {
    auto service = std::make_shared<AiService>(test::quay(), host, texts, language, AiConfig{});
    service->mount();
    return service;
  }});
  Caller service = Caller::server();
  service.world = world.options().world;
  const auto judged = [&](const std::string& text, int& turns) {
    pb::AiModerateRequest request;
    request.set_player("anna");
    request.set_text(text);
    std::optional<Result<std::string>> answer;
    world.host().spawn("judge", [&]() -> rt::asio::awaitable<void> {
      answer.emplace(co_await call_over_bus(world.env(), world.bus(), *find_method("ai.Moderate"), service,
                                            request.SerializeAsString()));
    });
    world.host().spawn("other", [&]() -> rt::asio::awaitable<void> {
      for (; !answer; ++turns) co_await rt::asio::post(world.env().executor, rt::asio::use_awaitable);
    });
    world.run_until([&] { return answer.has_value(); });
    world.settle();
    return test::World::parse<pb::AiModerateReply>(*answer);
  };
  int few = 0;
  int many = 0;
  std::string letters;
  while (letters.size() < 200'000) letters += "f ";
  const auto fine = judged("Good morning!", few);
  ASSERT_TRUE(fine) << fine.error().message;
  EXPECT_TRUE(fine->allowed());
  const auto long_one = judged(letters, many);
  ASSERT_TRUE(long_one) << long_one.error().message;
  EXPECT_GE(many, few + 40);
  for (const std::size_t at : {0, 4090, 4096, 8185, 100'001, 199'990}) {
    auto text = std::string(200'000, ' ');
    text.replace(at, 6, " cunt ");
    const auto held = judged(text, many);
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_FALSE(held->allowed()) << at;
  }
}

}  // namespace
}  // namespace troupe
