#pragma once
// Lets so many pieces of heavy work run at once, and those who wait in turns: whoever asks for much waits
// behind themselves and not in front of others. io thread; copies of a Pass's state outlive the gate. Bounds:
// `waiting_max` of one asker, then `exhausted` reads.busy.
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "rt/task.h"

namespace troupe {

class FairGate {
  struct State;

 public:
  // Held while the work runs.
  class Pass {
   public:
    explicit Pass(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Pass(Pass&&) = default;
    Pass& operator=(Pass&&) = delete;
    ~Pass();

   private:
    std::shared_ptr<State> state_;
  };

  FairGate(const rt::Env& env, std::size_t at_once, std::size_t waiting_max);

  // `deadline_exceeded` when the turn does not come in time.
  Task<Pass> enter(std::string who, rt::Instant deadline);
  std::size_t waiting() const;

 private:
  static Task<Pass> wait_for_turn(std::shared_ptr<State> state, std::string who, rt::Instant deadline);
  std::shared_ptr<State> state_;
};

}  // namespace troupe
