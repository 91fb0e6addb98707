#include "services/capabilities/busy.h"

namespace troupe::capabilities {

namespace {

constexpr int kForgottenAtOnce = 4;  // a few for each that comes: none stays for long

std::string slot_of(pack::ActorKind kind, const std::string& verb) {
  return kind == pack::ActorKind::player ? std::string() : verb;
}

}  // namespace

const pb::BusyRecord* Busy::with(pack::ActorKind kind, const std::string& key, const std::string& verb,
                                 GameTime now) const {
  const auto* deed = deeds_.find(key, slot_of(kind, verb));
  return deed != nullptr && deed->until_ms() > now.ms ? deed : nullptr;
}

void Busy::begin(Turn& turn, pack::ActorKind kind, const std::string& key, const std::string& verb,
                 GameTime until) {
  forget(turn);
  if (until <= turn.now()) return;
  pb::BusyRecord deed;
  deed.set_actor(key);
  deed.set_slot(slot_of(kind, verb));
  deed.set_verb(verb);
  deed.set_until_ms(until.ms);
  deeds_.put(turn, std::move(deed));
}

void Busy::forget(Turn& turn) {
  const auto& ending = ending_.entries();
  for (int i = 0; i < kForgottenAtOnce && !ending.empty() && ending.begin()->first <= turn.now().ms; ++i)
    deeds_.erase_at(turn, ending.begin()->second);
}

void Busy::keep_known(Turn& turn, const pack::Pack& pack) {
  deeds_.erase_if(turn, [&](const pb::BusyRecord& deed) {
    const bool known = pack.verb(deed.verb()) != nullptr &&
                       (deed.actor().starts_with("player:") || pack.npc(deed.actor()) != nullptr);
    return !known;
  });
}

}  // namespace troupe::capabilities
