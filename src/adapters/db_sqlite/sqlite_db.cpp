#include "adapters/db_sqlite/sqlite_db.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "adapters/db_sqlite/file_lock.h"
#include "adapters/db_sqlite/migrate.h"
#include "adapters/db_sqlite/writer.h"
#include "base/log.h"
#include "ports/db_call.h"

namespace troupe::db {

namespace {

using Done = std::move_only_function<void(Result<void>)>;

Task<void> refuse(Error error) { co_return std::unexpected(std::move(error)); }

// Read-only connections, a thread each, fed from one queue. A read sees one snapshot from begin to end.
class Readers {
 public:
  struct Job {
    std::move_only_function<Result<void>(Tx&)> fn;             // a caller's read, or
    std::move_only_function<Result<void>(Connection&)> alone;  // one that needs the connection itself
    Done done;
  };

  Readers(std::vector<std::unique_ptr<Connection>> connections, std::size_t queue_max)
      : queue_(queue_max), connections_(std::move(connections)) {
    for (const auto& connection : connections_) {
      threads_.emplace_back([this, &reader = *connection] {
        rt::name_this_thread("db.reader");
        while (auto job = queue_.pop()) job->done(read(reader, *job));
      });
    }
  }
  ~Readers() {
    queue_.close();
    for (auto& thread : threads_) thread.join();
  }
  bool submit(Job job) { return queue_.push(std::move(job)); }

 private:
  static Result<void> read(Connection& reader, Job& job) {
    TRY_VOID(reader.control("begin"));
    auto result = job.fn ? call_with(reader, job.fn) : job.alone(reader);
    if (reader.in_transaction()) {
      if (auto ended = reader.control("rollback"); !ended && result) result = std::unexpected(ended.error());
    }
    return result;
  }

  rt::BoundedQueue<Job> queue_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
};

// Every row against what was written.
Result<void> check_seals(Connection& connection) {
  TRY(const auto sealed, connection.read_sealed());
  if (!sealed) return fail(Code::conflict, "db.damaged", "the seals are missing");
  TRY(const Seals counted, connection.count_rows());
  const std::string problem = sealed->seals.difference(counted);
  if (!problem.empty()) return fail(Code::conflict, "db.damaged", problem);
  return {};
}

class SqliteDb final : public Db {
 public:
  SqliteDb(const rt::Env& env, FileLock lock, std::unique_ptr<Connection> writer,
           AcknowledgedFile acknowledged, std::vector<std::unique_ptr<Connection>> readers,
           const SqliteConfig& config)
      : env_(env),
        lock_(std::move(lock)),
        writer_(std::move(writer), std::move(acknowledged), config.limits, config.checkpoint_pages),
        readers_(std::in_place, std::move(readers), config.limits.queue_max) {}

  ~SqliteDb() override {
    readers_.reset();  // first: the writer's close is then the last one, which folds the log into the file
    writer_.stop();
  }

  Result<void> migrate(std::span<const Migration> migrations) override {
    return call_and_wait([&](Done done) {
      return writer_.submit({nullptr, [migrations](Connection& c) { return apply_migrations(c, migrations); },
                             std::move(done)});
    });
  }

  // Queued in the call itself, not when the task is awaited: the order is that of the calls.
  Task<void> transact(std::move_only_function<Result<void>(Tx&)> fn) override {
    const rt::OneShot<void> answer(env_);
    if (!writer_.submit({std::move(fn), nullptr, [answer](Result<void> r) { answer.set(std::move(r)); }})) {
      return refuse(busy());
    }
    return answer.wait();
  }

  Task<void> read(std::move_only_function<Result<void>(Reader&)> fn) override {
    const rt::OneShot<void> answer(env_);
    if (!readers_->submit({std::move(fn), nullptr, [answer](Result<void> r) { answer.set(std::move(r)); }})) {
      return refuse(busy());
    }
    return answer.wait();
  }

