#include "host/fair_gate.h"

namespace troupe {

namespace {

struct Waiter {
  explicit Waiter(const rt::Env& env) : turn(env) {}
  rt::OneShot<void> turn;
  bool granted = false;
  bool gone = false;
};

}  // namespace

struct FairGate::State {
  State(const rt::Env& e, std::size_t once, std::size_t most) : env(e), at_once(once), waiting_max(most) {}

  void release() {
    --running;
    while (!order.empty() && running < at_once) {
      const std::string who = order.front();
      order.pop_front();
      auto& queue = waiting.at(who);
      const auto next = std::move(queue.front());
      queue.pop_front();
      if (queue.empty()) {
        waiting.erase(who);
      } else {
        order.push_back(who);
      }
      if (next->gone) continue;
      next->granted = true;
      ++running;
      next->turn.set({});
    }
  }

  rt::Env env;
  const std::size_t at_once;
  const std::size_t waiting_max;
  std::size_t running = 0;
  std::map<std::string, std::deque<std::shared_ptr<Waiter>>> waiting;
  std::deque<std::string> order;  // whose turn is next; everybody who waits stands here once
};

FairGate::Pass::~Pass() {
  if (state_) state_->release();
}

FairGate::FairGate(const rt::Env& env, std::size_t at_once, std::size_t waiting_max)
    : state_(std::make_shared<State>(env, at_once, waiting_max)) {}

std::size_t FairGate::waiting() const {
  std::size_t all = 0;
  for (const auto& [who, queue] : state_->waiting) all += queue.size();
  return all;
}

Task<FairGate::Pass> FairGate::enter(std::string who, rt::Instant deadline) {
  return wait_for_turn(state_, std::move(who), deadline);
}

Task<FairGate::Pass> FairGate::wait_for_turn(std::shared_ptr<State> state, std::string who,
                                             rt::Instant deadline) {
  if (state->running < state->at_once) {
    ++state->running;
    co_return Pass(state);
  }
  auto& queue = state->waiting[who];
  if (queue.size() >= state->waiting_max)
    co_return fail(Code::exhausted, "reads.busy", "you wait for many large answers already; try again", 200);
  if (queue.empty()) state->order.push_back(who);
  const auto waiter = std::make_shared<Waiter>(state->env);
  queue.push_back(waiter);
  // However the wait ends, also by cancellation: the turn is not lost.
  struct Leaving {
    ~Leaving() {
      if (taken) return;
      waiter->gone = true;
      if (waiter->granted) state->release();
    }
    std::shared_ptr<State> state;
    std::shared_ptr<Waiter> waiter;
    bool taken = false;
  };
  Leaving leaving{state, waiter};
  CO_TRY_VOID(co_await waiter->turn.wait(deadline));
  leaving.taken = true;
  co_return Pass(state);
}

}  // namespace troupe
