#include "services/npc/memories.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace troupe::npc {

void Memories::mount() {
  host_.serve(&Memories::serve_remember, this);
  host_.serve(&Memories::serve_recall, this);
}

std::int64_t Memories::remember(Turn& turn, const Mind& mind, const Memory& memory) {
  return keep(turn, mind, record_of(memory));
}

void Memories::witness(Turn& turn, const Mind& mind, const Memory& memory) {
  auto record = record_of(memory);
  if (const auto* before = same_before(minds_.memories(mind), record)) {
    record.set_vector(before->vector());
    record.set_vector_model(before->vector_model());
    (void)minds_.forget(turn, mind, [id = before->id()](const auto& kept) { return kept.id() == id; });
  }
  (void)keep(turn, mind, std::move(record));
}

std::int64_t Memories::keep(Turn& turn, const Mind& mind, pb::MemoryRecord record) {
  record.set_text(std::string(utf8_prefix(record.text(), config_.limits.memory_bytes_max)));
  pb::MemoryAdded event;
  event.set_npc(mind.who->id.str());
  event.set_text(record.text());
  event.set_source(record.source());
  event.set_importance(record.importance());
  const auto place = record.place();
  const auto id = minds_.remember(turn, mind, std::move(record));
  event.set_memory("m-" + std::to_string(id));
  turn.emit(event, {.subject = event.npc(), .place = place});
  embedding_.soon(turn);
  return id;
}

Result<pb::NpcRememberReply> Memories::serve_remember(Turn& turn, const Caller&,
                                                      const pb::NpcRememberRequest& request) {
  TRY(Mind * mind, minds_.find(request.npc()));
  std::vector<Memory> memories;
  for (int i = 0; i < request.memories_size(); ++i) {
    TRY(auto memory, memory_of(request.memories(i), "memories[" + std::to_string(i) + "]: ", turn.now().ms));
    memories.push_back(std::move(memory));
  }
  pb::NpcRememberReply reply;
  for (const auto& memory : memories) reply.add_ids("m-" + std::to_string(remember(turn, *mind, memory)));
  return reply;
}

// As it will be kept, or what is wrong with it.
Result<Memory> Memories::memory_of(const pb::NpcRememberRequest::Memory& said, const std::string& where,
                                   std::int64_t now_ms) const {
  if (trim(said.text()).empty())
    return fail(Code::invalid_argument, "npc.memory_empty", where + "text is empty");
  if (said.at_ms() > now_ms) {
    return fail(Code::invalid_argument, "npc.at_ms", where + "at_ms is a game time that has passed");
  }
  if (!said.place().empty() && pack_.place(said.place()) == nullptr) {
    const auto places = pack_.place_ids();
    return fail(Code::not_found, "npc.unknown_place",
                where + "no place '" + said.place() + "'" + did_you_mean(said.place(), places));
  }
  Memory memory{
      .text = said.text(),
      .at_ms = said.at_ms() > 0 ? said.at_ms() : now_ms,
      .place = said.place(),
      .source = said.source().empty() ? "seen" : said.source(),
      .importance = said.importance() > 0 ? said.importance() : config_.tuning.remembered_importance};
  for (const auto& witness : said.witnesses()) {
    // A witness is a person of the pack, or else a player.
    memory.witnesses.push_back(minds_.has(witness) || is_player_key(witness) ? witness : player_key(witness));
  }
  return memory;
}

std::vector<Recalled> Memories::recall(const Mind& mind, const std::string& query,
                                       const std::vector<float>& vector, std::size_t k, std::int64_t as_of_ms,
                                       const std::string& listener) const {
  std::map<std::int64_t, double> similar;
  if (mind.index && !vector.empty() && mind.index->size() > 0) {
    const auto hits = mind.index->search(vector, mind.index->size(), [](index::Key) { return true; });
    if (hits) {
      for (const auto& hit : *hits) similar[hit.key] = hit.similarity;
    }
  }
  std::vector<Recalled> found;
  for (const auto* memory : minds_.memories(mind)) {
    if (memory->at_ms() > as_of_ms) continue;
    Recalled recalled{.memory = memory};
    recalled.parts.visibility = visibility(*memory, listener);
    if (recalled.parts.visibility <= 0) continue;
    recalled.parts.recency = recency(memory->at_ms(), as_of_ms, config_.limits.memory);
    recalled.parts.importance = memory->importance();
    const auto hit = similar.find(memory->id());
    recalled.parts.similarity = hit != similar.end() ? hit->second : overlap(query, memory->text());
    recalled.score = combine(recalled.parts);
    found.push_back(recalled);
  }
  const auto kept = std::min(k, found.size());
  std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(kept),
                            [](const auto& a, const auto& b) {
                              return a.score != b.score ? a.score > b.score : a.memory->id() < b.memory->id();
                            });
  found.resize(kept);
  return found;
}

Task<pb::NpcRecallReply> Memories::serve_recall(Caller caller, pb::NpcRecallRequest request) {
  constexpr std::int64_t kStandard = 8;
  CO_TRY_VOID(minds_.check(request.npc()));
  const auto vector = co_await embedding_.of(caller, request.query());
  CO_TRY(const Mind* mind, minds_.find(request.npc()));
  std::string listener = request.listener();
  if (!listener.empty() && !minds_.has(listener) && !is_player_key(listener)) listener = player_key(listener);
  const auto as_of = request.as_of_ms() > 0 ? request.as_of_ms() : host_.timeline().now().ms;
  pb::NpcRecallReply reply;
  const auto k = static_cast<std::size_t>(request.k() > 0 ? request.k() : kStandard);
  for (const auto& recalled :
       recall(*mind, request.query(), vector ? *vector : std::vector<float>(), k, as_of, listener)) {
    auto* out = reply.add_memories();
    out->set_id(memory_id(*recalled.memory));
    out->set_text(recalled.memory->text());
    out->set_at_ms(recalled.memory->at_ms());
    out->set_score(recalled.score);
    out->mutable_parts()->set_recency(recalled.parts.recency);
    out->mutable_parts()->set_importance(recalled.parts.importance);
    out->mutable_parts()->set_similarity(recalled.parts.similarity);
    out->mutable_parts()->set_visibility(recalled.parts.visibility);
  }
  co_return reply;
}

}  // namespace troupe::npc
