#include "adapters/db_postgres/pg_room.h"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "adapters/db_postgres/sql_text.h"
#include "base/hash.h"
#include "base/log.h"
#include "ports/db_history.h"

namespace troupe::db {

namespace {

constexpr std::string_view kPrefix = "troupe_";
constexpr std::size_t kSchemaBytesMax = 63;  // PostgreSQL would cut it there
constexpr std::chrono::milliseconds kAskAgain{50};

Error taken_over() {
  return {Code::unavailable, "db.failed",
          "another process took this room over: nothing more is written here"};
}

bool fits(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '@';
}

}  // namespace

Result<std::string> schema_of(std::string_view room) {
  if (room.empty() || room.size() > kSchemaBytesMax - kPrefix.size() || !std::ranges::all_of(room, fits)) {
    return fail(Code::invalid_argument, "db.room",
                fmt::format("'{}' cannot be a schema of PostgreSQL: 1 to {} of a-z, 0-9, _ - . @", room,
                            kSchemaBytesMax - kPrefix.size()));
  }
  return fmt::format("{}{}", kPrefix, room);
}

std::string room_of(std::string_view schema) {
  return schema.starts_with(kPrefix) ? std::string(schema.substr(kPrefix.size())) : std::string();
}

std::int64_t lock_of(std::string_view schema) {
  std::uint64_t bits = 0;
  for (const char c : sha256(fmt::format("a room of troupe: {}", schema)).substr(0, 8))
    bits = bits << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(bits);
}

PgRoom::PgRoom(PgTarget target, std::string room, std::string owner, std::int64_t lock_ms)
    : target_(std::move(target)), room_(std::move(room)), owner_(std::move(owner)), lock_ms_(lock_ms) {}

Result<PgRoom::Owned> PgRoom::own() {
  Owned owned;
  TRY(owned.session, PgSession::open(target_, PgAccess::read_write));
  auto& session = *owned.session;
  if (owned_) {
    TRY_VOID(still_ours(session));  // before the lock: who took it over may keep it
    TRY_VOID(lock(session));
    TRY_VOID(still_ours(session));
    TRY(const Rows rows, session.ask("select commits from db_room where id = 1"));
    owned.commits = rows.empty() ? 0 : rows[0].integer(0);
    return owned;
  }
  TRY_VOID(check_server(session));
  TRY_VOID(lock(session));
  TRY(owned.commits, take(session));
  owned_ = true;
  return owned;
}

Result<void> PgRoom::check_server(PgSession& session) const {
  TRY(const Rows rows, session.ask("select current_setting('server_encoding'), current_setting('fsync'), "
                                   "current_setting('data_checksums'), pg_is_in_recovery()"));
  const auto refuse = [](std::string what) { return fail(Code::unavailable, "db.open", std::move(what)); };
  if (rows[0].text(0) != "UTF8") {
    return refuse(fmt::format("the database is encoded in {}: make one with encoding UTF8", rows[0].text(0)));
  }
  if (rows[0].text(1) != "on")
    return refuse("the server runs with fsync = off and would lose commits in a power cut: set it to on");
  if (rows[0].integer(3) != 0)
    return fail(Code::unavailable, "db.read_only",
                "the server is a standby, which takes no writes: name the primary");
  if (rows[0].text(2) != "on")
    log::warn("db", "{}: the server keeps no sums of its pages (data_checksums), so damage is not found",
              room_);
  return {};
}

// The server lets go of a lock when its connection ends, which it may not yet have noticed.
Result<void> PgRoom::lock(PgSession& session) const {
  const std::int64_t key = lock_of(target_.schema);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(lock_ms_);
  for (;;) {
    TRY(const Rows got, session.ask("select pg_try_advisory_lock($1)", Values{key}));
    if (got[0].integer(0) != 0) return {};
    const auto high = static_cast<std::int64_t>(static_cast<std::uint64_t>(key) >> 32);
    const auto low = static_cast<std::int64_t>(static_cast<std::uint64_t>(key) & 0xFFFF'FFFFU);
    TRY(const Rows holders,
        session.ask(
            "select a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'this machine') "
            "from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory' and "
            "l.granted and l.objsubid = 1 and l.classid::bigint = $1 and l.objid::bigint = $2 and l.database = "
            "(select oid from pg_database where datname = current_database())",
            Values{high, low}));
    // A connection of our own that the server still takes for alive.
    if (!holders.empty() && holders[0].text(1) == target_.application)
      TRY_VOID(session.ask("select pg_terminate_backend($1::int)", Values{holders[0].integer(0)}));
    if (std::chrono::steady_clock::now() >= until) {
      const std::string who =
          holders.empty() ? "another process"
                          : fmt::format("'{}' of {} (its connection is process {} of the server)",
                                        holders[0].text(1), holders[0].text(2), holders[0].integer(0));
      return fail(Code::unavailable, "db.locked",
                  fmt::format("the schema {} is in use by {}: stop it first, or choose another database",
                              target_.schema, who),
                  1000);
    }
    std::this_thread::sleep_for(kAskAgain);
  }
}

Result<void> PgRoom::still_ours(PgSession& session) const {
  const auto rows = session.ask("select owner from db_room where id = 1");
  if (!rows && rows.error().code == Code::unavailable) return std::unexpected(rows.error());
  if (!rows || rows->empty())
    return fail(Code::unavailable, "db.away", fmt::format("the schema {} is gone", target_.schema), 1000);
  if ((*rows)[0].text(0) != owner_) return std::unexpected(taken_over());
  return {};
}

Result<std::int64_t> PgRoom::take(PgSession& session) const {
  session.post("begin");
  TRY(const Rows there, session.ask("select 1 from pg_namespace where nspname = $1", Values{target_.schema}));
  // Only where there is none: whoever made it for us need not let us make others.
  if (there.empty()) session.post("create schema " + quoted_name(target_.schema));
  session.post(for_postgres(kHistoryTable));
  session.post(
      for_postgres("create table if not exists db_room (id bigint primary key, owner text not null, commits "
                   "bigint not null)"));
  auto rows = session.ask(
      "insert into db_room (id, owner, commits) values (1, $1, 0) on conflict (id) do update set "
      "owner = excluded.owner returning commits",
      Values{owner_});
  if (!rows) {
    auto error = std::move(rows).error();
    if (error.code != Code::unavailable) {
      error = {Code::unavailable, "db.open",
               fmt::format("the schema {} cannot be used, and a room needs one of its own: {}",
                           target_.schema, error.message)};
    }
    return std::unexpected(std::move(error));
  }
  TRY_VOID(session.control("commit"));
  return (*rows)[0].integer(0);
}

Result<void> PgRoom::number_commit(PgSession& session, std::int64_t commits) const {
  // Null is refused by the table.
  return session.send(
      "update db_room set commits = $1, owner = case when owner = $2 then owner end where id = 1",
      Values{commits, owner_});
}

Result<bool> PgRoom::has_deferrable(PgSession& session) const {
  TRY(const Rows rows,
      session.ask("select count(*) from pg_constraint c join pg_namespace n on n.oid = c.connamespace "
                  "where n.nspname = $1 and c.condeferrable",
                  Values{target_.schema}));
  return rows[0].integer(0) > 0;
}

}  // namespace troupe::db
