#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <set>
#include <thread>

#include "rt/pool.h"
#include "rt/task.h"
#include "rt/virtual_clock.h"

namespace troupe::rt {
namespace {

using namespace std::chrono_literals;

struct World {
  asio::io_context io;
  VirtualClock clock{io};
  SeededIds ids{7};
  Env env{io.get_executor(), clock, ids};
};

// Known answers of Philox4x32-10 from the Random123 distribution.
TEST(Random, PhiloxKnownAnswers) {
  const auto zero = philox4x32({0, 0, 0, 0}, {0, 0});
  EXPECT_EQ(zero, (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const auto ones = philox4x32({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U});
  EXPECT_EQ(ones, (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Random, DrawIsAFunctionOfItsPlace) {
  const Draw weather(42, "weather", "harbour");
  EXPECT_EQ(weather.bits(10), Draw(42, "weather", "harbour").bits(10));
  std::set<std::uint64_t> seen;
  for (std::uint64_t tick = 0; tick < 1000; ++tick) seen.insert(weather.bits(tick));
  for (std::uint32_t lane = 1; lane < 1000; ++lane) seen.insert(weather.bits(0, lane));
  seen.insert(Draw(43, "weather", "harbour").bits(0));
  seen.insert(Draw(42, "weather", "hills").bits(0));
  EXPECT_EQ(seen.size(), 2001U);
  double sum = 0;
  for (std::uint64_t tick = 0; tick < 10'000; ++tick) sum += weather.uniform(tick);
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
  for (std::uint64_t tick = 0; tick < 1000; ++tick) EXPECT_LT(weather.below(3, tick), 3U);
}

TEST(Random, Uuid7IsOrderedByTime) {
  SeededIds ids(1);
  const auto early = ids.uuid7(1000);
  const auto late = ids.uuid7(2000);
  EXPECT_LT(early, late);
  EXPECT_EQ(early.size(), 36U);
  EXPECT_EQ(early[14], '7');
}

TEST(Clock, VirtualTimersFireInOrder) {
  World w;
  std::vector<int> order;
  const auto start = w.clock.now();
  auto b = w.clock.call_at(start + 20ms, [&] { order.push_back(2); });
  auto a = w.clock.call_at(start + 10ms, [&] { order.push_back(1); });
  auto never = w.clock.call_at(start + 15ms, [&] { order.push_back(9); });
  never.cancel();
  w.clock.advance(15ms);
  EXPECT_EQ(order, (std::vector{1}));
  w.clock.advance(5ms);
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(w.clock.now() - start, 20ms);
}

TEST(Task, DeadlineComesFirst) {
  World w;
  Group group(w.env, "test");
  Result<int> got = 0;
  OneShot<int> promise(w.env);
  group.spawn("waiter", [&]() -> asio::awaitable<void> { got = co_await promise.wait(w.env.now() + 50ms); });
  w.clock.advance(49ms);
  EXPECT_EQ(group.running(), 1U);
  w.clock.advance(1ms);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Code::deadline_exceeded);
  promise.set(3);  // too late: dropped
  w.clock.settle();
  EXPECT_EQ(group.running(), 0U);
}

TEST(Task, ValueFromAnotherThread) {
  World w;
  Group group(w.env, "test");
  Pool pool("worker", 1, 4);
  Result<int> got = 0;
  group.spawn("waiter", [&]() -> asio::awaitable<void> {
    got = co_await pool.run<int>(w.env, [] { return Result<int>(7); });
  });
  auto keep = asio::make_work_guard(w.io);
  while (group.running() > 0) w.io.run_one();
  EXPECT_EQ(got.value(), 7);
}

TEST(Task, CancelEndsASleep) {
  World w;
  Group group(w.env, "test");
  bool cleaned = false;
  group.spawn("sleeper", [&]() -> asio::awaitable<void> {
    bool cancelled = false;
    try {
      co_await sleep_for(w.env, 1h);
    } catch (const boost::system::system_error&) {
      cancelled = true;
    }
    co_await shield();
    co_await sleep_for(w.env, 1ms);  // clean-up that awaits
    cleaned = cancelled;
  });
  w.clock.settle();
  group.cancel();
  w.clock.advance(1ms);
  EXPECT_TRUE(cleaned);
  EXPECT_EQ(group.running(), 0U);
}

// A task that ends between the cancellation and the loop's next run must not be cancelled after its end.
TEST(Task, CancelFromOutsideTheLoopMeetsATaskThatEnds) {
  World w;
  Group group(w.env, "test");
  OneShot<int> first(w.env);
  OneShot<int> second(w.env);
  group.spawn("ends", [&]() -> asio::awaitable<void> { (void)co_await first.wait(); });
  const auto handle =
      group.spawn_stoppable("ends too", [&]() -> asio::awaitable<void> { (void)co_await second.wait(); });
  w.clock.settle();
  first.set(1);
  second.set(2);
  handle.stop();
  group.cancel();
  w.clock.settle();
  EXPECT_EQ(group.running(), 0U);
}

Task<int> an_hour(Env& env, bool& cancelled) {
  try {
    co_await sleep_for(env, 1h);
  } catch (const boost::system::system_error&) {
    cancelled = true;
    throw;
  }
  co_return 1;
}

TEST(Task, WithDeadlineCancelsTheLoser) {
  World w;
  Group group(w.env, "test");
  bool cancelled = false;
  Result<int> got = 0;
  group.spawn("outer", [&]() -> asio::awaitable<void> {
    got = co_await with_deadline<int>(w.env, w.env.now() + 10ms, an_hour(w.env, cancelled));
  });
  w.clock.advance(10ms);
  w.clock.settle();
  EXPECT_TRUE(cancelled);
  ASSERT_FALSE(got.has_value());
}

TEST(Task, WithDeadlineIsCancelledWithItsTask) {
  World w;
  Group group(w.env, "test");
  bool cancelled = false;
  group.spawn("outer", [&]() -> asio::awaitable<void> {
    (void)co_await with_deadline<int>(w.env, w.env.now() + 10ms, an_hour(w.env, cancelled));
  });
  w.clock.settle();
  group.cancel();
  w.clock.settle();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(group.running(), 0U);
}

TEST(Task, ThrowingTaskIsLoggedAndCounted) {
  World w;
  Group group(w.env, "test");
  group.spawn("bad", []() -> asio::awaitable<void> {
    throw std::runtime_error("on purpose");
    co_return;
  });
  w.clock.settle();
  EXPECT_EQ(group.running(), 0U);
}

TEST(Pool, FullQueueIsAnswered) {
  Pool pool("worker", 1, 1);
  std::mutex gate;
  gate.lock();
  EXPECT_TRUE(pool.submit([&] { const std::lock_guard wait(gate); }));
  while (!pool.submit([] {})) std::this_thread::yield();  // the first is running now, this one waits
  bool refused = false;
  for (int i = 0; i < 3 && !refused; ++i) refused = !pool.submit([] {});
  EXPECT_TRUE(refused);
  gate.unlock();
}

}  // namespace
}  // namespace troupe::rt
