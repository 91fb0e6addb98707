#pragma once
// One connection to a SQLite file, with its prepared statements. Used by one thread at a time: the writer's
// or one reader's. Translates SQLite's errors to those of port db, once, here.
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "adapters/db_sqlite/acknowledged.h"
#include "adapters/db_sqlite/seals.h"
#include "ports/db.h"

struct sqlite3;
struct sqlite3_stmt;

namespace troupe::db {

enum class Access { read_write, read_only };

class Connection {
 public:
  static constexpr std::size_t kStatementsMax = 128;

  // Opens, sets the pragmas and reads the schema; what cannot be read is refused here.
  static Result<std::unique_ptr<Connection>> open(std::string path, Access access,
                                                  std::int64_t busy_timeout_ms, std::size_t rows_max);
  ~Connection();
  Connection(const Connection&) = delete;

  // Callers' SQL: one statement; no transactions, pragmas or attached files.
  Result<Rows> query(std::string_view sql, std::span<const Value> parameters);
  Result<std::int64_t> exec(std::string_view sql, std::span<const Value> parameters);
  Result<std::vector<std::string>> columns(std::string_view sql);
  Result<void> script(std::string_view sql);  // several statements, under the same rules

  // Our own: begin, commit, savepoints, pragmas. Answers the first column of the last row.
  Result<std::string> control(std::string_view sql);

  // What the rows add up to (seals.h), in table db_seals of the file itself. `apart`: tables that vouch for
  // themselves, such as a chained log.
  struct Sealed {
    Acknowledged state;
    Seals seals;
  };
  void set_apart(std::vector<std::string> apart) { apart_ = std::move(apart); }
  Result<std::optional<Sealed>> read_sealed();  // nothing where the file has none yet
  Result<Seals> count_rows();                   // reads every row that is sealed
  // The writer's connection, from here on: every change is counted, and each commit that changed something is
  // numbered.
  Result<void> begin_sealing(const Acknowledged& state);
  Result<void> seal();          // the last statement of a transaction
  Result<void> rewrite_rows();  // SQLite keeps a new column's default apart from old rows, and does not tell
  Result<void> seal_anew();     // the same after a change of the schema: counts all rows
  void sealed();                // it was committed
  std::size_t seal_mark() const { return seals_.mark(); }
  void unseal_to(std::size_t mark) { seals_.undo_to(mark); }
  Seals seals() const { return seals_; }
  void restore(Seals seals) { seals_ = std::move(seals); }
  const Acknowledged& acknowledged() const { return acknowledged_; }

  bool in_transaction() const;                           // false after SQLite has rolled back by itself
  bool foreign_keys_violated() const;                    // by deferred constraints, not yet reported
  std::int64_t wal_pages() const { return wal_pages_; }  // after the last commit
  Result<void> checkpoint();  // copies what no reader needs any more; waits for nobody
  void keep_wal_on_close();   // after a failed sync the WAL is the only copy that may be whole

 private:
  struct Statement {
    std::string sql;
    sqlite3_stmt* handle = nullptr;
    bool ours = false;
    std::vector<std::size_t> parameter;  // of each SQLite parameter: n - 1 of its $n
    std::size_t parameters = 0;          // the largest n
  };
  using Statements = std::list<Statement>;
  class Reset;
  class Ours;

  explicit Connection(std::string path, Access access, std::size_t rows_max)
      : path_(std::move(path)), access_(access), rows_max_(rows_max) {}
  Result<void> configure(std::int64_t busy_timeout_ms);
  Result<Statement*> prepare(std::string_view sql);
  Result<void> number_parameters(Statement& statement) const;
  Result<void> bind(Statement& statement, std::span<const Value> parameters);
  Error error(int rc) const;
  static int authorize(void* self, int action, const char*, const char*, const char*, const char*);
  static int on_commit(void* self, sqlite3*, const char*, int pages);
  static void on_change(void* self, sqlite3* db, int action, const char* table, std::int64_t row_number);
  bool is_apart(std::string_view table) const;
  Result<Rows> tables();

  std::string path_;
  Access access_;
  std::size_t rows_max_;
  sqlite3* db_ = nullptr;
  Statements statements_;  // most recently used first
  std::unordered_map<std::string_view, Statements::iterator> by_sql_;
  bool ours_ = false;  // while control() prepares
  std::int64_t wal_pages_ = 0;
  std::vector<std::string> apart_;
  Seals seals_;
  Acknowledged acknowledged_;
  bool changed_ = false;  // since the last commit
};

}  // namespace troupe::db
