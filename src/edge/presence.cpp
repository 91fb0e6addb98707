#include "edge/presence.h"

namespace troupe::edge {

Presence::Presence(const rt::Env& env, rt::milliseconds grace, Left left)
    : env_(env), grace_(grace), left_(std::move(left)) {}

void Presence::came(const std::string& player) {
  auto& here = players_[player];
  ++here.sockets;
  here.leaves.cancel();
}

void Presence::went(const std::string& player) {
  const auto found = players_.find(player);
  if (found == players_.end() || --found->second.sockets > 0) return;
  if (players_.size() > kAwayMax) return leave(player);
  found->second.leaves = env_.clock.call_at(env_.now() + grace_, [this, player] { leave(player); });
}

void Presence::came_elsewhere(const std::string& player) {
  const auto found = players_.find(player);
  if (found != players_.end() && found->second.sockets == 0) players_.erase(found);
}

void Presence::leave(const std::string& player) {
  const std::string name = player;  // may live in what is erased
  players_.erase(name);
  left_(name);
}

}  // namespace troupe::edge
