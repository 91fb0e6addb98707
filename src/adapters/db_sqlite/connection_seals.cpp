// The part of a connection that seals: counts every changed row, and all of them.
#define SQLITE_ENABLE_PREUPDATE_HOOK  // as Debian and Ubuntu build it
#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>

#include "adapters/db_sqlite/connection.h"

namespace troupe::db {

namespace {

constexpr std::string_view kTable = "db_seals";

void add(RowHash& row, sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return row.integer(sqlite3_value_int64(value));
    case SQLITE_FLOAT:
      return row.real(sqlite3_value_double(value));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
      return row.text({text, static_cast<std::size_t>(sqlite3_value_bytes(value))});
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      return row.blob({bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))});
    }
    default:
      return row.null();
  }
}

}  // namespace

bool Connection::is_apart(std::string_view table) const {
  return table == kTable || std::ranges::find(apart_, table) != apart_.end();
}

void Connection::on_change(void* self, sqlite3* db, int action, const char* table, std::int64_t row_number) {
  auto& connection = *static_cast<Connection*>(self);
  if (kTable == table) return;
  connection.changed_ = true;
  if (connection.is_apart(table)) {
    if (action == SQLITE_INSERT) connection.seals_.reach(table, row_number);
    return;
  }
  const int columns = sqlite3_preupdate_count(db);
  const auto hash = [&](int (*value_of)(sqlite3*, int, sqlite3_value**)) {
    RowHash row;
    for (int i = 0; i < columns; ++i) {
      sqlite3_value* value = nullptr;
      if (value_of(db, i, &value) == SQLITE_OK && value != nullptr) add(row, value);
    }
    return row;
  };
  if (action != SQLITE_INSERT) connection.seals_.remove(table, hash(sqlite3_preupdate_old));
  if (action != SQLITE_DELETE) connection.seals_.add(table, hash(sqlite3_preupdate_new));
}

Result<std::optional<Connection::Sealed>> Connection::read_sealed() {
  TRY(const Rows known, query("select 1 from sqlite_master where type = 'table' and name = 'db_seals'", {}));
  if (known.empty()) return std::optional<Sealed>();
  TRY(const Rows rows, query("select identity, commits, seals from db_seals where id = 1", {}));
  if (rows.size() != 1) return std::optional<Sealed>();
  Sealed sealed;
  sealed.state = {rows[0].text(0), static_cast<std::uint64_t>(rows[0].integer(1))};
  TRY(sealed.seals, Seals::decode(rows[0].blob(2)));
  return sealed;
}

Result<Rows> Connection::tables() {
  return query(
      "select name from sqlite_master where type = 'table' and substr(name, 1, 7) <> 'sqlite_' order by name",
      {});
}

Result<void> Connection::rewrite_rows() {
  TRY(const Rows all, tables());
  for (const Row& table : all) {
    const std::string& name = table.text(0);
    if (is_apart(name)) continue;
    TRY(const std::string column,
        control(fmt::format("select name from pragma_table_info('{}') order by cid limit 1", name)));
    TRY_VOID(control(fmt::format("update \"{}\" set \"{}\" = \"{}\"", name, column, column)));
  }
  return {};
}

Result<Seals> Connection::count_rows() {
  TRY(const Rows all, tables());
  Seals counted;
  for (const Row& table : all) {
    const std::string& name = table.text(0);
    if (name == kTable) continue;
    if (is_apart(name)) {
      TRY(const std::string last, control(fmt::format("select coalesce(max(rowid), 0) from \"{}\"", name)));
      counted.reach(name, std::strtoll(last.c_str(), nullptr, 10));
      counted.settle();
      continue;
    }
    sqlite3_stmt* statement = nullptr;
    const std::string sql = fmt::format("select * from \"{}\"", name);
    int rc = sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
      rc = sqlite3_step(statement);
      if (rc != SQLITE_ROW) break;
      RowHash row;
      const int columns = sqlite3_column_count(statement);
      for (int i = 0; i < columns; ++i) add(row, sqlite3_column_value(statement, i));
      counted.add(name, row);
    }
    const Error why = rc == SQLITE_DONE ? Error{} : error(rc);
    sqlite3_finalize(statement);
    if (rc != SQLITE_DONE) return std::unexpected(why);
    counted.settle();
  }
  return counted;
}

Result<void> Connection::begin_sealing(const Acknowledged& state) {
  acknowledged_ = state;
  TRY(seals_, count_rows());
  seals_.settle();
  sqlite3_preupdate_hook(
      db_,
      [](void* self, sqlite3* db, int action, const char*, const char* table, sqlite3_int64,
         sqlite3_int64 row) { on_change(self, db, action, table, row); },
      this);
  return {};
}

Result<void> Connection::seal() {
  if (!changed_) return {};
  const Values values{acknowledged_.identity, static_cast<std::int64_t>(acknowledged_.commits + 1),
                      Blob{seals_.encode()}};
  TRY_VOID(
      exec("insert into db_seals (id, identity, commits, seals) values (1, $1, $2, $3) on conflict (id) do "
           "update set "
           "identity = excluded.identity, commits = excluded.commits, seals = excluded.seals",
           values));
  return {};
}

Result<void> Connection::seal_anew() {
  TRY(seals_, count_rows());
  changed_ = true;
  return seal();
}

void Connection::sealed() {
  if (changed_) ++acknowledged_.commits;
  changed_ = false;
  seals_.settle();
}

}  // namespace troupe::db
