#include "adapters/db_postgres/pg_schema.h"

#include <fmt/core.h>

#include "adapters/db_postgres/sql_text.h"
#include "ports/db_history.h"

namespace troupe::db {

namespace {

constexpr std::chrono::hours kVerifyMax{1};

std::unexpected<Error> damaged(const std::string& table, const std::string& what) {
  return fail(Code::conflict, "db.damaged", fmt::format("table {}: {}", table, what));
}

Result<std::int64_t> rows_of(PgSession& session, const std::string& table, const std::string& what) {
  const auto rows = session.ask(fmt::format("select count(*){} from {} all_of_it", what, quoted_name(table)));
  if (rows) return (*rows)[0].integer(0);
  if (rows.error().reason == "db.failed") return damaged(table, rows.error().message);
  return std::unexpected(rows.error());
}

}  // namespace

Result<void> apply_pg_migrations(PgSession& session, std::span<const Migration> migrations) {
  TRY(const Rows recorded, session.query(kHistoryRead, {}));
  TRY(const auto missing, missing_migrations(migrations, recorded));
  for (const Migration* m : missing) {
    for (const auto& statement : statements_of(m->sql)) session.post(for_postgres(statement));
    if (auto done = session.finish(); !done) {
      // PostgreSQL's "relation "x" already exists".
      const bool there_already = done.error().message.contains("(42P07)");
      return std::unexpected(failed_migration(*m, std::move(done).error(), there_already));
    }
    TRY_VOID(session.send(kHistoryWrite, history_row(*m)));
  }
  return {};
}

// What a page's sum does not fit, PostgreSQL refuses to read; values that are kept apart from their row are read by
// making text of it.
Result<void> verify_pg_rows(PgSession& session, const std::string& schema) {
  session.set_patience(kVerifyMax);
  session.post(fmt::format("set local statement_timeout = {}",
                           std::chrono::duration_cast<std::chrono::milliseconds>(kVerifyMax).count()));
  TRY(const Rows tables,
      session.ask(
          "select c.relname, c.relhasindex from pg_class c join pg_namespace n on n.oid = c.relnamespace where "
          "n.nspname = $1 and c.relkind = 'r' order by c.relname",
          Values{schema}));
  for (const Row& row : tables) {
    const std::string& table = row.text(0);
    for (const char* way : {"set local enable_seqscan = on", "set local enable_indexscan = off",
                            "set local enable_indexonlyscan = off", "set local enable_bitmapscan = off"})
      session.post(way);
    TRY(const auto in_table, rows_of(session, table, ", sum(length(all_of_it::text))"));
    if (row.integer(1) == 0) continue;
    for (const char* way : {"set local enable_seqscan = off", "set local enable_indexscan = on",
                            "set local enable_indexonlyscan = on"})
      session.post(way);
    TRY(const auto in_index, rows_of(session, table, ""));
    if (in_table != in_index)
      return damaged(table, fmt::format("{} rows, and its index has {}", in_table, in_index));
  }
  return {};
}

}  // namespace troupe::db
