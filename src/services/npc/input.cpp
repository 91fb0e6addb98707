#include "services/npc/input.h"

#include "base/text.h"
#include "services/npc/input_rules.h"

namespace troupe::npc {

namespace {

pb::Verdict do_for(Turn& turn, const Caller& caller, const std::string& player, const pb::Action& action) {
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

}  // namespace

Result<pb::NpcInputReply> Input::input(Turn& turn, const Caller& caller, const pb::NpcInputRequest& request) {
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
    TRY_VOID(minds_.check(said.looked_at()));
  pb::Action action;
  if (!said.action().empty()) {
    TRY(action, action_of(pack_, said.action(), said.looked_at()));
  }

  const std::string name = caller.player_or_self(said.player());
  const auto* before = players_.known().find(name);
  const std::string looked_at = before == nullptr ? std::string() : before->looked_at();
  TRY(auto reply, players_.stand(turn, caller, said));
  if (said.looked_at() != looked_at) notice_look(turn, name, said.looked_at(), reply.place());
  if (!action.verb().empty()) *reply.mutable_verdict() = do_for(turn, caller, name, action);
  return reply;
}

// Who stands there sees what somebody begins to look at.
void Input::notice_look(const Turn& turn, const std::string& player, const std::string& thing,
                        const std::string& place) const {
  const auto* feature = pack_.feature(thing);
  if (feature == nullptr) return;  // people are looked at by their own rule: they become attentive
  const auto* where = pack_.place_of_feature(thing);
  if (where == nullptr || where->id != place) return;
  const std::string called =
      feature->name.empty() ? texts_.seen.unnamed.with({{"kind", feature->kind}}) : feature->name;
  const auto text = texts_.seen.looks_at.with({{"player", player}, {"thing", called}});
  const auto now = turn.now().ms;
  for (const auto& [id, mind] : minds_.people()) {
    if (place_now(pack_, mind->record(), now) == place) minds_.perceive(*mind, {.at_ms = now, .text = text});
  }
}

}  // namespace troupe::npc
