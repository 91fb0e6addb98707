#include "adapters/db_postgres/pg_session.h"

#include <fmt/core.h>
#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "adapters/db_postgres/sql_text.h"

namespace troupe::db {

namespace {

constexpr std::size_t kNoStep = static_cast<std::size_t>(-1);
constexpr int kOldestVersion = 150'000;
constexpr int kReadsMax = 100;  // of what an idle connection may have been told

// "INSERT 0 5" and "DELETE 5" changed five rows; "SELECT 5" and "CREATE TABLE" changed none.
std::int64_t changed_in(std::string_view tag) {
  if (!tag.starts_with("INSERT") && !tag.starts_with("UPDATE") && !tag.starts_with("DELETE")) return 0;
  const auto last = tag.substr(tag.rfind(' ') + 1);
  std::int64_t count = 0;
  std::from_chars(last.data(), last.data() + last.size(), count);
  return count;
}

std::string key_of(std::string_view sql, const PgParameters& parameters) {
  std::string key(sql);
  key += '\n';
  key += parameters.signature();
  return key;
}

}  // namespace

PgSession::Answer::~Answer() { PQclear(result); }

PgSession::PgSession(const PgTarget& target, PgAccess access)
    : access_(access),
      rows_max_(target.rows_max),
      patience_(std::chrono::milliseconds(target.statement_ms) + kPatience) {}

PgSession::~PgSession() { PQfinish(connection_); }

Result<std::unique_ptr<PgSession>> PgSession::open(const PgTarget& target, PgAccess access) {
  auto session = std::unique_ptr<PgSession>(new PgSession(target, access));
  const std::string connect_s = std::to_string(target.connect_s);
  // What stands before dbname may be said otherwise in the address; what stands after it may not.
  const char* const names[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                               "keepalives_count", "tcp_user_timeout", "dbname",
                               "application_name", "client_encoding",  nullptr};
  const char* const values[] = {connect_s.c_str(),          "10",   "5",    "3", "15000", target.url.c_str(),
                                target.application.c_str(), "UTF8", nullptr};
  session->connection_ = PQconnectdbParams(names, values, 1);
  if (session->connection_ == nullptr) return fail(Code::exhausted, "db.memory", "out of memory", 1000);
  if (PQstatus(session->connection_) != CONNECTION_OK)
    return std::unexpected(session->lose(PQerrorMessage(session->connection_)));
  TRY_VOID(session->set_up(target));
  return session;
}

Result<void> PgSession::set_up(const PgTarget& target) {
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);  // "already exists, skipping"
  const int version = PQserverVersion(connection_);
  if (version < kOldestVersion) {
    return fail(Code::unavailable, "db.open",
                fmt::format("PostgreSQL 15 or newer is needed, and this server is {}.{}", version / 10'000,
                            version % 10'000));
  }
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1)
    return std::unexpected(lose(PQerrorMessage(connection_)));
  // So that a server does not keep a transaction, and our lock, of a machine that went away without a word.
  const std::string statement_ms = std::to_string(target.statement_ms);
  const Values values{target.schema.empty() ? std::string("pg_catalog") : quoted_name(target.schema),
                      statement_ms};
  TRY_VOID(ask(
      "select set_config('search_path', $1, false), set_config('statement_timeout', $2, false), "
      "set_config('lock_timeout', $2, false), "
      "set_config('idle_in_transaction_session_timeout', '60s', false), "
      "set_config('client_connection_check_interval', '5s', false), "
      "set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), "
      "set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '15s', false), "
      "set_config('standard_conforming_strings', 'on', false), set_config('jit', 'off', false), "
      "set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on' "
      "else current_setting('synchronous_commit') end, false)",
      values));
  return {};
}

Error PgSession::lose(std::string_view why) {
  lost_ = true;
  sent_.clear();
  posted_.clear();
  const auto line = one_line(why);
  return pg_away(line.empty() ? "the connection broke off" : line);
}

bool PgSession::usable() {
  // A server that ends says why, and only then closes.
  for (int reads = 0; !lost_; ++reads) {
    pollfd socket{PQsocket(connection_), POLLIN, 0};
    if (::poll(&socket, 1, 0) <= 0) return true;
    if (PQconsumeInput(connection_) == 0 || PQstatus(connection_) != CONNECTION_OK || reads == kReadsMax)
      (void)lose(PQerrorMessage(connection_));
  }
  return false;
}

bool PgSession::in_transaction() const {
  const auto status = PQtransactionStatus(connection_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void PgSession::forget_statements() {
  for (const auto& statement : statements_) stale_.push_back(statement.name);
  by_key_.clear();
  statements_.clear();
}

void PgSession::forget(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const auto at = found->second;
  by_key_.erase(found);
  statements_.erase(at);
}

// PQsend... answers 0 only where memory or the connection is gone, which the next answer says.
void PgSession::send_posted() {
  used_ = true;
  for (const auto& sql : std::exchange(posted_, {})) {
    (void)PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1);
    sent_.push_back({Sent::Kind::control, nullptr, {}, kNoStep});
  }
}

Result<std::string> PgSession::prepare(std::string_view sql, const PgParameters& parameters,
                                       std::size_t step) {
  auto key = key_of(sql, parameters);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    statements_.splice(statements_.begin(), statements_, found->second);
    return statements_.front().name;
  }
  TRY(const std::size_t wanted, parameters_of(sql));
  if (wanted != static_cast<std::size_t>(parameters.count())) {
    return fail(Code::internal, "db.sql",
                fmt::format("{} parameters given, {} wanted: {}", parameters.count(), wanted, sql));
  }
  if (statements_.size() >= kStatementsMax) {
    by_key_.erase(statements_.back().key);
    stale_.push_back(std::move(statements_.back().name));
    statements_.pop_back();
  }
  statements_.push_front({key, fmt::format("s{}", ++names_)});
  by_key_.emplace(statements_.front().key, statements_.begin());
  const auto& name = statements_.front().name;
  (void)PQsendPrepare(connection_, name.c_str(), std::string(sql).c_str(), parameters.count(),
                      parameters.types());
  sent_.push_back({Sent::Kind::prepare, nullptr, std::move(key), step});
  return name;
}

Result<void> PgSession::run(std::string_view sql, std::span<const Value> values, Sink* sink,
                            std::size_t step) {
  if (lost_) return std::unexpected(pg_away("the connection broke off"));
  TRY(const auto parameters, PgParameters::of(values));
  send_posted();
  TRY(const std::string name, prepare(sql, parameters, step));
  (void)PQsendQueryPrepared(connection_, name.c_str(), parameters.count(), parameters.values(),
                            parameters.lengths(), parameters.formats(), 1);
  sent_.push_back({Sent::Kind::run, sink, key_of(sql, parameters), step});
  return {};
}

Result<void> PgSession::send(std::string_view sql, std::span<const Value> parameters) {
  return run(sql, parameters, nullptr, kNoStep);
}

Result<PgSession::Answer> PgSession::next(Clock::time_point until) {
  for (;;) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) return std::unexpected(lose(PQerrorMessage(connection_)));
    if (PQisBusy(connection_) == 0) return Answer(PQgetResult(connection_));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd socket{PQsocket(connection_), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = left <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0)
      return std::unexpected(lose(fmt::format("no answer within {} s", patience_.count() / 1000)));
    if (PQconsumeInput(connection_) == 0) return std::unexpected(lose(PQerrorMessage(connection_)));
  }
}

