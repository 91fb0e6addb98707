#pragma once
// What is done to a whole room at once: its migrations, and looking at every row.
#include <span>

#include "adapters/db_postgres/pg_session.h"

namespace troupe::db {

// In the transaction that is open.
Result<void> apply_pg_migrations(PgSession& session, std::span<const Migration> migrations);

// Reads each row of each table of `schema`, in the order of the table and by its indexes; `conflict` db.damaged.
Result<void> verify_pg_rows(PgSession& session, const std::string& schema);

}  // namespace troupe::db
