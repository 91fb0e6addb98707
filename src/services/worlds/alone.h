#pragma once
// What opens and closes a world does so alone: who comes meanwhile waits. A part of WorldsService; io thread. Bounds: calls.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rt/task.h"

namespace troupe {

class Alone {
 public:
  explicit Alone(const rt::Env& env) : env_(env) {}

  // While this lives, nobody else has it for this world.
  class Held {
   public:
    Held(Alone& of, std::string world) : of_(of), world_(std::move(world)) { of_.waiting_[world_]; }
    Held(const Held&) = delete;
    ~Held() {
      const auto waiting = of_.waiting_.extract(world_);
      for (const auto& one : waiting.mapped()) one.set({});
    }

   private:
    Alone& of_;
    const std::string world_;
  };

  Task<std::shared_ptr<Held>> with(std::string world) {
    for (auto taken = waiting_.find(world); taken != waiting_.end(); taken = waiting_.find(world)) {
      const rt::OneShot<void> wait(env_);
      taken->second.push_back(wait);
      CO_TRY_VOID(co_await wait.wait());
    }
    co_return std::make_shared<Held>(*this, std::move(world));
  }
  bool is_taken(const std::string& world) const { return waiting_.contains(world); }

 private:
  rt::Env env_;
  std::map<std::string, std::vector<rt::OneShot<void>>> waiting_;  // by world that somebody has
};

}  // namespace troupe
