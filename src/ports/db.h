#pragma once
// Port: a durable relational store for one world, or for what all worlds share.
//
// Guarantee   When transact() answers ok, the writes survive a power cut. An error means that none of them
//             happened. (Two exceptions: after db.failed it is unknown until the restart whether the last
//             commit is there; after db.unknown until the next transaction or read that answers ok, which
//             sees it or does not, for good.)
// Order       Transactions take effect in the order of the calls, one at a time. A read sees one committed
//             state throughout.
// SQL         The common subset of SQLite and PostgreSQL: $1 parameters, `on conflict`, `returning`, no now().
// Threads     Call on the io thread. `fn` runs on the writer thread (transact) or on a reader thread (read):
//             it must own what it touches and must not wait for anything but the Tx it is given.
// Cancel      A caller that leaves does not undo: a transaction that was queued runs to its end.
// Bounds      Limits::queue_max waiting transactions and reads each; when full: `exhausted` db.busy at once.
// Errors      `conflict` db.constraint; `unavailable` db.full (no room; try again when there is),
//             db.read_only, db.away (the server of the database cannot be reached or broke off), db.slow (a
//             statement took longer than it may), db.unknown (it broke off while it committed, and could not
//             be asked since), db.failed (fsync failed, or another process took the database over: nothing
//             more is acknowledged until the process is restarted); `internal` db.sql for a statement that is
//             wrong; `invalid_argument` db.value for text that is not UTF-8 or holds NUL and for NaN;
//             `unavailable` db.undone when another caller of the same commit undid all of it. A failed
//             statement fails its transaction: later ones answer the same error, and nothing is kept. All
//             that is `unavailable` but db.failed works again by itself, as soon as it can.
// Owner       One process at a time has it open for writing; another is refused: `unavailable` db.locked.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rt/task.h"

namespace troupe::db {

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

// null, integer (also booleans, as 0 and 1), real, UTF-8 text, bytes.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;
using Values = std::vector<Value>;

// One row of an answer. Getters convert null to 0 and "".
class Row {
 public:
  explicit Row(Values values) : values_(std::move(values)) {}
  std::int64_t integer(std::size_t column) const;
  double real(std::size_t column) const;
  const std::string& text(std::size_t column) const;
  const std::string& blob(std::size_t column) const;
  bool is_null(std::size_t column) const;
  const Values& values() const { return values_; }

 private:
  Values values_;
};
using Rows = std::vector<Row>;

struct Limits {
  std::size_t queue_max = 8192;      // waiting transactions; a world writes a few hundred a second
  std::size_t group_max = 512;       // transactions in one commit: bounds the latency of the first
  std::size_t readers = 2;           // read-only connections, a thread each
  std::size_t rows_max = 1'000'000;  // rows of one answer; more is `exhausted` db.rows
};

class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<Rows> query(std::string_view sql, std::span<const Value> parameters = {}) = 0;
  // Column names of a query's answer, in order.
  virtual Result<std::vector<std::string>> columns(std::string_view sql) = 0;
};

class Tx : public Reader {
 public:
  // Runs one statement; answers the number of rows changed.
  virtual Result<std::int64_t> exec(std::string_view sql, std::span<const Value> parameters = {}) = 0;
};

// One step of a service's schema. Applied once, in order; never edited later. All that are new are applied or
// none.
struct Migration {
  std::string service;
  int version;      // 1, 2, 3, ... per service
  std::string sql;  // several statements separated by ';'
};

class Db {
 public:
  virtual ~Db() = default;

  // Brings the schema up to date before anything else runs. Blocks; call at start. Refuses a database that
  // has a newer version than the program (`unavailable` db.newer), or tables that none of its steps made
  // (db.older), and leaves it as it was.
  virtual Result<void> migrate(std::span<const Migration> migrations) = 0;

  // The commit is durable before the task completes. `fn` answering an error rolls back its own writes only.
  virtual Task<void> transact(std::move_only_function<Result<void>(Tx&)> fn) = 0;
  virtual Task<void> read(std::move_only_function<Result<void>(Reader&)> fn) = 0;

  // Reads every row; `conflict` db.damaged names the table whose rows are not what was written. A world's log
  // has a chain of its own, which says more. What is found: SQLite keeps with each commit what the rows of a
  // table add up to, and finds what was changed, added or taken away behind its back. PostgreSQL finds what
  // the sums of its pages find (a disk that gives back other bytes) and an index that has other rows than its
  // table; what somebody changed by SQL it does not.
  virtual Task<void> verify() = 0;

  // The same, blocking, before the io thread runs (loading at start, command-line tools).
  virtual Result<void> transact_now(std::move_only_function<Result<void>(Tx&)> fn) = 0;
  virtual Result<void> read_now(std::move_only_function<Result<void>(Reader&)> fn) = 0;

  // Ok, or why writes are refused now.
  virtual Result<void> health() const = 0;
};

}  // namespace troupe::db
