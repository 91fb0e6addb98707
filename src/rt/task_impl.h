#pragma once
// Templates of task.h.
#include <atomic>

namespace troupe::rt {

template <class T>
Task<T> with_deadline(const Env& env, Instant deadline, Task<T> task) {
  if (deadline.is_never()) co_return co_await std::move(task);
  OneShot<T> done(env);
  auto group = std::make_shared<Group>(env, "with_deadline");
  auto shared = std::make_shared<Task<T>>(std::move(task));
  const StopOnExit stop(group->spawn_stoppable(
      "with_deadline", [shared, done]() -> asio::awaitable<void> { done.set(co_await std::move(*shared)); }));
  co_return co_await done.wait(deadline);
}

}  // namespace troupe::rt
