// What somebody remembers, and finding it again.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/log.h"
#include "base/text.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "troupe/v1/router.pb.h"

namespace troupe {

using db::Blob;
using db::Values;

std::int64_t NpcService::remember(Turn& turn, Mind& mind, npc::Memory memory) {
  memory.id = ++last_memory_;
  memory.has_vector = false;
  memory.text = std::string(utf8_prefix(memory.text, config_.limits.memory_bytes_max));
  turn.write(
      "insert into npc_memories (id, npc, text, at_ms, place, witnesses, source, importance, talk, "
      "witness_list) "
      "values ($1, $2, $3, $4, $5, '', $6, $7, $8, $9)",
      Values{memory.id, mind.record.id(), memory.text, memory.at_ms, memory.place, memory.source,
             memory.importance, static_cast<std::int64_t>(memory.talk),
             Blob{npc_store::names_blob(memory.witnesses)}});
  save_counters(turn);
  pb::MemoryAdded event;
  event.set_npc(mind.record.id());
  event.set_memory("m-" + std::to_string(memory.id));
  event.set_text(memory.text);
  event.set_source(memory.source);
  event.set_importance(memory.importance);
  turn.emit(event, {.subject = mind.record.id(), .place = memory.place});
  const auto id = memory.id;
  mind.memories.push_back(std::move(memory));
  if (mind.memories.size() > config_.limits.memory.per_npc) {
    const auto worst = npc::to_forget(mind.memories, turn.now().ms, config_.limits.memory);
    turn.write("delete from npc_memories where id = $1", Values{mind.memories[worst].id});
    if (mind.index) mind.index->remove(mind.memories[worst].id);
    mind.memories.erase(mind.memories.begin() + static_cast<std::ptrdiff_t>(worst));
  }
  embed_soon(turn);
  return id;
}

Result<pb::NpcRememberReply> NpcService::remember_rpc(Turn& turn, const Caller&,
                                                      const pb::NpcRememberRequest& request) {
  static const std::vector<std::string> kSources = {"seen", "told", "said", "done", "reflected"};
  TRY(Mind * mind, find(request.npc()));
  if (request.memories_size() < 1 || request.memories_size() > 100) {
    return fail(Code::invalid_argument, "npc.memories",
                "memories must hold 1 to 100, not " + std::to_string(request.memories_size()));
  }
  std::vector<npc::Memory> memories;
  for (int i = 0; i < request.memories_size(); ++i) {
    const auto& m = request.memories(i);
    const std::string where = "memories[" + std::to_string(i) + "]: ";
    if (trim(m.text()).empty())
      return fail(Code::invalid_argument, "npc.memory_empty", where + "text is empty");
    if (m.text().size() > config_.limits.memory_bytes_max) {
      return fail(Code::invalid_argument, "npc.memory_too_long",
                  where + "text is " + std::to_string(m.text().size()) + " bytes; at most " +
                      std::to_string(config_.limits.memory_bytes_max));
    }
    if (!(m.importance() >= 0 && m.importance() <= 1)) {
      return fail(Code::invalid_argument, "npc.importance", where + "importance is 0 to 1");
    }
    if (m.at_ms() < 0 || m.at_ms() > turn.now().ms) {
      return fail(Code::invalid_argument, "npc.at_ms", where + "at_ms is a game time that has passed");
    }
    if (!m.place().empty() && pack_.place(m.place()) == nullptr) {
      const auto places = pack_.place_ids();
      return fail(Code::not_found, "npc.unknown_place",
                  where + "no place '" + m.place() + "'" + did_you_mean(m.place(), places));
    }
    if (!m.source().empty() && std::ranges::find(kSources, m.source()) == kSources.end()) {
      return fail(Code::invalid_argument, "npc.source",
                  where + "no source '" + m.source() + "'" + did_you_mean(m.source(), kSources) +
                      " (seen, told, said, done or reflected)");
    }
    npc::Memory memory{.text = m.text(),
                       .at_ms = m.at_ms() > 0 ? m.at_ms() : turn.now().ms,
                       .place = m.place(),
                       .source = m.source().empty() ? "seen" : m.source(),
                       .importance = m.importance() > 0 ? m.importance() : .5};
    for (const auto& witness : m.witnesses()) {
      // A witness is a person of the pack, or else a player.
      memory.witnesses.push_back(
          minds_.contains(witness) || witness.starts_with("player:") ? witness : player_key(witness));
    }
    memories.push_back(std::move(memory));
  }
  pb::NpcRememberReply reply;
  for (auto& memory : memories)
    reply.add_ids("m-" + std::to_string(remember(turn, *mind, std::move(memory))));
  return reply;
}

std::vector<NpcService::Recalled> NpcService::recall(const Mind& mind, const std::string& query,
                                                     const std::vector<float>& vector, std::size_t k,
                                                     std::int64_t as_of_ms,
                                                     const std::string& listener) const {
  std::map<std::int64_t, double> similar;
  if (mind.index && !vector.empty() && mind.index->size() > 0) {
    const auto hits = mind.index->search(vector, mind.index->size(), [](index::Key) { return true; });
    if (hits) {
      for (const auto& hit : *hits) similar[hit.key] = hit.similarity;
    }
  }
  std::vector<Recalled> found;
  for (const auto& memory : mind.memories) {
    if (memory.at_ms > as_of_ms) continue;
    Recalled recalled{.memory = memory};
    recalled.parts.visibility = npc::visibility(memory, listener);
    if (recalled.parts.visibility <= 0) continue;
    recalled.parts.recency = npc::recency(memory.at_ms, as_of_ms, config_.limits.memory);
    recalled.parts.importance = memory.importance;
    const auto hit = similar.find(memory.id);
    recalled.parts.similarity = hit != similar.end() ? hit->second : npc::overlap(query, memory.text);
    recalled.score = npc::combine(recalled.parts);
    found.push_back(std::move(recalled));
  }
  const auto kept = std::min(k, found.size());
  std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(kept),
                            [](const auto& a, const auto& b) {
                              return a.score != b.score ? a.score > b.score : a.memory.id < b.memory.id;
                            });
  found.resize(kept);
  return found;
}

