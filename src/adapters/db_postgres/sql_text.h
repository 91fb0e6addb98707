#pragma once
// What PostgreSQL has to be told otherwise than SQLite, found in the text of statements: port db's portable
// SQL on the one side, PostgreSQL's own on the other. Pure; any thread.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troupe::db {

// One statement of a caller: how many parameters it has (the largest n of its $n, wherever they stand outside
// of texts, names and comments). `internal` db.sql where it is none, or one that is not for callers:
// transactions, settings, sessions.
Result<std::size_t> parameters_of(std::string_view sql);

// The statements of a script, without their semicolons; what is empty or a comment is left out.
std::vector<std::string> statements_of(std::string_view script);

// A statement of a migration, for PostgreSQL: where tables are made or changed the type `blob` is bytea and
// texts sort by their bytes (collate "C", as in SQLite); x'..' is bytes.
std::string for_postgres(std::string_view statement);

// "name", for any name.
std::string quoted_name(std::string_view name);

}  // namespace troupe::db
