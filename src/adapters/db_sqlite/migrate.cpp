#include "adapters/db_sqlite/migrate.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "ports/db_history.h"

namespace troupe::db {

namespace {

bool adds_column(const Migration* m) { return lower_ascii(m->sql).contains("add column"); }

Result<void> in_transaction(Connection& connection, const std::function<Result<void>()>& body) {
  auto before = connection.seals();
  TRY_VOID(connection.control("begin immediate"));
  auto done = body();
  if (done) {
    auto committed = connection.control("commit");
    if (committed) {
      connection.sealed();
      return {};
    }
    done = std::unexpected(std::move(committed).error());
  }
  connection.restore(std::move(before));
  if (connection.in_transaction()) TRY_VOID(connection.control("rollback"));
  return done;
}

}  // namespace

Result<void> apply_migrations(Connection& connection, std::span<const Migration> migrations) {
  TRY_VOID(in_transaction(connection, [&] { return connection.script(kHistoryTable); }));
  TRY(const Rows recorded, connection.query(kHistoryRead, {}));
  TRY(const auto missing, missing_migrations(migrations, recorded));
  if (missing.empty()) return {};
  return in_transaction(connection, [&]() -> Result<void> {
    for (const Migration* m : missing) {
      auto done = connection.script(m->sql);
      if (!done) {
        const bool there_already = done.error().message.contains("already exists");
        return std::unexpected(failed_migration(*m, std::move(done).error(), there_already));
      }
      TRY_VOID(connection.exec(kHistoryWrite, history_row(*m)));
    }
    if (std::ranges::any_of(missing, adds_column)) TRY_VOID(connection.rewrite_rows());
    return connection.seal_anew();  // whatever their statements did to rows and columns
  });
}

}  // namespace troupe::db