Task<std::vector<float>> NpcService::embed_one(Caller caller, std::string text) {
  if (config_.embedding_size == 0) co_return std::vector<float>();
  pb::RouterEmbedRequest ask;
  ask.add_texts(std::move(text));
  ask.set_deadline_ms(2000);
  caller.role = pb::ROLE_SERVICE;
  caller.stream.clear();
  CO_TRY(const auto answer, co_await host_.call<pb::RouterEmbedReply>(caller, ask));
  std::vector<float> vector;
  if (answer.vectors_size() > 0)
    vector.assign(answer.vectors(0).values().begin(), answer.vectors(0).values().end());
  if (vector.size() != config_.embedding_size) {
    co_return fail(Code::unavailable, "npc.bad_vector",
                   fmt::format("the embedding model gave {} numbers instead of {}", vector.size(),
                               config_.embedding_size));
  }
  co_return vector;
}

Task<pb::NpcRecallReply> NpcService::recall_rpc(Caller caller, pb::NpcRecallRequest request) {
  CO_TRY_VOID(check_npc(request.npc()));
  if (request.k() < 0 || request.k() > 100) {
    co_return fail(Code::invalid_argument, "npc.k", "k is 1 to 100, not " + std::to_string(request.k()));
  }
  if (request.query().size() > config_.limits.text_bytes_max) {
    co_return fail(Code::invalid_argument, "npc.text_too_long", "query has at most 4096 bytes");
  }
  const auto vector = co_await embed_one(caller, request.query());
  CO_TRY(const Mind* mind, find(request.npc()));
  std::string listener = request.listener();
  if (!listener.empty() && !minds_.contains(listener) && !listener.starts_with("player:"))
    listener = player_key(listener);
  const auto as_of = request.as_of_ms() > 0 ? request.as_of_ms() : host_.timeline().now().ms;
  pb::NpcRecallReply reply;
  const auto k = static_cast<std::size_t>(request.k() > 0 ? request.k() : 8);
  for (const auto& recalled :
       recall(*mind, request.query(), vector ? *vector : std::vector<float>(), k, as_of, listener)) {
    auto* out = reply.add_memories();
    out->set_id("m-" + std::to_string(recalled.memory.id));
    out->set_text(recalled.memory.text);
    out->set_at_ms(recalled.memory.at_ms);
    out->set_score(recalled.score);
    out->mutable_parts()->set_recency(recalled.parts.recency);
    out->mutable_parts()->set_importance(recalled.parts.importance);
    out->mutable_parts()->set_similarity(recalled.parts.similarity);
    out->mutable_parts()->set_visibility(recalled.parts.visibility);
  }
  co_return reply;
}

