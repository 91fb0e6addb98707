#include "services/npc/census.h"

#include <algorithm>

#include "host/pack_change.h"
#include "pack/query.h"
#include "services/npc/timers.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

template <class List, class Keep>
void keep_only(List* list, Keep keep) {
  const auto gone = [&](const auto& item) { return !keep(item); };
  list->erase(std::remove_if(list->begin(), list->end(), gone), list->end());
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

void Census::mount() {
  auto& timeline = host_.timeline();
  timeline.add_genesis("npc", [this](Turn& turn) {
    for (const auto& [id, mind] : minds_.people()) day_.begin(turn, *mind);
  });
  timeline.add_pack_hook("npc", [this](Turn& turn, const pb::PackChanged& change) { take(turn, change); });
}

void Census::take(Turn& turn, const pb::PackChanged& change) {
  for (const auto& record : minds_.strays()) leave(turn, record);
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().id().empty()) {
      appear(turn, *mind);
    } else {
      adapt(turn, *mind, change);
    }
  }
  players_.adapt(turn);
}

void Census::appear(Turn& turn, Mind& mind) {
  day_.begin(turn, mind);
  pb::NpcAppeared event;
  event.set_npc(mind.record().id());
  event.set_place(mind.record().place());
  event.set_reason(texts_.reason.appeared.text());
  turn.emit(event, {.subject = mind.record().id(), .place = mind.record().place()});
}

void Census::leave(Turn& turn, const pb::NpcRecord& record) {
  const std::string& id = record.id();
  pb::NpcLeft event;
  event.set_npc(id);
  event.set_reason(texts_.reason.left.text());
  pb::StateDepart depart;
  depart.set_kind("npc");
  depart.set_id(id);
  depart.set_reason(event.reason());
  if (const auto done = turn.call<pb::StateDeparted>(as_npc(turn.world()), depart)) {
    event.set_place(done->place());
    event.set_left_behind(done->pile());
  }
  turn.emit(event, {.subject = id, .place = event.place(), .priority = pb::PRIORITY_HIGH});
  unschedule_all(turn, id);
  minds_.erase(turn, id);
}

bool Census::stand_somewhere(Turn& turn, const Mind& mind) const {
  const bool placed = pack_.place(mind.record().place()) != nullptr;
  if (placed && is_way(pack_, mind.record())) return false;
  auto& record = minds_.edit(turn, mind);
  if (!placed) record.set_place(mind.who->home.str());
  record.clear_path();
  record.set_departs_ms(0);
  record.set_arrives_ms(0);
  unschedule(turn, Timer::arrive, record.id());
  day_.announce_place(turn, mind);
  day_.tell_state(turn, mind);
  return true;
}

void Census::keep_what_is(pb::NpcRecord& record, const pack::Npc& who) const {
  const auto is_person = [&](const std::string& id) { return is_player_key(id) || minds_.has(id); };
  keep_only(record.mutable_relations(), [&](const auto& relation) { return is_person(relation.to()); });
  keep_only(record.mutable_goals(), [&](const auto& kept) {
    return std::ranges::find(who.goals, kept.id(), &pack::Goal::id) != who.goals.end();
  });
  keep_only(record.mutable_deeds(), [&](const auto& deed) { return pack_.verb(deed.verb()) != nullptr; });
  keep_only(record.mutable_threats(), [&](const auto& threat) {
    return threat.source().starts_with(kWeatherPrefix) || is_person(threat.source());
  });
  if (!is_person(record.looks_at())) record.clear_looks_at();
  for (auto& told : *record.mutable_told())
    keep_only(told.mutable_facts(), [&](const auto& fact) { return pack_.fact(fact) != nullptr; });
  for (const auto& goal : who.goals) {
    if (std::ranges::find(record.goals(), goal.id, &pb::GoalRecord::id) != record.goals().end()) continue;
    auto* added = record.add_goals();
    added->set_id(goal.id);
    added->set_priority(goal.priority);
  }
  for (const auto& relation : who.relations) (void)relation_in(record, who, relation.to.str());
}

void Census::adapt(Turn& turn, Mind& mind, const pb::PackChanged& change) {
  keep_what_is(minds_.edit(turn, mind), *mind.who);
  const bool moved = stand_somewhere(turn, mind);
  // What they are at may be gone with a verb, a place or an entry of their day.
  const auto& record = mind.record();
  const bool lost_deed = pack_change::removed(change, "verbs", record.intent());
  if (!moved && !lost_deed && !pack_change::changed(change, "npcs", record.id())) return;
  if (turn.now().ms >= record.busy_until_ms()) {
    day_.follow_routine(turn, mind);
  } else {
    schedule(turn, Timer::done, record.id(), GameTime{record.busy_until_ms()});
  }
}

}  // namespace troupe::npc
