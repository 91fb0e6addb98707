#pragma once
// The inside of Timeline: private to timeline*.cpp.
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "host/table.h"
#include "host/timeline.h"

namespace troupe {

// In place of a service, in the bus subjects of a game's own event types: evt.<world>.game.<Type>.
inline constexpr const char* kOwnTypes = "game";
inline constexpr const char* kResumed = "timeline.Resumed";
inline constexpr const char* kTurnFailed = "troupe.v1.TurnFailed";
// What was applied after a turn that could not be stored: it is applied again.
inline constexpr const char* kUndone = "timeline.undone";

struct Timeline::Impl {
  // What one turn has to make durable, in order.
  struct Writes {
    std::optional<InputRecord> input;
    std::vector<EventRecord> events;
    std::vector<std::pair<std::string, db::Values>> statements;
  };
  // Turns on their way to the database; the database's thread says how far it came.
  struct Attempt {
    std::vector<Writes> writes;
    std::size_t at = 0;
  };
  // An applied turn that waits for its commit.
  struct Pending {
    Writes writes;
    std::vector<pb::Envelope> envelopes;  // published after the commit, in order
    std::vector<std::function<void()>> effects;
    std::vector<rt::OneShot<void>> waiters;
  };
  struct TimerKey {
    std::int64_t due_ms;
    std::string service;
    std::string key;
    auto operator<=>(const TimerKey&) const = default;
  };

  Impl(const rt::Env& e, db::Db& d, bus::Bus& b, Metrics& m, TimelineConfig c);

  // Everything is in these; the rest is registration.
  rt::Env env;
  db::Db& db;
  bus::Bus& bus;
  Metrics& metrics;
  TimelineConfig config;
  std::string pack_hash;  // of the pack that the world was last run with
  std::map<std::string, bool>
      lived_with;  // services that have begun; whether the world was last run with them
  GameTime now;
  GameClock clock;
  LogTail tail;
  std::map<TimerKey, std::string> timers;                                 // by due time
  std::map<std::pair<std::string, std::string>, std::int64_t> timer_due;  // (service, key) -> due
  // When it was loaded: the first timer of those services that the world was last run with.
  std::optional<TimerKey> next_before;
  KeyStore keys;
  std::vector<Pending> pending;
  std::size_t committing = 0;
  std::optional<Error> fault;
  bool mending = false;  // a turn that cannot be stored is being undone; commands wait
  // A turn failed in a way that memory cannot take back: it is loaded anew as soon as what came before is durable.
  bool torn = false;
  std::vector<rt::OneShot<void>> mended;
  bool stopping = false;
  std::uint64_t scopes = 0;     // how many turns and calls inside them there were
  std::string tick_failure;     // the reason of the last one
  bool awaits_failure = false;  // of a replay: a timer has failed, and the input that consumes it is next
  std::optional<rt::OneShot<void>> idle;  // the commit loop waits on this

  std::map<std::string, Apply> applies;
  std::map<std::string, Query> queries;
  std::map<std::string, std::vector<Listener>> listeners;
  std::map<std::string, TimerHandler> timer_handlers;
  std::vector<std::function<void(Turn&)>> ticks;
  std::vector<std::function<Result<void>(db::Reader&)>> books;
  std::vector<std::function<void()>> loaded;
  std::set<std::string> services;
  // How a service begins, or goes on with another pack; one of the two.
  struct Beginning {
    std::string service;
    std::function<void(Turn&)> genesis;
    PackHook pack_hook;
  };
  std::vector<Beginning> beginnings;
  Witnesses witnesses;
  std::vector<TableRows*> tables;
  std::vector<db::Migration> migrations;  // of the books
  std::function<void(const Error&)> fatal;

  Counter& turns_total;
  Counter& undone_total;
  Counter& events_total;
  Histogram& commit_seconds;
  Histogram& tick_lateness_seconds;

  // Rebuilds the memory image from what is durable.
  Result<void> load(db::Reader& reader);

  // Runs one turn. `input` is null for turns by time. On success it is queued for the commit; on an error
  // nothing has changed: what it had done is undone.
  Result<Bytes> run_turn(InputRecord* input, const std::function<Result<Bytes>(Turn&)>& body);
  Result<Bytes> apply_input(InputRecord& input, const Caller& caller);
  bool standing() const { return fault || mending || torn; }
  // Whether the world was last run with this pack and these services.
  bool as_before() const;
  Result<void> take_change();
  std::set<std::string> present_before() const;
  void lives_with_services(TurnImpl& turn);
  Result<Bytes> take_pack(InputRecord& input);

  // Runs due timers and ticks up to `to`, a slice at a time; true when time stands at `to`.
  bool advance_some(GameTime to);
  bool step(GameTime to);  // one of them; false when there is none
  void fire(const TimerKey& timer);
  // What nobody can repeat has failed: it is consumed by an input that says so. In a replay that input comes.
  void consume(const std::string& what, const std::string& key, const Error& error);
  void tick_failed(const Error& error);
  Result<Bytes> take_failure(InputRecord& input);

