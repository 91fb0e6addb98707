#pragma once
// PostgreSQL's errors as those of port db: translated once, here. Pure; any thread.
#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe::db {

enum class PgAccess { read_write, read_only };

// `state` is the five letters of SQLSTATE; "" where the connection itself is gone. `text` may have several lines.
Error pg_error(std::string_view state, std::string_view text, PgAccess access);

// The connection is not there: what a caller may try again.
Error pg_away(std::string_view text);

// The first line, without signs that control a terminal.
std::string one_line(std::string_view text);

}  // namespace troupe::db
