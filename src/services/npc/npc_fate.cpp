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

// What they had lies where they died, as a thing of its own that says whose it was.
std::string NpcService::lay_down(Turn& turn, const Mind& mind) {
  pb::StateGetRequest get;
  get.set_kind("npc");
  get.set_id(mind.record.id());
  const auto had = turn.call<pb::StateDocument>(as_self(), get);
  if (!had) return {};
  pb::StateBatchRequest batch;
  auto& remains = *batch.add_changes()->mutable_put();
  remains.set_kind("feature");
  remains.set_id(mind.record.id() + "_remains");
  auto& lies = *remains.mutable_document()->mutable_fields();
  lies["kind"].set_string_value("remains");
  lies["place"].set_string_value(mind.record.place());
  lies["of"].set_string_value(mind.record.id());
  auto& body = *batch.add_changes()->mutable_patch();
  body.set_kind("npc");
  body.set_id(mind.record.id());
  auto& fields = *body.mutable_patch()->mutable_fields();
  fields["place"].set_string_value(mind.record.place());
  fields["dead"].set_bool_value(true);
  const auto& before = had->document().fields();
  if (const auto items = before.find("items"); items != before.end()) {
    lies["items"] = items->second;
    for (const auto& [good, count] : items->second.struct_value().fields()) {
      (*fields["items"].mutable_struct_value()->mutable_fields())[good].set_null_value(
          google::protobuf::NULL_VALUE);
    }
  }
  if (const auto money = before.find("money"); money != before.end()) {
    lies["money"] = money->second;
    fields["money"].set_number_value(0);
  }
  if (const auto done = turn.call<pb::StateBatchReply>(as_self(), batch); !done) return {};
  return "feature/" + remains.id();
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
  const std::string remains = lay_down(turn, *mind);
  pb::NpcDied event;
  event.set_npc(request.npc());
  event.set_place(record.place());
  event.set_cause(cause);
  event.set_remains(remains);
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
