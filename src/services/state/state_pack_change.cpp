// How documents come into the world and go from it by another hand than a request's: the pack's.
#include "base/text.h"
#include "host/pack_change.h"
#include "services/state/state_pack.h"
#include "services/state/state_service.h"
#include "services/state/state_store.h"

namespace troupe {

using state::Document;
using state::Key;

void StateService::genesis(Turn& turn) {
  for (auto& initial : state::initial_documents(pack_)) {
    Document document{.version = 1, .text = std::move(initial.text), .changed_ms = turn.now().ms};
    if (auto members = members_of(initial.key, document.text, pack_, limits_))
      document.members = *std::move(members);
    state::store::write(turn, initial.key, document);
    image_.put(initial.key, std::move(document));
  }
  wear_next(turn);
  measure();
}

void StateService::adapt(Staging& staging, const Key& key, std::string text) const {
  const Document* present = seen(staging, key);
  if (present == nullptr || !present->live()) ++staging.live;
  Document document{.version = (present == nullptr ? 0 : present->version) + 1, .text = std::move(text)};
  if (auto members = members_of(key, document.text, pack_, limits_)) document.members = *std::move(members);
  enter(staging, key, std::move(document));
}

void StateService::erase(Staging& staging, const Key& key, std::string reason) const {
  Document deleted = *seen(staging, key);
  ++deleted.version;
  deleted.deleted = true;
  --staging.live;
  staging.gone_because[key] = std::move(reason);
  enter(staging, key, std::move(deleted));
}

void StateService::on_pack_changed(Turn& turn, const pb::PackChanged& change) {
  Staging staging = begin(turn, Caller{.role = pb::ROLE_SERVICE});
  for (const Key& key : image_.keys()) {
    auto fate = state::fate_of(key, image_.find(key)->text, pack_, change);
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
        present == nullptr || (!present->live() && pack_change::added(change, part, initial.key.id));
    if (comes) adapt(staging, initial.key, std::move(initial.text));
  }
  apply(turn, staging);
}

Result<pb::StateDeparted> StateService::depart(Turn& turn, const Caller& caller,
                                               const pb::StateDepart& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  const Key key{command.kind(), command.id()};
  const Document* present = image_.find(key);
  if (present == nullptr || !present->live()) return std::unexpected(unknown(key));
  pb::StateDeparted reply;
  reply.set_place(present->members.place);
  // One pile for each place where they left something.
  Key pile{state::kPile, std::string(utf8_prefix("left_by_" + key.id, limits_.id_bytes_max - 8))};
  const std::string base = pile.id;
  for (int n = 2; image_.find(pile) != nullptr && image_.find(pile)->live() &&
                  image_.find(pile)->members.place != present->members.place;
       ++n) {
    pile.id = base + "_" + std::to_string(n);
  }
  const Document* lying = image_.find(pile);
  std::string left =
      state::left_behind(key, present->text, lying != nullptr && lying->live() ? lying->text : std::string());
  Staging staging = begin(turn, Caller{.role = pb::ROLE_SERVICE});
  if (!left.empty()) {
    reply.set_pile(pile.id);
    adapt(staging, pile, std::move(left));
  }
  if (command.died()) {
    adapt(staging, key, state::as_dead(present->text));
  } else {
    erase(staging, key, command.reason());
  }
  apply(turn, staging);
  return reply;
}

}  // namespace troupe
