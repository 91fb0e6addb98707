// How turns become durable, how time drives them, and what happens when the disk says no.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "host/registry.h"
#include "host/timeline_impl.h"

namespace troupe {

using db::Values;

Timeline::Impl::Impl(const rt::Env& e, db::Db& d, bus::Bus& b, Metrics& m, TimelineConfig c)
    : env(e),
      db(d),
      bus(b),
      config(std::move(c)),
      turns_total(m.counter("troupe_timeline_turns_total", "Turns run", {{"world", config.world}})),
      events_total(m.counter("troupe_timeline_events_total", "Events logged", {{"world", config.world}})),
      commit_seconds(m.histogram("troupe_timeline_commit_seconds", "From batch to durable",
                                 latency_bounds_seconds(), {{"world", config.world}})),
      tick_lateness_seconds(m.histogram("troupe_timeline_tick_lateness_seconds",
                                        "How late the time loop woke", latency_bounds_seconds(),
                                        {{"world", config.world}})) {}

Result<void> Timeline::Impl::load(db::Reader& reader) {
  TRY(tail, event_log::tail(reader));
  TRY(const auto rows,
      reader.query("select world, seed, pack_hash, game_ms, base_ms, scale_milli, paused from timeline"));
  if (rows.size() != 1)
    return fail(Code::internal, "timeline.damaged", "the timeline table must have one row");
  const auto& row = rows[0];
  if (row.text(0) != config.world) {
    return fail(Code::conflict, "timeline.other_world",
                "this database holds the world '" + row.text(0) + "', not '" + config.world + "'");
  }
  config.seed = static_cast<std::uint64_t>(row.integer(1));
  now = {row.integer(3)};
  // A jump that was under way goes on: the base may be ahead of what is durable.
  clock = GameClock({std::max(row.integer(3), row.integer(4))}, env.now(), Scale{row.integer(5)},
                    row.integer(6) != 0);
  timers.clear();
  timer_due.clear();
  TRY(const auto saved, reader.query("select service, key, due_ms, payload from timers"));
  for (const auto& timer : saved) {
    timers[{timer.integer(2), timer.text(0), timer.text(1)}] = timer.blob(3);
    timer_due[{timer.text(0), timer.text(1)}] = timer.integer(2);
  }
  remembered.clear();
  remembered_order.clear();
  TRY(const auto replies, reader.query("select caller, key, reply from idempotency order by input"));
  for (const auto& reply : replies) {
    remembered[{reply.text(0), reply.text(1)}] = reply.blob(2);
    remembered_order.emplace_back(reply.text(0), reply.text(1));
  }
  for (const auto& loader : loaders) TRY_VOID(loader(reader));
  return {};
}

std::vector<Timeline::Impl::Writes> Timeline::Impl::take_writes(std::vector<Pending>& batch) {
  std::vector<Writes> writes;
  writes.reserve(batch.size());
  for (auto& turn : batch) writes.push_back(std::move(turn.writes));
  return writes;
}

Result<void> Timeline::Impl::write_all(db::Tx& tx, std::vector<Writes>& writes) {
  for (const auto& turn : writes) {
    if (turn.input) TRY_VOID(event_log::append(tx, *turn.input));
    for (const auto& event : turn.events) TRY_VOID(event_log::append(tx, event));
    for (const auto& [sql, values] : turn.statements) TRY_VOID(tx.exec(sql, values));
  }
  return {};
}

void Timeline::Impl::kick() {
  if (idle) idle->set({});
}

void Timeline::Impl::tell(Pending& turn) {
  if (config.replay) return;
  for (const auto& envelope : turn.envelopes) {
    const auto type = find_event_type(envelope.type());
    const std::string service = type ? (*type)->info.service() : kOwnTypes;
    (void)bus.publish(
        {"evt." + config.world + "." + service + "." + envelope.type(), envelope.SerializeAsString()});
  }
  for (const auto& waiter : turn.waiters) waiter.set({});
  for (const auto& effect : turn.effects) effect();
}

boost::asio::awaitable<void> Timeline::Impl::commit_loop() {
  for (;;) {
    if (pending.empty()) {
      idle.emplace(env);
      const auto wait = *idle;
      if (pending.empty()) (void)co_await wait.wait();
      idle.reset();
      continue;
    }
    std::vector<Pending> batch;
    std::swap(batch, pending);
    committing = batch.size();
    const bool nothing_to_write = std::ranges::all_of(batch, [](const Pending& turn) {
      return !turn.writes.input && turn.writes.events.empty() && turn.writes.statements.empty();
    });
    Result<void> done;
    if (!nothing_to_write) {
      const auto started = env.now();
      auto writes = std::make_shared<std::vector<Writes>>(take_writes(batch));
      done = co_await db.transact([writes](db::Tx& tx) { return write_all(tx, *writes); });
      commit_seconds.observe(std::chrono::duration<double>(env.now() - started).count());
    }
    committing = 0;
    if (done) {
      for (auto& turn : batch) tell(turn);
      continue;
    }
    // What was applied since is undone with it: nobody was told of any of it.
    fault = done.error();
    for (auto& turn : pending) batch.push_back(std::move(turn));
    pending.clear();
    for (const auto& turn : batch) {
      for (const auto& waiter : turn.waiters) waiter.set(std::unexpected(refusal()));
    }
    co_await recover(done.error());
  }
}

Error Timeline::Impl::refusal() const {
  return {Code::unavailable, fault->reason, "the world cannot be written now: " + fault->message, 1000};
}

boost::asio::awaitable<void> Timeline::Impl::recover(Error error) {
  log::error("timeline", "{}: writes are refused: {}", config.world, error.message);
  if (error.reason == "db.failed" && fatal) fatal(error);
  for (;;) {
    co_await rt::sleep_for(env, std::chrono::seconds(1));
    // A probe of the size of a busy second, so that we do not come back for one turn only.
    auto probe = co_await db.transact([](db::Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec("create table if not exists timeline_probe (bytes blob)"));
      TRY_VOID(tx.exec("insert into timeline_probe (bytes) values ($1)",
                       Values{db::Blob{std::string(65'536, 'x')}}));
      TRY_VOID(tx.exec("delete from timeline_probe"));
      return {};
    });
    if (!probe) {
      fault = probe.error();
      continue;
    }
    // Blocking, since nothing on this thread may look at the memory images meanwhile.
    auto loaded = db.read_now([this](db::Reader& reader) { return load(reader); });
    if (!loaded) {
      fault = loaded.error();
      continue;
    }
    break;
  }
  fault.reset();
  // The time that passed did not happen; as after a restart, that is an input.
  InputRecord resumed{.type = kResumed, .payload = std::to_string(clock.base().ms)};
  (void)apply_input(resumed, Caller::server());
  log::info("timeline", "{}: writes are accepted again", config.world);
}

boost::asio::awaitable<void> Timeline::Impl::time_loop() {
  // Every 100 ms of real time; what is due in between waits at most that long. Once a second the clock is
  // made durable, or every ten where nothing has happened since: an idle world has no reason to write.
  constexpr int kQuietSeconds = 10;
  rt::Instant next = env.now();
  int until_checkpoint = 10;
  int quiet_seconds = 0;
  std::uint64_t happened = 0;
  while (!stopping) {
    next = next + rt::milliseconds(kTickRealMs);
    const auto woken_late = env.now() - next;
    if (woken_late > std::chrono::seconds(1)) next = env.now();  // the machine slept: do not race after it
    co_await rt::sleep_until(env, next);
    if (stopping) break;
    tick_lateness_seconds.observe(std::max(0.0, std::chrono::duration<double>(env.now() - next).count()));
    const GameTime to = clock.at(env.now());
    while (!advance_some(to) && !stopping)
      co_await boost::asio::post(env.executor, boost::asio::use_awaitable);
    if (--until_checkpoint <= 0 && !fault && clock.running()) {
      until_checkpoint = 10;
      const std::uint64_t by_now = tail.events + tail.inputs;
      if (by_now == std::exchange(happened, by_now) && ++quiet_seconds < kQuietSeconds) continue;
      quiet_seconds = 0;
      Pending checkpoint;
      checkpoint.writes.statements.emplace_back("update timeline set game_ms = $1 where id = 1",
                                                Values{now.ms});
      pending.push_back(std::move(checkpoint));
      kick();
    }
  }
}

const Timeline::Bytes* Timeline::Impl::find_idempotent(const Caller& caller) const {
  if (caller.idempotency_key.empty()) return nullptr;
  const auto found = remembered.find({caller.name, caller.idempotency_key});
  return found == remembered.end() ? nullptr : &found->second;
}

}  // namespace troupe
