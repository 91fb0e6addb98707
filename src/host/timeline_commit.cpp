// How turns become durable, how time drives them, and what happens when the disk says no.
#include <algorithm>
#include <deque>
#include <utility>

#include "base/log.h"
#include "host/registry.h"
#include "host/timeline_impl.h"
#include "ports/db_batch.h"

namespace troupe {

using db::Values;

Timeline::Impl::Impl(const rt::Env& e, db::Db& d, bus::Bus& b, Metrics& m, TimelineConfig c)
    : env(e),
      db(d),
      bus(b),
      metrics(m),
      config(std::move(c)),
      keys(config.limits.keys),
      turns_total(m.counter("troupe_timeline_turns_total", "Turns run", {{"world", config.world}})),
      undone_total(m.counter("troupe_timeline_undone_turns_total", "Turns that failed after a change",
                             {{"world", config.world}})),
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
  pack_hash = row.text(2);
  now = {row.integer(3)};
  // A jump that was under way goes on: the base may be ahead of what is durable.
  clock = GameClock({std::max(row.integer(3), row.integer(4))}, env.now(), Scale{row.integer(5)},
                    row.integer(6) != 0);
  TRY(const auto known, reader.query("select name, present from services"));
  lived_with.clear();
  for (const auto& service : known) lived_with[service.text(0)] = service.integer(1) != 0;
  timers.clear();
  timer_due.clear();
  next_before.reset();
  TRY(const auto saved, reader.query("select service, key, due_ms, payload from timers"));
  for (const auto& timer : saved) {
    TimerKey key{timer.integer(2), timer.text(0), timer.text(1)};
    const auto lived = lived_with.find(key.service);
    if ((lived == lived_with.end() || lived->second) && (!next_before || key < *next_before))
      next_before = key;
    if (!timer_handlers.contains(key.service)) continue;  // they stand still until it is back
    timer_due[{key.service, key.key}] = key.due_ms;
    timers[std::move(key)] = timer.blob(3);
  }
  TRY_VOID(keys.load(reader));
  for (auto* table : tables) TRY_VOID(table->load(reader));
  for (const auto& load : books) TRY_VOID(load(reader));
  for (const auto& tell : loaded) tell();
  return {};
}

std::shared_ptr<Timeline::Impl::Attempt> Timeline::Impl::attempt(std::vector<Pending>& batch) {
  auto made = std::make_shared<Attempt>();
  made->writes.reserve(batch.size());
  for (auto& turn : batch) made->writes.push_back(std::move(turn.writes));
  return made;
}

namespace {

// Keeps what is written instead of running it.
class Written final : public db::Tx {
 public:
  Result<std::int64_t> exec(std::string_view sql, std::span<const db::Value> parameters) override {
    const auto& [text, values] = kept_.emplace_back(sql, Values(parameters.begin(), parameters.end()));
    statements_.push_back({text, values});
    return 0;
  }
  Result<db::Rows> query(std::string_view, std::span<const db::Value>) override { return db::Rows(); }
  Result<std::vector<std::string>> columns(std::string_view) override { return std::vector<std::string>(); }

  // One that lives elsewhere for as long.
  void add(std::string_view sql, const Values& values) { statements_.push_back({sql, values}); }
  const std::vector<db::BoundStatement>& statements() const { return statements_; }

 private:
  std::deque<std::pair<std::string, Values>> kept_;
  std::vector<db::BoundStatement> statements_;
};

}  // namespace

// All that is to be written goes to the database at once: where it is another machine, each statement by itself
// would take a journey.
Result<void> Timeline::Impl::write_all(db::Tx& tx, Attempt& attempt) {
  Written written;
  std::vector<std::size_t> ends;  // of each turn, in the statements
  for (const auto& turn : attempt.writes) {
    if (turn.input) TRY_VOID(event_log::append(written, *turn.input));
    for (const auto& event : turn.events) TRY_VOID(event_log::append(written, event));
    for (const auto& [sql, values] : turn.statements) written.add(sql, values);
    ends.push_back(written.statements().size());
  }
  std::size_t done = 0;
  auto result = db::exec_all(tx, written.statements(), done);
  attempt.at = attempt.writes.size();
  if (!result)  // in the turn that had not ended by then
    attempt.at = static_cast<std::size_t>(std::ranges::upper_bound(ends, done) - ends.begin());
  return result;
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
    if (torn && pending.empty()) {
      co_await heal();
      continue;
    }
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
    std::shared_ptr<Attempt> attempted;
    if (!nothing_to_write) {
      const auto started = env.now();
      attempted = attempt(batch);
      done = co_await db.transact([attempted](db::Tx& tx) { return write_all(tx, *attempted); });
      commit_seconds.observe(std::chrono::duration<double>(env.now() - started).count());
    }
    committing = 0;
    if (done) {
      for (auto& turn : batch) tell(turn);
      continue;
    }
    if (only_itself(*attempted, batch, done.error())) {
      co_await mend(std::move(batch), attempted, done.error());
      continue;
    }
    fault = done.error();
    refuse(batch);
    co_await recover(done.error());
  }
}

// What was applied since is undone with it: nobody was told of any of it.
void Timeline::Impl::refuse(std::vector<Pending>& batch) {
  for (auto& turn : pending) batch.push_back(std::move(turn));
  pending.clear();
  for (const auto& turn : batch) {
    for (const auto& waiter : turn.waiters) waiter.set(std::unexpected(refusal()));
  }
}

