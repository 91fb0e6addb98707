// Running a recorded world again: the same seed and inputs must give the same log and the same state, byte
// for byte.
#include <cmath>

#include "adapters/bus_local/local_bus.h"
#include "app/kept_packs.h"
#include "app/replay.h"
#include "app/server.h"
#include "app/services.h"
#include "base/text.h"
#include "host/room.h"
#include "rt/virtual_clock.h"
#include "services/worlds/world_lines.h"

namespace troupe {

namespace {

// A world without threads of its own but the database's: virtual clock, no models, nothing published.
struct Rig {
  boost::asio::io_context io{1};
  rt::VirtualClock clock{io};
  rt::SeededIds ids{1};
  rt::Env env{io.get_executor(), clock, ids};
  Metrics metrics;
  std::unique_ptr<bus::Bus> bus = bus::make_local_bus(env);
  std::unique_ptr<Room> room;
  std::unique_ptr<WorldServices> services;

  Result<void> open(const pack::Pack& pack, const OpenDatabase& database, TimelineConfig config,
                    const OnlyServices& only = {}) {
    TRY(auto db, database(env));
    return start(pack, std::move(db), std::move(config), only);
  }

  Result<void> start(const pack::Pack& pack, std::unique_ptr<db::Db> db, TimelineConfig config,
                     const OnlyServices& only) {
    config.replay = true;
    room = std::make_unique<Room>(env, *bus, metrics, std::move(db), std::move(config));
    services = std::make_unique<WorldServices>(pack, room->host(), RouterConfig{}, NpcConfig{}, AiConfig{},
                                               ModelsConfig{}, only);
    return room->open();
  }

  // Its database, for another to go on with.
  std::unique_ptr<db::Db> close() {
    services.reset();
    return Room::database_of(std::move(room));
  }

  Timeline& timeline() { return room->timeline(); }

  Result<std::string> hash() {
    std::string found;
    TRY_VOID(timeline().checkpoint_now());
    TRY_VOID(room->db().read_now([&](db::Reader& reader) -> Result<void> {
      TRY(found, timeline().state_hash(reader));
      return {};
    }));
    return hex(found);
  }
};

Result<pack::Pack> load(const std::filesystem::path& world) {
  auto loaded = pack::load_pack(world);
  if (loaded) return *std::move(loaded);
  return fail(Code::invalid_argument, "pack.broken", pack::to_string(loaded.error().front()));
}

// Where two logs part: the first event that differs.
Result<std::string> first_difference(db::Db& recorded, db::Db& replayed) {
  std::string found = "the logs are the same, but the state is not";
  std::uint64_t after = 0;
  for (;;) {
    std::vector<EventRecord> a;
    std::vector<EventRecord> b;
    const HistoryQuery query{.after = after, .limit = 1000};
    TRY_VOID(recorded.read_now([&](db::Reader& reader) -> Result<void> {
      TRY(a, event_log::history(reader, query));
      return {};
    }));
    TRY_VOID(replayed.read_now([&](db::Reader& reader) -> Result<void> {
      TRY(b, event_log::history(reader, query));
      return {};
    }));
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      if (i >= a.size() || i >= b.size()) {
        const auto& extra = i < a.size() ? a[i] : b[i];
        return fmt::format("event {} ({}) is only in the {} log", extra.sequence, extra.type,
                           i < a.size() ? "recorded" : "replayed");
      }
      if (a[i].chain != b[i].chain) {
        return fmt::format("event {}: recorded {} of '{}' at {} ms, replayed {} of '{}' at {} ms",
                           a[i].sequence, a[i].type, a[i].subject, a[i].at.ms, b[i].type, b[i].subject,
                           b[i].at.ms);
      }
      after = a[i].sequence;
    }
    if (a.size() < 1000) return found;
  }
}

ServiceNames names_in(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

// What the world began with: the pack's hash, and its services.
struct Beginning {
  std::string pack_hash;
  ServiceNames services;
};
Result<Beginning> beginning(db::Reader& reader, const std::string& pack_now) {
  Beginning out{.pack_hash = pack_now, .services = {}};
  TRY(const auto changes, reader.query("select payload from inputs where type = $1 order by sequence limit 1",
                                       db::Values{std::string(kPackTaken)}));
  if (changes.empty()) {
    TRY(const auto present, reader.query("select name from services where present = 1"));
    for (const auto& service : present) out.services.insert(service.text(0));
    return out;
  }
  pb::PackTaken taken;
  if (!taken.ParseFromString(changes[0].blob(0)))
    return fail(Code::internal, "log.bad_input", "the bytes are not a PackTaken message");
  return Beginning{.pack_hash = taken.change().from_hash(), .services = names_in(taken.services_before())};
}

// Ends the stretch that was lived with one pack and some services, and begins the next: the database stays,
// the services are made anew. As in the server, what is in memory alone goes.
Result<void> go_on(Rig& rig, std::unique_ptr<pack::Pack>& pack, const PackOf& pack_of,
                   const InputRecord& input, const TimelineConfig& config) {
  TRY_VOID(rig.timeline().run_to_pack_change(input));
  pb::PackTaken taken;
  (void)taken.ParseFromString(input.payload);  // run_to_pack_change() has
  TRY(auto next, pack_of(taken.change().to_hash()));
  auto db = rig.close();
  *pack = std::move(next);
  auto again = config;
  again.pack_hash = pack->hash;
  return rig.start(*pack, std::move(db), std::move(again), names_in(taken.services()));
}

}  // namespace

namespace {

// A recorded world, as it is run again.
class Again {
 public:
  Again(const ReadLog& recorded, const PackOf& pack_of) : recorded_(recorded), pack_of_(pack_of) {}

