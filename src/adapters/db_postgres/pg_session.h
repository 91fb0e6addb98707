#pragma once
// One connection to PostgreSQL, always in pipeline mode: what is sent waits for no answer until finish(). With
// its prepared statements. Used by one thread at a time: the writer's or one reader's.
//
// Deadlines   Connecting: PgTarget::connect_s for each address. An answer: what a statement may take on the
//             server, and kPatience; then the connection counts as lost. TCP keep-alives and TCP_USER_TIMEOUT
//             are set on both sides.
// Bounds      kStatementsMax prepared statements, the least recently used goes (kStaleMax are about to go);
//             PgTarget::rows_max rows of one answer; a pipeline of exec_all() has kStepsMax statements or
//             kStepBytes.
// Lost        After an error of the connection itself everything answers `unavailable` db.away: make another.
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/db_postgres/pg_error.h"
#include "adapters/db_postgres/pg_values.h"
#include "ports/db_batch.h"

struct pg_conn;
struct pg_result;

namespace troupe::db {

// Whom to reach, and how a session of ours is set up there.
struct PgTarget {
  std::string url = {};
  std::string schema = {};       // "" = none: for looking around
  std::string application = {};  // as pg_stat_activity shows it
  std::int64_t connect_s = 5;
  std::int64_t statement_ms = 30'000;
  std::size_t rows_max = 1'000'000;
};

class PgSession {
 public:
  static constexpr std::size_t kStatementsMax = 256;
  static constexpr std::size_t kStaleMax = 32;
  static constexpr std::size_t kStepsMax =
      200;  // fewer than there are statements: none goes while it is under way
  static constexpr std::size_t kStepBytes = 4U << 20;
  static constexpr std::chrono::milliseconds kPatience{5'000};

  static Result<std::unique_ptr<PgSession>> open(const PgTarget& target, PgAccess access);
  ~PgSession();
  PgSession(const PgSession&) = delete;

  // Callers' SQL: one statement; no transactions, settings or sessions.
  Result<Rows> query(std::string_view sql, std::span<const Value> parameters);
  Result<std::int64_t> exec(std::string_view sql, std::span<const Value> parameters);
  Result<void> exec_all(std::span<const BoundStatement> statements, std::size_t& done);
  Result<std::vector<std::string>> columns(std::string_view sql);

  // Our own, which nobody waits for: goes with what is sent next, before it. Never sent where nothing is.
  void post(std::string_view sql) { posted_.emplace_back(sql); }
  void drop_posted() { posted_.clear(); }
  // A statement with parameters that goes with what is sent next, too.
  Result<void> send(std::string_view sql, std::span<const Value> parameters);
  // Sends what was posted, and reads every answer; the first error.
  Result<void> finish();
  Result<void> control(std::string_view sql) {
    post(sql);
    return finish();
  }
  // Our own, whatever it is.
  Result<Rows> ask(std::string_view sql, std::span<const Value> parameters = {});

  // Whether it can be used, as far as that is seen without waiting: a server that went away has closed it.
  bool usable();
  bool lost() const { return lost_; }
  bool in_transaction() const;
  // Whether anything was sent since the last fresh().
  bool used() const { return used_; }
  void fresh() { used_ = false; }
  // What the last statement said it had done: "COMMIT", "INSERT 0 1".
  const std::string& last_tag() const { return last_tag_; }
  // A statement that reads everything takes its time.
  void set_patience(std::chrono::milliseconds statement) { patience_ = statement + kPatience; }
  // Their columns may be others now.
  void forget_statements();

 private:
  using Clock = std::chrono::steady_clock;
  struct Statement {
    std::string key;
    std::string name;
  };
  using Statements = std::list<Statement>;
  // Where an answer goes.
  struct Sink {
    Rows* rows = nullptr;
    std::vector<std::string>* names = nullptr;
    std::int64_t changed = 0;
    bool too_many = false;
  };
  struct Sent {
    enum class Kind { control, prepare, run, describe };
    Kind kind;
    Sink* sink;
    std::string key;   // of the statement that it prepares or runs
    std::size_t step;  // in exec_all()
  };
  struct Answer {
    explicit Answer(pg_result* r) : result(r) {}
    Answer(Answer&& other) noexcept : result(std::exchange(other.result, nullptr)) {}
    Answer& operator=(Answer&&) = delete;
    ~Answer();
    pg_result* result;  // null: no more of this one
  };

  PgSession(const PgTarget& target, PgAccess access);
  Result<void> set_up(const PgTarget& target);
  void send_posted();
  Result<std::string> prepare(std::string_view sql, const PgParameters& parameters, std::size_t step);
  Result<void> run(std::string_view sql, std::span<const Value> parameters, Sink* sink, std::size_t step);
  Result<void> answers();
  Result<Answer> next(Clock::time_point until);
  std::optional<Error> take(const pg_result* result, const Sent& sent);
  std::optional<Error> take_rows(const pg_result* result, Sink& sink) const;
  Result<void> answered(Result<void> done, const Sink& sink, std::string_view sql) const;
  void forget(const std::string& key);
  Error lose(std::string_view why);

  const PgAccess access_;
  const std::size_t rows_max_;
  std::chrono::milliseconds patience_;
  pg_conn* connection_ = nullptr;
  Statements statements_;  // most recently used first
  std::unordered_map<std::string_view, Statements::iterator> by_key_;
  std::vector<std::string> stale_;  // names on the server that nobody uses any more
  std::uint64_t names_ = 0;
  std::vector<std::string> posted_;
  std::vector<Sent> sent_;
  std::size_t failed_step_ = 0;
  std::string last_tag_;
  bool lost_ = false;
  bool used_ = false;
};

}  // namespace troupe::db