  Task<void> verify() override {
    const rt::OneShot<void> answer(env_);
    if (!readers_->submit({nullptr, check_seals, [answer](Result<void> r) { answer.set(std::move(r)); }})) {
      return refuse(busy());
    }
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
  const FileLock lock_;
  Writer writer_;
  std::optional<Readers> readers_;
};

std::uintmax_t size_or_zero(const std::string& path) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  return ignored ? 0 : size;
}

Error damaged(const std::string& path, std::string_view why) {
  return {Code::unavailable, "db.damaged",
          fmt::format(
              "{} is damaged or not a database ({}). The files were left as they are. Restore a backup, or "
              "salvage with: sqlite3 {} .recover | sqlite3 NEW.db",
              path, why, path)};
}

Result<void> create_file(const std::string& path) {
  // SQLite throws a log away whose file is empty: somebody copied the one without the other.
  if (size_or_zero(path) == 0 && size_or_zero(path + "-wal") > 0) {
    return std::unexpected(damaged(path, "it is empty but its -wal file is not"));
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    const bool read_only = errno == EACCES || errno == EROFS || errno == EPERM;
    return fail(Code::unavailable, read_only ? "db.read_only" : "db.open",
                fmt::format("{} cannot be opened for writing: {}", path, std::strerror(errno)));
  }
  ::close(fd);
  return sync_directory_of(path);
}

Result<void> check(Connection& connection, const std::string& path, std::int64_t bytes_max) {
  if (size_or_zero(path) > static_cast<std::uintmax_t>(bytes_max)) return {};
  TRY(const std::string verdict, connection.control("pragma quick_check(1)"));
  if (verdict != "ok") return std::unexpected(damaged(path, verdict));
  return {};
}

Result<std::string> real_path(const std::string& path) {
  std::error_code error;
  const auto directory = std::filesystem::absolute(path, error).parent_path();
  if (error || !std::filesystem::is_directory(directory, error)) {
    return fail(Code::unavailable, "db.open",
                fmt::format("{}: the directory does not exist: create it", path));
  }
  // One file has one lock, by whatever name it is reached.
  return std::filesystem::weakly_canonical(path, error).string();
}

Result<std::vector<std::unique_ptr<Connection>>> open_all(const std::string& path,
                                                          const SqliteConfig& config) {
  std::vector<std::unique_ptr<Connection>> connections;
  const std::size_t count = 1 + std::max<std::size_t>(config.limits.readers, 1);
  while (connections.size() < count) {
    const auto access = connections.empty() ? Access::read_write : Access::read_only;
    TRY(auto connection, Connection::open(path, access, config.busy_timeout_ms, config.limits.rows_max));
    if (connections.empty()) TRY_VOID(check(*connection, path, config.check_bytes_max));
    connection->set_apart(config.apart);
    connections.push_back(std::move(connection));
  }
  return connections;
}

// What the file has against what was acknowledged; what is missing, in a sentence, or "".
std::string missing(const std::optional<Connection::Sealed>& found,
                    const std::optional<Acknowledged>& known) {
  if (!known || known->commits == 0) return {};
  if (!found) return fmt::format("it has none of the {} commits that were acknowledged", known->commits);
  if (found->state.identity != known->identity) return "it is not the database that was used here before";
  if (found->state.commits >= known->commits) return {};
  return fmt::format("it has {} of {} commits that were acknowledged: the last {} are missing",
                     found->state.commits, known->commits, known->commits - found->state.commits);
}

std::string record_of(const std::string& path, const SqliteConfig& config) {
  return config.acknowledged.empty() ? path + ".acknowledged" : config.acknowledged;
}

Error lost(const std::string& path, const std::string& reason, const std::string& what) {
  return {
      Code::unavailable, reason,
      fmt::format("{}: {}. The files were left as they are. Restore a backup, or go on with what is there: "
                  "--accept-loss",
                  path, what)};
}

// Before anything is opened: SQLite would write into an empty file at once.
Result<void> check_there(const std::string& path, const SqliteConfig& config) {
  if (config.accept_loss || size_or_zero(path) > 0) return {};
  const auto known = read_acknowledged(record_of(path, config));
  if (!known) return std::unexpected(lost(path, "db.loss", known.error().message));
  const std::string what = missing(std::nullopt, *known);
  if (!what.empty()) return std::unexpected(lost(path, "db.loss", what));
  return {};
}

// Compares, refuses or seals, and begins to keep count.
Result<AcknowledgedFile> adopt(const rt::Env& env, Connection& writer, const std::string& path,
                               const SqliteConfig& config) {
  const std::string record = record_of(path, config);
  std::string problem;
  std::string reason = "db.loss";
  std::optional<Acknowledged> known;
  if (auto read = read_acknowledged(record)) {
    known = *read;
  } else {
    if (read.error().reason != "db.damaged") return std::unexpected(std::move(read).error());
    problem = read.error().message;
  }
  std::optional<Connection::Sealed> found;
  if (auto sealed = writer.read_sealed()) {
    found = *std::move(sealed);
  } else {
    if (sealed.error().reason != "db.damaged") return std::unexpected(std::move(sealed).error());
    problem = sealed.error().message;
    reason = "db.damaged";
  }
  if (problem.empty()) problem = missing(found, known);
  TRY(const Seals counted, writer.count_rows());
  if (problem.empty() && found) {
    problem = found->seals.difference(counted);
    if (!problem.empty()) reason = "db.damaged";
  }
  if (!problem.empty()) {
    if (!config.accept_loss) return std::unexpected(lost(path, reason, problem));
    log::warn("db", "{}: {}; this is accepted, as was asked", path, problem);
  }
  Acknowledged state = found ? found->state : Acknowledged{env.ids.uuid7(env.clock.wall_ms()), 0};
  TRY_VOID(writer.begin_sealing(state));
  if (!found || !problem.empty()) {
    TRY_VOID(writer.control("begin immediate"));
    TRY_VOID(
        writer.script("create table if not exists db_seals (id bigint primary key, identity text not null, "
                      "commits bigint not null, seals blob not null)"));
    if (!found) TRY_VOID(writer.rewrite_rows());
    TRY_VOID(writer.seal_anew());
    TRY_VOID(writer.control("commit"));
    writer.sealed();
  }
  return AcknowledgedFile::open(record, writer.acknowledged());
}

}  // namespace

Result<std::unique_ptr<Db>> open_sqlite(const rt::Env& env, SqliteConfig config) {
  TRY(const std::string path, real_path(config.path));
  TRY(auto lock, FileLock::take(path));
  TRY_VOID(check_there(path, config));
  TRY_VOID(create_file(path));
  auto opened = open_all(path, config);
  if (!opened) {
    if (opened.error().reason == "db.failed") return std::unexpected(damaged(path, opened.error().message));
    return std::unexpected(std::move(opened).error());
  }
  auto connections = *std::move(opened);
  auto writer = std::move(connections.front());
  connections.erase(connections.begin());
  auto acknowledged = adopt(env, *writer, path, config);
  if (!acknowledged) {
    for (const auto& reader : connections) reader->keep_wal_on_close();
    writer->keep_wal_on_close();
    if (acknowledged.error().reason == "db.failed")
      return std::unexpected(damaged(path, acknowledged.error().message));
    return std::unexpected(std::move(acknowledged).error());
  }
  TRY_VOID(sync_directory_of(path));
  return std::make_unique<SqliteDb>(env, std::move(lock), std::move(writer), *std::move(acknowledged),
                                    std::move(connections), config);
}

}  // namespace troupe::db
