#pragma once
// The schema's history: table schema_migrations(service, version, sql_hash). All that is recorded is checked
// before anything is applied.
#include <span>

#include "adapters/db_sqlite/connection.h"

namespace troupe::db {

Result<void> apply_migrations(Connection& connection, std::span<const Migration> migrations);

}  // namespace troupe::db
