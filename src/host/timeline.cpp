#include "host/timeline.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "host/timeline_impl.h"

namespace troupe {

using db::Blob;
using db::Values;

Timeline::Timeline(const rt::Env& env, db::Db& db, bus::Bus& bus, Metrics& metrics, TimelineConfig config)
    : impl_(std::make_unique<Impl>(env, db, bus, metrics, std::move(config))) {}
Timeline::~Timeline() = default;

void Timeline::add_apply(std::string type, Apply apply) {
  TROUPE_CHECK(impl_->applies.emplace(std::move(type), std::move(apply)).second, "one handler per command");
}
void Timeline::add_query(std::string type, Query query) {
  TROUPE_CHECK(impl_->queries.emplace(std::move(type), std::move(query)).second, "one handler per query");
}
void Timeline::add_listener(std::string event_type, Listener listener) {
  impl_->listeners[std::move(event_type)].push_back(std::move(listener));
}
void Timeline::add_timer_handler(std::string service, TimerHandler handler) {
  TROUPE_CHECK(impl_->timer_handlers.emplace(std::move(service), std::move(handler)).second,
               "one timer handler per service");
}
void Timeline::add_tick(std::function<void(Turn&)> tick) { impl_->ticks.push_back(std::move(tick)); }
void Timeline::add_books(std::vector<db::Migration> migrations,
                         std::function<Result<void>(db::Reader&)> load) {
  std::ranges::move(migrations, std::back_inserter(impl_->migrations));
  impl_->books.push_back(std::move(load));
}
void Timeline::on_loaded(std::function<void()> loaded) { impl_->loaded.push_back(std::move(loaded)); }
void Timeline::add_service(const std::string& service) { impl_->services.insert(service); }
void Timeline::add_genesis(std::string service, std::function<void(Turn&)> genesis) {
  impl_->beginnings.push_back({std::move(service), std::move(genesis), {}});
}
void Timeline::set_witnesses(Witnesses witnesses) { impl_->witnesses = std::move(witnesses); }
void Timeline::add_pack_hook(std::string service, PackHook hook) {
  impl_->beginnings.push_back({std::move(service), {}, std::move(hook)});
}
void Timeline::add_table(TableRows& table) { impl_->tables.push_back(&table); }
std::vector<std::string> Timeline::table_names() const {
  std::vector<std::string> names;
  for (const auto* table : impl_->tables) names.push_back(table->shape().name());
  return names;
}
std::vector<std::string> Timeline::pack_hook_names() const {
  std::vector<std::string> names;
  for (const auto& one : impl_->beginnings) {
    if (one.pack_hook) names.push_back(one.service);
  }
  return names;
}
const std::set<std::string>& Timeline::services() const { return impl_->services; }
void Timeline::on_fatal(std::function<void(const Error&)> fatal) { impl_->fatal = std::move(fatal); }

GameTime Timeline::now() const { return impl_->now; }
const GameClock& Timeline::clock() const { return impl_->clock; }
const TimelineConfig& Timeline::config() const { return impl_->config; }
const LogTail& Timeline::tail() const { return impl_->tail; }
db::Db& Timeline::db() { return impl_->db; }
Metrics& Timeline::metrics() { return impl_->metrics; }
bool Timeline::is_query(const std::string& type) const { return impl_->queries.contains(type); }

Result<void> Timeline::health() const {
  if (impl_->fault) return std::unexpected(*impl_->fault);
  return {};
}

Result<Timeline::Bytes> Timeline::query(const Caller& caller, const std::string& type,
                                        const Bytes& payload) const {
  const auto found = impl_->queries.find(type);
  if (found == impl_->queries.end()) return fail(Code::not_found, "rpc.unknown", "no query '" + type + "'");
  return found->second(caller, payload);
}

Result<void> Timeline::open() {
  auto& self = *impl_;
  auto migrations = event_log::migrations();
  migrations.push_back(KeyStore::migration());
  std::ranges::copy(self.migrations, std::back_inserter(migrations));
  for (const auto* table : self.tables)
    std::ranges::move(table->shape().migrations(), std::back_inserter(migrations));
  TRY_VOID(self.db.migrate(migrations));
  bool fresh = false;
  TRY_VOID(self.db.read_now([&](db::Reader& reader) -> Result<void> {
    TRY(const auto rows, reader.query("select count(*) from timeline"));
    fresh = rows[0].integer(0) == 0;
    return {};
  }));
  if (fresh) {
    self.now = self.config.start;
    self.clock = GameClock(self.now, self.env.now(), self.config.scale, false);
    TRY_VOID(self.db.transact_now([&](db::Tx& tx) -> Result<void> {
      TRY_VOID(
          tx.exec("insert into timeline (id, world, seed, pack_hash, game_ms, base_ms, scale_milli, paused) "
                  "values (1, $1, $2, $3, $4, $4, $5, 0)",
                  Values{self.config.world, static_cast<std::int64_t>(self.config.seed),
                         self.config.pack_hash, self.now.ms, self.config.scale.milli}));
      return {};
    }));
    TRY_VOID(self.db.read_now([&](db::Reader& reader) { return self.load(reader); }));
    TRY_VOID(self.run_turn(nullptr, [&](Turn& turn) -> Result<Bytes> {
      self.lives_with_services(static_cast<TurnImpl&>(turn));
      for (const auto& one : self.beginnings) {
        if (one.genesis) one.genesis(turn);
      }
      return Bytes();
    }));
    return flush_now();
  }
  TRY_VOID(self.db.read_now([&](db::Reader& reader) { return self.load(reader); }));
  if (self.config.replay) return {};
  if (!self.as_before()) {
    // Stands for the restart, too: nothing may come between the two.
    TRY_VOID(self.take_change());
    return flush_now();
  }
  // A restart moves the base of the tick grid: it is an input like any other, or a replay would tick
  // elsewhere.
  InputRecord resumed{.type = kResumed, .payload = std::to_string(self.clock.base().ms)};
  (void)self.apply_input(resumed, Caller::server());
  return flush_now();
}

Result<Timeline::Bytes> Timeline::replay(const InputRecord& input) {
  // What had been run when the pack changed, run_to_pack_change() has run; the rest is for after it.
  if (input.type != kPackTaken) TRY_VOID(run_to(input.at));
  if (impl_->awaits_failure && input.type != kTurnFailed)
    return fail(Code::conflict, "log.diverged", "a timer fails here that did not when the log was written");
  Caller caller{
      .name = input.caller, .role = static_cast<pb::Role>(input.role), .world = impl_->config.world};
  caller.trace = input.trace;
  InputRecord record = input;
  return impl_->apply_input(record, caller);
}

Result<void> Timeline::run_to(GameTime to) {
  auto& self = *impl_;
  do {
    while (!self.advance_some(to)) {
      if (self.pending.size() >= self.config.limits.turns_max / 2) TRY_VOID(flush_now());
    }
    if (self.fault) return std::unexpected(*self.fault);
    if (!self.torn || self.committing > 0) return {};  // the commit loop heals, too
  } while (flush_now());
  return {};
}

Result<bool> Timeline::run_to_event(std::uint64_t sequence, GameTime at) {
  auto& self = *impl_;
  while (self.tail.events < sequence && self.step(at)) {
    if (self.pending.size() >= self.config.limits.turns_max / 2) TRY_VOID(flush_now());
    if (self.fault) return std::unexpected(*self.fault);
  }
  TRY_VOID(flush_now());
  return self.tail.events >= sequence;
}

Result<void> Timeline::flush_now() {
  auto& self = *impl_;
  while (!self.pending.empty()) {
    std::vector<Impl::Pending> batch;
    std::swap(batch, self.pending);
    const auto attempt = Impl::attempt(batch);
    const auto write = [attempt](db::Tx& tx) { return Impl::write_all(tx, *attempt); };
    const auto done = self.db.transact_now(write);
    if (done) {
      for (auto& turn : batch) self.tell(turn);
      if (!self.torn || !self.pending.empty() || self.committing > 0) continue;
      TRY_VOID(self.reload());
      for (const auto& waiter : std::exchange(self.mended, {})) waiter.set({});
      continue;
    }
    if (!self.only_itself(*attempt, batch, done.error())) return done;
    const std::size_t bad = attempt->at;
    attempt->writes.resize(bad);
    TRY_VOID(self.db.transact_now(write));
    self.undo(batch, bad, done.error());
    TRY_VOID(self.reload());
  }
  return {};
}

Result<void> Timeline::checkpoint_now() {
  TRY_VOID(flush_now());
  return impl_->db.transact_now([ms = impl_->now.ms](db::Tx& tx) -> Result<void> {
    TRY_VOID(tx.exec("update timeline set game_ms = $1 where id = 1", Values{ms}));
    return {};
  });
}

Task<Timeline::Bytes> Timeline::submit(Caller caller, std::string type, Bytes payload) {
  auto& self = *impl_;
  if (!self.applies.contains(type))
    co_return fail(Code::not_found, "rpc.unknown", "no command '" + type + "'");
  CO_TRY_VOID(check_role(caller));
  std::optional<KeyUse> key;
  if (!caller.idempotency_key.empty()) key = key_use(caller, type, payload);
  caller.idempotency_key.clear();  // no handler may depend on it: a replay knows no keys
  constexpr int kTriesMax = 3;
  for (int attempt = 1;; ++attempt) {
    CO_TRY_VOID(co_await self.whole());
    if (self.fault) co_return std::unexpected(self.refusal());
    if (self.pending.size() + self.committing >= self.config.limits.turns_max) {
      co_return fail(Code::exhausted, "timeline.busy", "the world is busy; try again", 100);
    }
    if (self.config.has_time) {
      // What is due comes first: an input at T finds a world at T.
      while (!self.advance_some(self.clock.at(self.env.now()))) {
        co_await boost::asio::post(self.env.executor, boost::asio::use_awaitable);
        if (self.fault) co_return std::unexpected(self.refusal());
      }
      if (self.mending || self.torn) continue;
    }
    if (key) {
      CO_TRY(const auto known, self.keys.find(*key));
      if (known) {
        // The first attempt may still be on its way to the disk: acknowledged is what is durable.
        CO_TRY_VOID(co_await self.durable());
        co_return *known;
      }
    }
    InputRecord record{.type = type, .payload = payload};
    const auto inputs_before = self.tail.inputs;
    auto reply = self.apply_input(record, caller);
    KeyStore::Statements statements;
    if (reply && key) statements = self.keys.answer(*key, *reply);
    Result<void> stored;
    if (self.tail.inputs != inputs_before) {
      auto& turn = self.pending.back();
      std::ranges::move(statements, std::back_inserter(turn.writes.statements));
      const rt::OneShot<void> wait(self.env);
      turn.waiters.push_back(wait);
      self.kick();
      stored = co_await wait.wait();
    } else {
      // A command without effect waits, too: what it saw and tells of may be on its way to the disk.
      stored = co_await self.durable(std::move(statements));
    }
    if (!stored && stored.error().reason == kUndone && attempt < kTriesMax) continue;
    CO_TRY_VOID(stored);
    co_return reply;
  }
}

Result<std::optional<Timeline::Bytes>> Timeline::answered(const KeyUse& use) const {
  return impl_->keys.find(use);
}
Task<void> Timeline::claim_key(KeyUse use) {
  return impl_->keep([&self = *impl_, use] { return self.keys.claim(use); });
}
Task<void> Timeline::answer_key(KeyUse use, Bytes reply) {
  return impl_->keep([&self = *impl_, use, reply] { return self.keys.answer(use, reply); });
}
Task<void> Timeline::release_key(KeyUse use) {
  return impl_->keep([&self = *impl_, use] { return self.keys.release(use); });
}
Task<void> Timeline::settled() { return impl_->durable(); }

boost::asio::awaitable<void> Timeline::drain() {
  auto& self = *impl_;
  self.stopping = true;
  while ((!self.pending.empty() || self.committing > 0) && !self.fault) {
    self.kick();
    co_await rt::sleep_for(self.env, rt::milliseconds(1));
  }
}

void Timeline::start(rt::Group& group) {
  auto& self = *impl_;
  group.spawn("commit " + self.config.world, [&self] { return self.commit_loop(); });
  if (self.config.has_time) group.spawn("time " + self.config.world, [&self] { return self.time_loop(); });
}

Result<std::string> Timeline::state_hash(db::Reader& reader) const {
  const auto& self = *impl_;
  Sha256 hash;
  TRY(const auto tail, event_log::tail(reader));
  hash.add(tail.event_chain);
  hash.add(tail.input_chain);
  struct Hashed {
    std::string name, listed, order_by;
  };
  std::vector<Hashed> tables = {
      {"timers", "*", "service, key"}, {"timeline", "*", "id"}, {"services", "*", "name"}};
  for (const auto* table : self.tables) {
    const auto& shape = table->shape();
    tables.push_back({shape.name(), shape.columns(), shape.order()});
  }
  std::ranges::sort(tables, {}, &Hashed::name);
  for (const auto& [table, listed, order_by] : tables) {
    const std::string sql = "select " + listed + " from " + table + " order by " + order_by;
    TRY(const auto columns, reader.columns(sql));
    TRY(const auto rows, reader.query(sql));
    hash.add_field(table);
    hash.add_number(static_cast<std::int64_t>(rows.size()));
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].starts_with("wall_")) continue;
        const auto& value = row.values()[i];
        hash.add_number(static_cast<std::int64_t>(value.index()));
        if (const auto* number = std::get_if<std::int64_t>(&value)) hash.add_number(*number);
        if (const auto* real = std::get_if<double>(&value))
          hash.add_number(std::bit_cast<std::int64_t>(*real));
        if (const auto* text = std::get_if<std::string>(&value)) hash.add_field(*text);
        if (const auto* blob = std::get_if<Blob>(&value)) hash.add_field(blob->bytes);
      }
    }
  }
  return hash.finish();
}

}  // namespace troupe
