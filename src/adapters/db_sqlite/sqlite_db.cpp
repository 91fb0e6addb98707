#include "adapters/db_sqlite/sqlite_db.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>

#include "adapters/db_sqlite/file_lock.h"
#include "adapters/db_sqlite/migrate.h"
#include "adapters/db_sqlite/writer.h"

namespace troupe::db {

namespace {

using Done = std::move_only_function<void(Result<void>)>;

Error busy() { return {Code::exhausted, "db.busy", "too many transactions are waiting; try again", 100}; }

Task<void> refuse(Error error) { co_return std::unexpected(std::move(error)); }

// Read-only connections, a thread each, fed from one queue. A read sees one snapshot from begin to end.
class Readers {
 public:
  struct Job {
    std::move_only_function<Result<void>(Tx&)> fn;
    Done done;
  };

  Readers(std::vector<std::unique_ptr<Connection>> connections, std::size_t queue_max)
      : queue_(queue_max), connections_(std::move(connections)) {
    for (const auto& connection : connections_) {
      threads_.emplace_back([this, &reader = *connection] {
        rt::name_this_thread("db.reader");
        while (auto job = queue_.pop()) job->done(read(reader, job->fn));
      });
    }
  }
  ~Readers() {
    queue_.close();
    for (auto& thread : threads_) thread.join();
  }
  bool submit(Job job) { return queue_.push(std::move(job)); }

 private:
  static Result<void> read(Connection& reader, std::move_only_function<Result<void>(Tx&)>& fn) {
    TRY_VOID(reader.control("begin"));
    auto result = call_with(reader, fn);
    if (reader.in_transaction()) {
      if (auto ended = reader.control("rollback"); !ended && result) result = std::unexpected(ended.error());
    }
    return result;
  }

  rt::BoundedQueue<Job> queue_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
};

class SqliteDb final : public Db {
 public:
  SqliteDb(const rt::Env& env, FileLock lock, std::unique_ptr<Connection> writer,
           std::vector<std::unique_ptr<Connection>> readers, const SqliteConfig& config)
      : env_(env),
        lock_(std::move(lock)),
        writer_(std::move(writer), config.limits, config.checkpoint_pages),
        readers_(std::in_place, std::move(readers), config.limits.queue_max) {}

  ~SqliteDb() override {
    readers_.reset();  // first: the writer's close is then the last one, which folds the log into the file
    writer_.stop();
  }

  Result<void> migrate(std::span<const Migration> migrations) override {
    return wait([&](Done done) {
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
    if (!readers_->submit({std::move(fn), [answer](Result<void> r) { answer.set(std::move(r)); }})) {
      return refuse(busy());
    }
    return answer.wait();
  }

  Result<void> transact_now(std::move_only_function<Result<void>(Tx&)> fn) override {
    return wait([&](Done done) { return writer_.submit({std::move(fn), nullptr, std::move(done)}); });
  }

  Result<void> read_now(std::move_only_function<Result<void>(Reader&)> fn) override {
    return wait([&](Done done) { return readers_->submit({std::move(fn), std::move(done)}); });
  }

  Result<void> health() const override { return writer_.health(); }

 private:
  // Not std::promise: in programs that link llama.cpp its copies of that class's inline functions are linked,
  // in which ThreadSanitizer cannot see what orders the two threads.
  template <class Submit>
  static Result<void> wait(Submit submit) {
    std::mutex mutex;
    std::condition_variable told;
    std::optional<Result<void>> answer;
    const bool taken = submit([&](Result<void> r) {
      const std::lock_guard lock(mutex);
      answer.emplace(std::move(r));
      told.notify_one();  // locked: the waiter must not leave while it is being told
    });
    if (!taken) return std::unexpected(busy());
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return answer.has_value(); });
    return *std::move(answer);
  }

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
    connections.push_back(std::move(connection));
  }
  return connections;
}

}  // namespace

Result<std::unique_ptr<Db>> open_sqlite(const rt::Env& env, SqliteConfig config) {
  TRY(const std::string path, real_path(config.path));
  TRY(auto lock, FileLock::take(path));
  TRY_VOID(create_file(path));
  auto opened = open_all(path, config);
  if (!opened) {
    if (opened.error().reason == "db.failed") return std::unexpected(damaged(path, opened.error().message));
    return std::unexpected(std::move(opened).error());
  }
  auto connections = *std::move(opened);
  auto writer = std::move(connections.front());
  connections.erase(connections.begin());
  TRY_VOID(sync_directory_of(path));
  return std::make_unique<SqliteDb>(env, std::move(lock), std::move(writer), std::move(connections), config);
}

}  // namespace troupe::db
