#include "services/router/router_jobs.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <ranges>

#include "base/log.h"
#include "base/text.h"
#include "services/router/router_shape.h"

namespace troupe::router {

namespace {

constexpr std::string_view kIdLead = "job-";

constexpr const char* kEnded = "ended";  // done, failed or cancelled

bool is_open(const pb::RouterJob& job) { return job.state() == "queued" || job.state() == "running"; }

// Whether the world takes no commands now, and will again.
bool is_for_now(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::exhausted;
}

// Whether another attempt may go better: not what is wrong with the work itself.
bool worth_again(const Error& error) {
  return is_for_now(error) || error.code == Code::internal || error.code == Code::deadline_exceeded;
}

Caller as_server(const rt::Env& env, rt::milliseconds takes) { return Caller::server(env.now() + takes); }

}  // namespace

Jobs::Jobs(Host& host, const JobLimits& limits, Work work)
    : host_(host),
      limits_(limits),
      work_(std::move(work)),
      jobs_(host.timeline()),
      keys_(jobs_.index<std::string>([](const pb::RouterJobRecord& record) {
        const auto& key = record.job().key();
        return key.empty() ? std::nullopt : std::optional(key);
      })),
      by_state_(jobs_.groups<std::string>([](const pb::RouterJobRecord& record) -> std::vector<std::string> {
        return {is_open(record.job()) ? record.job().state() : kEnded};
      })),
      queued_of_(jobs_.groups<std::string>([](const pb::RouterJobRecord& record) -> std::vector<std::string> {
        if (record.job().state() != "queued") return {};
        return {record.job().player()};
      })),
      // (How many may wait is decided by the records.)
      line_({.places = limits.parallel,
             .each_max = limits.parallel,
             .waiting_max = std::numeric_limits<std::size_t>::max(),
             .waiting_each_max = std::numeric_limits<std::size_t>::max()}) {}

void Jobs::mount() {
  host_.serve(&Jobs::submit, this);
  host_.serve(&Jobs::get, static_cast<const Jobs*>(this));
  host_.serve(&Jobs::list, static_cast<const Jobs*>(this));
  host_.serve(&Jobs::cancel, this);
  host_.serve(&Jobs::began, this);
  host_.serve(&Jobs::ended, this);
}

void Jobs::start() {
  started_ = true;
  for (const auto& [key, record] : jobs_.rows()) {
    if (is_open(record.job())) line_up(record);
  }
  begin_some();
}

void Jobs::line_up(const pb::RouterJobRecord& record) {
  if (!in_line_.insert(record.id()).second) return;
  // First come, first served; what is thought to take long by the tokens it may have.
  const auto takes = rt::milliseconds(std::max(1, record.work().tokens_max()));
  (void)line_.enter(static_cast<std::uint64_t>(record.id()), record.job().player(), {record.id()}, takes);
}

Result<const pb::RouterJobRecord*> Jobs::find(const std::string& id) const {
  std::int64_t number = 0;
  if (id.starts_with(kIdLead)) {
    const auto [end, error] = std::from_chars(id.data() + kIdLead.size(), id.data() + id.size(), number);
    const auto* record = jobs_.find(number);
    if (error == std::errc() && end == id.data() + id.size() && record != nullptr) return record;
  }
  return fail(Code::not_found, "router.unknown_job",
              "no job '" + id + "'; those that ended long ago are forgotten");
}

const pb::RouterJobRecord* Jobs::with_key(const std::string& key) const {
  const auto found = keys_.entries().lower_bound({key, TableKey()});
  return found == keys_.entries().end() || found->first != key ? nullptr : jobs_.at(found->second);
}

pb::RouterJob Jobs::view(const pb::RouterJobRecord& record) const {
  pb::RouterJob out = record.job();
  if (out.state() == "done") out.set_progress(1);
  if (!is_open(out)) return out;
  if (const auto running = running_.find(record.id()); running != running_.end()) {
    out.set_progress(
        std::min(.99, static_cast<double>(running->second.tokens) / std::max(1, record.work().tokens_max())));
  } else {
    out.set_state("queued");
  }
  return out;
}

int Jobs::ahead_of(std::int64_t id) const {
  int ahead = 0;
  for (const auto& [key, record] : jobs_.rows()) {
    if (record.id() >= id) break;
    if (is_open(record.job()) && !running_.contains(record.id())) ++ahead;
  }
  return ahead;
}

std::size_t Jobs::size_of(const Groups& groups, const std::string& of) {
  const auto* keys = groups.find(of);
  return keys == nullptr ? 0 : keys->size();
}

Result<pb::RouterJob> Jobs::submit(Turn& turn, const Caller&, const pb::RouterSubmitRequest& request) {
  if (const auto* same = with_key(request.key())) return view(*same);
  const auto bad = [](const std::string& what) {
    return fail(Code::invalid_argument, "router.bad_job", what);
  };
  if (request.work().messages().empty()) return bad("work.messages must hold at least one message");
  if (request.work().ByteSizeLong() > limits_.work_bytes_max) {
    return bad("work has " + std::to_string(request.work().ByteSizeLong()) + " bytes; at most " +
               std::to_string(limits_.work_bytes_max));
  }
  TRY_VOID(shape_of(request.work().json_schema()));
  const std::string& player = request.work().player();
  if (queued() >= limits_.waiting_max) {
    return fail(Code::exhausted, "router.jobs_full",
                std::to_string(limits_.waiting_max) + " jobs wait already; try again later", 60'000);
  }
  if (!player.empty() && size_of(queued_of_, player) >= limits_.waiting_each_max) {
    return fail(Code::exhausted, "router.player_busy", "'" + player + "' has too many jobs waiting", 60'000);
  }
  const auto& jobs = jobs_.rows();
  const auto id = jobs.empty() ? 1 : jobs.rbegin()->second.id() + 1;
  pb::RouterJobRecord record;
  record.set_id(id);
  *record.mutable_work() = request.work();
  record.mutable_work()->set_tier("bronze");
  if (request.work().tokens_max() == 0) record.mutable_work()->set_tokens_max(256);
  record.set_context(request.context());
  auto& job = *record.mutable_job();
  job.set_id(std::string(kIdLead) + std::to_string(id));
  job.set_key(request.key());
  job.set_kind(request.kind());
  job.set_player(player);
  job.set_state("queued");
  job.set_npc(request.work().npc());
  job.set_submitted_ms(turn.now().ms);
  jobs_.put(turn, record);
  turn.after_commit([this, id] {
    if (const auto* made = jobs_.find(id)) line_up(*made);
    begin_some();
  });
  return view(record);
}

Result<pb::RouterJob> Jobs::get(const Caller&, const pb::RouterGetJobRequest& request) const {
  if (!request.key().empty()) {
    if (const auto* found = with_key(request.key())) return view(*found);
    return fail(Code::not_found, "router.unknown_job", "no job with the key '" + request.key() + "'");
  }
  TRY(const auto* found, find(request.id()));
  auto job = view(*found);
  if (job.state() == "queued") job.set_ahead(ahead_of(found->id()));
  return job;
}

Result<pb::RouterListJobsReply> Jobs::list(const Caller&, const pb::RouterListJobsRequest& request) const {
  const int limit = request.limit() == 0 ? 50 : request.limit();
  pb::RouterListJobsReply reply;
  for (const auto& [key, record] : std::views::reverse(jobs_.rows())) {
    if (reply.jobs_size() == limit) break;
    auto job = view(record);
    if (request.state().empty() || job.state() == request.state()) *reply.add_jobs() = std::move(job);
  }
  return reply;
}

Result<pb::RouterJob> Jobs::cancel(Turn& turn, const Caller&, const pb::RouterCancelJobRequest& request) {
  TRY(const auto* found, find(request.id()));
  if (!is_open(found->job())) return view(*found);
  pb::RouterJobEnd how;
  how.set_state("cancelled");
  how.set_problem("cancelled");
  return end(turn, *found, how);
}

void Jobs::gone(Turn& turn, const std::string& key, const std::string& why) {
  std::vector<pb::RouterJobRecord> theirs;
  for (const auto& [id, record] : jobs_.rows()) {
    const auto& job = record.job();
    const bool named = key == "npc:" + job.npc() || key == "player:" + job.player() ||
                       key == "place:" + record.work().place();
    if (named && is_open(job)) theirs.push_back(record);
  }
  pb::RouterJobEnd how;
  how.set_state("cancelled");
  how.set_problem(why);
  for (auto& record : theirs) end(turn, std::move(record), how);
}

Result<pb::RouterJob> Jobs::began(Turn& turn, const Caller&, const pb::RouterJobBegin& command) {
  TRY(const auto* found, find(command.id()));
  if (!is_open(found->job())) return fail(Code::conflict, "router.job_ended", command.id() + " has ended");
  auto record = *found;
  auto& job = *record.mutable_job();
  job.set_state("running");
  job.set_attempts(job.attempts() + 1);
  job.set_started_ms(turn.now().ms);
  jobs_.put(turn, record);
  return job;
}

Result<pb::RouterJob> Jobs::ended(Turn& turn, const Caller&, const pb::RouterJobEnd& command) {
  TRY(const auto* found, find(command.id()));
  if (!is_open(found->job())) {
    return fail(Code::conflict, "router.job_ended", command.id() + " has ended already");
  }
  return end(turn, *found, command);
}

pb::RouterJob Jobs::end(Turn& turn, pb::RouterJobRecord record, const pb::RouterJobEnd& how) {
  auto& job = *record.mutable_job();
  job.set_state(how.state());
  job.set_problem(how.problem());
  job.set_ended_ms(turn.now().ms);
  *job.mutable_answer() = how.answer();
  // The prompt has done its work; the answer is what is asked for afterwards.
  record.clear_work();
  jobs_.put(turn, record);
  pb::JobEnded event;
  event.set_job(job.id());
  event.set_kind(job.kind());
  event.set_state(job.state());
  event.set_player(job.player());
  event.set_npc(job.npc());
  event.set_text(how.answer().text());
  event.set_problem(how.problem());
  event.set_context(record.context());
  event.set_cost_microusd(how.answer().usage().cost_microusd());
  turn.emit(event, {.subject = job.npc(), .priority = pb::PRIORITY_LOW});
  forget_oldest(turn);
  turn.after_commit([this, id = record.id()] {
    if (const auto found = running_.find(id); found != running_.end()) {
      found->second.handle.stop();
    } else if (in_line_.erase(id) > 0) {
      line_.leave(static_cast<std::uint64_t>(id));
    }
  });
  return job;
}

void Jobs::forget_oldest(Turn& turn) {
  while (size_of(by_state_, kEnded) > limits_.kept_max)
    jobs_.erase_at(turn, *by_state_.find(kEnded)->begin());
}

void Jobs::begin_some() {
  if (!started_) return;
  while (const auto next = line_.next()) {
    const auto id = static_cast<std::int64_t>(*next);
    running_[id].handle = host_.group().spawn_stoppable("job", [this, id] { return run(id); });
  }
}

boost::asio::awaitable<void> Jobs::run(std::int64_t id) {
  struct AtExit {
    Jobs& jobs;
    std::int64_t id;
    ~AtExit() {
      jobs.running_.erase(id);
      jobs.in_line_.erase(id);
      jobs.line_.leave(static_cast<std::uint64_t>(id));
      // One that is still open was stopped because the server stops: then nothing new is begun.
      const auto* found = jobs.jobs_.find(id);
      if (found != nullptr && is_open(found->job())) return;
      jobs.begin_some();
    }
  } const at_exit{*this, id};
  const auto* found = jobs_.find(id);
  if (found == nullptr || !is_open(found->job())) co_return;
  auto how = co_await work_on(id, found->job().id());
  for (;;) {
    const auto kept = co_await host_.submit<pb::RouterJob>(as_server(host_.env(), limits_.takes_max), how);
    // An answer that cannot be kept is none, and the job ends all the same.
    if (!kept && kept.error().code == Code::invalid_argument && how.state() == "done") {
      how.set_state("failed");
      how.set_problem("its answer cannot be kept: " + kept.error().message);
      how.clear_answer();
      continue;
    }
    // While the disk is full, say, the answer waits here; that it has ended otherwise is fine, too.
    if (kept || !is_for_now(kept.error())) co_return;
    log::warn("router", "{}: its end could not be written down: {}", how.id(), kept.error().message);
    co_await rt::sleep_for(host_.env(), limits_.again_after);
  }
}

boost::asio::awaitable<pb::RouterJobEnd> Jobs::work_on(std::int64_t id, std::string name) {
  pb::RouterJobEnd end;
  end.set_id(name);
  end.set_state("failed");
  auto pause = limits_.again_after;
  for (;;) {
    const auto* found = jobs_.find(id);
    if (found == nullptr) co_return end;
    if (found->job().attempts() >= limits_.attempts_max) {
      if (end.problem().empty()) end.set_problem("the server ended each time while it ran");
      co_return end;
    }
    pb::RouterJobBegin begin;
    begin.set_id(name);
    const auto begun = co_await host_.submit<pb::RouterJob>(as_server(host_.env(), limits_.takes_max), begin);
    if (begun) {
      found = jobs_.find(id);
      if (found == nullptr) co_return end;
      auto request = found->work();
      request.set_deadline_ms(limits_.takes_max.count());
      auto answer = co_await work_(as_server(host_.env(), limits_.takes_max), std::move(request),
                                   [this, id](std::string_view) {
                                     if (const auto it = running_.find(id); it != running_.end())
                                       ++it->second.tokens;
                                   });
      if (answer) {
        end.set_state("done");
        end.clear_problem();
        *end.mutable_answer() = *std::move(answer);
        co_return end;
      }
      end.set_problem(answer.error().message);
      if (!worth_again(answer.error())) co_return end;
      found = jobs_.find(id);
      if (found == nullptr || found->job().attempts() >= limits_.attempts_max) co_return end;
    } else if (!is_for_now(begun.error())) {
      end.set_problem(begun.error().message);
      co_return end;
    }
    co_await rt::sleep_for(host_.env(), pause);
    pause *= 2;
  }
}

}  // namespace troupe::router
