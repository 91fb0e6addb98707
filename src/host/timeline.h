#pragma once
// The single history of one world (or of what all worlds share): takes inputs and time, runs turns, makes
// them durable, then tells the outside. Owned by app; everything on the io thread. See turn.h.
//
// Bounds      Limits. Waiting turns beyond turns_max: `exhausted` timeline.busy.
// Bad values  A turn whose own statement the database refuses (a service's mistake: requests are checked
//             before) is undone alone. What came before it is kept; what came after is applied again, unseen.
//             A turn that fails by itself is undone and answered. Of one by time, which nobody can repeat,
//             the input TurnFailed says so and takes its place.
// Faults      A commit that fails (disk full) undoes all turns since: the memory images are loaded anew from
//             the database, commands answer `unavailable` with the reason, time stands still, and the
//             timeline tries again each second. db.failed is final: on_fatal is called.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/event_log.h"
#include "host/game_clock.h"
#include "host/key_store.h"
#include "host/metrics.h"
#include "host/turn.h"
#include "ports/bus.h"
#include "ports/db.h"
#include "rt/task.h"
#include "troupe/v1/world.pb.h"

namespace troupe {

struct TimelineLimits {
  std::size_t turns_max = 4096;              // applied, not yet durable
  std::size_t events_per_turn_max = 10'000;  // more is an event storm: the turn is undone
  std::size_t steps_per_slice = 500;         // turns by time before others get the io thread
  KeyStore::Limits keys = {};                // remembered answers
};

struct TimelineConfig {
  std::string world;  // "lanternfall", or "shared"
  std::uint64_t seed = 0;
  std::string pack_hash;
  // What is otherwise since the pack of that hash. Asked once, by open(), when the world was last run with
  // another pack than `pack_hash`; where it is empty, nothing is known of it.
  std::function<pb::PackChanged(const std::string& before)> pack_change;
  GameTime start;
  Scale scale;
  bool has_time = true;  // false: no ticks and no clock of its own (what all worlds share)
  bool replay = false;   // nothing is published, no effects run, time moves only by replay()
  TimelineLimits limits;
};

// The type of the input that brings another pack, or other services.
inline constexpr const char* kPackTaken = "troupe.v1.PackTaken";

class Timeline {
 public:
  using Bytes = std::string;
  using Apply = std::function<Result<Bytes>(Turn&, const Caller&, const Bytes&)>;
  using Query = std::function<Result<Bytes>(const Caller&, const Bytes&)>;
  using Listener = std::function<void(Turn&, const EventContext&, const Bytes&)>;
  using TimerHandler = std::function<void(Turn&, const std::string& key, const std::string& payload)>;
  using PackHook = std::function<void(Turn&, const pb::PackChanged&)>;

  Timeline(const rt::Env& env, db::Db& db, bus::Bus& bus, Metrics& metrics, TimelineConfig config);
  ~Timeline();

  // Registration, before open(). `type` is a message's full name.
  void add_apply(std::string type, Apply apply);
  void add_query(std::string type, Query query);
  void add_listener(std::string event_type, Listener listener);
  void add_timer_handler(std::string service, TimerHandler handler);
  void add_tick(std::function<void(Turn&)> tick);
  // What is kept in this database beside the world's history, outside of its turns (money): its tables, and
  // how it is read at the start.
  void add_books(std::vector<db::Migration> migrations, std::function<Result<void>(db::Reader&)> load);
  // After the tables were loaded: for what a service keeps beside them.
  void on_loaded(std::function<void()> loaded);
  // `service` answers here. Which services a world is run with is part of its history: one that is new begins
  // in a recorded input, and one that is away keeps its tables and its timers, which stand still.
  void add_service(const std::string& service);
  // How `service` begins: once in the life of a world, when it is first run with it.
  void add_genesis(std::string service, std::function<void(Turn&)> genesis);
  // Who is at a place, for the audience of events. Without it nobody is anywhere.
  void set_witnesses(Witnesses witnesses);
  // Brings what `service` keeps into line with another pack: nothing of it may name what the pack has not.
  // Runs when a world goes on with another version of its pack, or with other services, in one turn with all
  // others, in the order of registration, before anything else sees the world. It goes by what it holds and
  // by the pack, and takes from the event only what these cannot tell.
  void add_pack_hook(std::string service, PackHook hook);
  // A table that is part of the world's state. Columns named wall_* do not count.
  void add_table(TableRows& table);
  void on_fatal(std::function<void(const Error&)> fatal);
  // What was registered, for the test that no table is forgotten.
  std::vector<std::string> table_names() const;
  std::vector<std::string> pack_hook_names() const;
  const std::set<std::string>& services() const;

  // Migrates, loads, runs genesis when the log is empty. Blocks; before the io thread runs.
  Result<void> open();
  // Drives time until stop(). Spawns into `group`.
  void start(rt::Group& group);
  // Waits until everything applied is durable.
  boost::asio::awaitable<void> drain();

  // Applies a command as a recorded input; durable when it answers.
  Task<Bytes> submit(Caller caller, std::string type, Bytes payload);
  // A query of the memory image as of now.
  Result<Bytes> query(const Caller& caller, const std::string& type, const Bytes& payload) const;
  bool is_query(const std::string& type) const;

  // For calls with an idempotency key that are no single command (Host::once). See KeyStore::find.
  Result<std::optional<Bytes>> answered(const KeyUse& use) const;
  Task<void> claim_key(KeyUse use);
  Task<void> answer_key(KeyUse use, Bytes reply);
  Task<void> release_key(KeyUse use);
  // Everything applied so far is durable.
  Task<void> settled();

  // The present input is a change of pack or services: runs what the world had run when it came, and no more,
  // with those of before. Then open the same database with the others, and replay() the input.
  Result<void> run_to_pack_change(const InputRecord& input);
  // Runs what happens by time up to `at`, and no further than the turn that made event `sequence`; whether that one
  // was made.
  Result<bool> run_to_event(std::uint64_t sequence, GameTime at);
  // Replays one recorded input / moves time, blocking. For replay, tests and benchmarks.
  Result<Bytes> replay(const InputRecord& input);
  Result<void> run_to(GameTime to);
  Result<void> flush_now();
  // Makes the clock durable as of now().
  Result<void> checkpoint_now();

  GameTime now() const;
  const GameClock& clock() const;
  const TimelineConfig& config() const;
  const LogTail& tail() const;
  db::Db& db();
  Metrics& metrics();
  // Ok, or why commands are refused now.
  Result<void> health() const;

  // Of the log's end, the clock and all state tables; hex.
  Result<std::string> state_hash(db::Reader& reader) const;

 private:
  class TurnImpl;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe
