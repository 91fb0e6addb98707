#include "adapters/db_sqlite/connection.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <mutex>

#include "base/text.h"

namespace troupe::db {

namespace {

// SQLite would count its memory under one lock of the whole process, at every allocation. Nobody reads the
// count.
void count_no_memory() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

bool no_room(int system_errno) {
  return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

Result<void> bind_text(sqlite3_stmt* handle, int index, std::size_t n, const std::string& text) {
  // What PostgreSQL refuses is refused here too, so that a world can move.
  if (text.find('\0') != std::string::npos || !is_utf8(text)) {
    return fail(Code::invalid_argument, "db.value",
                fmt::format("parameter ${} is not UTF-8 text without NUL", n));
  }
  sqlite3_bind_text64(handle, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return {};
}

Value column(sqlite3_stmt* handle, int index) {
  switch (sqlite3_column_type(handle, index)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(handle, index)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(handle, index);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle, index));
      return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(handle, index)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle, index));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle, index));
      return Blob{size == 0 ? std::string() : std::string(bytes, size)};
    }
    default:
      return std::monostate{};
  }
}

}  // namespace

// Ends one use of a cached statement: nothing of the caller stays bound, no read stays open.
class Connection::Reset {
 public:
  explicit Reset(sqlite3_stmt* handle) : handle_(handle) {}
  ~Reset() {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
  }
  Reset(const Reset&) = delete;

 private:
  sqlite3_stmt* handle_;
};

class Connection::Ours {
 public:
  explicit Ours(Connection& connection) : connection_(connection) { connection_.ours_ = true; }
  ~Ours() { connection_.ours_ = false; }
  Ours(const Ours&) = delete;

 private:
  Connection& connection_;
};

Result<std::unique_ptr<Connection>> Connection::open(std::string path, Access access,
                                                     std::int64_t busy_timeout_ms, std::size_t rows_max) {
  count_no_memory();
  auto connection = std::unique_ptr<Connection>(new Connection(std::move(path), access, rows_max));
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  const int rc = sqlite3_open_v2(connection->path_.c_str(), &connection->db_, flags, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(connection->error(rc));
  TRY_VOID(connection->configure(busy_timeout_ms));
  return connection;
}

Result<void> Connection::configure(std::int64_t busy_timeout_ms) {
  sqlite3_busy_timeout(db_, static_cast<int>(busy_timeout_ms));
  sqlite3_set_authorizer(db_, &Connection::authorize, this);
  sqlite3_wal_hook(db_, &Connection::on_commit, this);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);  // "x" is a name, as in PostgreSQL
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  if (access_ == Access::read_write) {
    TRY(const std::string mode, control("pragma journal_mode = wal"));
    if (mode != "wal") {
      return fail(
          Code::unavailable, "db.open",
          fmt::format("{} cannot use a write-ahead log here ({}): put it on a local disk", path_, mode));
    }
    TRY_VOID(control("pragma synchronous = full"));
    // Savepoints then keep their undo pages in memory instead of in temporary files.
    TRY_VOID(control("pragma temp_store = memory"));
    TRY_VOID(control("pragma journal_size_limit = 67108864"));
  } else {
    TRY_VOID(control("pragma query_only = on"));
  }
  TRY_VOID(control("pragma foreign_keys = on"));
  TRY_VOID(control("pragma trusted_schema = off"));
  TRY_VOID(control("pragma cell_size_check = on"));
  TRY_VOID(control("select count(*) from sqlite_master"));  // reads the schema
  return {};
}

Connection::~Connection() {
  for (const Statement& statement : statements_) sqlite3_finalize(statement.handle);
  sqlite3_close_v2(db_);
}

int Connection::authorize(void* self, int action, const char*, const char*, const char*, const char*) {
  if (static_cast<Connection*>(self)->ours_) return SQLITE_OK;
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_PRAGMA:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return SQLITE_DENY;
    default:
      return SQLITE_OK;
  }
}

int Connection::on_commit(void* self, sqlite3*, const char*, int pages) {
  static_cast<Connection*>(self)->wal_pages_ = pages;
  return SQLITE_OK;
}