std::optional<Error> PgSession::take_rows(const pg_result* result, Sink& sink) const {
  const int count = PQnfields(result);
  for (int row = 0; row < PQntuples(result); ++row) {
    if (sink.rows->size() >= rows_max_) {
      sink.too_many = true;
      return std::nullopt;
    }
    Values values;
    values.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      if (PQgetisnull(result, row, i) != 0) {
        values.emplace_back();
        continue;
      }
      const std::string_view bytes(PQgetvalue(result, row, i),
                                   static_cast<std::size_t>(PQgetlength(result, row, i)));
      auto value = pg_value(PQftype(result, i), bytes);
      if (!value) return std::move(value).error();
      values.push_back(*std::move(value));
    }
    sink.rows->emplace_back(std::move(values));
  }
  return std::nullopt;
}

std::optional<Error> PgSession::take(const pg_result* result, const Sent& sent) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE: {
      if (sent.kind == Sent::Kind::describe && sent.sink != nullptr && sent.sink->names != nullptr) {
        for (int i = 0; i < PQnfields(result); ++i) sent.sink->names->emplace_back(PQfname(result, i));
        return std::nullopt;
      }
      if (sent.kind == Sent::Kind::prepare || sent.kind == Sent::Kind::describe) return std::nullopt;
      last_tag_ = PQcmdStatus(const_cast<pg_result*>(result));
      if (sent.sink == nullptr) return std::nullopt;
      if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) sent.sink->changed = changed_in(last_tag_);
      return sent.sink->rows == nullptr ? std::nullopt : take_rows(result, *sent.sink);
    }
    case PGRES_PIPELINE_ABORTED:  // what came before it failed
      if (sent.kind == Sent::Kind::prepare) forget(sent.key);
      return std::nullopt;
    case PGRES_EMPTY_QUERY:
      return Error{Code::internal, "db.sql", "no statement"};
    default: {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      if (sent.kind != Sent::Kind::control) {
        // One whose columns became others is prepared anew the next time, and so is one that the server lost.
        const std::string_view code = state == nullptr ? "" : state;
        if (sent.kind == Sent::Kind::prepare || code == "26000") forget(sent.key);
        if (sent.kind == Sent::Kind::run && code == "0A000") {
          if (const auto found = by_key_.find(sent.key); found != by_key_.end())
            stale_.push_back(found->second->name);
          forget(sent.key);
        }
      }
      return pg_error(state == nullptr ? "" : state, text == nullptr ? PQresultErrorMessage(result) : text,
                      access_);
    }
  }
}

