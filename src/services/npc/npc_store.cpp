#include "services/npc/npc_store.h"

#include <cmath>
#include <cstring>

#include "host/registry.h"
#include "troupe/v1/npc_store.pb.h"

namespace troupe::npc::store {

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
    create index npc_decisions_by_sequence on npc_decisions (sequence);)sql"},
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
  return {{"npc_minds", "npc"}, {"npc_memories", "id"}, {"npc_lines", "id"}, {"npc_decisions", "id"}};
}

std::string names_blob(const std::vector<std::string>& names) {
  pb::NpcNames list;
  list.mutable_names()->Assign(names.begin(), names.end());
  return stable_bytes(list);
}

std::vector<std::string> names_from(const std::string& blob) {
  pb::NpcNames kept;
  kept.ParseFromString(blob);
  return {kept.names().begin(), kept.names().end()};
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
  if (!row.is_null(list)) return names_from(row.blob(list));
  std::vector<std::string> out;
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

}  // namespace troupe::npc::store
