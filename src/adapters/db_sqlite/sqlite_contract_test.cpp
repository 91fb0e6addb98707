// Port db's contract on SQLite.
#include "adapters/db_sqlite/sqlite_under_test.h"
#include "ports/db_suite_schema.h"

namespace troupe::db {

const auto kSqlite = testing::Values(DbMaker{"sqlite", [] { return std::make_unique<SqliteUnderTest>(); }});

INSTANTIATE_TEST_SUITE_P(Db, DbSuite, kSqlite, db_name);
INSTANTIATE_TEST_SUITE_P(Db, DbSchemaSuite, kSqlite, db_name);

}  // namespace troupe::db
