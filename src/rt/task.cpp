#include "rt/task.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <vector>

#include "base/check.h"
#include "base/log.h"

namespace troupe::rt {

void post(const Env& env, std::move_only_function<void()> fn) {
  asio::post(env.executor, [f = std::move(fn)]() mutable { f(); });
}

namespace detail {

namespace {

enum class Outcome { opened, deadline, cancelled };

class GateImpl final : public Gate, public std::enable_shared_from_this<GateImpl> {
 public:
  explicit GateImpl(const Env& env) : executor_(env.executor), clock_(env.clock) {}

  asio::awaitable<bool> wait(Instant deadline) override {
    auto self = shared_from_this();
    if (open_.load(std::memory_order_acquire)) co_return true;
    const auto outcome = co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Outcome)>(
        [self, deadline](auto handler) { self->arm(std::move(handler), deadline); }, asio::use_awaitable);
    if (outcome == Outcome::cancelled) {
      throw boost::system::system_error(asio::error::operation_aborted);
    }
    co_return outcome == Outcome::opened;
  }

  void open() override {
    open_.store(true, std::memory_order_release);
    asio::post(executor_, [self = shared_from_this()] { self->finish(Outcome::opened); });
  }

 private:
  template <class Handler>
  void arm(Handler handler, Instant deadline) {
    TROUPE_CHECK(!resume_, "a gate has one waiter");
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([weak = weak_from_this()](asio::cancellation_type) {
        // Posted: the handler must not run inside the call that cancels.
        if (auto self = weak.lock()) {
          asio::post(self->executor_, [self] { self->finish(Outcome::cancelled); });
        }
      });
    }
    resume_ = std::move(handler);
    if (!deadline.is_never()) {
      timer_ = clock_.call_at(deadline, [weak = weak_from_this()] {
        if (auto self = weak.lock()) self->finish(Outcome::deadline);
      });
    }
    // open() may have posted before resume_ was set, or will post after; both find resume_ later.
    if (open_.load(std::memory_order_acquire)) {
      asio::post(executor_, [self = shared_from_this()] { self->finish(Outcome::opened); });
    }
  }

  void finish(Outcome outcome) {
    if (!resume_) return;
    timer_.cancel();
    auto resume = std::move(resume_);
    resume_ = nullptr;
    resume(outcome);
  }

  asio::any_io_executor executor_;
  Clock& clock_;
  std::atomic<bool> open_ = false;
  std::move_only_function<void(Outcome)> resume_;
  Timer timer_;
};

}  // namespace

std::shared_ptr<Gate> make_gate(const Env& env) { return std::make_shared<GateImpl>(env); }

}  // namespace detail

asio::awaitable<void> sleep_until(const Env& env, Instant when) {
  const auto gate = detail::make_gate(env);
  co_await gate->wait(when);
}

asio::awaitable<void> sleep_for(const Env& env, nanoseconds span) {
  return sleep_until(env, env.clock.now() + span);
}

struct Group::State {
  asio::any_io_executor executor;
  Clock& clock;
  IdSource& ids;
  std::string name;
  std::uint64_t next_id = 0;
  bool cancelled = false;
  std::unordered_map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> tasks;
  std::shared_ptr<detail::Gate> idle;

  Env env() { return {executor, clock, ids}; }
};

Group::Group(const Env& env, std::string name)
    : state_(std::make_shared<State>(env.executor, env.clock, env.ids, std::move(name))) {}

Group::~Group() = default;

namespace {

// Emits while the loop runs, at once when that is now. From outside, co_spawn would post a plain pointer into
// the signal, and the task could end, and its signal with it, before that post is run.
void emit(const asio::any_io_executor& executor,
          std::vector<std::shared_ptr<asio::cancellation_signal>> signals) {
  asio::dispatch(executor, [signals = std::move(signals)] {
    for (const auto& signal : signals) signal->emit(asio::cancellation_type::all);
  });
}

}  // namespace

void Group::Handle::stop() const {
  if (auto alive = signal.lock()) emit(executor, {std::move(alive)});
}

void Group::spawn(std::string name, std::function<asio::awaitable<void>()> task) {
  spawn_stoppable(std::move(name), std::move(task));
}

Group::Handle Group::spawn_stoppable(std::string name, std::function<asio::awaitable<void>()> task) {
  const auto state = state_;
  if (state->cancelled) return {};
  const std::uint64_t id = state->next_id++;
  auto signal = std::make_shared<asio::cancellation_signal>();
  state->tasks.emplace(id, signal);
  asio::co_spawn(state->executor, std::move(task),
                 asio::bind_cancellation_slot(signal->slot(), [state, id, signal, name = std::move(name)](
                                                                  const std::exception_ptr& thrown) {
                   state->tasks.erase(id);
                   if (thrown) {
                     try {
                       std::rethrow_exception(thrown);
                     } catch (const boost::system::system_error& e) {
                       if (e.code() != asio::error::operation_aborted) {
                         log::error(state->name, "task {} failed: {}", name, e.what());
                       }
                     } catch (const std::exception& e) {
                       log::error(state->name, "task {} failed: {}", name, e.what());
                     }
                   }
                   if (state->tasks.empty() && state->idle) state->idle->open();
                 }));
  return {signal, state->executor};
}

void Group::cancel() {
  state_->cancelled = true;
  std::vector<std::shared_ptr<asio::cancellation_signal>> signals;
  for (const auto& [id, signal] : state_->tasks) signals.push_back(signal);
  emit(state_->executor, std::move(signals));
}

asio::awaitable<void> Group::join() {
  const auto state = state_;
  if (state->tasks.empty()) co_return;
  co_await shield();
  state->idle = detail::make_gate(state->env());
  co_await state->idle->wait(Instant::never());
}

std::size_t Group::running() const { return state_->tasks.size(); }

}  // namespace troupe::rt
