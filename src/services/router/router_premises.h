#pragma once
// Why somebody thinks: the NPC, the player, the place. When one of them is gone, so is the reason, and the
// work stops. Owned by the router; io thread.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rt/task.h"

namespace troupe::router {

class Premises {
 public:
  // Runs `work` for as long as nothing of `keys` ("npc:marta") is gone; then `cancelled` router.premise_gone.
  template <class T>
  Task<T> hold(rt::Env env, std::vector<std::string> keys, Task<T> work) {
    if (keys.empty()) co_return co_await std::move(work);
    rt::OneShot<T> done(env);
    const Held held(*this, std::move(keys), [done](const std::string& why) {
      done.set(fail(Code::cancelled, "router.premise_gone", why));
    });
    auto group = std::make_shared<rt::Group>(env, "premise");
    auto shared = std::make_shared<Task<T>>(std::move(work));
    const rt::StopOnExit stop(group->spawn_stoppable(
        "premise", [shared, done]() -> rt::asio::awaitable<void> { done.set(co_await std::move(*shared)); }));
    co_return co_await done.wait();
  }

  // How many of them are stopped.
  std::size_t gone(const std::string& key, const std::string& why) {
    std::vector<std::function<void(const std::string&)>> stops;
    const auto [begin, end] = held_.equal_range(key);
    for (auto it = begin; it != end; ++it) stops.push_back(it->second->stop);
    for (const auto& stop : stops) stop(why);
    return stops.size();
  }

 private:
  struct Held {
    Held(Premises& owner, std::vector<std::string> on, std::function<void(const std::string&)> how)
        : stop(std::move(how)), owner_(owner) {
      for (auto& key : on) entries_.push_back(owner_.held_.emplace(std::move(key), this));
    }
    Held(const Held&) = delete;
    ~Held() {
      for (const auto& entry : entries_) owner_.held_.erase(entry);
    }
    std::function<void(const std::string&)> stop;

   private:
    Premises& owner_;
    std::vector<std::multimap<std::string, Held*>::iterator> entries_;
  };

  std::multimap<std::string, Held*> held_;
};

}  // namespace troupe::router
