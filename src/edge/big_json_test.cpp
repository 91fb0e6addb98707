#include "edge/big_json.h"

#include <gtest/gtest.h>

#include <thread>

#include "rt/real_clock.h"

namespace troupe::edge {
namespace {

TEST(BigJson, OnlyLargeAnswersAreMadeOnTheOtherThread) {
  boost::asio::io_context io;
  rt::RealClock clock{io.get_executor()};
  rt::SystemIds ids;
  const rt::Env env{io.get_executor(), clock, ids};
  BigJson big(env);
  rt::Group group(env, "test");
  const auto made_by = [&](std::size_t bytes) {
    std::optional<std::thread::id> thread;
    std::string text;
    group.spawn("make", [&]() -> boost::asio::awaitable<void> {
      const auto made =
          co_await big.make(bytes, {.name = "anna", .role = pb::ROLE_PLAYER}, [&]() -> Result<std::string> {
            thread = std::this_thread::get_id();
            return std::string(bytes, 'x');
          });
      if (made) text = *made;
      io.stop();
    });
    io.restart();
    io.run_for(std::chrono::seconds(10));
    EXPECT_EQ(text.size(), bytes);
    return thread.value_or(std::thread::id());
  };
  EXPECT_EQ(made_by(BigJson::kBigBytes - 1), std::this_thread::get_id());
  EXPECT_NE(made_by(BigJson::kBigBytes), std::this_thread::get_id());
}

}  // namespace
}  // namespace troupe::edge
