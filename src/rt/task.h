#pragma once
// The runtime that everything runs on: one io thread, coroutines, deadlines, groups.
// Parameters of coroutines go by value. Nothing that points into a container survives a co_await.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "rt/clock.h"
#include "rt/random.h"

namespace troupe::rt {

namespace asio = boost::asio;

}  // namespace troupe::rt

namespace troupe {

template <class T>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace troupe

namespace troupe::rt {

// What the outside world hands in: executor, time, randomness. Passed by reference, owned by main or a test.
struct Env {
  asio::any_io_executor executor;  // the io thread
  Clock& clock;
  IdSource& ids;

  Instant now() const { return clock.now(); }
};

// Runs `fn` soon on the io thread. Any thread.
void post(const Env& env, std::move_only_function<void()> fn);

// Completes at `when`. Throws system_error(operation_aborted) when the coroutine is cancelled.
asio::awaitable<void> sleep_until(const Env& env, Instant when);
asio::awaitable<void> sleep_for(const Env& env, nanoseconds span);

namespace detail {

// A promise whose waiter may give up (deadline, cancellation) before the value comes.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual asio::awaitable<bool> wait(Instant deadline) = 0;  // false: the deadline came first
  virtual void open() = 0;                                   // any thread
};
std::shared_ptr<Gate> make_gate(const Env& env);

}  // namespace detail

// One value, set once from any thread, awaited once on the io thread. A value set after the waiter left is
// dropped. Copies share the value.
template <class T>
class OneShot {
 public:
  explicit OneShot(const Env& env) : state_(std::make_shared<State>(detail::make_gate(env))) {}

  // Any thread. The second call is ignored.
  void set(Result<T> value) const {
    if (state_->claimed.exchange(true)) return;
    state_->value.emplace(std::move(value));
    state_->gate->open();
  }

  // Answers deadline_exceeded when `deadline` comes first.
  Task<T> wait(Instant deadline = Instant::never()) const { return wait_on(state_, deadline); }

 private:
  struct State {
    explicit State(std::shared_ptr<detail::Gate> g) : gate(std::move(g)) {}
    std::shared_ptr<detail::Gate> gate;
    std::atomic<bool> claimed = false;
    std::optional<Result<T>> value;  // written before gate->open(), read after wait()
  };
  static Task<T> wait_on(std::shared_ptr<State> state, Instant deadline) {
    const bool opened = co_await state->gate->wait(deadline);
    if (!opened) {
      co_return fail(Code::deadline_exceeded, "deadline", "the deadline passed before the answer came");
    }
    co_return std::move(*state->value);
  }
  std::shared_ptr<State> state_;
};

// Owns tasks: logs what throws, counts, cancels, joins. Lives on the io thread; join before destruction.
class Group {
 public:
  explicit Group(const Env& env, std::string name);
  ~Group();
  Group(const Group&) = delete;

  // Starts `task` on the io thread. Exceptions are logged with `name`, except cancellation.
  void spawn(std::string name, std::function<asio::awaitable<void>()> task);
  // The same, and `stop()` of the answer cancels this one task.
  struct Handle {
    std::weak_ptr<asio::cancellation_signal> signal;
    asio::any_io_executor executor;
    void stop() const;
  };
  Handle spawn_stoppable(std::string name, std::function<asio::awaitable<void>()> task);
  void cancel();
  asio::awaitable<void> join();  // after cancel() or when every task has ended by itself
  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Stops a task when the coroutine that started it ends, however it ends.
class StopOnExit {
 public:
  explicit StopOnExit(Group::Handle handle) : handle_(std::move(handle)) {}
  StopOnExit(const StopOnExit&) = delete;
  ~StopOnExit() { handle_.stop(); }

 private:
  Group::Handle handle_;
};

// Clean-up that awaits must not be cancelled again: `co_await shield();` makes the rest of this coroutine
// ignore cancellation. (Not itself a coroutine: awaiting one would throw in a coroutine that is cancelled
// already.)
inline auto shield() { return asio::this_coro::reset_cancellation_state(asio::disable_cancellation()); }

// Runs `task` to its end or to `deadline`; the loser is cancelled. For tasks that honour cancellation.
template <class T>
Task<T> with_deadline(const Env& env, Instant deadline, Task<T> task);

}  // namespace troupe::rt

#include "rt/task_impl.h"