Result<void> PgSession::finish() {
  auto done = answers();
  // By themselves, between transactions: a transaction may not begin with anything else.
  if (!lost_ && stale_.size() > kStaleMax && PQtransactionStatus(connection_) == PQTRANS_IDLE) {
    const auto tag = last_tag_;
    for (const auto& name : std::exchange(stale_, {})) post("deallocate " + name);
    (void)answers();
    last_tag_ = tag;
  }
  return done;
}

Result<void> PgSession::answers() {
  if (lost_) return std::unexpected(pg_away("the connection broke off"));
  if (!posted_.empty()) send_posted();
  if (sent_.empty()) return {};
  if (PQpipelineSync(connection_) != 1) return std::unexpected(lose(PQerrorMessage(connection_)));
  std::optional<Error> first;
  const auto sent = std::exchange(sent_, {});
  for (const auto& one : sent) {
    const auto until = Clock::now() + patience_;
    if (one.kind == Sent::Kind::run) (void)PQsetSingleRowMode(connection_);
    for (;;) {
      TRY(const Answer answer, next(until));
      if (answer.result == nullptr) break;
      auto problem = take(answer.result, one);
      if (problem && !first) {
        first = std::move(problem);
        failed_step_ = one.step;
      }
    }
    if (PQstatus(connection_) != CONNECTION_OK) {
      const auto gone = lose(PQerrorMessage(connection_));
      return std::unexpected(first && first->code == Code::unavailable ? *first : gone);
    }
  }
  TRY(const Answer end, next(Clock::now() + patience_));
  if (end.result == nullptr || PQresultStatus(end.result) != PGRES_PIPELINE_SYNC)
    return std::unexpected(lose("the server answered out of order"));
  const Answer nothing(PQgetResult(connection_));  // idle from here on, and not waiting for more
  if (nothing.result != nullptr) return std::unexpected(lose("the server answered out of order"));
  if (first) return std::unexpected(*std::move(first));
  return {};
}

Result<void> PgSession::answered(Result<void> done, const Sink& sink, std::string_view sql) const {
  if (done && sink.too_many)
    return fail(Code::exhausted, "db.rows", fmt::format("more than {} rows: {}", rows_max_, sql));
  return done;
}

Result<Rows> PgSession::query(std::string_view sql, std::span<const Value> parameters) {
  Rows rows;
  Sink sink{.rows = &rows};
  TRY_VOID(run(sql, parameters, &sink, kNoStep));
  TRY_VOID(answered(finish(), sink, sql));
  return rows;
}

Result<std::int64_t> PgSession::exec(std::string_view sql, std::span<const Value> parameters) {
  Sink sink;
  TRY_VOID(run(sql, parameters, &sink, kNoStep));
  TRY_VOID(finish());
  return sink.changed;
}

Result<void> PgSession::exec_all(std::span<const BoundStatement> statements, std::size_t& done) {
  done = 0;
  while (done < statements.size()) {
    const std::size_t begin = done;
    std::size_t step = begin;
    std::size_t bytes = 0;
    Result<void> sent;
    for (; step < statements.size() && step - begin < kStepsMax && bytes < kStepBytes; ++step) {
      const auto& [sql, parameters] = statements[step];
      sent = run(sql, parameters, nullptr, step);
      if (!sent) break;
      for (const auto& value : parameters) {
        if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
        if (const auto* blob = std::get_if<Blob>(&value)) bytes += blob->bytes.size();
      }
    }
    if (const auto ran = finish(); !ran) {
      done = failed_step_ == kNoStep || lost_ ? begin : failed_step_;
      return ran;
    }
    done = step;
    if (!sent) return sent;
  }
  return {};
}

Result<std::vector<std::string>> PgSession::columns(std::string_view sql) {
  if (lost_) return std::unexpected(pg_away("the connection broke off"));
  TRY(const auto none, PgParameters::of({}));
  std::vector<std::string> names;
  Sink sink{.names = &names};
  send_posted();
  TRY(const std::string name, prepare(sql, none, kNoStep));
  (void)PQsendDescribePrepared(connection_, name.c_str());
  sent_.push_back({Sent::Kind::describe, &sink, key_of(sql, none), kNoStep});
  TRY_VOID(finish());
  return names;
}

Result<Rows> PgSession::ask(std::string_view sql, std::span<const Value> values) {
  if (lost_) return std::unexpected(pg_away("the connection broke off"));
  TRY(const auto parameters, PgParameters::of(values));
  Rows rows;
  Sink sink{.rows = &rows};
  send_posted();
  (void)PQsendQueryParams(connection_, std::string(sql).c_str(), parameters.count(), parameters.types(),
                          parameters.values(), parameters.lengths(), parameters.formats(), 1);
  sent_.push_back({Sent::Kind::run, &sink, {}, kNoStep});
  TRY_VOID(finish());
  return rows;
}

}  // namespace troupe::db
