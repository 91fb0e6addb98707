// What the npc service keeps, as SQL. Tables: README.md.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "services/npc/mind.h"
#include "services/npc/npc_service.h"

namespace troupe {

using db::Blob;
using db::Values;

namespace npc_store {

std::vector<db::Migration> migrations() {
  return {{"npc", 1, R"sql(
    create table npc_minds (npc text primary key, record blob not null);
    create table npc_memories (
      id bigint primary key,
      npc text not null,
      text text not null,
      at_ms bigint not null,
      place text not null,
      witnesses text not null,
      source text not null,
      importance double precision not null,
      vector blob
    );
    create index npc_memories_by_npc on npc_memories (npc, id);
    create table npc_lines (
      id bigint primary key,
      npc text not null,
      player text not null,
      who text not null,
      text text not null,
      at_ms bigint not null
    );
    create table npc_decisions (
      id text primary key,
      sequence bigint not null,
      npc text not null,
      at_ms bigint not null,
      kind text not null,
      record blob not null
    );
    create index npc_decisions_by_sequence on npc_decisions (sequence);
    create table npc_players (player text primary key, record blob not null);
    create table npc_counters (id bigint primary key, last_memory bigint not null, last_line bigint not null,
                               last_gold_ms bigint not null, thinks bigint not null))sql"},
          // Who spoke, and which line an answer answers: told by numbers, not by what reads alike.
          {"npc", 2, R"sql(
    alter table npc_lines add column talk bigint not null default 0;
    alter table npc_lines add column by_player bigint not null default 0;
    update npc_lines set by_player = 1 where who = player;
    alter table npc_memories add column talk bigint not null default 0;
    alter table npc_memories add column witness_list blob)sql"},
          // What a vector means depends on who made it.
          {"npc", 3, "alter table npc_memories add column vector_model text not null default ''"},
          // What a conversation may contain holds over a restart.
          {"npc", 4, "alter table npc_lines add column levels blob"},
          // With whom: what a player wishes forgotten is found by it.
          {"npc", 5, "alter table npc_decisions add column player text not null default ''"}};
}

std::vector<std::pair<std::string, std::string>> tables() {
  return {{"npc_minds", "npc"},    {"npc_memories", "id"},    {"npc_lines", "id"},
          {"npc_decisions", "id"}, {"npc_players", "player"}, {"npc_counters", "id"}};
}

std::string names_blob(const std::vector<std::string>& names) {
  pb::NpcNames list;
  list.mutable_names()->Assign(names.begin(), names.end());
  return stable_bytes(list);
}

std::string levels_blob(const std::vector<pb::CategoryLevel>& levels) {
  pb::ModerationProfile kept;
  kept.mutable_levels()->Assign(levels.begin(), levels.end());
  return stable_bytes(kept);
}

std::vector<pb::CategoryLevel> levels_in(const std::string& blob) {
  pb::ModerationProfile kept;
  if (!kept.ParseFromString(blob)) return {};
  return {kept.levels().begin(), kept.levels().end()};
}

// What older versions kept as lines of a text.
std::vector<std::string> names_in(const db::Row& row, std::size_t list, std::size_t lines) {
  std::vector<std::string> out;
  if (!row.is_null(list)) {
    pb::NpcNames kept;
    kept.ParseFromString(row.blob(list));
    return {kept.names().begin(), kept.names().end()};
  }
  const std::string text = row.text(lines);
  std::size_t start = 0;
  while (start < text.size()) {
    const auto end = std::min(text.find('\n', start), text.size());
    out.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

std::vector<float> vector_from(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

bool vector_fits(const std::string& bytes, std::size_t size) {
  if (size == 0 || bytes.size() != size * sizeof(float)) return false;
  double length = 0;
  for (const float part : vector_from(bytes)) length += static_cast<double>(part) * part;
  return std::isfinite(length) && length > 0;
}

}  // namespace npc_store

Result<void> NpcService::load(db::Reader& reader) {
  players_.clear();
  strays_.clear();
  for (auto& [id, mind] : minds_) {
    mind->record.Clear();
    mind->memories.clear();
    mind->conversations.clear();
    mind->perceived.clear();
    mind->decisions.clear();
    mind->index = config_.make_index ? config_.make_index() : nullptr;
  }
  TRY(const auto counters,
      reader.query("select last_memory, last_line, last_gold_ms, thinks from npc_counters"));
  last_memory_ = counters.empty() ? 0 : counters[0].integer(0);
  last_line_ = counters.empty() ? 0 : counters[0].integer(1);
  last_gold_ms_ = counters.empty() ? 0 : counters[0].integer(2);
  thinks_ = !counters.empty() && counters[0].integer(3) != 0;
  TRY(const auto records, reader.query("select npc, record from npc_minds"));
  for (const auto& row : records) {
    if (const auto found = minds_.find(row.text(0)); found != minds_.end()) {
      found->second->record.ParseFromString(row.blob(1));
    } else {
      strays_[row.text(0)].ParseFromString(row.blob(1));
    }
  }
  TRY(const auto players, reader.query("select player, record from npc_players"));
  for (const auto& row : players) players_[row.text(0)].ParseFromString(row.blob(1));
  TRY(const auto memories,
      reader.query(
          "select id, npc, text, at_ms, place, witnesses, source, importance, vector, talk, witness_list, "
          "vector_model from npc_memories order by id"));
  for (const auto& row : memories) {
    const auto found = minds_.find(row.text(1));
    if (found == minds_.end()) continue;
    auto& mind = *found->second;
    // Made by another model, of another size or kept without its maker's name: it is made again.
    const bool usable = !row.is_null(8) && row.text(11) == config_.embedding_model &&
                        npc_store::vector_fits(row.blob(8), config_.embedding_size);
    mind.memories.push_back({.id = row.integer(0),
                             .text = row.text(2),
                             .at_ms = row.integer(3),
                             .place = row.text(4),
                             .witnesses = npc_store::names_in(row, 10, 5),
                             .source = row.text(6),
                             .importance = row.real(7),
                             .has_vector = usable,
                             .talk = static_cast<std::uint64_t>(row.integer(9))});
    if (usable && mind.index) {
      TRY_VOID(mind.index->add(row.integer(0), npc_store::vector_from(row.blob(8))));
    }
  }
  TRY(const auto lines,
      reader.query(
          "select id, npc, player, by_player, text, at_ms, talk, levels from npc_lines order by id"));
  for (const auto& row : lines) {
    const auto found = minds_.find(row.text(1));
    if (found == minds_.end()) continue;
    auto& conversation = found->second->conversations[row.text(2)];
    conversation.lines.push_back({.id = row.integer(0),
                                  .talk = static_cast<std::uint64_t>(row.integer(6)),
                                  .by_player = row.integer(3) != 0,
                                  .text = row.text(4),
                                  .at_ms = row.integer(5)});
    if (conversation.lines.back().by_player) conversation.allowed = npc_store::levels_in(row.blob(7));
  }
  kept_decisions_.clear();
  TRY(const auto kept, reader.query("select sequence from npc_decisions order by sequence"));
  for (const auto& row : kept) kept_decisions_.push_back(row.integer(0));
  TRY(const auto decisions,
      reader.query("select record from npc_decisions order by sequence desc limit 200"));
  for (auto row = decisions.rbegin(); row != decisions.rend(); ++row) {
    pb::Decision decision;
    decision.ParseFromString(row->blob(0));
    if (const auto found = minds_.find(decision.npc()); found != minds_.end()) {
      show_decision(*found->second, decision);
    }
  }
  return {};
}

void NpcService::save(Turn& turn, const Mind& mind) {
  turn.write(
      "insert into npc_minds (npc, record) values ($1, $2) on conflict (npc) do update set record = "
      "excluded.record",
      Values{mind.who->id.str(), Blob{stable_bytes(mind.record)}});
}

void NpcService::save_counters(Turn& turn) {
  turn.write(
      "insert into npc_counters (id, last_memory, last_line, last_gold_ms, thinks) values (1, $1, $2, $3, "
      "$4) "
      "on conflict (id) do update set last_memory = excluded.last_memory, last_line = excluded.last_line, "
      "last_gold_ms = excluded.last_gold_ms, thinks = excluded.thinks",
      Values{last_memory_, last_line_, last_gold_ms_, std::int64_t{thinks_ ? 1 : 0}});
}

void NpcService::keep_decision(Turn& turn, Mind& mind, pb::Decision& decision) {
  decision.set_npc(mind.who->id.str());
  decision.set_at_ms(turn.now().ms);
  decision.set_id("d-" + std::to_string(decision.event_sequence()));
  turn.write(
      "insert into npc_decisions (id, sequence, npc, at_ms, kind, record, player) values ($1, $2, $3, $4, "
      "$5, "
      "$6, $7)",
      Values{decision.id(), static_cast<std::int64_t>(decision.event_sequence()), decision.npc(),
             decision.at_ms(), decision.kind(), Blob{stable_bytes(decision)}, decision.player()});
  kept_decisions_.push_back(static_cast<std::int64_t>(decision.event_sequence()));
  while (kept_decisions_.size() > config_.limits.decisions_max) {
    turn.write("delete from npc_decisions where sequence = $1", Values{kept_decisions_.front()});
    kept_decisions_.pop_front();
  }
  show_decision(mind, decision);
}

void NpcService::show_decision(Mind& mind, const pb::Decision& decision) const {
  constexpr std::size_t kShown = 20;
  pb::DecisionView view;
  view.set_id(decision.id());
  view.set_at_ms(decision.at_ms());
  view.set_kind(decision.kind());
  view.set_text(decision.output());
  view.set_reason(decision.reason());
  view.set_tier(decision.tier());
  view.set_model(decision.model());
  view.set_deadline_met(decision.deadline_met());
  view.set_total_us(decision.total_us());
  view.set_slack_us(decision.slack_us());
  view.set_preemptions(decision.preemptions());
  view.set_wasted_tokens(decision.wasted_tokens());
  view.set_cut(decision.cut());
  view.set_admission(decision.admission());
  view.set_event_id(event_log::event_id(host_.timeline().config().world, decision.event_sequence()));
  mind.decisions.push_front(std::move(view));
  if (mind.decisions.size() > kShown) mind.decisions.pop_back();
}

void NpcService::add_line(Turn& turn, Mind& mind, const std::string& player, bool by_player,
                          std::uint64_t talk, const std::string& text) {
  auto& [lines, allowed] = mind.conversations[player];
  lines.push_back(
      {.id = ++last_line_, .talk = talk, .by_player = by_player, .text = text, .at_ms = turn.now().ms});
  turn.write(
      "insert into npc_lines (id, npc, player, who, text, at_ms, talk, by_player, levels) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      Values{last_line_, mind.who->id.str(), player, by_player ? player : mind.who->id.str(), text,
             turn.now().ms, static_cast<std::int64_t>(talk), std::int64_t{by_player ? 1 : 0},
             Blob{by_player ? npc_store::levels_blob(allowed) : std::string()}});
  while (lines.size() > config_.limits.lines_max) {
    turn.write("delete from npc_lines where id = $1", Values{lines.front().id});
    lines.pop_front();
  }
  if (mind.conversations.size() > config_.limits.conversations_max) {
    // Of whoever said little the oldest: a crowd of strangers takes no friend's place.
    const auto oldest = std::ranges::min_element(mind.conversations, {}, [&](const auto& c) {
      constexpr std::size_t kLittle = 4;
      return std::tuple(c.first == player, c.second.lines.size() > kLittle, c.second.lines.back().id);
    });
    turn.write("delete from npc_lines where npc = $1 and player = $2",
               Values{mind.who->id.str(), oldest->first});
    mind.conversations.erase(oldest);
  }
  save_counters(turn);
}

}  // namespace troupe
