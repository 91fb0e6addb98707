#pragma once
// Adapter of port db: one SQLite file in WAL mode, synchronous=FULL, in one directory that must exist.
//
// Owner       main, one object per world and one for what all worlds share.
// Threads     One writer thread owns every write and every checkpoint of the file (3.40.1's WAL reset race
//             needs two writers); each reader thread owns a read-only connection.
// Commits     The writer takes what waits, up to group_max, into one commit: a savepoint per caller, one
//             fsync for all, acknowledged after it. It never waits for company.
// Bounds      db::Limits; 128 prepared statements per connection; a reader that stays open keeps the WAL from
//             being reused, which a read's queue and rows_max bound.
// Processes   `<path>.lock` is held with flock: a second process is refused by name.
// Damage      A damaged file is refused with its files kept; nothing is repaired behind anybody's back. What
//             was acknowledged stands in a record beside the file (acknowledged.h), what the rows add up to
//             in the file (seals.h): when something is missing or changed, db.loss or db.damaged says what,
//             unless accept_loss.
#include <memory>
#include <string>

#include "ports/db.h"

namespace troupe::db {

struct SqliteConfig {
  std::string path;
  Limits limits = {};
  std::int64_t checkpoint_pages = 1000;  // of 4 KiB in the WAL before they are copied into the file
  std::int64_t check_bytes_max = 256LL * 1024 * 1024;  // larger files are not read through at every open
  std::int64_t busy_timeout_ms = 2000;                 // for tools that hold the file, such as a backup
  std::string acknowledged = {};  // the record of what was acknowledged; "" = `<path>.acknowledged`
  bool accept_loss = false;       // goes on with what is there, and seals it
  std::vector<std::string> apart = {"inputs", "events"};  // tables that vouch for themselves: the chained log
};

// Blocks while the file is opened and checked. `unavailable` db.locked, db.damaged, db.loss, db.read_only
// or db.open.
Result<std::unique_ptr<Db>> open_sqlite(const rt::Env& env, SqliteConfig config);

}  // namespace troupe::db
