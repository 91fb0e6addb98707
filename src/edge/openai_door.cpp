#include "edge/openai_door.h"

#include <fmt/core.h>

namespace troupe::edge {

Result<std::shared_ptr<void>> OpenAiDoor::enter(const Caller& caller, std::size_t answers) {
  if (caller.acts_for_others()) return std::shared_ptr<void>();
  if (caller.role == pb::ROLE_NPC)
    return fail(Code::permission_denied, "rpc.role", "these paths are not for the role 'npc'");
  if (!rules_.players) {
    return fail(Code::permission_denied, "openai.players",
                "these paths are not for players here; the configuration's openai.players lets them in");
  }
  if (answers > rules_.parallel) {
    return fail(Code::invalid_argument, "openai.n",
                fmt::format("n is {}; a player gets at most {} answers at once", answers, rules_.parallel));
  }
  const std::size_t now = under_way_->contains(caller.name) ? under_way_->at(caller.name) : 0;
  if (now + answers > rules_.parallel) {
    return fail(Code::exhausted, "openai.parallel",
                fmt::format("{} answers for '{}' are under way already; at most {}", now, caller.name,
                            rules_.parallel),
                1000);
  }
  const auto tokens = static_cast<double>(answers);
  if (const auto wait = buckets_.take(caller.name, rules_.rate, clock_.now().ns, tokens); wait > 0) {
    return fail(Code::exhausted, "openai.rate",
                fmt::format("{} answers a second for one player, {} at once", rules_.rate.per_second,
                            rules_.rate.burst),
                (wait + 999'999) / 1'000'000);
  }
  (*under_way_)[caller.name] += answers;
  // (Of type void, and counted down when the last who holds it lets go.)
  return std::shared_ptr<void>(nullptr, [under_way = under_way_, name = caller.name, answers](void*) {
    const auto found = under_way->find(name);
    found->second -= answers;
    if (found->second == 0) under_way->erase(found);
  });
}

}  // namespace troupe::edge
