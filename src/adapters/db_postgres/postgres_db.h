#pragma once
// Adapter of port db: one schema of a PostgreSQL, 15 or newer.
//
// Owner       main, one object per world and one for what all worlds share; each has a schema, `troupe_` and the
//             room's name.
// Threads     One writer thread with one connection; each reader thread has its own, made when it is first
//             needed. So a room takes up to 1 + Limits::readers connections.
// Commits     The writer takes what waits, up to group_max, into one transaction: a savepoint per caller, one
//             commit for all, acknowledged after it. Statements travel in a pipeline: a batch of a world
//             takes two journeys, however many statements it has.
// Processes   An advisory lock for as long as the connection lives, and a row that each commit checks: a
//             second process is refused by name, and one that was taken over writes no more.
// Away        Everything answers `unavailable` db.away at once while the server is away, and works again by itself.
//             A commit in which the connection broke off is looked up by its number before anybody is
//             answered; after resolve_ms db.unknown.
// Deadlines   connect_s, statement_ms; pg_session.h.
// Bounds      db::Limits; 256 prepared statements a connection; names of rooms 56 bytes.
#include <memory>
#include <string>
#include <vector>

#include "ports/db.h"

namespace troupe::db {

struct PostgresConfig {
  std::string url =
      {};  // postgresql://user@host:port/name?option=value, as libpq has it, but without a password
  std::string room = {};  // a-z, 0-9, _ - . @
  Limits limits = {};
  std::int64_t connect_s = 5;
  std::int64_t statement_ms = 30'000;  // what one statement may take
  std::int64_t resolve_ms = 10'000;    // how long a commit may stay unknown before its callers are told so
  std::int64_t lock_ms = 5'000;  // for another process's lock, which the server lets go of when it notices
};

// Blocks. `unavailable` db.away, db.locked, db.open, db.read_only; `invalid_argument` db.room, db.url.
Result<std::unique_ptr<Db>> open_postgres(const rt::Env& env, PostgresConfig config);

// What is wrong with an address, in one line; "" = nothing. Asks nobody.
std::string postgres_url_problem(const std::string& url);
// Where that is, for people: "name at host:port".
std::string postgres_place(const std::string& url);

// The rooms of a database, by name; whether there is one; and away with one that nobody has open (`unavailable`
// db.locked). They block; `unavailable` db.away.
Result<std::vector<std::string>> postgres_rooms(const std::string& url);
Result<bool> has_postgres_room(const std::string& url, const std::string& room);
Result<void> drop_postgres_room(const std::string& url, const std::string& room);

}  // namespace troupe::db
