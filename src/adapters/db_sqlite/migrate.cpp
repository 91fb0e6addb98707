#include "adapters/db_sqlite/migrate.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "base/hash.h"
#include "base/text.h"

namespace troupe::db {

namespace {

struct Recorded {
  std::map<std::pair<std::string, int>, std::string> hashes;
};

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

Result<Recorded> recorded(Connection& connection) {
  TRY(const Rows rows, connection.query("select service, version, sql_hash from schema_migrations", {}));
  Recorded all;
  for (const Row& row : rows) {
    all.hashes[{row.text(0), static_cast<int>(row.integer(1))}] = row.text(2);
  }
  return all;
}

Result<void> check(const Recorded& applied, std::span<const Migration> migrations,
                   const std::map<std::string, int>& newest) {
  for (const auto& [key, hash] : applied.hashes) {
    const auto& [service, version] = key;
    const auto known = newest.find(service);
    if (known != newest.end() && version > known->second) {
      return fail(
          Code::unavailable, "db.newer",
          fmt::format("the database has version {} of {}, this program knows {}: use the newer program",
                      version, service, known->second));
    }
  }
  for (const Migration& m : migrations) {
    const auto found = applied.hashes.find({m.service, m.version});
    if (found != applied.hashes.end() && found->second != sha256_hex(m.sql)) {
      return fail(
          Code::internal, "db.migration_edited",
          fmt::format("migration {} of {} was applied with other text: restore it and add a new version",
                      m.version, m.service));
    }
  }
  return {};
}

Result<void> apply(Connection& connection, const Migration& m) {
  TRY_VOID(connection.script(m.sql));
  const Values values{m.service, std::int64_t{m.version}, sha256_hex(m.sql)};
  TRY_VOID(connection.exec("insert into schema_migrations (service, version, sql_hash) values ($1, $2, $3)",
                           values));
  return {};
}

bool adds_column(const Migration& m) { return lower_ascii(m.sql).contains("add column"); }

// A table that is there although its first step is not was made in another way, by a program of before.
std::unexpected<Error> said_of(const Migration& m, Error error) {
  if (m.version == 1 && error.message.contains("already exists")) {
    return fail(
        Code::unavailable, "db.older",
        fmt::format("the database is of an older build, which kept {} otherwise; it was left as it was: go "
                    "on with that build, or begin with another data folder",
                    m.service));
  }
  error.message = fmt::format("migration {} of {}: {}", m.version, m.service, error.message);
  return std::unexpected(std::move(error));
}

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
  TRY(const auto newest, newest_versions(migrations));
  TRY_VOID(in_transaction(connection, [&] {
    return connection.script(
        "create table if not exists schema_migrations (service text not null, version integer not null, "
        "sql_hash text not null, primary key (service, version))");
  }));
  TRY(const Recorded applied, recorded(connection));
  TRY_VOID(check(applied, migrations, newest));
  const auto missing = [&](const Migration& m) { return !applied.hashes.contains({m.service, m.version}); };
  if (std::ranges::none_of(migrations, missing)) return {};
  return in_transaction(connection, [&]() -> Result<void> {
    for (const Migration& m : migrations | std::views::filter(missing)) {
      if (auto done = apply(connection, m); !done) return said_of(m, std::move(done).error());
    }
    if (std::ranges::any_of(migrations, [&](const Migration& m) { return missing(m) && adds_column(m); }))
      TRY_VOID(connection.rewrite_rows());
    return connection.seal_anew();  // whatever their statements did to rows and columns
  });
}

}  // namespace troupe::db
