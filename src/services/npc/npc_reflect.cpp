// The slow layer: at the end of a day on which a player talked to them, somebody makes up their mind about it
// (bronze).
#include <algorithm>

#include "base/text.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/router.pb.h"

namespace troupe {

void NpcService::reflect(Turn& turn, Mind& mind) {
  constexpr std::int64_t kDayMs = 86'400'000;
  constexpr std::size_t kMemoriesMax = 6;
  if (!thinks_) return;
  std::vector<const npc::Memory*> today;
  for (const auto& memory : mind.memories) {
    if (turn.now().ms - memory.at_ms < kDayMs && memory.source != "reflected") today.push_back(&memory);
  }
  const bool talked = std::ranges::any_of(today, [](const auto* memory) { return memory->source == "said"; });
  if (!talked) return;
  std::ranges::sort(today, [](const auto* a, const auto* b) {
    return a->importance != b->importance ? a->importance > b->importance : a->id < b->id;
  });
  if (today.size() > kMemoriesMax) today.resize(kMemoriesMax);

  pb::NpcReflected command;
  command.set_npc(mind.record.id());
  std::string system =
      pack_.world.text + "\n\nYou are " + mind.who->name + ", " + mind.who->role + ". " + mind.who->persona;
  std::string task = "Today " + mind.who->name + " lived through this:\n";
  for (const auto* memory : today) {
    task += "- " + memory->text + "\n";
    command.add_about(static_cast<std::uint64_t>(memory->id));
  }
  task += "What does " + mind.who->name + " think of it tonight? One short sentence in first person.";
  pb::RouterGenerateRequest ask;
  ask.set_tier("bronze");
  ask.set_npc(mind.record.id());
  auto* first = ask.add_messages();
  first->set_role("system");
  first->set_text(system);
  // The day's memories quote players: user role.
  auto* second = ask.add_messages();
  second->set_role("user");
  second->set_text(task);
  ask.set_tokens_max(48);
  ask.set_temperature(-1);
  ask.set_seed(
      turn.draw("npc.reflect", mind.record.id()).bits(static_cast<std::uint64_t>(turn.now().ms / kDayMs)));
  ask.add_stop("\n");
  turn.after_commit([this, ask, command]() {
    host_.spawn("reflect " + command.npc(), [this, ask, command]() -> boost::asio::awaitable<void> {
      Caller caller = as_self();
      caller.deadline = host_.env().now() + std::chrono::minutes(5);
      auto answer = co_await host_.call<pb::RouterGenerateReply>(caller, ask);
      if (!answer || trim(answer->text()).empty()) co_return;  // a day not thought about is no loss
      pb::NpcReflected done = command;
      done.set_text(trim(answer->text()));
      done.set_importance(.7);
      auto& decision = *done.mutable_decision();
      decision.set_kind("reflect");
      decision.set_tier(answer->tier());
      decision.set_model(answer->model());
      decision.set_model_hash(answer->model_hash());
      decision.set_prompt(ask.messages(0).text() + "\n" + ask.messages(1).text());
      decision.set_output(done.text());
      decision.set_total_us(answer->usage().total_us());
      decision.set_new_tokens(answer->usage().new_tokens());
      (void)co_await host_.submit<pb::NpcReflected>(as_self(), done);
    });
  });
}

Result<pb::NpcReflected> NpcService::reflected(Turn& turn, const Caller& caller,
                                               const pb::NpcReflected& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  TRY(Mind * mind, find(command.npc()));
  auto decision = command.decision();
  decision.set_event_sequence(turn.next_sequence());
  (void)remember(turn, *mind,
                 {.text = command.text(),
                  .at_ms = turn.now().ms,
                  .place = mind->record.place(),
                  .source = "reflected",
                  .importance = std::clamp(command.importance(), 0., 1.)});
  keep_decision(turn, *mind, decision);
  return command;
}

}  // namespace troupe
