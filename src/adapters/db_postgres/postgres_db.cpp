#include "adapters/db_postgres/postgres_db.h"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <optional>

#include "adapters/db_postgres/pg_schema.h"
#include "adapters/db_postgres/pg_writer.h"
#include "adapters/db_postgres/sql_text.h"
#include "ports/db_call.h"

namespace troupe::db {

namespace {

using Done = std::move_only_function<void(Result<void>)>;

Task<void> refused(Error error) { co_return std::unexpected(std::move(error)); }

// Connections that only read, a thread each, fed from one queue. A read sees one snapshot from begin to end.
class PgReaders {
 public:
  struct Job {
    std::move_only_function<Result<void>(Tx&)> fn;            // a caller's read, or
    std::move_only_function<Result<void>(PgSession&)> alone;  // one that needs the connection itself
    Done done;
  };

  PgReaders(PgTarget target, const Limits& limits, const PgWriter& writer)
      : target_(std::move(target)), writer_(writer), queue_(limits.queue_max) {
    for (std::size_t i = 0; i < std::max<std::size_t>(limits.readers, 1); ++i) {
      threads_.emplace_back([this] {
        rt::name_this_thread("db.reader");
        Connected connected;
        while (auto job = queue_.pop()) job->done(read(connected, *job));
      });
    }
  }
  ~PgReaders() {
    queue_.close();
    for (auto& thread : threads_) thread.join();
  }
  bool submit(Job job) { return queue_.push(std::move(job)); }

 private:
  struct Connected {
    std::unique_ptr<PgSession> session;
    std::uint64_t generation = 0;  // of the schema, when it was last told
  };

  Result<void> read(Connected& connected, Job& job) const {
    const auto generation = writer_.generation();
    auto& session = connected.session;
    if (!session || !session->usable()) {
      session.reset();
      TRY(session, PgSession::open(target_, PgAccess::read_only));
    } else if (connected.generation != generation) {
      session->forget_statements();
    }
    connected.generation = generation;
    session->post("begin isolation level repeatable read read only");
    auto result = job.fn ? call_with(*session, job.fn) : job.alone(*session);
    if (!session->lost() && session->in_transaction()) {
      if (auto ended = session->control("rollback"); !ended && result)
        result = std::unexpected(ended.error());
    }
    session->drop_posted();
    if (session->lost() || job.alone) session.reset();  // (its settings were changed)
    return result;
  }

  const PgTarget target_;
  const PgWriter& writer_;
  rt::BoundedQueue<Job> queue_;
  std::vector<std::thread> threads_;
};

class PostgresDb final : public Db {
 public:
  PostgresDb(const rt::Env& env, PgRoom room, PgRoom::Owned owned, const PostgresConfig& config)
      : env_(env),
        schema_(room.target().schema),
        writer_(room, std::move(owned), config.limits, config.resolve_ms),
        readers_(std::in_place, room.target(), config.limits, writer_) {}

  ~PostgresDb() override {
    readers_.reset();
    writer_.stop();
  }

  Result<void> migrate(std::span<const Migration> migrations) override {
    return call_and_wait([&](Done done) {
      return writer_.submit({nullptr,
                             [migrations](PgSession& s) { return apply_pg_migrations(s, migrations); },
                             std::move(done)});
    });
  }

  // Queued in the call itself, not when the task is awaited: the order is that of the calls.
  Task<void> transact(std::move_only_function<Result<void>(Tx&)> fn) override {
    const rt::OneShot<void> answer(env_);
    if (!writer_.submit({std::move(fn), nullptr, [answer](Result<void> r) { answer.set(std::move(r)); }}))
      return refused(busy());
    return answer.wait();
  }

  Task<void> read(std::move_only_function<Result<void>(Reader&)> fn) override {
    const rt::OneShot<void> answer(env_);
    if (!readers_->submit({std::move(fn), nullptr, [answer](Result<void> r) { answer.set(std::move(r)); }}))
      return refused(busy());
    return answer.wait();
  }

  Task<void> verify() override {
    const rt::OneShot<void> answer(env_);
    const auto look = [schema = schema_](PgSession& session) { return verify_pg_rows(session, schema); };
    if (!readers_->submit({nullptr, look, [answer](Result<void> r) { answer.set(std::move(r)); }}))
      return refused(busy());
    return answer.wait();
  }

  Result<void> transact_now(std::move_only_function<Result<void>(Tx&)> fn) override {
    return call_and_wait(
        [&](Done done) { return writer_.submit({std::move(fn), nullptr, std::move(done)}); });
  }

  Result<void> read_now(std::move_only_function<Result<void>(Reader&)> fn) override {
    return call_and_wait(
        [&](Done done) { return readers_->submit({std::move(fn), nullptr, std::move(done)}); });
  }

  Result<void> health() const override { return writer_.health(); }