// Whether one command's own statements were refused, not the disk. (A turn by time would fail again at once:
// that takes the slow way.)
bool Timeline::Impl::only_itself(const Attempt& attempted, const std::vector<Pending>& batch,
                                 const Error& error) const {
  if (config.replay || error.code == Code::unavailable || error.code == Code::exhausted) return false;
  return attempted.at < batch.size() && attempted.writes[attempted.at].input.has_value();
}

// The turns before the bad one are durable and told, the bad one is refused, those after it are applied again
// by whoever waits for them (submit).
void Timeline::Impl::undo(std::vector<Pending>& batch, std::size_t bad, const Error& error) {
  log::error("timeline", "{}: a turn cannot be stored and is undone: {}", config.world, error.message);
  for (std::size_t i = 0; i < bad; ++i) tell(batch[i]);
  const Error refused{Code::internal, "timeline.not_stored",
                      "this cannot be stored and was undone: " + error.message};
  const Error again{Code::unavailable, kUndone, "undone with another turn; try again", 100};
  for (const auto& waiter : batch[bad].waiters) waiter.set(std::unexpected(refused));
  for (std::size_t i = bad + 1; i < batch.size(); ++i) {
    for (const auto& waiter : batch[i].waiters) waiter.set(std::unexpected(again));
  }
  for (const auto& turn : pending) {
    for (const auto& waiter : turn.waiters) waiter.set(std::unexpected(again));
  }
  pending.clear();
}

boost::asio::awaitable<void> Timeline::Impl::mend(std::vector<Pending> batch,
                                                  std::shared_ptr<Attempt> attempted, Error error) {
  mending = true;
  const std::size_t bad = attempted->at;
  attempted->writes.resize(bad);
  auto done = co_await db.transact([attempted](db::Tx& tx) { return write_all(tx, *attempted); });
  if (done) {
    undo(batch, bad, error);
    done = reload();
  }
  mending = false;
  if (!done) {
    fault = done.error();
    refuse(batch);
  }
  for (const auto& waiter : std::exchange(mended, {})) waiter.set({});
  if (!done) co_await recover(done.error());
}

// The memory images as the database has them. Blocking, since nothing on this thread may look at them
// meanwhile.
Result<void> Timeline::Impl::reload() {
  TRY_VOID(db.read_now([this](db::Reader& reader) { return load(reader); }));
  mending = torn = false;
  if (config.replay) return {};
  // The time that passed did not happen; as after a restart, that is an input.
  InputRecord resumed{.type = kResumed, .payload = std::to_string(clock.base().ms)};
  (void)apply_input(resumed, Caller::server());
  return {};
}

// What a handler that threw changed beside its tables nobody knows.
void Timeline::Impl::tear(const std::string& why) {
  log::error("timeline", "{}: a turn failed half-way, so everything is loaded anew: {}", config.world, why);
  torn = true;
  checkpoint();  // no time is lost by it
  kick();
}

boost::asio::awaitable<void> Timeline::Impl::heal() {
  const auto done = reload();
  if (!done) fault = done.error();
  for (const auto& waiter : std::exchange(mended, {})) waiter.set({});
  if (!done) co_await recover(done.error());
}

Task<void> Timeline::Impl::whole() {
  while (mending || torn) {
    const rt::OneShot<void> wait(env);
    mended.push_back(wait);
    CO_TRY_VOID(co_await wait.wait());
  }
  co_return Result<void>();
}

Task<void> Timeline::Impl::durable(KeyStore::Statements statements) {
  if (statements.empty() && pending.empty() && committing == 0) co_return Result<void>();
  const rt::OneShot<void> wait(env);
  auto& turn = pending.emplace_back();
  turn.writes.statements = std::move(statements);
  turn.waiters.push_back(wait);
  kick();
  co_return co_await wait.wait();
}

Task<void> Timeline::Impl::keep(std::function<KeyStore::Statements()> statements) {
  for (;;) {
    CO_TRY_VOID(co_await whole());
    if (fault) co_return std::unexpected(refusal());
    auto done = co_await durable(statements());
    if (done || done.error().reason != kUndone) co_return done;
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
      TRY_VOID(tx.exec("insert into timeline_probe (bytes) values ($1)",
                       Values{db::Blob{std::string(65'536, 'x')}}));
      TRY_VOID(tx.exec("delete from timeline_probe"));
      return {};
    });
    if (!probe) {
      fault = probe.error();
      continue;
    }
    fault.reset();
    if (auto whole_again = reload(); !whole_again) {
      fault = whole_again.error();
      continue;
    }
    break;
  }
  log::info("timeline", "{}: writes are accepted again", config.world);
}

void Timeline::Impl::checkpoint() {
  pending.emplace_back().writes.statements.emplace_back("update timeline set game_ms = $1 where id = 1",
                                                        Values{now.ms});
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
    if (--until_checkpoint <= 0 && !standing() && clock.running()) {
      until_checkpoint = 10;
      const std::uint64_t by_now = tail.events + tail.inputs;
      if (by_now == std::exchange(happened, by_now) && ++quiet_seconds < kQuietSeconds) continue;
      quiet_seconds = 0;
      checkpoint();
      kick();
    }
  }
}

}  // namespace troupe
