#pragma once
// The one thread that writes a room: takes what waits into one transaction, a savepoint per caller, and
// answers after its commit. Owned by the Db. submit() from any thread; everything else happens on the writer
// thread. Bounded by the queue; when it is full submit() answers false.
//
// Away        Whoever waits while the server is away is refused at once (db.away); each transaction tries
//             again, not more often than every kTryAgain.
// Unknown     A connection that breaks off after the commit was sent: the writer connects anew and looks
//             whether the commit's number is there, for resolve_ms, and answers what is true. Who comes meanwhile is
//             refused.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "adapters/db_postgres/pg_room.h"
#include "rt/pool.h"

namespace troupe::db {

class PgWriter {
 public:
  struct Job {
    std::move_only_function<Result<void>(Tx&)> fn;  // a caller's transaction, or
    std::move_only_function<Result<void>(PgSession&)>
        alone;  // statements of ours that change the schema: one, too
    std::move_only_function<void(Result<void>)> done;
  };

  PgWriter(PgRoom room, PgRoom::Owned owned, const Limits& limits, std::int64_t resolve_ms);
  ~PgWriter() { stop(); }
  bool submit(Job job) { return queue_.push(std::move(job)); }
  void stop();  // finishes what is queued and lets the room go
  Result<void> health() const;
  // How often the schema was changed.
  std::uint64_t generation() const { return generation_; }

 private:
  static constexpr std::chrono::milliseconds kTryAgain{200};
  using Answers = std::vector<Result<void>>;

  void run();
  std::size_t commit_some(std::span<Job> jobs);
  Result<void> run_one(Job& job, bool savepoint);
  Result<void> constraints();
  void run_alone(Job& job);
  Result<void> connected();
  Result<void> commit();
  Result<void> resolve(const Error& why);
  void refuse_waiting(const Error& why);
  void undo();
  void note(const Error& error);
  Result<void> writable() const;

  PgRoom room_;
  const std::size_t group_max_;
  const std::chrono::milliseconds resolve_;
  std::unique_ptr<PgSession> session_;
  std::int64_t commits_ = 0;  // that are acknowledged, or about to be
  bool deferrable_ = false;
  std::chrono::steady_clock::time_point try_at_;
  std::optional<Error> away_;  // what the last try said
  std::atomic<std::uint64_t> generation_ = 0;
  rt::BoundedQueue<Job> queue_;
  mutable std::mutex mutex_;     // guards what follows
  std::condition_variable end_;  // told by stop()
  bool stopping_ = false;
  std::optional<Error> failed_;   // for good
  std::optional<Error> refused_;  // the last transaction's refusal; gone with the next success
  std::thread thread_;
};

}  // namespace troupe::db
