#pragma once
// The one thread that writes a file: takes what waits into one commit, a savepoint per caller, and answers
// after the commit. Owned by the Db. submit() from any thread; everything else happens on the writer thread.
// Bounded by the queue; when it is full submit() answers false.
#include <mutex>
#include <thread>

#include "adapters/db_sqlite/connection.h"
#include "rt/pool.h"

namespace troupe::db {

class Writer {
 public:
  struct Job {
    std::move_only_function<Result<void>(Tx&)> fn;             // a caller's transaction, or
    std::move_only_function<Result<void>(Connection&)> alone;  // something that runs its own
    std::move_only_function<void(Result<void>)> done;
  };

  Writer(std::unique_ptr<Connection> connection, AcknowledgedFile acknowledged, const Limits& limits,
         std::int64_t checkpoint_pages);
  ~Writer() { stop(); }
  bool submit(Job job) { return queue_.push(std::move(job)); }
  void stop();  // finishes what is queued, checkpoints, closes the connection
  Result<void> health() const;

 private:
  using Answers = std::vector<Result<void>>;

  void run();
  void run_group(std::span<Job> jobs);
  std::size_t commit_some(std::span<Job> jobs);
  Result<void> run_one(Job& job, bool savepoint);
  void undo_one(bool savepoint);
  void run_alone(Job& job);
  void checkpoint_when_due();
  Result<void> writable() const;
  void note(const Error& error);
  void note_commit();

  std::unique_ptr<Connection> connection_;
  AcknowledgedFile acknowledged_;
  const std::size_t group_max_;
  const std::int64_t checkpoint_pages_;
  std::int64_t checkpoint_at_;
  std::int64_t pages_seen_ = 0;
  rt::BoundedQueue<Job> queue_;
  mutable std::mutex mutex_;     // guards the two below
  std::optional<Error> failed_;  // for good: nothing more is acknowledged on this file
  std::optional<Error>
      refused_;  // the last commit's refusal (disk full, read-only); gone with the next success
  std::thread thread_;
};

}  // namespace troupe::db
