// How a world goes on with another version of its pack: one recorded input, one turn, every service.
#include "host/registry.h"
#include "host/timeline_impl.h"

namespace troupe {

Result<void> Timeline::Impl::take_other_pack() {
  pb::PackTaken taken;
  if (config.pack_change) {
    *taken.mutable_change() = config.pack_change(pack_hash);
  } else {
    taken.mutable_change()->set_unknown(true);
  }
  taken.mutable_change()->set_from_hash(pack_hash);
  taken.mutable_change()->set_to_hash(config.pack_hash);
  taken.set_base_ms(clock.base().ms);
  // A world may have stopped between two timers of the same moment. The second one runs with the other pack,
  // and a replay has to know.
  if (!timers.empty() && timers.begin()->first.due_ms <= now.ms) {
    taken.set_next_service(timers.begin()->first.service);
    taken.set_next_key(timers.begin()->first.key);
  }
  InputRecord input{.type = kPackTaken, .payload = stable_bytes(taken)};
  TRY_VOID(apply_input(input, Caller::server()));
  return {};
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
  return run_turn(&input, [&](Turn& asked) -> Result<Bytes> {
    auto& turn = static_cast<TurnImpl&>(asked);
    clock = GameClock({taken.base_ms()}, env.now(), clock.scale(), clock.paused());
    pack_hash = taken.change().to_hash();
    turn.put_statement("update timeline set base_ms = $1, pack_hash = $2 where id = 1",
                       db::Values{taken.base_ms(), pack_hash});
    const auto event = turn.emit(taken.change(), {.priority = pb::PRIORITY_HIGH});
    turn.take_pack(event);
    for (const auto& [service, hook] : pack_hooks) hook(turn, taken.change());
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
