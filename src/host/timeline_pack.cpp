// How a world goes on with another version of its pack, or with other services: one recorded input, one turn,
// every service.
#include <algorithm>

#include "base/log.h"
#include "host/registry.h"
#include "host/timeline_impl.h"

namespace troupe {

namespace {

using Names = std::set<std::string>;

// What `a` has and `b` has not.
std::vector<std::string> without(const Names& a, const Names& b) {
  std::vector<std::string> out;
  std::ranges::set_difference(a, b, std::back_inserter(out));
  return out;
}

Names names_in(const auto& field) { return {field.begin(), field.end()}; }

}  // namespace

std::set<std::string> Timeline::Impl::present_before() const {
  Names out;
  for (const auto& [service, present] : lived_with) {
    if (present) out.insert(service);
  }
  return out;
}

bool Timeline::Impl::as_before() const {
  return pack_hash == config.pack_hash && present_before() == services;
}

Result<void> Timeline::Impl::take_change() {
  pb::PackTaken taken;
  auto& change = *taken.mutable_change();
  if (pack_hash != config.pack_hash) {
    if (config.pack_change) {
      change = config.pack_change(pack_hash);
    } else {
      change.set_unknown(true);
    }
  }
  change.set_from_hash(pack_hash);
  change.set_to_hash(config.pack_hash);
  const auto before = present_before();
  taken.mutable_services_before()->Assign(before.begin(), before.end());
  taken.mutable_services()->Assign(services.begin(), services.end());
  if (before != services) {
    auto& part = *change.add_parts();
    part.set_part("services");
    const auto come = without(services, before), gone = without(before, services);
    part.mutable_added()->Assign(come.begin(), come.end());
    part.mutable_removed()->Assign(gone.begin(), gone.end());
    log::info("timeline", "{}: goes on with other services: {} more, {} less", config.world, come.size(),
              gone.size());
  }
  taken.set_base_ms(clock.base().ms);
  // A world may have stopped between two timers of the same moment. The second one runs after the change, or
  // stands still from now on, and a replay has to know.
  if (next_before && next_before->due_ms <= now.ms) {
    taken.set_next_service(next_before->service);
    taken.set_next_key(next_before->key);
  }
  InputRecord input{.type = kPackTaken, .payload = stable_bytes(taken)};
  TRY_VOID(apply_input(input, Caller::server()));
  return {};
}

// From here on. Those that are new have begun when this turn is over.
void Timeline::Impl::lives_with_services(TurnImpl& turn) {
  for (auto& [service, present] : lived_with) present = services.contains(service);
  for (const auto& service : services) lived_with[service] = true;
  for (const auto& [service, present] : lived_with) {
    turn.put_statement(
        "insert into services (name, present) values ($1, $2) "
        "on conflict (name) do update set present = excluded.present",
        db::Values{service, std::int64_t{present ? 1 : 0}});
  }
}

Result<Timeline::Bytes> Timeline::Impl::take_pack(InputRecord& input) {
  pb::PackTaken taken;
  if (!taken.ParseFromString(input.payload)) {
    return fail(Code::internal, "log.bad_input", "the bytes are not a PackTaken message");
  }
  if (taken.change().to_hash() != config.pack_hash) {
    return fail(Code::conflict, "replay.other_pack",
                "this is not the pack that the world went on with: " + taken.change().to_hash());
  }
  if (names_in(taken.services()) != services) {
    return fail(Code::conflict, "replay.other_services",
                "these are not the services that the world went on with");
  }
  return run_turn(&input, [&](Turn& asked) -> Result<Bytes> {
    auto& turn = static_cast<TurnImpl&>(asked);
    clock = GameClock({taken.base_ms()}, env.now(), clock.scale(), clock.paused());
    pack_hash = taken.change().to_hash();
    turn.put_statement("update timeline set base_ms = $1, pack_hash = $2 where id = 1",
                       db::Values{taken.base_ms(), pack_hash});
    const auto had_begun = lived_with;
    lives_with_services(turn);
    const auto event = turn.emit(taken.change(), {.priority = pb::PRIORITY_HIGH});
    turn.take_pack(event);
    for (const auto& one : beginnings) {
      const bool begins = services.contains(one.service) && !had_begun.contains(one.service);
      if (begins && one.genesis) one.genesis(turn);
      if (!begins && one.pack_hook) one.pack_hook(turn, taken.change());
    }
    return Bytes();
  });
}

Result<void> Timeline::run_to_pack_change(const InputRecord& input) {
  auto& self = *impl_;
  pb::PackTaken taken;
  if (!taken.ParseFromString(input.payload)) {
    return fail(Code::internal, "log.bad_input", "the bytes are not a PackTaken message");
  }
  const auto stands = [&] {
    if (self.now < input.at) return false;
    if (self.timers.empty()) return true;
    const auto& next = self.timers.begin()->first;
    if (next.due_ms > input.at.ms) return true;
    return next.service == taken.next_service() && next.key == taken.next_key();
  };
  while (!stands()) {
    if (!self.step(input.at)) self.now = std::max(self.now, input.at);
    if (self.pending.size() >= self.config.limits.turns_max / 2) TRY_VOID(flush_now());
    if (self.fault) return std::unexpected(*self.fault);
  }
  return checkpoint_now();
}

}  // namespace troupe
