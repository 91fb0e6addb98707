#include "services/capabilities/busy.h"

namespace troupe::capabilities {

using db::Values;

const char* Busy::schema() {
  return R"sql(
    create table capabilities_busy (
      actor text not null,
      slot text not null,
      verb text not null,
      until_ms bigint not null,
      primary key (actor, slot)
    ))sql";
}

const Busy::Deed* Busy::with(pack::ActorKind kind, const std::string& key, const std::string& verb,
                             GameTime now) const {
  const auto found = deeds_.find(slot_of(kind, key, verb));
  return found != deeds_.end() && found->second.until_ms > now.ms ? &found->second : nullptr;
}

void Busy::begin(Turn& turn, pack::ActorKind kind, const std::string& key, const std::string& verb,
                 GameTime until) {
  forget(turn);
  if (until <= turn.now()) return;
  const Slot slot = slot_of(kind, key, verb);
  if (const auto before = deeds_.find(slot); before != deeds_.end()) {
    ending_.erase({before->second.until_ms, slot});
  }
  deeds_[slot] = {verb, until.ms};
  ending_.emplace(until.ms, slot);
  turn.write(
      "insert into capabilities_busy (actor, slot, verb, until_ms) values ($1, $2, $3, $4) "
      "on conflict (actor, slot) do update set verb = excluded.verb, until_ms = excluded.until_ms",
      Values{slot.first, slot.second, verb, until.ms});
}

// A few for each that comes: none stays for long.
void Busy::forget(Turn& turn) {
  for (int i = 0; i < 4 && !ending_.empty() && ending_.begin()->first <= turn.now().ms; ++i) {
    const Slot slot = ending_.begin()->second;
    ending_.erase(ending_.begin());
    deeds_.erase(slot);
    turn.write("delete from capabilities_busy where actor = $1 and slot = $2",
               Values{slot.first, slot.second});
  }
}

void Busy::keep_known(Turn& turn, const pack::Pack& pack) {
  for (auto deed = deeds_.begin(); deed != deeds_.end();) {
    const Slot slot = deed->first;
    const bool known = pack.verb(deed->second.verb) != nullptr &&
                       (slot.first.starts_with("player:") || pack.npc(slot.first) != nullptr);
    if (known) {
      ++deed;
      continue;
    }
    ending_.erase({deed->second.until_ms, slot});
    deed = deeds_.erase(deed);
    turn.write("delete from capabilities_busy where actor = $1 and slot = $2",
               Values{slot.first, slot.second});
  }
}

Result<void> Busy::load(db::Reader& reader) {
  deeds_.clear();
  ending_.clear();
  TRY(const auto rows, reader.query("select actor, slot, verb, until_ms from capabilities_busy"));
  for (const auto& row : rows) {
    const Slot slot{row.text(0), row.text(1)};
    deeds_[slot] = {row.text(2), row.integer(3)};
    ending_.emplace(row.integer(3), slot);
  }
  return {};
}

}  // namespace troupe::capabilities
