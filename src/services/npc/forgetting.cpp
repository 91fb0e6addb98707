#include "services/npc/forgetting.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.h"
#include "services/npc/players.h"
#include "services/npc/views.h"

namespace troupe::npc {

namespace {

std::optional<std::int64_t> number_of(std::string_view id) {
  std::int64_t number = 0;
  if (!id.starts_with("m-")) return std::nullopt;
  const auto* end = id.data() + id.size();
  const auto read = std::from_chars(id.data() + 2, end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

void Forgetting::mount() {
  host_.serve(&Forgetting::memories, static_cast<const Forgetting*>(this));
  host_.serve(&Forgetting::forget, this);
}

// Players speak for themselves; a designer may leave out whose, where they say which person.
Result<std::string> Forgetting::whose(const Caller& caller, const std::string& player,
                                      const std::string& npc) const {
  const auto name = caller.player_or_self(player);
  if (caller.acts_for_others() && player.empty()) {
    if (npc.empty())
      return fail(Code::invalid_argument, "npc.no_player", "player must say of whom, or npc whose memories");
    return std::string();
  }
  TRY_VOID(check_player(name));
  return name;
}

Result<pb::NpcMemoriesReply> Forgetting::memories(const Caller& caller,
                                                  const pb::NpcMemoriesRequest& request) const {
  TRY(const auto player, whose(caller, request.player(), request.npc()));
  if (!request.npc().empty()) TRY_VOID(minds_.check(request.npc()));
  struct Found {
    const Mind* mind;
    const pb::MemoryRecord* memory;
  };
  std::vector<Found> found;
  for (const auto& [id, mind] : minds_.people()) {
    if (!request.npc().empty() && id != request.npc()) continue;
    for (const auto* memory : minds_.memories(*mind)) {
      if (player.empty() || is_of(*memory, player_key(player))) found.push_back({mind.get(), memory});
    }
  }
  std::ranges::sort(found, std::greater(), [](const Found& one) { return one.memory->id(); });
  if (found.size() > config_.limits.remembered_shown) found.resize(config_.limits.remembered_shown);
  pb::NpcMemoriesReply reply;
  for (const auto& [mind, memory] : found) {
    auto& view = *reply.add_memories();
    view = view_of(*memory);
    view.set_npc(mind->who->id.str());
  }
  return reply;
}

Result<pb::NpcForgetReply> Forgetting::forget(Turn& turn, const Caller& caller,
                                              const pb::NpcForgetRequest& request) {
  TRY(const auto player, whose(caller, request.player(), request.npc()));
  if (!request.npc().empty()) TRY_VOID(minds_.check(request.npc()));
  if (player.empty() && request.ids().empty())
    return fail(Code::invalid_argument, "npc.no_player",
                "player must say whom to forget, or ids which memories");
  std::set<std::int64_t> only;
  for (const auto& id : request.ids()) {
    const auto number = number_of(id);
    if (!number)
      return fail(Code::invalid_argument, "npc.memory", "'" + id + "' is no memory's id, like m-17");
    only.insert(*number);
  }
  pb::NpcForgetReply reply;
  for (const auto& [id, mind] : minds_.people()) {
    if (!request.npc().empty() && id != request.npc()) continue;
    const bool knew = minds_.conversations().held(id, player);
    const auto count = forget_memories(turn, *mind, player, only.empty() ? nullptr : &only);
    if (only.empty()) forget_person(turn, *mind, player);
    reply.set_count(reply.count() + count);
    if (count == 0 && !knew) continue;
    pb::MemoriesForgotten event;
    event.set_npc(id);
    event.set_player(player);
    event.set_count(count);
    turn.emit(event, {.subject = id});
  }
  return reply;
}

std::int64_t Forgetting::forget_memories(Turn& turn, Mind& mind, const std::string& player,
                                         const std::set<std::int64_t>* only) {
  std::set<std::string> of;  // who took part, as far as they are players
  // What was said in one exchange is kept as several memories: they go together.
  std::set<std::uint64_t> talks;
  if (only != nullptr) {
    for (const auto* memory : minds_.memories(mind)) {
      if (only->contains(memory->id()) && memory->talk() != 0) talks.insert(memory->talk());
    }
  }
  const auto count = minds_.forget(turn, mind, [&](const pb::MemoryRecord& memory) {
    const bool meant = only == nullptr || only->contains(memory.id()) || talks.contains(memory.talk());
    if (!meant || (!player.empty() && !is_of(memory, player_key(player)))) return false;
    for (const auto& witness : memory.witnesses()) {
      if (!is_player_key(witness)) continue;
      const auto name = player_of(witness);
      of.insert(name);
      beliefs_.forget(turn, mind, name, memory.at_ms());
      if (memory.talk() != 0)
        minds_.conversations().forget_talk(turn, mind.who->id.str(), name, memory.talk());
    }
    return true;
  });
  for (const auto& name : of) forget_prompts(turn, mind, name);
  return count;
}

// Kept prompts may hold what is forgotten.
void Forgetting::forget_prompts(Turn& turn, Mind& mind, const std::string& player) {
  decisions_.forget(turn, mind, player);
  mind.perceived.clear();
  anticipation_.forget(player);
  answers_.forget();
}

// As if they had never met: what was said, what was told and what is felt.
void Forgetting::forget_person(Turn& turn, Mind& mind, const std::string& player) {
  auto& record = minds_.edit(turn, mind);
  beliefs_.forget(turn, mind, player);
  minds_.conversations().forget(turn, mind.who->id.str(), player);
  const auto drop = [](auto* list, const auto& is_theirs) {
    list->erase(std::remove_if(list->begin(), list->end(), is_theirs), list->end());
  };
  drop(record.mutable_told(), [&](const auto& told) { return told.player() == player; });
  drop(record.mutable_relations(), [&](const auto& relation) { return relation.to() == player_key(player); });
  forget_prompts(turn, mind, player);
}

}  // namespace troupe::npc
