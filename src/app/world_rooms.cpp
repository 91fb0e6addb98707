#include "app/world_rooms.h"

#include <future>
#include <mutex>

#include "app/world_file.h"
#include "base/check.h"
#include "base/log.h"
#include "rt/virtual_clock.h"
#include "troupe/v1/worlds.pb.h"

namespace troupe {

namespace {

constexpr rt::milliseconds kLeaveMax{5'000};  // for whoever is in a world that falls asleep
// Of a page of the log: a minute, in steps, so that a server that stops is not kept.
constexpr std::chrono::milliseconds kReadWait{50};
constexpr int kReadWaits = 1200;

class InWorld final : public Visit {
 public:
  explicit InWorld(Room& room) : log_(room.db(), room.name()) {}
  Task<LogPage> read(std::uint64_t after, std::size_t limit, LogReader each) override {
    return log_.read(after, limit, std::move(each));
  }
  // What a replay reads: inputs, too.
  Task<void> read_all(std::move_only_function<Result<void>(db::Reader&)> read) {
    CO_TRY(auto* const db, log_.db());
    co_return co_await db->read(std::move(read));
  }
  void over() { log_.over(); }

 private:
  DbLog log_;
};

}  // namespace

// In the order in which they need each other; they go in reverse.
struct WorldRooms::Awake {
  Awake(const rt::Env& env, std::unique_ptr<Room> opened)
      : room(std::move(opened)), tasks(env, room->name()) {}
  std::string file;
  std::unique_ptr<Room> room;
  std::unique_ptr<WorldServices> services;
  rt::Group tasks;  // its commits and its time
  bool closing = false;
  std::shared_ptr<InWorld> visited;  // each visit holds it
};

WorldRooms::WorldRooms(const rt::Env& env, bus::Bus& bus, Metrics& metrics, Packs packs,
                       const std::filesystem::path& data)
    : env_(env),
      bus_(bus),
      metrics_(metrics),
      packs_(std::move(packs)),
      kept_(data),
      exports_(data / "exports"),
      reads_(env, "branch") {
  for (const auto& pack : packs_)
    own_.push_back({.name = pack->world.name, .pack = pack->world.name, .file = pack->world.name});
}
WorldRooms::~WorldRooms() = default;

const pack::Pack* WorldRooms::pack(const std::string& name) const {
  for (const auto& pack : packs_) {
    if (pack->world.name == name) return pack.get();
  }
  return nullptr;
}

Result<void> WorldRooms::open(const WorldPlan& plan) {
  const auto* pack = this->pack(plan.pack);
  if (pack == nullptr) {
    return fail(Code::unavailable, "worlds.pack_away",
                "'" + plan.name + "' needs the pack '" + plan.pack + "': start the server with it (--world)");
  }
  TRY_VOID(kept_.keep(*pack));
  const bool own = plan.name == plan.pack;
  auto config = timeline_config(*pack, own              ? making_.seed
                                       : plan.seed == 0 ? std::nullopt
                                                        : std::optional(plan.seed));
  config.world = plan.name;
  config.pack_change = [this, pack, name = plan.name](const std::string& before) {
    auto change = change_since(kept_, before, *pack);
    log::info("world", "'{}' goes on with another version of its pack: {}", name, in_words(change));
    return change;
  };
  auto& parts = parts_[plan.pack];
  if (!parts) parts = parts_of(*pack);
  TRY(auto database, making_.databases->open(env_, plan.file, making_.accept_loss));
  auto world = std::make_unique<Awake>(env_, std::make_unique<Room>(env_, bus_, metrics_, std::move(database),
                                                                    std::move(config), making_.limiter));
  world->services = std::make_unique<WorldServices>(*pack, world->room->host(), making_.router, making_.npc,
                                                    making_.ai, making_.models, making_.only, parts);
  TRY_VOID(world->room->open());
  world->visited = std::make_shared<InWorld>(*world->room);
  world->room->timeline().on_fatal([this, name = plan.name](const Error& why) {
    if (fatal_) fatal_(name, why);
  });
  world->file = plan.file;
  if (started_) start(*world);
  awake_[plan.name] = std::move(world);
  return {};
}

void WorldRooms::start(Awake& world) const {
  world.room->start(world.tasks);
  world.services->start();
}

void WorldRooms::start() {
  started_ = true;
  for (auto& [name, world] : awake_) start(*world);
}

Result<void> WorldRooms::health() const {
  for (const auto& plan : own_) {
    if (const auto found = awake_.find(plan.name); found != awake_.end())
      TRY_VOID(found->second->room->timeline().health());
  }
  return {};
}

bool WorldRooms::is_open(const std::string& world) const {
  const auto found = awake_.find(world);
  return found != awake_.end() && !found->second->closing;
}

Moment WorldRooms::present(const std::string& world) const {
  const auto& timeline = awake_.at(world)->room->timeline();
  return {.sequence = timeline.tail().events, .at = timeline.now(), .inputs = timeline.tail().inputs};
}
std::uint64_t WorldRooms::seed(const std::string& world) const {
  return awake_.at(world)->room->timeline().config().seed;
}
std::shared_ptr<Visit> WorldRooms::visit(const std::string& world) { return awake_.at(world)->visited; }

bool WorldRooms::is_visited(const std::string& world) const {
  return awake_.at(world)->visited.use_count() > 1;
}

WorldRest WorldRooms::rest(const WorldPlan& plan) const {
  const auto* pack = this->pack(plan.pack);
  if (pack == nullptr) return {};
  const auto& rule = pack->world.sleep;
  return {.after = std::chrono::minutes(rule.after_minutes), .time_passes = rule.time_passes};
}

boost::asio::awaitable<void> WorldRooms::wind_down(Awake& world) {
  world.room->stop();
  co_await world.room->drain();
  world.tasks.cancel();
  co_await world.tasks.join();
}

void WorldRooms::say_closing(const std::string& world, const std::string& why) {
  pb::WorldClosing closing;
  closing.set_world(world);
  closing.set_why(why);
  if (const auto said = bus_.publish({kWorldClosing, closing.SerializeAsString()}); !said)
    log::warn("world", "nobody is told that '{}' is closed: {}", world, said.error().message);
}

Task<Moment> WorldRooms::close(std::string world, std::string why) {
  co_await rt::shield();  // half a world is none
  auto& awake = *awake_.at(world);
  awake.closing = true;
  say_closing(world, why);
  const auto until = env_.now() + kLeaveMax;
  while (awake.visited.use_count() > 1 && env_.now() < until)
    co_await rt::sleep_for(env_, rt::milliseconds(5));
  co_await wind_down(awake);
  const auto last = present(world);
  awake.visited->over();
  awake_.erase(world);
  co_return last;
}

ReadLog WorldRooms::log_of(const std::string& world) {
  return [this, visit = awake_.at(world)->visited](const std::function<Result<void>(db::Reader&)>& read) {
    // What `read` refers to goes when this returns: once nobody waits any more, it is not run.
    struct Gate {
      std::mutex mutex;
      bool open = true;
    };
    const auto gate = std::make_shared<Gate>();
    const auto guarded = [gate, read](db::Reader& reader) -> Result<void> {
      const std::lock_guard lock(gate->mutex);
      if (gate->open) return read(reader);
      return fail(Code::cancelled, "worlds.given_up", "nobody waits for this any more");
    };
    auto done = std::make_shared<std::promise<Result<void>>>();
    auto answer = done->get_future();
    rt::post(env_, [this, visit, guarded, done] {
      reads_.spawn("branch reads", [visit, guarded, done]() -> boost::asio::awaitable<void> {
        done->set_value(co_await visit->read_all(guarded));
      });
    });
    for (int waits = 0; waits < kReadWaits && !stopping_; ++waits) {
      if (answer.wait_for(kReadWait) == std::future_status::ready) return answer.get();
    }
    const std::lock_guard lock(gate->mutex);
    gate->open = false;
    return Result<void>(
        fail(Code::deadline_exceeded, "worlds.slow_log", "the log could not be read in time"));
  };
}

Result<pack::Pack> WorldRooms::pack_of(const std::string& hash) const {
  for (const auto& pack : packs_) {
    if (pack->hash == hash) return *pack;
  }
  return kept_.load(hash);
}

Task<Moment> WorldRooms::branch(WorldPlan from, Moment moment, WorldPlan to) {
  const bool open = is_open(from.name) && awake_.at(from.name)->file == from.file;
  ReadLog log = open ? log_of(from.name) : ReadLog();
  co_return co_await branches_.run<Moment>(env_, [this, log, from, moment, to]() mutable -> Result<Moment> {
    const auto again = [&](const ReadLog& read) {
      const auto copy = [&](const rt::Env& env) { return making_.databases->open(env, to.file); };
      return replay_until(
          read, [this](const std::string& hash) { return pack_of(hash); }, moment, copy, to.name);
    };
    if (log) return again(log);
    // A line that was left: nobody has it open.
    boost::asio::io_context io{1};
    rt::VirtualClock clock{io};
    rt::SeededIds ids{1};
    const rt::Env env{io.get_executor(), clock, ids};
    TRY(const auto left, making_.databases->open(env, from.file));
    return again([&](const auto& fn) { return left->read_now(fn); });
  });
}

// Of an open world: everything up to `end` is in its database.
Task<void> WorldRooms::until_durable(std::string world, Moment end) {
  const auto visit = awake_.at(world)->visited;
  for (int waits = 0; waits < kReadWaits; ++waits) {
    const auto tail = std::make_shared<LogTail>();
    CO_TRY_VOID(co_await visit->read_all([tail](db::Reader& reader) -> Result<void> {
      TRY(*tail, event_log::tail(reader));
      return {};
    }));
    if (tail->events >= end.sequence && tail->inputs >= end.inputs) co_return Result<void>();
    co_await rt::sleep_for(env_, kReadWait);
  }
  co_return fail(Code::deadline_exceeded, "worlds.slow_log", "the log could not be read in time");
}

namespace {

WorldRunner::File file_of(const std::filesystem::path& path, const WorldFile& file) {
  return {.path = path.string(), .pack = file.pack, .seed = file.seed, .end = file.end, .bytes = file.bytes};
}

}  // namespace

Task<WorldRunner::File> WorldRooms::write_file(WorldPlan from, Moment end, std::string name) {
  CO_TRY_VOID(co_await until_durable(from.name, end));
  co_return co_await branches_.run<File>(
      env_,
      [this, log = log_of(from.name), from, end, path = exports_ / (name + ".world")]() -> Result<File> {
        TRY(const auto written, write_world_file(log, from, end, kept_, path));
        return file_of(path, written);
      });
}

Task<WorldRunner::File> WorldRooms::look_at_file(std::string name) {
  co_return co_await branches_.run<File>(env_, [path = exports_ / (name + ".world")]() -> Result<File> {
    TRY(const auto found, look_at_world_file(path));
    return file_of(path, found);
  });
}

Task<Moment> WorldRooms::read_file(std::string name, WorldPlan to) {
  co_return co_await branches_.run<Moment>(
      env_, [this, path = exports_ / (name + ".world"), to]() -> Result<Moment> {
        const auto copy = [&](const rt::Env& env) { return making_.databases->open(env, to.file); };
        return read_world_file(
            path, kept_, [this](const std::string& hash) { return pack_of(hash); }, copy, to.name);
      });
}

boost::asio::awaitable<void> WorldRooms::close_all() {
  stopping_ = true;
  for (auto& [name, world] : awake_) world->room->stop();
  for (auto& [name, world] : awake_) co_await wind_down(*world);
}

Result<void> WorldRooms::erase(const std::string& file) {
  for (const auto& [name, world] : awake_)
    TROUPE_CHECK(world->file != file, "a world is closed before its database goes");
  return making_.databases->erase(file);
}

}  // namespace troupe
