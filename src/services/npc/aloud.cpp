#include "services/npc/aloud.h"

#include "base/log.h"

namespace troupe::npc {

void Aloud::mount() { host_.serve(&Aloud::say, this); }

void Aloud::overheard(Turn& turn, pb::NpcOverheard said) {
  if (said.players().empty()) return;
  turn.after_commit([this, said = std::move(said)] {
    host_.spawn("overheard " + said.npc(), [this, said] { return judge(said); });
  });
}

Task<void> Aloud::fits(std::string npc, std::string player, std::string text, std::string door) {
  pb::AiModerateRequest ask;
  ask.set_npc(npc);
  ask.set_player(player);
  ask.set_text(text);
  ask.set_direction("out");
  ask.set_door(door);
  const auto self = as_npc(host_.timeline().config().world);
  CO_TRY(const auto judged, co_await host_.call<pb::AiModerateReply>(self, ask));
  if (judged.allowed()) co_return Result<void>();
  co_return fail(Code::permission_denied, "ai.held_back", judged.reason());
}

boost::asio::awaitable<void> Aloud::judge(pb::NpcOverheard said) {
  const std::vector<std::string> players(said.players().begin(), said.players().end());
  said.clear_players();
  for (const auto& player : players) {
    if (co_await fits(said.npc(), player, said.text(), "npc.Overheard")) said.add_players(player);
  }
  if (said.players().empty()) co_return;
  const auto self = as_npc(host_.timeline().config().world);
  const auto done = co_await host_.submit<pb::NpcSaidAloud>(self, said);
  if (!done) log::warn("npc", "what {} said is not heard: {}", said.npc(), done.error().message);
}

Result<pb::NpcSaidAloud> Aloud::say(Turn& turn, const Caller&, const pb::NpcOverheard& command) {
  TRY([[maybe_unused]] const Mind* mind, minds_.find(command.npc()));
  pb::TalkOverheard event;
  event.set_npc(command.npc());
  event.set_to(command.to());
  event.set_text(command.text());
  pb::NpcSaidAloud reply;
  reply.set_sequence(turn.emit_caused_by(
      command.cause(), event,
      {.subject = command.npc(),
       .place = command.place(),
       .audience = Audience::only({command.players().begin(), command.players().end()})}));
  return reply;
}

}  // namespace troupe::npc
