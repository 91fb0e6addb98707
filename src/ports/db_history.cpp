#include "ports/db_history.h"

#include <fmt/core.h>

#include "base/hash.h"

namespace troupe::db {

namespace {

// 1, 2, 3, ... per service: a gap or a repetition is a mistake of the program.
Result<std::map<std::string, int>> newest_versions(std::span<const Migration> migrations) {
  std::map<std::string, int> newest;
  for (const Migration& m : migrations) {
    int& last = newest[m.service];
    if (m.version != last + 1) {
      return fail(Code::internal, "db.migrations",
                  fmt::format("{}: migration {} follows {}", m.service, m.version, last));
    }
    last = m.version;
  }
  return newest;
}

}  // namespace

Values history_row(const Migration& migration) {
  return {migration.service, std::int64_t{migration.version}, sha256_hex(migration.sql)};
}

Result<std::vector<const Migration*>> missing_migrations(std::span<const Migration> migrations,
                                                         const Rows& recorded) {
  TRY(const auto newest, newest_versions(migrations));
  std::map<std::pair<std::string, int>, std::string> applied;
  for (const Row& row : recorded) {
    const auto& service = row.text(0);
    const int version = static_cast<int>(row.integer(1));
    applied[{service, version}] = row.text(2);
    const auto known = newest.find(service);
    if (known != newest.end() && version > known->second) {
      return fail(
          Code::unavailable, "db.newer",
          fmt::format("the database has version {} of {}, this program knows {}: use the newer program",
                      version, service, known->second));
    }
  }
  std::vector<const Migration*> missing;
  for (const Migration& m : migrations) {
    const auto found = applied.find({m.service, m.version});
    if (found == applied.end()) {
      missing.push_back(&m);
    } else if (found->second != sha256_hex(m.sql)) {
      return fail(
          Code::internal, "db.migration_edited",
          fmt::format("migration {} of {} was applied with other text: restore it and add a new version",
                      m.version, m.service));
    }
  }
  return missing;
}

// A table that is there although its first step is not was made in another way, by a program of before.
Error failed_migration(const Migration& migration, Error error, bool there_already) {
  if (migration.version == 1 && there_already) {
    return {Code::unavailable, "db.older",
            fmt::format("the database is of an older build, which kept {} otherwise; it was left as it was: "
                        "go on with that build, or begin with another database",
                        migration.service)};
  }
  error.message = fmt::format("migration {} of {}: {}", migration.version, migration.service, error.message);
  return error;
}

}  // namespace troupe::db
