#include "adapters/db_postgres/pg_error.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace troupe::db {

std::string one_line(std::string_view text) {
  std::string line = trim(text.substr(0, text.find('\n')));
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

Error pg_away(std::string_view text) {
  return {Code::unavailable, "db.away", fmt::format("the database cannot be reached: {}", one_line(text)),
          1000};
}

Error pg_error(std::string_view state, std::string_view text, PgAccess access) {
  const std::string said = one_line(text);
  const std::string what = state.empty() ? said : fmt::format("{} ({})", said, state);
  const auto unavailable = [&](const char* reason, std::string_view why) {
    return Error{Code::unavailable, reason, fmt::format("{}: {}", why, what), 1000};
  };
  const auto is = [&](std::string_view begin) { return state.starts_with(begin); };
  if (state.empty() || (is("08") && state != "08P01")) return pg_away(what);
  if (is("57P") || state == "53300" || state == "58030") return pg_away(what);
  if (is("23")) return {Code::conflict, "db.constraint", said};
  if (state == "25006") {
    return access == PgAccess::read_write
               ? unavailable("db.read_only", "the database takes no writes")
               : Error{Code::internal, "db.sql", fmt::format("a read must not write: {}", what)};
  }
  if (state == "53100") return unavailable("db.full", "no room left; it works again when there is");
  if (is("53"))
    return {Code::exhausted, "db.memory", fmt::format("the database lacks means: {}", what), 1000};
  if (state == "57014" || state == "55P03")
    return unavailable("db.slow", "a statement took longer than it may");
  if (is("40")) return unavailable("db.undone", "another transaction of the database undid it; try again");
  if (is("XX001") || is("XX002"))
    return {Code::unavailable, "db.failed", fmt::format("the database is damaged: {}", what)};
  if (state == "22021" || state == "22P05" || is("54"))
    return {Code::invalid_argument, "db.value",
            fmt::format("a value that the database does not take: {}", what)};
  return {Code::internal, "db.sql", fmt::format("a statement is wrong: {}", what)};
}

}  // namespace troupe::db