 private:
  const rt::Env env_;
  const std::string schema_;
  PgWriter writer_;
  std::optional<PgReaders> readers_;
};

// The parts of an address, or what is wrong with it.
class Address {
 public:
  explicit Address(const std::string& url) {
    char* problem = nullptr;
    options_ = PQconninfoParse(url.c_str(), &problem);
    if (problem != nullptr) problem_ = one_line(problem);
    PQfreemem(problem);
  }
  ~Address() { PQconninfoFree(options_); }
  Address(const Address&) = delete;

  bool good() const { return options_ != nullptr; }
  const std::string& problem() const { return problem_; }
  std::string part(std::string_view keyword) const {
    for (const auto* option = options_; option != nullptr && option->keyword != nullptr; ++option) {
      if (keyword == option->keyword && option->val != nullptr) return option->val;
    }
    return {};
  }

 private:
  PQconninfoOption* options_;
  std::string problem_;
};

Result<std::unique_ptr<PgSession>> look_around(const std::string& url) {
  if (const auto problem = postgres_url_problem(url); !problem.empty())
    return fail(Code::invalid_argument, "db.url", problem);
  return PgSession::open({.url = url, .schema = {}, .application = "troupe"}, PgAccess::read_write);
}

}  // namespace

std::string postgres_url_problem(const std::string& url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    return "an address of PostgreSQL begins with postgresql://";
  // Before anything else is said of it: what libpq says may quote it.
  const auto begin = url.find("://") + 3;
  const auto authority = url.substr(begin, url.find_first_of("/?", begin) - begin);
  const auto at = authority.rfind('@');
  const bool has_password = at != std::string::npos && authority.substr(0, at).contains(':');
  if (has_password || url.contains("password=")) {
    return "a password does not stand in the address: put it into a file that only you may read and say "
           "?passfile=FILE, or use ~/.pgpass or PGPASSWORD";
  }
  const Address address(url);
  if (address.good()) return {};
  return address.problem().empty() ? "this is no address of PostgreSQL" : address.problem();
}

std::string postgres_place(const std::string& url) {
  const Address address(url);
  const auto host = address.part("host");
  const auto port = address.part("port");
  return fmt::format("{} at {}{}{}", address.part("dbname"), host.empty() ? "this machine" : host,
                     port.empty() ? "" : ":", port);
}

Result<std::unique_ptr<Db>> open_postgres(const rt::Env& env, PostgresConfig config) {
  if (const auto problem = postgres_url_problem(config.url); !problem.empty())
    return fail(Code::invalid_argument, "db.url", problem);
  TRY(const std::string schema, schema_of(config.room));
  // Not the ids of `env`, which a replay draws from a seed: no two openings may have the same.
  const std::string owner = rt::SystemIds().uuid7(env.clock.wall_ms());
  // PostgreSQL cuts the name: what tells two openings apart comes first.
  std::string application = fmt::format(
      "troupe {} {}", owner.substr(owner.size() - std::min<std::size_t>(owner.size(), 12)), config.room);
  application.resize(std::min<std::size_t>(application.size(), 63));
  PgRoom room({.url = config.url,
               .schema = schema,
               .application = application,
               .connect_s = config.connect_s,
               .statement_ms = config.statement_ms,
               .rows_max = config.limits.rows_max},
              config.room, owner, config.lock_ms);
  auto owned = room.own();
  if (!owned) {
    auto error = std::move(owned).error();
    error.message = fmt::format("{}: {}", postgres_place(config.url), error.message);
    return std::unexpected(std::move(error));
  }
  return std::make_unique<PostgresDb>(env, std::move(room), *std::move(owned), config);
}

Result<std::vector<std::string>> postgres_rooms(const std::string& url) {
  TRY(const auto session, look_around(url));
  TRY(const Rows rows, session->ask("select nspname from pg_namespace order by nspname"));
  std::vector<std::string> rooms;
  for (const Row& row : rows) {
    if (auto room = room_of(row.text(0)); !room.empty()) rooms.push_back(std::move(room));
  }
  return rooms;
}

Result<bool> has_postgres_room(const std::string& url, const std::string& room) {
  TRY(const std::string schema, schema_of(room));
  TRY(const auto session, look_around(url));
  TRY(const Rows rows, session->ask("select 1 from pg_namespace where nspname = $1", Values{schema}));
  return !rows.empty();
}

Result<void> drop_postgres_room(const std::string& url, const std::string& room) {
  TRY(const std::string schema, schema_of(room));
  TRY(const auto session, look_around(url));
  TRY(const Rows got, session->ask("select pg_try_advisory_lock($1)", Values{lock_of(schema)}));
  if (got[0].integer(0) == 0)
    return fail(Code::unavailable, "db.locked", fmt::format("the schema {} is in use", schema), 1000);
  return session->control(fmt::format("drop schema if exists {} cascade", quoted_name(schema)));
}

}  // namespace troupe::db