  // At its first moment, in a database of its own. `world` "" = with its name.
  Result<void> begin(const OpenDatabase& copy, const std::string& world = {}) {
    Beginning first;
    std::uint64_t seed = 0;
    TRY_VOID(recorded_([&](db::Reader& reader) -> Result<void> {
      TRY(tail, event_log::tail(reader));
      TRY(const auto rows, reader.query("select seed, game_ms, pack_hash, world from timeline"));
      if (rows.empty()) return fail(Code::not_found, "replay.empty", "the recorded world has not begun");
      seed = static_cast<std::uint64_t>(rows[0].integer(0));
      end = {rows[0].integer(1)};
      name = rows[0].text(3);
      TRY(first, beginning(reader, rows[0].text(2)));
      return {};
    }));
    TRY(*pack_, pack_of_(first.pack_hash));
    config_ = timeline_config(*pack_, seed);
    config_.world = world.empty() ? name : world;
    return rig.open(*pack_, copy, config_, first.services);
  }

  // The inputs up to and with the `last`; an input that is not taken any more is a `problem`.
  Result<void> run(std::uint64_t last) {
    while (after_ < last && problem.empty()) {
      std::vector<InputRecord> inputs;
      TRY_VOID(recorded_([&](db::Reader& reader) -> Result<void> {
        TRY(inputs, event_log::inputs(reader, after_, 500));
        return {};
      }));
      for (const auto& input : inputs) {
        if (input.sequence > last) break;
        if (input.type == kPackTaken) TRY_VOID(go_on(rig, pack_, pack_of_, input, config_));
        const auto reply = rig.timeline().replay(input);
        after_ = input.sequence;
        if (!reply || rig.timeline().tail().inputs != input.sequence) {
          problem =
              fmt::format("input {} ({}) was taken when it was recorded and is not now: {}", input.sequence,
                          input.type, reply ? "it changes nothing" : reply.error().message);
          break;
        }
      }
      TRY_VOID(rig.timeline().flush_now());
    }
    return {};
  }

  Rig rig;
  LogTail tail;  // of the recording
  GameTime end;
  std::string name;
  std::string problem;