void NpcService::start() {
  host_.spawn("thinking", [this]() -> boost::asio::awaitable<void> {
    pb::NpcThinking command;
    command.set_on(config_.thinks);
    (void)co_await host_.submit<pb::NpcThinking>(as_self(), command);
  });
  if (config_.thinks && config_.read_ahead) host_.spawn("watch players", [this] { return watch_players(); });
  if (config_.embedding_size == 0) return;
  host_.spawn("embed facts", [this] { return embed_facts(); });
  embed_missing();
}

void NpcService::embed_missing() {
  if (config_.embedding_size == 0 || embedding_now_) return;
  embedding_now_ = true;
  host_.spawn("embed", [this] { return embed_pending(); });
}

void NpcService::embed_soon(Turn& turn) {
  turn.after_commit([this] { embed_missing(); });
}

boost::asio::awaitable<void> NpcService::embed_facts() {
  for (const auto& fact : pack_.facts) {
    const auto vector = co_await embed_one(as_self(), fact.text);
    if (!vector) co_return;  // similarity by words serves
    fact_vectors_[fact.id.str()] = *vector;
  }
}

boost::asio::awaitable<void> NpcService::embed_pending() {
  for (;;) {
    pb::RouterEmbedRequest ask;
    std::vector<std::int64_t> ids;
    for (const auto& [id, mind] : minds_) {
      for (const auto& memory : mind->memories) {
        if (memory.has_vector || ids.size() >= config_.limits.embed_batch) continue;
        ids.push_back(memory.id);
        ask.add_texts(memory.text);
      }
    }
    if (ids.empty()) break;
    ask.set_deadline_ms(20'000);
    const auto answer = co_await host_.call<pb::RouterEmbedReply>(as_self(), ask);
    if (!answer) {
      log::warn("npc", "memories wait for their embedding: {}", answer.error().message);
      break;  // tried again with the next memory
    }
    if (static_cast<std::size_t>(answer->vectors_size()) != ids.size()) {
      log::warn("npc", "{} memories came back with {} vectors", ids.size(), answer->vectors_size());
      break;
    }
    pb::NpcEmbedded command;
    command.set_model(config_.embedding_model);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto* out = command.add_vectors();
      out->set_memory(static_cast<std::uint64_t>(ids[i]));
      const auto& values = answer->vectors(static_cast<int>(i)).values();
      out->set_vector(std::string(reinterpret_cast<const char*>(values.data()),
                                  static_cast<std::size_t>(values.size()) * sizeof(float)));
    }
    if (!co_await host_.submit<pb::NpcEmbedded>(as_self(), command)) break;
  }
  embedding_now_ = false;
}

Result<pb::NpcEmbedded> NpcService::embedded(Turn& turn, const Caller& caller,
                                             const pb::NpcEmbedded& command) {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself may do this");
  for (const auto& entry : command.vectors()) {
    const auto id = static_cast<std::int64_t>(entry.memory());
    const bool fits = npc_store::vector_fits(entry.vector(), config_.embedding_size);
    for (auto& [npc, mind] : minds_) {
      const auto memory = std::ranges::find(mind->memories, id, &npc::Memory::id);
      if (memory == mind->memories.end()) continue;
      // What does not fit is kept and never looked at, or it would be asked for again and again.
      memory->has_vector = true;
      if (mind->index && fits && command.model() == config_.embedding_model &&
          !mind->index->add(id, npc_store::vector_from(entry.vector()))) {
        log::warn("npc", "the index has no room for memory {}", id);
      }
      turn.write("update npc_memories set vector = $2, vector_model = $3 where id = $1",
                 Values{id, Blob{entry.vector()}, command.model()});
    }
  }
  return pb::NpcEmbedded();
}

}  // namespace troupe
