#include "services/router/router_switches.h"

#include "base/log.h"
#include "troupe/v1/models.pb.h"

namespace troupe::router {

void Switches::mount() { host_.serve(&Switches::serving, this); }

void Switches::wrote(const std::string& tier, const std::string& model) {
  auto& other = others_[tier];
  const auto* known = serving_.find(tier);
  if (known != nullptr && known->model() == model) {
    other = {};
    return;
  }
  if (other.model != model) other = {.model = model};
  // The first that ever writes is told at once: nothing is switched by it.
  if (++other.in_a_row < kInARow && known != nullptr) return;
  other = {};
  pb::RouterServing command;
  command.set_tier(tier);
  command.set_model(model);
  host_.spawn("serving " + tier, [this, command]() -> boost::asio::awaitable<void> {
    const Caller self{.name = "router", .role = pb::ROLE_SERVICE, .world = host_.timeline().config().world};
    const auto done = co_await host_.submit<pb::RouterServed>(self, command);
    if (!done) log::warn("router", "a switch of {} was not told: {}", command.tier(), done.error().message);
  });
}

Result<pb::RouterServed> Switches::serving(Turn& turn, const Caller&, const pb::RouterServing& command) {
  pb::RouterServed reply;
  const auto* known = serving_.find(command.tier());
  if (known != nullptr && known->model() == command.model()) return reply;
  if (known != nullptr) {
    reply.set_from(known->model());
    pb::ModelSwitched event;
    event.set_tier(command.tier());
    event.set_from(known->model());
    event.set_to(command.model());
    turn.emit(event, {.subject = command.tier(), .priority = pb::PRIORITY_HIGH});
  }
  serving_.put(turn, command);
  return reply;
}

}  // namespace troupe::router
