#include "adapters/db_postgres/pg_writer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "ports/db_call.h"

namespace troupe::db {

namespace {

using Clock = std::chrono::steady_clock;

// Of what the server says when nobody asked a question that could be wrong.
Error as_away(Error error) {
  if (error.code == Code::unavailable) return error;
  return {Code::unavailable, "db.away", error.message, 1000};
}

}  // namespace

PgWriter::PgWriter(PgRoom room, PgRoom::Owned owned, const Limits& limits, std::int64_t resolve_ms)
    : room_(std::move(room)),
      group_max_(std::max<std::size_t>(limits.group_max, 1)),
      resolve_(resolve_ms),
      session_(std::move(owned.session)),
      commits_(owned.commits),
      queue_(limits.queue_max),
      thread_([this] { run(); }) {}

void PgWriter::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  end_.notify_all();
  queue_.close();
  thread_.join();
}

void PgWriter::run() {
  rt::name_this_thread("db.writer");
  if (auto found = room_.has_deferrable(*session_)) deferrable_ = *found;
  std::vector<Job> group;
  while (auto first = queue_.pop()) {
    std::optional<Job> next = std::move(first);
    while (next && next->fn) {
      group.push_back(*std::move(next));
      next.reset();
      if (group.size() < group_max_) next = queue_.try_pop();
    }
    for (std::span<Job> jobs = group; !jobs.empty();) jobs = jobs.subspan(commit_some(jobs));
    group.clear();
    if (next) run_alone(*next);
  }
  // At once, not when the server notices that the connection ended.
  if (session_ && session_->usable()) (void)session_->control("select pg_advisory_unlock_all()");
  session_.reset();
}

Result<void> PgWriter::connected() {
  TRY_VOID(writable());
  if (session_ && session_->usable()) return {};
  session_.reset();
  if (away_ && Clock::now() < try_at_) return std::unexpected(*away_);
  auto owned = room_.own();
  if (!owned) {
    away_ = as_away(std::move(owned).error());
    try_at_ = Clock::now() + kTryAgain;
    note(*away_);
    return std::unexpected(*away_);
  }
  away_.reset();
  session_ = std::move(owned->session);
  commits_ = owned->commits;
  log::info("db", "{}: connected to the database again", room_.name());
  return {};
}

// One transaction. Answers the callers it took, and how many.
std::size_t PgWriter::commit_some(std::span<Job> jobs) {
  Answers answers;
  const auto answer_all = [&](std::size_t count, const std::optional<Error>& error) {
    answers.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (error && answers[i]) answers[i] = std::unexpected(*error);
      jobs[i].done(std::move(answers[i]));
    }
    return count;
  };
  if (const auto ok = connected(); !ok) return answer_all(jobs.size(), ok.error());
  session_->fresh();
  session_->post("begin isolation level read committed read write");
  for (Job& job : jobs) {
    answers.push_back(run_one(job, jobs.size() > 1));
    if (session_->lost()) {
      const Error why = answers.back() ? pg_away("the connection broke off") : answers.back().error();
      note(why);
      return answer_all(answers.size(), why);
    }
  }
  const auto done = commit();
  if (!done) note(done.error());
  return answer_all(jobs.size(), done ? std::nullopt : std::optional(done.error()));
}

Result<void> PgWriter::run_one(Job& job, bool savepoint) {
  if (savepoint) session_->post("savepoint one");
  auto result = call_with(*session_, job.fn);
  if (session_->lost()) return result;
  // Otherwise one caller's violation would surface in the commit of all.
  if (result && deferrable_ && session_->used()) result = constraints();
  if (session_->lost()) return result;
  if (result) {
    if (savepoint) session_->post("release one");
    return result;
  }
  note(result.error());
  if (savepoint) {
    session_->post("rollback to one");
    session_->post("release one");
  } else {
    undo();
  }
  return result;
}

Result<void> PgWriter::constraints() {
  TRY_VOID(session_->control("set constraints all immediate"));
  session_->post("set constraints all deferred");
  return {};
}

void PgWriter::undo() {
  if (session_->lost()) return;
  if (!session_->used()) return session_->drop_posted();
  (void)session_->control("rollback");
}

Result<void> PgWriter::commit() {
  if (!session_->used()) {  // nobody asked for anything, or it was undone
    session_->drop_posted();
    return {};
  }
  if (!session_->in_transaction()) return {};  // a single caller's, undone
  auto done = room_.number_commit(*session_, commits_ + 1);
  if (done) done = session_->control("commit");
  if (session_->lost()) return resolve(done ? pg_away("the connection broke off") : done.error());
  if (done && session_->last_tag() == "COMMIT") {
    ++commits_;
    const std::lock_guard lock(mutex_);
    refused_.reset();
    return {};
  }
  if (done) done = fail(Code::unavailable, "db.undone", "the database undid the transaction; try again", 100);
  undo();
  // The only thing in it that may be null is the owner of another's room.
  if (done.error().reason == "db.constraint" && done.error().message.contains("db_room")) {
    done = fail(Code::unavailable, "db.failed",
                "another process took this room over: nothing more is written here");
  }
  return done;
}

Result<void> PgWriter::resolve(const Error& why) {
  const std::int64_t number = commits_ + 1;
  const auto until = Clock::now() + resolve_;
  log::warn("db", "{}: the connection broke off in a commit, so whether it is there is looked up: {}",
            room_.name(), why.message);
  try_at_ = {};
  for (;;) {
    if (const auto ok = connected()) {
      const bool there = commits_ >= number;
      log::info("db", "{}: the commit {}", room_.name(), there ? "is there" : "is not there");
      if (there) return {};
      return std::unexpected(as_away(why));
    } else {
      refuse_waiting(ok.error());
      if (ok.error().reason == "db.failed") return ok;
    }
    std::unique_lock lock(mutex_);
    if (end_.wait_for(lock, kTryAgain, [this] { return stopping_; }) || Clock::now() >= until) break;
  }
  return fail(
      Code::unavailable, "db.unknown",
      fmt::format("the database broke off while it committed and is still away, so whether this was kept is "
                  "seen when it is back: {}",
                  why.message),
      1000);
}

void PgWriter::refuse_waiting(const Error& why) {
  while (auto job = queue_.try_pop()) job->done(std::unexpected(why));
}

void PgWriter::run_alone(Job& job) {
  auto result = connected();
  if (result) {
    session_->fresh();
    session_->post("begin isolation level read committed read write");
    result = job.alone(*session_);
    if (result) result = commit();
    if (!result && session_ && session_->in_transaction()) undo();
    if (session_ && !session_->lost()) {
      session_->forget_statements();
      if (auto found = room_.has_deferrable(*session_)) deferrable_ = *found;
    }
    ++generation_;
  }
  if (!result) note(result.error());
  job.done(std::move(result));
}

Result<void> PgWriter::writable() const {
  const std::lock_guard lock(mutex_);
  if (failed_) return std::unexpected(*failed_);
  return {};
}

Result<void> PgWriter::health() const {
  const std::lock_guard lock(mutex_);
  if (failed_) return std::unexpected(*failed_);
  if (refused_) return std::unexpected(*refused_);
  return {};
}

void PgWriter::note(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.reason == "db.failed") {
    if (!failed_) log::error("db", "{}: no more writes: {}", room_.name(), error.message);
    if (!failed_) failed_ = error;
  } else if (error.code == Code::unavailable && error.reason.starts_with("db.") &&
             error.reason != "db.undone") {
    refused_ = error;
  }
}

}  // namespace troupe::db
