#include "services/router/router_switches.h"

#include "base/log.h"
#include "troupe/v1/models.pb.h"

namespace troupe::router {

void Switches::mount() {
  auto& timeline = host_.timeline();
  timeline.add_migrations({{"router_serving", 1, R"sql(
    create table router_serving (
      tier text not null primary key,
      model text not null
    ))sql"}});
  timeline.add_table("router_serving", "tier");
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
  host_.serve(&Switches::serving, this);
}

Result<void> Switches::load(db::Reader& reader) {
  serving_.clear();
  others_.clear();
  TRY(const auto rows, reader.query("select tier, model from router_serving"));
  for (const auto& row : rows) serving_[row.text(0)] = row.text(1);
  return {};
}

void Switches::wrote(const std::string& tier, const std::string& model) {
  auto& other = others_[tier];
  if (const auto known = serving_.find(tier); known != serving_.end() && known->second == model) {
    other = {};
    return;
  }
  if (other.model != model) other = {.model = model};
  // The first that ever writes is told at once: nothing is switched by it.
  if (++other.in_a_row < kInARow && serving_.contains(tier)) return;
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

Result<pb::RouterServed> Switches::serving(Turn& turn, const Caller& caller,
                                           const pb::RouterServing& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  pb::RouterServed reply;
  auto& serving = serving_[command.tier()];
  if (serving == command.model()) return reply;
  if (!serving.empty()) {
    pb::ModelSwitched event;
    event.set_tier(command.tier());
    event.set_from(serving);
    event.set_to(command.model());
    turn.emit(event, {.subject = command.tier(), .priority = pb::PRIORITY_HIGH});
  }
  reply.set_from(serving);
  serving = command.model();
  turn.write(
      "insert into router_serving (tier, model) values ($1, $2) "
      "on conflict (tier) do update set model = excluded.model",
      db::Values{command.tier(), command.model()});
  return reply;
}

}  // namespace troupe::router
