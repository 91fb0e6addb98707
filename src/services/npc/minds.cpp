// Everybody, as they are kept.
#include "services/npc/minds.h"

#include <ranges>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace troupe::npc {

Minds::Minds(const Ground& ground)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      records_(host_.timeline()),
      counters_(host_.timeline()),
      memories_(host_.timeline()),
      without_vector_(
          memories_.index<std::int64_t>([this](const auto& memory) -> std::optional<std::int64_t> {
            if (config_.embedding_size == 0 || has_vector(memory)) return std::nullopt;
            return memory.id();
          })),
      conversations_(host_.timeline(), config_) {
  host_.metrics()
      .gauge("troupe_npc_people", "People of the world")
      .set(static_cast<double>(pack_.npcs.size()));
  for (const auto& who : pack_.npcs) {
    auto mind = std::make_unique<Mind>();
    mind->who = &who;
    mind->strategy = strategy_of(pack_, who);
    if (config_.make_index) mind->index = config_.make_index();
    people_.emplace(who.id.str(), std::move(mind));
  }
  records_.on_change([this](const TableKey&, const pb::NpcRecord* gone, const pb::NpcRecord* came) {
    if (Mind* mind = known(came != nullptr ? came->id() : gone->id()))
      mind->row = came != nullptr ? came : &pb::NpcRecord::default_instance();
  });
  memories_.on_change([this](const TableKey&, const pb::MemoryRecord* gone, const pb::MemoryRecord* came) {
    keep_in_index(gone, came);
  });
}

Mind* Minds::known(const std::string& npc) const {
  const auto found = people_.find(npc);
  return found == people_.end() ? nullptr : found->second.get();
}

Result<Mind*> Minds::find(const std::string& npc) const {
  if (Mind* mind = known(npc)) return mind;
  const auto ids = pack_.npc_ids();
  return fail(Code::not_found, "npc.unknown",
              "no NPC '" + std::string(utf8_prefix(npc, 60)) + "' here" + did_you_mean(npc, ids));
}

Result<Mind*> Minds::find_living(const std::string& npc) const {
  TRY(Mind * mind, find(npc));
  if (mind->record().dead()) return fail(Code::conflict, "npc.dead", mind->who->name + " is dead");
  return mind;
}

Result<void> Minds::check(const std::string& npc) const {
  TRY([[maybe_unused]] const Mind* mind, find(npc));
  return {};
}

void Minds::perceive(Mind& mind, Perception perception) const {
  mind.perceived.push_front(std::move(perception));
  if (mind.perceived.size() > config_.limits.perceptions_max) mind.perceived.pop_back();
}

pb::NpcRecord& Minds::edit(Turn& turn, const Mind& mind) {
  const std::string& npc = mind.who->id.str();
  if (records_.find(npc) == nullptr) {
    pb::NpcRecord begun;
    begun.set_id(npc);
    records_.put(turn, std::move(begun));
  }
  auto* record = records_.edit(turn, npc);
  TROUPE_CHECK(record != nullptr, "there is room for all people of a pack");
  return *record;
}

std::vector<pb::NpcRecord> Minds::strays() const {
  std::vector<pb::NpcRecord> strays;
  for (const auto& record : records_.of()) {
    if (!has(record.id())) strays.push_back(record);
  }
  return strays;
}

// Decisions stay: they explain what has happened.
void Minds::erase(Turn& turn, const std::string& npc) {
  records_.erase(turn, npc);
  memories_.erase_if(turn, [](const auto&) { return true; }, npc);
  conversations_.forget_all(turn, npc);
}

std::int64_t Minds::counter(const char* name) const {
  const auto* kept = counters_.find(name);
  return kept == nullptr ? 0 : kept->value();
}

void Minds::set_counter(Turn& turn, const char* name, std::int64_t value) {
  pb::NpcCounterRecord counter;
  counter.set_name(name);
  counter.set_value(value);
  counters_.put(turn, std::move(counter));
}

std::int64_t Minds::next(Turn& turn, const char* name) {
  const auto id = counter(name) + 1;
  set_counter(turn, name, id);
  return id;
}

void Minds::set_thinks(Turn& turn, bool thinks) {
  if (thinks != this->thinks()) set_counter(turn, kThinks, thinks ? 1 : 0);
}

