// Where somebody is and whether they live: npc owns both, and says it to state, which tells everybody else.
// What state is told about a player's place by others, npc hears.
#include <algorithm>

#include "base/text.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"

namespace troupe {

namespace {

constexpr std::size_t kCauseBytesMax = 256;
constexpr const char* kWeaponKind = "weapon";

}  // namespace

Result<NpcService::Mind*> NpcService::find_living(const std::string& npc) const {
  TRY(Mind * mind, find(npc));
  if (mind->record.dead()) return fail(Code::conflict, "npc.dead", mind->who->name + " is dead");
  return mind;
}

Result<pb::NpcView> NpcService::move(Turn& turn, const Caller&, const pb::NpcMoveRequest& request) {
  TRY(Mind * mind, find_living(request.npc()));
  if (pack_.place(request.place()) == nullptr) {
    const auto places = pack_.place_ids();
    return fail(Code::not_found, "npc.unknown_place",
                "no place '" + request.place() + "' here" + did_you_mean(request.place(), places));
  }
  auto& record = mind->record;
  if (record.path_size() < 2 && record.place() == request.place()) return view(*mind);
  turn.unschedule("npc", "arrive:" + request.npc());
  record.clear_path();
  record.clear_talking_to();
  record.set_place(request.place());
  pb::NpcArrived event;
  event.set_npc(request.npc());
  event.set_place(request.place());
  event.set_activity(record.activity());
  turn.emit(event, {.subject = request.npc(), .place = request.place()});
  tell_place(turn, *mind);
  save(turn, *mind);
  return view(*mind);
}

void NpcService::tell_place(Turn& turn, const Mind& mind) {
  pb::StatePatchRequest patch;
  patch.set_kind("npc");
  patch.set_id(mind.record.id());
  (*patch.mutable_patch()->mutable_fields())["place"].set_string_value(mind.record.place());
  (void)turn.call<pb::StateDocument>(as_self(), patch);
}

Result<pb::NpcView> NpcService::die(Turn& turn, const Caller&, const pb::NpcDieRequest& request) {
  TRY(Mind * mind, find_living(request.npc()));
  const std::string cause = trim(request.cause());
  const bool control = std::ranges::any_of(cause, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (cause.empty() || cause.size() > kCauseBytesMax || control || !is_utf8(cause)) {
    return fail(Code::invalid_argument, "npc.cause",
                "cause is one line of 1 to " + std::to_string(kCauseBytesMax) + " bytes");
  }
  auto& record = mind->record;
  const auto now = turn.now().ms;
  record.set_place(npc::place_now(pack_, record, now));
  record.clear_path();
  record.clear_talking_to();
  record.clear_threats();
  record.clear_looks_at();
  record.set_asking(0);
  record.set_busy_until_ms(0);
  record.set_attentive(false);
  record.set_watched(false);
  record.set_reflex(std::string(npc::reflex_name(npc::Reflex::idle)));
  record.set_dead(true);
  record.set_cause(cause);
  record.set_died_ms(now);
  for (const char* timer : {"think", "routine", "arrive", "done", "giveup", "reflect", "safe"})
    turn.unschedule("npc", timer + (":" + request.npc()));
  tell_place(turn, *mind);
  pb::StateDepart depart;
  depart.set_kind("npc");
  depart.set_id(request.npc());
  depart.set_reason(cause);
  depart.set_died(true);
  const auto departed = turn.call<pb::StateDeparted>(as_self(), depart);
  pb::NpcDied event;
  event.set_npc(request.npc());
  event.set_place(record.place());
  event.set_cause(cause);
  if (departed) event.set_left_behind(departed->pile());
  const auto sequence = turn.emit(event, {.subject = request.npc(), .place = record.place()});
  set_intent(turn, *mind, "dead", "is dead", cause, "reflex");
  save(turn, *mind);
  mourn(turn, *mind, sequence);
  return view(*mind);
}

// Those who were there have seen it.
void NpcService::mourn(Turn& turn, const Mind& dead, std::uint64_t sequence) {
  const auto now = turn.now().ms;
  const std::string text = dead.who->name + " died.";
  for (auto& [id, mind] : minds_) {
    if (mind->record.dead() || npc::place_now(pack_, mind->record, now) != dead.record.place()) continue;
    perceive(*mind, now, text, sequence);
    (void)remember(turn, *mind,
                   {.text = text,
                    .at_ms = now,
                    .place = dead.record.place(),
                    .witnesses = {dead.record.id(), id},
                    .source = "seen",
                    .importance = .9});
    const double like = npc::score(relation_or_default(*mind, dead.record.id()));
    if (like > 0) feel(turn, *mind, pack::Mood::sad, std::min(1., .5 + like), text);
  }
}

// Whoever writes a player's place or pockets in state writes them for npc too.
void NpcService::on_player_state(Turn& turn, const EventContext&, const pb::PlayerStateChanged& event) {
  const bool matters =
      std::ranges::any_of(event.keys(), [](const auto& key) { return key == "place" || key == "items"; });
  if (matters) read_player(turn, event.player());
}

void NpcService::read_player(Turn& turn, const std::string& player) {
  const auto known = players_.find(player);
  if (known == players_.end()) return;
  pb::StateGetRequest get;
  get.set_kind("player");
  get.set_id(player);
  const auto document = turn.call<pb::StateDocument>(as_self(), get);
  if (!document) return;
  auto next = known->second;
  const auto& fields = document->document().fields();
  const auto place = fields.find("place");
  if (place != fields.end() && place->second.string_value() != next.place()) {
    if (const auto* there = pack_.place(place->second.string_value())) {
      next.set_place(there->id.str());
      next.set_x(there->x);
      next.set_y(there->y);
    }
  }
  const auto items = fields.find("items");
  next.set_armed(items != fields.end() &&
                 std::ranges::any_of(items->second.struct_value().fields(), [&](const auto& item) {
                   const auto* good = pack_.good(item.first);
                   return good != nullptr && good->kind == kWeaponKind && item.second.number_value() > 0;
                 }));
  if (next.SerializeAsString() == known->second.SerializeAsString()) return;
  known->second = next;
  turn.write("update npc_players set record = $2 where player = $1",
             db::Values{player, db::Blob{stable_bytes(next)}});
}

void NpcService::on_gone(Turn& turn, const EventContext&, const pb::EntityGone& event) {
  if (event.kind() != "player" || players_.erase(event.id()) == 0) return;
  turn.write("delete from npc_players where player = $1", db::Values{event.id()});
}

}  // namespace troupe
