// What players do by input frames: where they are (npc_life.cpp), what they look at, a verb.
#include "base/text.h"
#include "services/npc/input_rules.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/capabilities.pb.h"

namespace troupe {

Result<pb::NpcInputReply> NpcService::input(Turn& turn, const Caller& caller,
                                            const pb::NpcInputRequest& request) {
  pb::NpcInputRequest said = request;
  if (!said.place().empty()) {
    const auto* place = pack_.place(said.place());
    if (place == nullptr) {
      return fail(Code::not_found, "npc.unknown_place",
                  "no place '" + said.place() + "' here" + did_you_mean(said.place(), pack_.place_ids()));
    }
    said.set_x(place->x);
    said.set_y(place->y);
  }
  if (!said.looked_at().empty() && pack_.feature(said.looked_at()) == nullptr)
    TRY_VOID(find(said.looked_at()));
  pb::Action action;
  if (!said.action().empty()) {
    TRY(action, npc::action_of(pack_, said.action(), said.looked_at()));
  }

  const std::string name = caller.player_or_self(said.player());
  const auto before = players_.find(name);
  const std::string looked_at = before == players_.end() ? std::string() : before->second.looked_at();
  TRY(auto reply, whereabouts(turn, caller, said));
  if (said.looked_at() != looked_at) notice_look(turn, name, said.looked_at(), reply.place());
  if (!action.verb().empty()) *reply.mutable_verdict() = do_for(turn, caller, name, action);
  return reply;
}

// Who stands there sees what somebody begins to look at.
void NpcService::notice_look(const Turn& turn, const std::string& player, const std::string& thing,
                             const std::string& place) {
  const auto* feature = pack_.feature(thing);
  if (feature == nullptr) return;  // people are looked at by their own rule: they become attentive
  const auto* where = pack_.place_of_feature(thing);
  if (where == nullptr || where->id != place) return;
  const std::string called = feature->name.empty() ? "the " + feature->kind : feature->name;
  const auto now = turn.now().ms;
  for (auto& [id, mind] : minds_) {
    if (npc::place_now(pack_, mind->record, now) == place)
      perceive(*mind, now, player + " looks at " + called + ".", 0);
  }
}

pb::Verdict NpcService::do_for(Turn& turn, const Caller& caller, const std::string& player,
                               const pb::Action& action) {
  pb::CapabilitiesExecuteRequest execute;
  execute.set_kind("player");
  execute.set_actor(player);
  *execute.mutable_action() = action;
  auto done = turn.call<pb::Verdict>(caller, execute);
  if (done) return *std::move(done);
  // Where the player is stays said: only the verb was refused.
  pb::Verdict refused;
  refused.set_reason(done.error().reason);
  refused.set_message(done.error().message);
  // (The error says in real time when they are free; a verdict says it in the game's.)
  refused.set_left_ms(done.error().retry_after_ms * turn.clock().scale().milli / 1000);
  return refused;
}

}  // namespace troupe