void Minds::add_line(Turn& turn, const Mind& mind, pb::LineRecord line) {
  line.set_npc(mind.who->id.str());
  line.set_id(next(turn, kLine));
  line.set_at_ms(turn.now().ms);
  conversations_.add(turn, std::move(line));
}

MemoryList Minds::memories(const Mind& mind) const {
  MemoryList list;
  for (const auto& memory : memories_.of(mind.who->id.str())) list.push_back(&memory);
  return list;
}

MemoryList Minds::newest_memories(const Mind& mind, std::size_t most) const {
  MemoryList list;
  for (const auto& memory : memories_.of(mind.who->id.str()) | std::views::reverse) {
    if (list.size() == most) break;
    list.push_back(&memory);
  }
  return list;
}

MemoryList Minds::without_vector(std::size_t most) const {
  MemoryList list;
  for (const auto& [id, key] : without_vector_.entries() | std::views::take(most))
    list.push_back(memories_.at(key));
  return list;
}

// One that the index does not take is not asked for again and again either.
bool Minds::has_vector(const pb::MemoryRecord& memory) const {
  return !memory.vector().empty() && memory.vector_model() == config_.embedding_model;
}

std::int64_t Minds::remember(Turn& turn, const Mind& mind, pb::MemoryRecord memory) {
  const std::string& npc = mind.who->id.str();
  const auto id = next(turn, kMemory);
  memory.set_npc(npc);
  memory.set_id(id);
  memories_.put(turn, std::move(memory));
  if (mind.remembered > config_.limits.memory.per_npc)
    memories_.erase(turn, npc, to_forget(memories(mind), turn.now().ms, config_.limits.memory).id());
  return id;
}

void Minds::set_vector(Turn& turn, std::int64_t memory, const std::string& vector, const std::string& model) {
  for (const auto& [npc, mind] : people_) {
    const auto* kept = memories_.find(npc, memory);
    if (kept == nullptr) continue;
    auto next = *kept;
    next.set_vector(vector);
    next.set_vector_model(model);
    memories_.put(turn, std::move(next));
  }
}

std::int64_t Minds::forget(Turn& turn, const Mind& mind,
                           const std::function<bool(const pb::MemoryRecord&)>& is_meant) {
  return memories_.erase_if(turn, is_meant, mind.who->id.str());
}

void Minds::keep_in_index(const pb::MemoryRecord* gone, const pb::MemoryRecord* came) const {
  Mind* mind = known(came != nullptr ? came->npc() : gone->npc());
  if (mind == nullptr) return;
  mind->remembered += came != nullptr ? 1 : 0;
  mind->remembered -= gone != nullptr ? 1 : 0;
  if (mind->index == nullptr) return;
  if (gone != nullptr) mind->index->remove(gone->id());
  if (came == nullptr || !has_vector(*came)) return;
  const auto added = mind->index->add(came->id(), vector_from(came->vector()));
  if (!added) log::warn("npc", "memory {} is in no index: {}", came->id(), added.error().message);
}

namespace {

pb::RelationRecord as_to_strangers(const pack::Npc& who, const std::string& to) {
  const auto& strangers = pack::relation_to(who, to);
  pb::RelationRecord relation;
  relation.set_to(to);
  if (!strangers.to.empty()) relation.set_note(strangers.note);
  relation.set_trust(strangers.trust);
  relation.set_fear(strangers.fear);
  relation.set_respect(strangers.respect);
  relation.set_disgust(strangers.disgust);
  relation.set_affection(strangers.affection);
  relation.set_anger(strangers.anger);
  return relation;
}

}  // namespace

pb::RelationRecord relation_or_default(const Mind& mind, const std::string& to) {
  const auto& kept = mind.record().relations();
  const auto found = std::ranges::find(kept, to, &pb::RelationRecord::to);
  return found == kept.end() ? as_to_strangers(*mind.who, to) : *found;
}

pb::RelationRecord& relation_in(pb::NpcRecord& record, const pack::Npc& who, const std::string& to) {
  auto& kept = *record.mutable_relations();
  const auto found = std::ranges::find(kept, to, &pb::RelationRecord::to);
  if (found != kept.end()) return *found;
  return *kept.Add() = as_to_strangers(who, to);
}

}  // namespace troupe::npc
