#include "host/key_store.h"

#include "base/hash.h"
#include "host/registry.h"

namespace troupe {

using db::Blob;
using db::Values;

KeyUse key_use(const Caller& caller, const std::string& type, const std::string& payload) {
  Sha256 hash;
  hash.add_field(type);
  hash.add_field(stable_bytes(type, payload));
  return {role_name(caller.role) + "/" + caller.name, caller.idempotency_key, hash.finish()};
}

Error interrupted_key() {
  return {
      Code::conflict, "idempotency.interrupted",
      "the first request with this key began and did not end: look whether it was done, then use a new key"};
}

Error other_request(const std::string& key) {
  return {Code::conflict, "idempotency.other_request",
          "the key '" + key + "' stands for another request: the same key is for the same method and body"};
}

// Keys of the first version did not know their request; they are forgotten.
db::Migration KeyStore::migration() {
  return {"timeline", 2, R"sql(
    drop table idempotency;
    create table idempotency_keys (
      owner text not null,
      key text not null,
      number bigint not null,
      request blob not null,
      reply blob,
      primary key (owner, key)
    );
    create table if not exists timeline_probe (bytes blob))sql"};
}

Result<void> KeyStore::load(db::Reader& reader) {
  entries_.clear();
  by_age_.clear();
  bytes_ = 0;
  last_ = 0;
  TRY(const auto rows,
      reader.query("select owner, key, number, request, reply from idempotency_keys order by number"));
  for (const auto& row : rows) {
    const Name name{row.text(0), row.text(1)};
    Entry entry{row.integer(2), row.blob(3), std::nullopt};
    if (!row.is_null(4)) entry.reply = row.blob(4);
    bytes_ += entry.reply ? entry.reply->size() : 0;
    last_ = entry.number;
    by_age_[entry.number] = name;
    entries_[name] = std::move(entry);
  }
  return {};
}

Result<std::optional<std::string>> KeyStore::find(const KeyUse& use) const {
  const auto found = entries_.find(use.name());
  if (found == entries_.end()) return std::optional<std::string>();
  if (found->second.request != use.request) return std::unexpected(other_request(use.key));
  if (!found->second.reply) return std::unexpected(interrupted_key());
  return found->second.reply;
}

void KeyStore::remove(const Name& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  bytes_ -= found->second.reply ? found->second.reply->size() : 0;
  by_age_.erase(found->second.number);
  entries_.erase(found);
}

KeyStore::Statements KeyStore::put(const KeyUse& use, std::optional<std::string> reply) {
  const Name name = use.name();
  remove(name);
  db::Value stored;
  if (reply) stored = Blob{*reply};
  Statements statements;
  statements.emplace_back(
      "insert into idempotency_keys (owner, key, number, request, reply) values ($1, $2, $3, $4, $5) "
      "on conflict (owner, key) do update set number = excluded.number, request = excluded.request, "
      "reply = excluded.reply",
      Values{use.owner, use.key, ++last_, Blob{use.request}, stored});
  bytes_ += reply ? reply->size() : 0;
  by_age_[last_] = name;
  entries_[name] = {last_, use.request, std::move(reply)};
  while (entries_.size() > 1 && (entries_.size() > limits_.keys_max || bytes_ > limits_.bytes_max)) {
    const Name oldest = by_age_.begin()->second;
    remove(oldest);
    statements.emplace_back("delete from idempotency_keys where owner = $1 and key = $2",
                            Values{oldest.first, oldest.second});
  }
  return statements;
}

KeyStore::Statements KeyStore::release(const KeyUse& use) {
  remove(use.name());
  return {{"delete from idempotency_keys where owner = $1 and key = $2", Values{use.owner, use.key}}};
}

}  // namespace troupe