Error Connection::error(int rc) const {
  const std::string text = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(rc);
  // Its name: where it lies is for the log of whoever opened it, and not for whom this error reaches.
  const std::string file_name = path_.substr(path_.rfind('/') + 1);
  const auto make = [&](Code code, std::string reason, std::string_view what,
                        std::int64_t retry_after_ms = 0) {
    return Error{code, std::move(reason), fmt::format("{}: {} ({}, {})", file_name, what, text, rc),
                 retry_after_ms};
  };
  const auto full = [&] {
    return make(Code::unavailable, "db.full", "no room left; it works again when there is", 1000);
  };
  switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
      return {Code::conflict, "db.constraint", text};
    case SQLITE_FULL:
      return full();
    case SQLITE_READONLY:
      return make(Code::unavailable, "db.read_only", "the file cannot be written");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return make(Code::unavailable, "db.locked", "another program holds the file", 1000);
    case SQLITE_NOMEM:
      return make(Code::exhausted, "db.memory", "out of memory", 1000);
    case SQLITE_TOOBIG:
      return make(Code::invalid_argument, "db.value", "a value is too large");
    case SQLITE_CANTOPEN:
      return make(Code::unavailable, "db.open", "the file cannot be opened");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return make(Code::unavailable, "db.failed", "the file is damaged");
    case SQLITE_IOERR:
      if (rc == SQLITE_IOERR_NOMEM) return make(Code::exhausted, "db.memory", "out of memory", 1000);
      // The shared-memory index holds nothing that must last, and a quota is a full disk.
      if (rc == SQLITE_IOERR_SHMSIZE || rc == SQLITE_IOERR_SHMMAP || no_room(sqlite3_system_errno(db_)))
        return full();
      return make(Code::unavailable, "db.failed",
                  "the disk failed; restart to recover what was acknowledged");
    default:
      return make(Code::internal, "db.sql", "a statement is wrong");
  }
}

Result<Connection::Statement*> Connection::prepare(std::string_view sql) {
  if (const auto found = by_sql_.find(sql); found != by_sql_.end()) {
    if (found->second->ours && !ours_)
      return fail(Code::internal, "db.sql", fmt::format("not for callers: {}", sql));
    statements_.splice(statements_.begin(), statements_, found->second);
    return &statements_.front();
  }
  Statement statement;
  statement.sql = std::string(sql);
  statement.ours = ours_;
  const char* tail = nullptr;
  const int rc = sqlite3_prepare_v3(db_, statement.sql.c_str(), static_cast<int>(statement.sql.size()) + 1,
                                    SQLITE_PREPARE_PERSISTENT, &statement.handle, &tail);
  if (rc != SQLITE_OK) return std::unexpected(error(rc));
  const auto refuse = [&](std::string_view why) {
    sqlite3_finalize(statement.handle);
    return fail(Code::internal, "db.sql", fmt::format("{}: {}", why, sql));
  };
  if (!statement.handle) return refuse("no statement");
  sqlite3_stmt* second = nullptr;
  const int rest = sqlite3_prepare_v2(db_, tail, -1, &second, nullptr);
  sqlite3_finalize(second);
  if (rest != SQLITE_OK || second) return refuse("one statement at a time");
  if (access_ == Access::read_only && !ours_ && !sqlite3_stmt_readonly(statement.handle)) {
    return refuse("a read must not write");
  }
  if (auto numbered = number_parameters(statement); !numbered) return refuse(numbered.error().message);

  if (statements_.size() >= kStatementsMax) {
    by_sql_.erase(statements_.back().sql);
    sqlite3_finalize(statements_.back().handle);
    statements_.pop_back();
  }
  statements_.push_front(std::move(statement));
  by_sql_.emplace(statements_.front().sql, statements_.begin());
  return &statements_.front();
}

// To SQLite `$1` is a name like any other and gets the next free number, so the order of the names decides.
Result<void> Connection::number_parameters(Statement& statement) const {
  const int count = sqlite3_bind_parameter_count(statement.handle);
  for (int i = 1; i <= count; ++i) {
    const char* const name = sqlite3_bind_parameter_name(statement.handle, i);
    const std::string_view text = name ? name : "?";
    std::size_t n = 0;
    const auto parsed = std::from_chars(text.data() + 1, text.data() + text.size(), n);
    if (text[0] != '$' || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || n == 0) {
      return fail(Code::internal, "db.sql", fmt::format("parameters are $1, $2, ..., not {}", text));
    }
    statement.parameter.push_back(n - 1);
    statement.parameters = std::max(statement.parameters, n);
  }
  return {};
}

