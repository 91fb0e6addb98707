#pragma once
// Which players have a socket. Once the last one of a player is gone and none has come for `grace`, `left` is
// told: a lost connection that comes back is no leaving. Owned by the edge; io thread. Bounded: at most
// kAwayMax players are waited for; whoever leaves beyond that has left at once.
#include <functional>
#include <map>
#include <string>

#include "rt/task.h"

namespace troupe::edge {

class Presence {
 public:
  using Left = std::function<void(const std::string& player)>;
  static constexpr std::size_t kAwayMax = 10'000;

  Presence(const rt::Env& env, rt::milliseconds grace, Left left);
  void came(const std::string& player);
  void went(const std::string& player);  // once for each time that they came
  // Through another door: who is waited for here has not left.
  void came_elsewhere(const std::string& player);
  // Players with a socket, and those who are waited for.
  std::size_t count() const { return players_.size(); }
  bool is_here(const std::string& player) const { return players_.contains(player); }
  void stop() { players_.clear(); }  // nobody leaves because the server does

 private:
  struct Player {
    std::size_t sockets = 0;
    rt::Timer leaves;
  };
  void leave(const std::string& player);

  rt::Env env_;
  rt::milliseconds grace_;
  Left left_;
  std::map<std::string, Player> players_;
};

}  // namespace troupe::edge
