#include "services/npc/fate.h"

#include <algorithm>

#include "base/text.h"
#include "services/npc/player_key.h"
#include "services/npc/timers.h"
#include "services/npc/views.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

// What somebody alive does, waits for and looks at.
void lie_down(pb::NpcRecord& record) {
  record.clear_path();
  record.clear_talking_to();
  record.clear_threats();
  record.clear_looks_at();
  record.set_asking(0);
  record.set_busy_until_ms(0);
  record.set_attentive(false);
  record.set_watched(false);
  record.set_reflex(std::string(reflex_name(Reflex::idle)));
}

}  // namespace

void Fate::mount() {
  host_.serve(&Fate::move, this);
  host_.serve(&Fate::die, this);
}

Result<pb::NpcView> Fate::move(Turn& turn, const Caller&, const pb::NpcMoveRequest& request) {
  TRY(Mind * mind, minds_.find_living(request.npc()));
  if (pack_.place(request.place()) == nullptr) {
    const auto places = pack_.place_ids();
    return fail(Code::not_found, "npc.unknown_place",
                "no place '" + request.place() + "' here" + did_you_mean(request.place(), places));
  }
  if (mind->record().path_size() >= 2 || mind->record().place() != request.place()) {
    auto& record = minds_.edit(turn, *mind);
    unschedule(turn, Timer::arrive, request.npc());
    record.clear_path();
    record.clear_talking_to();
    record.set_place(request.place());
    day_.announce_place(turn, *mind);
    day_.tell_state(turn, *mind);
  }
  return view_of(pack_, *mind, turn.now().ms);
}

// Nobody, somebody of the pack, or a player.
Result<void> Fate::check_killer(const std::string& by) const {
  const bool player = by.starts_with(kPlayerPrefix) && by.size() > kPlayerPrefix.size() &&
                      check_player_name(by.substr(kPlayerPrefix.size())).has_value();
  if (by.empty() || player || pack_.npc(by) != nullptr) return {};
  return fail(Code::not_found, "npc.unknown",
              "no '" + by + "' here who could have done it" + did_you_mean(by, pack_.npc_ids()) +
                  "; a player is player:<name>");
}

Result<pb::NpcView> Fate::die(Turn& turn, const Caller&, const pb::NpcDieRequest& request) {
  TRY(Mind * mind, minds_.find_living(request.npc()));
  const std::string cause = trim(request.cause());
  if (cause.empty()) return fail(Code::invalid_argument, "npc.cause", "cause says something");
  TRY_VOID(check_killer(request.by()));
  auto& record = minds_.edit(turn, *mind);
  const auto now = turn.now().ms;
  record.set_place(place_now(pack_, record, now));
  lie_down(record);
  record.set_dead(true);
  record.set_cause(cause);
  record.set_died_ms(now);
  unschedule_all(turn, request.npc());
  day_.tell_state(turn, *mind);
  pb::StateDepart depart;
  depart.set_kind("npc");
  depart.set_id(request.npc());
  depart.set_reason(cause);
  depart.set_died(true);
  const auto departed = turn.call<pb::StateDeparted>(as_npc(turn.world()), depart);
  pb::NpcDied event;
  event.set_npc(request.npc());
  event.set_place(record.place());
  event.set_cause(cause);
  event.set_by(request.by());
  if (departed) event.set_left_behind(departed->pile());
  const auto sequence = turn.emit(event, {.subject = request.npc(), .place = record.place()});
  day_.take_up(turn, *mind,
               {.intent = "dead", .activity = texts_.doing.dead.text(), .reason = cause, .tier = "reflex"});
  witnesses_.mourn(turn, *mind, sequence);
  return view_of(pack_, *mind, now);
}

}  // namespace troupe::npc