Result<void> Connection::bind(Statement& statement, std::span<const Value> parameters) {
  if (parameters.size() != statement.parameters) {
    return fail(Code::internal, "db.sql",
                fmt::format("{} parameters given, {} wanted: {}", parameters.size(), statement.parameters,
                            statement.sql));
  }
  int index = 0;
  for (const std::size_t which : statement.parameter) {
    ++index;
    const Value& value = parameters[which];
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(statement.handle, index, *integer);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      TRY_VOID(bind_text(statement.handle, index, which + 1, *text));
    } else if (const auto* real = std::get_if<double>(&value)) {
      // SQLite would store null instead.
      if (std::isnan(*real)) return fail(Code::invalid_argument, "db.value", "not a number");
      sqlite3_bind_double(statement.handle, index, *real);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      sqlite3_bind_blob64(statement.handle, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
    } else {
      sqlite3_bind_null(statement.handle, index);
    }
  }
  return {};
}

Result<Rows> Connection::query(std::string_view sql, std::span<const Value> parameters) {
  TRY(Statement* const statement, prepare(sql));
  const Reset reset(statement->handle);
  TRY_VOID(bind(*statement, parameters));
  Rows rows;
  for (;;) {
    const int rc = sqlite3_step(statement->handle);
    if (rc == SQLITE_DONE) return rows;
    if (rc != SQLITE_ROW) return std::unexpected(error(rc));
    if (rows.size() >= rows_max_) {
      return fail(Code::exhausted, "db.rows", fmt::format("more than {} rows: {}", rows_max_, sql));
    }
    const int count = sqlite3_column_count(statement->handle);
    Values values;
    values.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) values.push_back(column(statement->handle, i));
    rows.emplace_back(std::move(values));
  }
}

Result<std::int64_t> Connection::exec(std::string_view sql, std::span<const Value> parameters) {
  TRY(Statement* const statement, prepare(sql));
  const Reset reset(statement->handle);
  TRY_VOID(bind(*statement, parameters));
  const auto before = sqlite3_total_changes64(db_);
  int rc = SQLITE_ROW;
  while (rc == SQLITE_ROW) rc = sqlite3_step(statement->handle);
  if (rc != SQLITE_DONE) return std::unexpected(error(rc));
  // changes() keeps its value over statements that change no rows.
  return sqlite3_total_changes64(db_) == before ? 0 : std::int64_t{sqlite3_changes64(db_)};
}

Result<std::vector<std::string>> Connection::columns(std::string_view sql) {
  TRY(const Statement* const statement, prepare(sql));
  std::vector<std::string> names;
  for (int i = 0; i < sqlite3_column_count(statement->handle); ++i) {
    names.emplace_back(sqlite3_column_name(statement->handle, i));
  }
  return names;
}

Result<void> Connection::script(std::string_view sql) {
  const std::string text(sql);
  const char* next = text.c_str();
  while (*next != '\0') {
    sqlite3_stmt* handle = nullptr;
    int rc = sqlite3_prepare_v2(db_, next, -1, &handle, &next);
    if (rc != SQLITE_OK) return std::unexpected(error(rc));
    if (!handle) continue;  // a comment or a lone ';'
    rc = SQLITE_ROW;
    while (rc == SQLITE_ROW) rc = sqlite3_step(handle);
    Error why = rc == SQLITE_DONE ? Error{} : error(rc);
    sqlite3_finalize(handle);
    if (rc != SQLITE_DONE) return std::unexpected(std::move(why));
  }
  return {};
}

Result<std::string> Connection::control(std::string_view sql) {
  const Ours ours(*this);  // over the steps too: SQLite may prepare again
  TRY(Statement* const statement, prepare(sql));
  const Reset reset(statement->handle);
  std::string answer;
  for (;;) {
    const int rc = sqlite3_step(statement->handle);
    if (rc == SQLITE_DONE) return answer;
    if (rc != SQLITE_ROW) return std::unexpected(error(rc));
    if (const auto* text = sqlite3_column_text(statement->handle, 0)) {
      answer = reinterpret_cast<const char*>(text);
    }
  }
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

bool Connection::foreign_keys_violated() const {
  int current = 0;
  int highwater = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highwater, 0);
  return current != 0;
}

Result<void> Connection::checkpoint() {
  const int rc = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY) return {};
  return std::unexpected(error(rc));
}

void Connection::keep_wal_on_close() { sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

}  // namespace troupe::db
