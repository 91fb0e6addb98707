#pragma once
// Two routes for one request: the second is asked when the first has not answered in time. Who answers (or
// speaks) first is heard; the other is stopped.
#include <array>
#include <functional>
#include <memory>

#include "rt/task.h"

namespace troupe::router {

// Shared by the runners of a race. io thread.
struct Race {
  std::array<rt::Group::Handle, 2> runners;
  int under_way = 1;
  int speaker = -1;  // who was heard; -1 = nobody yet
  bool hedged = false;

  // Whether runner `k` may be heard. The first who asks wins.
  bool may_speak(int k) {
    if (speaker < 0) {
      speaker = k;
      runners[static_cast<std::size_t>(1 - k)].stop();
    }
    return speaker == k;
  }
};

// Runs `runner(0)`, and `runner(1)` beside it after `after`. Answers the first success; a failure only when
// nobody else is under way.
template <class T>
Task<T> run_race(rt::Env env, std::shared_ptr<Race> race, rt::nanoseconds after,
                 std::function<Task<T>(int)> runner) {
  rt::OneShot<T> done(env);
  auto group = std::make_shared<rt::Group>(env, "hedge");
  struct StopAll {
    std::shared_ptr<Race> race;
    ~StopAll() {
      for (const auto& one : race->runners) one.stop();
    }
  };
  const auto launch = [race, group, done, runner](int k) {
    race->runners[static_cast<std::size_t>(k)] =
        group->spawn_stoppable("hedge", [race, done, runner, k]() -> rt::asio::awaitable<void> {
          auto result = co_await runner(k);
          --race->under_way;
          if (result || race->speaker == k || race->under_way == 0) done.set(std::move(result));
        });
  };
  const StopAll stop{race};
  launch(0);
  const auto second = env.clock.call_at(env.now() + after, [race, launch] {
    if (race->speaker >= 0 || race->under_way == 0) return;
    race->hedged = true;
    ++race->under_way;
    launch(1);
  });
  co_return co_await done.wait();
}

}  // namespace troupe::router