 private:
  const ReadLog& recorded_;
  const PackOf& pack_of_;
  std::unique_ptr<pack::Pack> pack_ = std::make_unique<pack::Pack>();
  TimelineConfig config_;
  std::uint64_t after_ = 0;
};

}  // namespace

Result<ReplayReport> replay_log(db::Db& recorded, const PackOf& pack_of, const OpenDatabase& copy) {
  const ReadLog read = [&](const auto& fn) { return recorded.read_now(fn); };
  ReplayReport report;
  TRY_VOID(read([&](db::Reader& reader) -> Result<void> {
    TRY_VOID(event_log::verify(reader));
    return {};
  }));
  Again again(read, pack_of);
  TRY_VOID(again.begin(copy));
  report.world = again.name;
  report.inputs = again.tail.inputs;
  report.events = again.tail.events;
  TRY_VOID(again.run(again.tail.inputs));
  report.problem = again.problem;
  auto& timeline = again.rig.timeline();
  TRY_VOID(timeline.run_to(again.end));
  TRY_VOID(timeline.flush_now());
  TRY(report.replayed_hash, again.rig.hash());
  // The recorded state's hash, by the tables that the services of this version name.
  TRY_VOID(read([&](db::Reader& reader) -> Result<void> {
    TRY(const auto found, timeline.state_hash(reader));
    report.recorded_hash = hex(found);
    return {};
  }));
  if (report.problem.empty() && report.recorded_hash != report.replayed_hash) {
    TRY(report.problem, first_difference(recorded, again.rig.room->db()));
  }
  return report;
}

namespace {

// The last input that came before event `spot` was made, or made it.
Result<std::uint64_t> inputs_before(db::Reader& reader, const EventRecord& spot) {
  TRY(const auto caused, reader.query("select max(input) from events where sequence <= $1",
                                      db::Values{static_cast<std::int64_t>(spot.sequence)}));
  TRY(const auto earlier,
      reader.query("select max(sequence) from inputs where game_ms < $1", db::Values{spot.at.ms}));
  const auto number = [](const db::Rows& rows) {
    return rows.empty() || rows[0].is_null(0) ? std::int64_t{0} : rows[0].integer(0);
  };
  return static_cast<std::uint64_t>(std::max(number(caused), number(earlier)));
}

}  // namespace

namespace {

// When things happened is no part of the chain and stands beside it: as it was recorded.
Result<void> copy_wall(const ReadLog& recorded, db::Db& copy) {
  for (std::uint64_t after = 0;;) {
    db::Rows page;
    TRY_VOID(recorded([&](db::Reader& reader) -> Result<void> {
      TRY(page, event_log::wall(reader, after, 1000));
      return {};
    }));
    if (page.empty()) return {};
    TRY_VOID(copy.transact_now([&](db::Tx& tx) { return event_log::set_wall(tx, page); }));
    after = static_cast<std::uint64_t>(page.back().integer(0));
  }
}

}  // namespace

Result<Moment> replay_until(const ReadLog& recorded, const PackOf& pack_of, Moment moment,
                            const OpenDatabase& copy, const std::string& world) {
  Again again(recorded, pack_of);
  TRY_VOID(again.begin(copy, world));
  if (moment.sequence > again.tail.events) {
    return fail(Code::not_found, "worlds.unknown_moment",
                fmt::format("'{}' has come to event {} only", again.name, again.tail.events));
  }
  if (moment.inputs == 0) {
    TRY_VOID(recorded([&](db::Reader& reader) -> Result<void> {
      TRY(const auto spot, event_log::event(reader, moment.sequence));
      if (!spot) return fail(Code::not_found, "worlds.unknown_moment", "that event is not kept any more");
      moment.at = spot->at;
      TRY(moment.inputs, inputs_before(reader, *spot));
      return {};
    }));
    TRY_VOID(again.run(moment.inputs));
    if (again.problem.empty()) TRY_VOID(again.rig.timeline().run_to_event(moment.sequence, moment.at));
  } else {
    TRY_VOID(again.run(moment.inputs));
    if (again.problem.empty()) TRY_VOID(again.rig.timeline().run_to(moment.at));
  }
  auto& timeline = again.rig.timeline();
  TRY_VOID(timeline.flush_now());
  // What was made is what was recorded, or it is another history.
  const auto end = timeline.tail();
  std::optional<EventRecord> same;
  TRY_VOID(recorded([&](db::Reader& reader) -> Result<void> {
    TRY(same, event_log::event(reader, end.events));
    return {};
  }));
  if (end.events < moment.sequence || (end.events > 0 && (!same || same->chain != end.event_chain))) {
    return fail(Code::conflict, "worlds.not_repeatable",
                again.problem.empty()
                    ? fmt::format("this version does not repeat what led to event {}", moment.sequence)
                    : again.problem);
  }
  TRY_VOID(timeline.checkpoint_now());
  TRY_VOID(copy_wall(recorded, again.rig.room->db()));
  return Moment{.sequence = end.events, .at = timeline.now(), .inputs = end.inputs};
}

// The name of a world's present line, as the shared room says it.
Result<std::string> present_line(const rt::Env& env, const Databases& databases, const std::string& world) {
  TRY(const bool has_shared, databases.exists(kSharedRoom));
  if (!has_shared) return world;
  TRY(const auto shared, databases.open(env, kSharedRoom));
  std::int64_t number = 1;
  TRY_VOID(shared->read_now([&](db::Reader& reader) -> Result<void> {
    const auto rows =
        reader.query("select max(number) from worlds_lines where world = $1", db::Values{world});
    if (rows && !rows->empty() && !(*rows)[0].is_null(0)) number = (*rows)[0].integer(0);
    return {};  // (an older database has no such table)
  }));
  return WorldLines::file(world, number);
}

Result<ReplayReport> replay_world(const ReplayOptions& options) {
  TRY(const auto present, load(options.world));
  // The recorded database, opened as the world that it is, only to be read.
  boost::asio::io_context io{1};
  rt::VirtualClock clock{io};
  rt::SeededIds ids{1};
  const rt::Env env{io.get_executor(), clock, ids};
  const auto databases = databases_at(options.data, options.database);
  std::string name = options.name;
  if (name.empty()) {
    TRY(name, present_line(env, *databases, present.world.name));
  }
  TRY(const bool there, databases->exists(name));
  if (!there)
    return fail(Code::not_found, "replay.no_world", "no recorded world at " + databases->place(name));
  TRY(const auto recorded, databases->open(env, name));
  // Wherever the world is, it is lived through again in a file.
  const bool keep = !options.keep.empty();
  const auto copy = keep ? options.keep : options.data / "worlds" / (name + ".replay.db");
  if (keep && std::filesystem::exists(copy))
    return fail(Code::conflict, "replay.exists", copy.string() + " exists already");
  std::error_code made;
  std::filesystem::create_directories(copy.parent_path(), made);
  remove_sqlite_file(copy);
  const KeptPacks kept(options.data);
  auto report = replay_log(
      *recorded,
      [&](const std::string& hash) -> Result<pack::Pack> {
        if (hash == present.hash) return present;
        return kept.load(hash);
      },
      sqlite_file(copy));
  if (!keep) remove_sqlite_file(copy);
  return report;
}

Result<ReplayReport> simulate_world(const std::filesystem::path& world, const std::filesystem::path& database,
                                    std::optional<std::uint64_t> seed, double game_days) {
  TRY(const auto pack, load(world));
  Rig rig;
  const auto config = timeline_config(pack, seed);
  TRY_VOID(rig.open(pack, sqlite_file(database), config));
  TRY_VOID(rig.timeline().run_to(config.start +
                                 GameSpan{static_cast<std::int64_t>(std::llround(game_days * 86'400'000))}));
  TRY_VOID(rig.timeline().flush_now());
  ReplayReport report{.world = pack.world.name,
                      .inputs = rig.timeline().tail().inputs,
                      .events = rig.timeline().tail().events};
  TRY(report.recorded_hash, rig.hash());
  report.replayed_hash = report.recorded_hash;
  return report;
}

}  // namespace troupe
