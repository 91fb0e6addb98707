#include "adapters/db_sqlite/writer.h"

#include "base/log.h"
#include "ports/db_call.h"

namespace troupe::db {

namespace {

Error undone() {
  return {Code::unavailable, "db.undone", "another transaction of the same commit undid it; try again", 10};
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, AcknowledgedFile acknowledged, const Limits& limits,
               std::int64_t checkpoint_pages)
    : connection_(std::move(connection)),
      acknowledged_(std::move(acknowledged)),
      group_max_(std::max<std::size_t>(limits.group_max, 1)),
      checkpoint_pages_(checkpoint_pages),
      checkpoint_at_(checkpoint_pages),
      queue_(limits.queue_max),
      thread_([this] { run(); }) {}

void Writer::stop() {
  if (!thread_.joinable()) return;
  queue_.close();
  thread_.join();
}

void Writer::run() {
  rt::name_this_thread("db.writer");
  std::vector<Job> group;
  while (auto first = queue_.pop()) {
    std::optional<Job> next = std::move(first);
    while (next && next->fn) {
      group.push_back(*std::move(next));
      next.reset();
      if (group.size() < group_max_) next = queue_.try_pop();
    }
    run_group(group);
    group.clear();
    if (next) run_alone(*next);
    checkpoint_when_due();
  }
  if (writable()) {
    if (const auto done = connection_->checkpoint(); !done) note(done.error());
  }
  acknowledged_.sync();
  if (!writable()) connection_->keep_wal_on_close();
  connection_.reset();
}

void Writer::run_group(std::span<Job> jobs) {
  while (!jobs.empty()) jobs = jobs.subspan(commit_some(jobs));
}

// One commit. Answers the callers it took, and how many.
std::size_t Writer::commit_some(std::span<Job> jobs) {
  Answers answers;
  const auto answer_all = [&](std::size_t count, const std::optional<Error>& error) {
    answers.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (error && answers[i]) answers[i] = std::unexpected(*error);
      jobs[i].done(std::move(answers[i]));
    }
    return count;
  };
  if (const auto ok = writable(); !ok) return answer_all(jobs.size(), ok.error());
  if (const auto begun = connection_->control("begin immediate"); !begun) {
    note(begun.error());
    return answer_all(jobs.size(), begun.error());
  }
  for (Job& job : jobs) {
    answers.push_back(run_one(job, jobs.size() > 1));
    // A full disk, a failing one or an `on conflict rollback` undid the callers before this one too.
    if (!connection_->in_transaction()) {
      connection_->unseal_to(0);
      const Error why = answers.back() ? undone() : answers.back().error();
      return answer_all(answers.size(), why.code == Code::unavailable ? why : undone());
    }
  }
  auto committed = connection_->seal();
  if (committed) {
    if (auto done = connection_->control("commit"); !done)
      committed = std::unexpected(std::move(done).error());
  }
  if (committed) {
    note_commit();
    return answer_all(jobs.size(), std::nullopt);
  }
  note(committed.error());
  if (connection_->in_transaction()) undo_one(false);
  connection_->unseal_to(0);
  return answer_all(jobs.size(), committed.error());
}

Result<void> Writer::run_one(Job& job, bool savepoint) {
  const std::size_t mark = connection_->seal_mark();
  if (savepoint) {
    if (auto begun = connection_->control("savepoint one"); !begun) {
      note(begun.error());
      undo_one(false);
      return std::unexpected(begun.error());
    }
  }
  auto result = call_with(*connection_, job.fn);
  // Otherwise one caller's violation would surface in the commit of all.
  if (result && connection_->foreign_keys_violated()) {
    result = fail(Code::conflict, "db.constraint", "FOREIGN KEY constraint failed");
  }
  if (result && savepoint) {
    if (auto released = connection_->control("release one"); !released)
      result = std::unexpected(released.error());
  }
  if (!result) {
    note(result.error());
    if (connection_->in_transaction()) undo_one(savepoint);
    connection_->unseal_to(mark);
  }
  return result;
}

void Writer::undo_one(bool savepoint) {
  if (savepoint && connection_->control("rollback to one") && connection_->control("release one")) return;
  if (const auto done = connection_->control("rollback"); !done && connection_->in_transaction()) {
    Error error = done.error();
    error.code = Code::unavailable;
    error.reason = "db.failed";
    note(error);
  }
}

void Writer::run_alone(Job& job) {
  auto result = writable();
  if (result) result = job.alone(*connection_);
  if (!result) note(result.error());
  acknowledged_.note(connection_->acknowledged().commits);
  job.done(std::move(result));
}

// After the answers, so that no caller waits for it.
void Writer::checkpoint_when_due() {
  const std::int64_t pages = connection_->wal_pages();
  if (pages < pages_seen_) checkpoint_at_ = checkpoint_pages_;  // the log started again from its beginning
  pages_seen_ = pages;
  if (pages < checkpoint_at_ || !writable()) return;
  checkpoint_at_ =
      pages + checkpoint_pages_;  // what a reader holds back is tried again later, not at every commit
  if (const auto done = connection_->checkpoint(); !done) {
    log::warn("db", "checkpoint: {}", done.error().message);
    note(done.error());
  }
  acknowledged_.sync();
}

Result<void> Writer::writable() const {
  const std::lock_guard lock(mutex_);
  if (failed_) return std::unexpected(*failed_);
  return {};
}

Result<void> Writer::health() const {
  const std::lock_guard lock(mutex_);
  if (failed_) return std::unexpected(*failed_);
  if (refused_) return std::unexpected(*refused_);
  return {};
}

void Writer::note(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.reason == "db.failed") {
    if (!failed_) log::error("db", "no more writes: {}", error.message);
    if (!failed_) failed_ = error;
  } else if (error.reason == "db.full" || error.reason == "db.read_only" || error.reason == "db.locked") {
    refused_ = error;
  }
}

void Writer::note_commit() {
  connection_->sealed();
  acknowledged_.note(connection_->acknowledged().commits);
  const std::lock_guard lock(mutex_);
  refused_.reset();
}

}  // namespace troupe::db
