// Port db's contract on PostgreSQL.
#include "adapters/db_postgres/postgres_under_test.h"
#include "ports/db_suite_schema.h"

namespace troupe::db {

const auto kPostgres =
    testing::Values(DbMaker{"postgres", [] { return std::make_unique<PostgresUnderTest>(); }});

INSTANTIATE_TEST_SUITE_P(Db, DbSuite, kPostgres, db_name);
INSTANTIATE_TEST_SUITE_P(Db, DbSchemaSuite, kPostgres, db_name);

}  // namespace troupe::db
