// How documents come into the world and go from it by another hand than a request's: the pack's.
#include "base/text.h"
#include "host/pack_change.h"
#include "services/state/state_pack.h"
#include "services/state/state_service.h"

namespace troupe {

using state::Document;
using state::Key;
using state::live;

void StateService::genesis(Turn& turn) {
  Staging staging = begin(turn, Caller{.role = pb::ROLE_SERVICE});
  for (auto& initial : state::initial_documents(pack_)) adapt(staging, initial.key, std::move(initial.text));
  for (auto& [key, document] : staging.documents) image_.put(turn, std::move(document));
  wear_next(turn);
  measure();
}

void StateService::adapt(Staging& staging, const Key& key, std::string text) const {
  const auto members = members_of(key, text, pack_, limits_);
  enter(staging, key, std::move(text), members ? *members : state::Members());
}

void StateService::erase(Staging& staging, const Key& key, std::string reason) const {
  staging.gone_because[key] = std::move(reason);
  mark_deleted(staging, key);
}

void StateService::on_pack_changed(Turn& turn, const pb::PackChanged& change) {
  Staging staging = begin(turn, Caller{.role = pb::ROLE_SERVICE});
  for (const Key& key : image_.keys()) {
    auto fate = state::fate_of(key, image_.find(key)->document(), pack_, change);
    if (!fate) continue;
    if (fate->gone_because.empty()) {
      adapt(staging, key, std::move(fate->text));
    } else {
      erase(staging, key, std::move(fate->gone_because));
    }
  }
  for (auto& initial : state::initial_documents(pack_)) {
    const Document* present = seen(staging, initial.key);
    const char* part = initial.key.kind == "npc" ? "npcs" : "features";
    // What a designer deleted stays deleted, unless the pack brings it anew.
    const bool comes =
        present == nullptr || (!live(present) && pack_change::added(change, part, initial.key.id));
    if (comes) adapt(staging, initial.key, std::move(initial.text));
  }
  apply(turn, staging);
}

Result<pb::StateDeparted> StateService::depart(Turn& turn, const Caller&, const pb::StateDepart& command) {
  const Key key{command.kind(), command.id()};
  const Document* present = image_.find(key);
  if (!live(present)) return std::unexpected(unknown(key));
  pb::StateDeparted reply;
  reply.set_place(present->place());
  // One pile for each place where they left something.
  Key pile{state::kPile, std::string(utf8_prefix("left_by_" + key.id, limits_.id_bytes_max - 8))};
  const std::string base = pile.id;
  for (int n = 2; live(image_.find(pile)) && image_.find(pile)->place() != present->place(); ++n)
    pile.id = base + "_" + std::to_string(n);
  const Document* lying = image_.find(pile);
  std::string left =
      state::left_behind(key, present->document(), live(lying) ? lying->document() : std::string());
  Staging staging = begin(turn, Caller{.role = pb::ROLE_SERVICE});
  if (!left.empty()) {
    reply.set_pile(pile.id);
    adapt(staging, pile, std::move(left));
  }
  if (command.died()) {
    adapt(staging, key, state::as_dead(present->document()));
  } else {
    erase(staging, key, command.reason());
  }
  apply(turn, staging);
  return reply;
}

}  // namespace troupe
