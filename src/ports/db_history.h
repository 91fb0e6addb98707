#pragma once
// What adapters of port db share: the rules by which a schema's history is kept. What was applied stands in
// table schema_migrations(service, version, sql_hash), as kHistoryTable makes it; all of it is checked before
// anything is applied. Pure.
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ports/db.h"

namespace troupe::db {

inline constexpr const char* kHistoryTable =
    "create table if not exists schema_migrations (service text not null, version integer not null, "
    "sql_hash text not null, primary key (service, version))";
inline constexpr const char* kHistoryRead = "select service, version, sql_hash from schema_migrations";
inline constexpr const char* kHistoryWrite =
    "insert into schema_migrations (service, version, sql_hash) values ($1, $2, $3)";
Values history_row(const Migration& migration);

// Those of `migrations` that are not in `recorded` (the rows of kHistoryRead), in order. `internal`
// db.migrations for a gap, db.migration_edited; `unavailable` db.newer.
Result<std::vector<const Migration*>> missing_migrations(std::span<const Migration> migrations,
                                                         const Rows& recorded);

// What is said where `migration` failed. `there_already`: it makes what is there, although it was never applied; in a
// first step that is db.older.
Error failed_migration(const Migration& migration, Error error, bool there_already);

}  // namespace troupe::db
