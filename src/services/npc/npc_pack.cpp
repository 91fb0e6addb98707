// The world goes on with another version of its pack: who is new appears, who is gone leaves, and nobody
// stands, walks or thinks of anything that is not there any more.
#include <algorithm>

#include "host/pack_change.h"
#include "pack/query.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/state.pb.h"

namespace troupe {

namespace {

// Every kind of timer that somebody may have.
constexpr const char* kTimers[] = {"arrive:", "routine:", "done:", "giveup:", "think:", "reflect:", "safe:"};

template <class List, class Keep>
bool keep_only(List& list, Keep keep) {
  const auto end = std::remove_if(list.begin(), list.end(), [&](const auto& item) { return !keep(item); });
  if (end == list.end()) return false;
  list.erase(end, list.end());
  return true;
}

bool is_way(const pack::Pack& pack, const pb::NpcRecord& record) {
  for (int i = 0; i < record.path_size(); ++i) {
    const auto* place = pack.place(record.path(i));
    if (place == nullptr) return false;
    if (i > 0 &&
        std::ranges::find(place->neighbours, pack::PlaceId(record.path(i - 1))) == place->neighbours.end())
      return false;
  }
  return true;
}

}  // namespace

void NpcService::on_pack_changed(Turn& turn, const pb::PackChanged& change) {
  for (const auto& [id, record] : strays_) leave(turn, record);
  strays_.clear();
  for (auto& [id, mind] : minds_) {
    if (mind->record.id().empty()) {
      appear(turn, *mind);
    } else {
      adapt(turn, *mind, change);
    }
  }
  for (auto& [name, player] : players_) adapt_player(turn, player);
}

void NpcService::appear(Turn& turn, Mind& mind) {
  begin(turn, mind);
  pb::NpcAppeared event;
  event.set_npc(mind.record.id());
  event.set_place(mind.record.place());
  event.set_reason("the pack has them from now on");
  turn.emit(event, {.subject = mind.record.id(), .place = mind.record.place()});
}

void NpcService::leave(Turn& turn, const pb::NpcRecord& record) {
  const std::string& id = record.id();
  pb::NpcLeft event;
  event.set_npc(id);
  event.set_reason("the pack has them no more");
  pb::StateDepart depart;
  depart.set_kind("npc");
  depart.set_id(id);
  depart.set_reason(event.reason());
  if (const auto done = turn.call<pb::StateDeparted>(as_self(), depart)) {
    event.set_place(done->place());
    event.set_left_behind(done->pile());
  }
  turn.emit(event, {.subject = id, .place = event.place(), .priority = pb::PRIORITY_HIGH});
  for (const char* timer : kTimers) turn.unschedule("npc", timer + id);
  // Decisions stay: they explain what has happened.
  for (const char* sql : {"delete from npc_minds where npc = $1", "delete from npc_memories where npc = $1",
                          "delete from npc_lines where npc = $1"}) {
    turn.write(sql, db::Values{id});
  }
}

bool NpcService::stand_somewhere(Turn& turn, Mind& mind) {
  auto& record = mind.record;
  const bool placed = pack_.place(record.place()) != nullptr;
  if (placed && is_way(pack_, record)) return false;
  if (!placed) record.set_place(mind.who->home.str());
  record.clear_path();
  record.set_departs_ms(0);
  record.set_arrives_ms(0);
  turn.unschedule("npc", "arrive:" + record.id());
  pb::NpcArrived event;
  event.set_npc(record.id());
  event.set_place(record.place());
  event.set_activity(record.activity());
  turn.emit(event, {.subject = record.id(), .place = record.place()});
  pb::StatePatchRequest patch;
  patch.set_kind("npc");
  patch.set_id(record.id());
  (*patch.mutable_patch()->mutable_fields())["place"].set_string_value(record.place());
  (void)turn.call<pb::StateDocument>(as_self(), patch);
  return true;
}

void NpcService::adapt(Turn& turn, Mind& mind, const pb::PackChanged& change) {
  auto& record = mind.record;
  const auto is_person = [&](const std::string& id) {
    return id.starts_with("player:") || minds_.contains(id);
  };
  bool otherwise = keep_only(*record.mutable_relations(), [&](const auto& r) { return is_person(r.to()); });
  otherwise |= keep_only(*record.mutable_goals(), [&](const auto& kept) {
    return std::ranges::find(mind.who->goals, kept.id(), &pack::Goal::id) != mind.who->goals.end();
  });
  otherwise |= keep_only(*record.mutable_deeds(),
                         [&](const auto& deed) { return pack_.verb(deed.verb()) != nullptr; });
  otherwise |= keep_only(*record.mutable_threats(), [&](const auto& threat) {
    return threat.source().starts_with(npc::kWeatherPrefix) || is_person(threat.source());
  });
  if (!record.looks_at().empty() && !is_person(record.looks_at())) {
    record.clear_looks_at();
    otherwise = true;
  }
  for (auto& told : *record.mutable_told()) {
    otherwise |=
        keep_only(*told.mutable_facts(), [&](const auto& fact) { return pack_.fact(fact) != nullptr; });
  }
  for (const auto& goal : mind.who->goals) {
    const bool kept =
        std::ranges::any_of(record.goals(), [&](const auto& known) { return known.id() == goal.id; });
    if (kept) continue;
    auto* added = record.add_goals();
    added->set_id(goal.id);
    added->set_priority(goal.priority);
    otherwise = true;
  }
  for (const auto& relation : mind.who->relations) {
    const auto before = record.relations_size();
    (void)relation_of(mind, relation.to.str());
    otherwise |= record.relations_size() != before;
  }
  const bool moved = stand_somewhere(turn, mind);
  // What they are at may be gone with a verb, a place or an entry of their day.
  const bool lost_deed = pack_change::removed(change, "verbs", record.intent());
  if (moved || lost_deed || pack_change::changed(change, "npcs", record.id())) {
    if (turn.now().ms >= record.busy_until_ms()) {
      follow_routine(turn, mind);  // saves
      return;
    }
    turn.schedule("npc", "done:" + record.id(), GameTime{record.busy_until_ms()});
    otherwise = true;
  }
  if (otherwise) save(turn, mind);
}

// Where players arrive, if their place is gone; the document in `state` has moved already.
void NpcService::adapt_player(Turn& turn, pb::PlayerRecord& player) {
  const std::string before = player.SerializeAsString();
  if (const auto* place = pack_.place(player.place()); place == nullptr) {
    const auto& arrival = *pack_.place(pack_.world.arrival.str());
    player.set_place(arrival.id.str());
    player.set_x(arrival.x);
    player.set_y(arrival.y);
  }
  if (!minds_.contains(player.looked_at())) player.clear_looked_at();
  if (!minds_.contains(player.typing_to())) player.clear_typing_to();
  if (player.SerializeAsString() == before) return;
  turn.write("update npc_players set record = $2 where player = $1",
             db::Values{player.player(), db::Blob{stable_bytes(player)}});
}

}  // namespace troupe
