// Everybody, as they are kept.
#include "services/npc/minds.h"

#include <tuple>

#include "base/text.h"
#include "services/npc/npc_store.h"

namespace troupe::npc {

using db::Blob;
using db::Values;

Minds::Minds(const Ground& ground)
    : pack_(ground.pack), host_(ground.host), config_(ground.config), counters_(host_.timeline()) {
  host_.metrics()
      .gauge("troupe_npc_people", "People of the world")
      .set(static_cast<double>(pack_.npcs.size()));
  for (const auto& who : pack_.npcs) {
    auto mind = std::make_unique<Mind>();
    mind->who = &who;
    mind->strategy = strategy_of(pack_, who);
    people_.emplace(who.id.str(), std::move(mind));
  }
}

void Minds::mount() {
  auto& timeline = host_.timeline();
  timeline.add_migrations(store::migrations());
  for (const auto& [table, order] : store::tables()) timeline.add_table(table, order);
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
}

Mind* Minds::known(const std::string& npc) const {
  const auto found = people_.find(npc);
  return found == people_.end() ? nullptr : found->second.get();
}

Result<Mind*> Minds::find(const std::string& npc) const {
  if (Mind* mind = known(npc)) return mind;
  if (npc.empty()) return fail(Code::invalid_argument, "npc.missing", "npc must name somebody");
  const auto ids = pack_.npc_ids();
  return fail(Code::not_found, "npc.unknown",
              "no NPC '" + std::string(utf8_prefix(npc, 60)) + "' here" + did_you_mean(npc, ids));
}

Result<Mind*> Minds::find_living(const std::string& npc) const {
  TRY(Mind * mind, find(npc));
  if (mind->record.dead()) return fail(Code::conflict, "npc.dead", mind->who->name + " is dead");
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

Result<void> Minds::load(db::Reader& reader) {
  strays_.clear();
  for (auto& [id, mind] : people_) {
    mind->record.Clear();
    mind->memories.clear();
    mind->conversations.clear();
    mind->perceived.clear();
    mind->decisions.clear();
    mind->index = config_.make_index ? config_.make_index() : nullptr;
  }
  TRY(const auto records, reader.query("select npc, record from npc_minds"));
  for (const auto& row : records) {
    if (const auto found = people_.find(row.text(0)); found != people_.end()) {
      found->second->record.ParseFromString(row.blob(1));
    } else {
      strays_[row.text(0)].ParseFromString(row.blob(1));
    }
  }
  TRY_VOID(load_memories(reader));
  return load_lines(reader);
}

Result<void> Minds::load_memories(db::Reader& reader) {
  TRY(const auto memories,
      reader.query(
          "select id, npc, text, at_ms, place, witnesses, source, importance, vector, talk, witness_list, "
          "vector_model from npc_memories order by id"));
  for (const auto& row : memories) {
    const auto found = people_.find(row.text(1));
    if (found == people_.end()) continue;
    auto& mind = *found->second;
    // Made by another model, of another size or kept without its maker's name: it is made again.
    const bool usable = !row.is_null(8) && row.text(11) == config_.embedding_model &&
                        store::vector_fits(row.blob(8), config_.embedding_size);
    mind.memories.push_back({.id = row.integer(0),
                             .text = row.text(2),
                             .at_ms = row.integer(3),
                             .place = row.text(4),
                             .witnesses = store::names_in(row, 10, 5),
                             .source = row.text(6),
                             .importance = row.real(7),
                             .has_vector = usable,
                             .talk = static_cast<std::uint64_t>(row.integer(9))});
    if (usable && mind.index) {
      TRY_VOID(mind.index->add(row.integer(0), store::vector_from(row.blob(8))));
    }
  }
  return {};
}

Result<void> Minds::load_lines(db::Reader& reader) {
  TRY(const auto lines,
      reader.query(
          "select id, npc, player, by_player, text, at_ms, talk, levels from npc_lines order by id"));
  for (const auto& row : lines) {
    const auto found = people_.find(row.text(1));
    if (found == people_.end()) continue;
    auto& conversation = found->second->conversations[row.text(2)];
    conversation.lines.push_back({.id = row.integer(0),
                                  .talk = static_cast<std::uint64_t>(row.integer(6)),
                                  .by_player = row.integer(3) != 0,
                                  .text = row.text(4),
                                  .at_ms = row.integer(5)});
    if (conversation.lines.back().by_player) conversation.allowed = store::levels_in(row.blob(7));
  }
  return {};
}

void Minds::save(Turn& turn, const Mind& mind) const {
  turn.write(
      "insert into npc_minds (npc, record) values ($1, $2) on conflict (npc) do update set record = "
      "excluded.record",
      Values{mind.who->id.str(), Blob{stable_bytes(mind.record)}});
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

void Minds::add_line(Turn& turn, Mind& mind, const std::string& player, bool by_player, std::uint64_t talk,
                     const std::string& text) {
  auto& conversation = mind.conversations[player];
  auto& lines = conversation.lines;
  const auto id = next(turn, kLine);
  lines.push_back({.id = id, .talk = talk, .by_player = by_player, .text = text, .at_ms = turn.now().ms});
  turn.write(
      "insert into npc_lines (id, npc, player, who, text, at_ms, talk, by_player, levels) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      Values{id, mind.who->id.str(), player, by_player ? player : mind.who->id.str(), text, turn.now().ms,
             static_cast<std::int64_t>(talk), std::int64_t{by_player ? 1 : 0},
             Blob{by_player ? store::levels_blob(conversation.allowed) : std::string()}});
  while (lines.size() > config_.limits.lines_max) {
    turn.write("delete from npc_lines where id = $1", Values{lines.front().id});
    lines.pop_front();
  }
  if (mind.conversations.size() > config_.limits.conversations_max) make_room(turn, mind, player);
}

// Of whoever said little the oldest: a crowd of strangers takes no friend's place.
void Minds::make_room(Turn& turn, Mind& mind, const std::string& spared) const {
  const auto oldest = std::ranges::min_element(mind.conversations, {}, [&](const auto& c) {
    return std::tuple(c.first == spared, c.second.lines.size() > config_.tuning.little_said,
                      c.second.lines.back().id);
  });
  turn.write("delete from npc_lines where npc = $1 and player = $2",
             Values{mind.who->id.str(), oldest->first});
  mind.conversations.erase(oldest);
}

pb::RelationRecord relation_or_default(const Mind& mind, const std::string& to) {
  for (const auto& relation : mind.record.relations()) {
    if (relation.to() == to) return relation;
  }
  const auto& strangers = pack::relation_to(*mind.who, to);
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

pb::RelationRecord& relation_of(Mind& mind, const std::string& to) {
  for (auto& relation : *mind.record.mutable_relations()) {
    if (relation.to() == to) return relation;
  }
  auto* relation = mind.record.add_relations();
  *relation = relation_or_default(mind, to);
  return *relation;
}

}  // namespace troupe::npc