  void kick();
  boost::asio::awaitable<void> commit_loop();
  boost::asio::awaitable<void> time_loop();
  void tell(Pending& turn);
  // Durable with everything applied before; answers at once where all is durable already.
  Task<void> durable(KeyStore::Statements statements = {});
  // The same again where a turn that could not be stored took it along.
  Task<void> keep(std::function<KeyStore::Statements()> statements);
  Task<void> whole();  // waits while a turn is being undone
  bool only_itself(const Attempt& attempt, const std::vector<Pending>& batch, const Error& error) const;
  boost::asio::awaitable<void> mend(std::vector<Pending> batch, std::shared_ptr<Attempt> attempt,
                                    Error error);
  void undo(std::vector<Pending>& batch, std::size_t bad, const Error& error);
  void refuse(std::vector<Pending>& batch);
  Result<void> reload();
  boost::asio::awaitable<void> heal();
  void checkpoint();  // the clock as it is now, with the next commit
  void tear(const std::string& why);
  boost::asio::awaitable<void> recover(Error error);
  Error refusal() const;
  static std::shared_ptr<Attempt> attempt(std::vector<Pending>& batch);
  static Result<void> write_all(db::Tx& tx, Attempt& attempt);
};

class Timeline::TurnImpl final : public Turn {
 public:
  TurnImpl(Impl& timeline, std::uint64_t input_sequence, std::string trace)
      : timeline_(timeline),
        input_(input_sequence),
        trace_(std::move(trace)),
        tail_(timeline.tail),
        scope_(++timeline.scopes) {}

  GameTime now() const override { return timeline_.now; }
  std::uint64_t seed() const override { return timeline_.config.seed; }
  std::uint64_t input() const override { return input_; }
  const std::string& world() const override { return timeline_.config.world; }
  std::uint64_t emit(const google::protobuf::Message& event, EmitOptions options) override;
  std::uint64_t emit_caused_by(std::uint64_t cause, const google::protobuf::Message& event,
                               EmitOptions options) override;
  std::uint64_t next_sequence() const override { return tail_.events + 1; }
  void touch(TableRows& table, const std::string& key) override;
  void on_undo(std::move_only_function<void()> undo) override { undos_.push_back(std::move(undo)); }
  std::uint64_t scope() const override { return scope_; }
  void abandon(Error error) override {
    if (!failure_) failure_ = std::move(error);
  }
  void schedule(std::string_view service, std::string_view key, GameTime at, std::string payload) override;
  void unschedule(std::string_view service, std::string_view key) override;
  bool scheduled(std::string_view service, std::string_view key) const override {
    return timeline_.timer_due.contains({std::string(service), std::string(key)});
  }
  void after_commit(std::function<void()> effect) override { effects_.push_back(std::move(effect)); }
  const GameClock& clock() const override { return timeline_.clock; }
  void set_clock(Scale scale, bool paused) override;
  void jump_to(GameTime to) override;

  // Delivers what was emitted to its listeners, and what they emit, until nothing is left.
  void settle();
  // From here on everything is caused by `event`, and there may be as many events as a pack and its world
  // give rise to: their number has bounds of its own.
  void take_pack(std::uint64_t event) {
    cause_ = event;
    unbounded_ = true;
  }
  bool changed_anything() const {
    return !writes_.statements.empty() || !touched_.empty() || !writes_.events.empty() ||
           !envelopes_.empty() || clock_touched_;
  }

 protected:
  Result<std::string> call_bytes(const Caller& caller, const google::protobuf::Message& request) override;

 private:
  friend struct Impl;
  // How far the turn has come; what is later can be undone.
  struct Mark {
    std::size_t statements, events, envelopes, effects, undelivered, touched, undos;
    LogTail tail;
    std::uint64_t cause;
    bool clock_touched;
  };
  Mark here() const;
  void undo_to(const Mark& mark);
  // `reply`, or why the turn failed meanwhile.
  Result<std::string> unless_failed(Result<std::string> reply);
  // What the rows that were touched are now, as statements.
  void write_rows();
  void put_statement(std::string sql, db::Values values);
  void put_timer(const std::string& service, const std::string& key, std::optional<std::int64_t> due_ms,
                 std::string payload);
  void change_clock(GameClock clock);

  Impl& timeline_;
  std::uint64_t input_;
  std::string trace_;
  LogTail tail_;  // grows with the turn; taken over when it succeeds
  Impl::Writes writes_;
  std::vector<pb::Envelope> envelopes_;
  std::vector<std::function<void()>> effects_;
  std::deque<std::pair<EventContext, std::size_t>> undelivered_;  // index into writes_.events
  std::vector<std::pair<TableRows*, std::string>> touched_;       // rows by key, each once
  std::set<std::pair<TableRows*, std::string>> touched_before_;
  std::vector<std::move_only_function<void()>> undos_;
  std::optional<Error> failure_;
  std::uint64_t scope_;
  std::uint64_t cause_ = 0;
  bool clock_touched_ = false;
  bool unbounded_ = false;
};

}  // namespace troupe
