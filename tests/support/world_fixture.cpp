#include "tests/support/world_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "adapters/bus_local/local_bus.h"
#include "adapters/db_sqlite/sqlite_db.h"
#include "base/check.h"
#include "base/text.h"

namespace troupe::test {

namespace {

constexpr std::size_t kMany = 10'000'000;  // a test reads every event, however many one step gives

void check(const Result<void>& done) {
  ASSERT_TRUE(done.has_value()) << done.error().reason << ": " << done.error().message;
}

// In memory where the system has such a place: these tests are about services, and commit at every step. What
// fsync is for is tested with the database.
std::filesystem::path directory_for_databases() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

Caller server() { return Caller::server(); }
Caller designer(std::string name) { return {.name = std::move(name), .role = pb::ROLE_DESIGNER}; }
Caller player(std::string name) { return {.name = std::move(name), .role = pb::ROLE_PLAYER}; }

World::Parts::Parts(const rt::Env& env, std::unique_ptr<db::Db> database, Metrics& metrics,
                    TimelineConfig config, std::shared_ptr<CallLimiter> limiter)
    : bus(bus::make_local_bus(env, {.backlog_max = kMany})),
      room(env, *bus, metrics, std::move(database), std::move(config), std::move(limiter)),
      calls(env, "test") {}

World::World(std::vector<Mount> services, WorldOptions options)
    : options_(std::move(options)), mounts_(std::move(services)) {
  std::string name = (directory_for_databases() / "troupe-world-XXXXXX").string();
  TROUPE_CHECK(::mkdtemp(name.data()) != nullptr, "a temporary directory");
  directory_ = name;
  open();
}

World::~World() {
  close();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void World::open() {
  auto database = options_.database ? options_.database(env_)
                                    : db::open_sqlite(env_, {.path = (directory_ / "world.db").string()});
  TROUPE_CHECK(database.has_value(), "the database opens");
  TimelineConfig config{.world = options_.world,
                        .seed = options_.seed,
                        .pack_hash = options_.pack_hash,
                        .pack_change = options_.pack_change,
                        .start = options_.start,
                        .scale = options_.scale,
                        .has_time = options_.has_time,
                        .replay = options_.replay,
                        .limits = options_.limits};
  parts_ = std::make_unique<Parts>(env_, *std::move(database), metrics_, std::move(config), options_.limiter);
  auto capture = parts_->bus->subscribe("evt.>", [this](const bus::Event& event) {
    EXPECT_TRUE(events_.emplace_back().ParseFromString(event.payload));
  });
  TROUPE_CHECK(capture.has_value(), "the test listens");
  parts_->capture = *std::move(capture);
  for (const auto& mount : mounts_) parts_->services.push_back(mount(host()));
  const auto opened = parts_->room.open();
  if (!opened) ADD_FAILURE() << "the timeline does not open: " << opened.error().message;
  settle();
}

void World::close() {
  parts_->calls.cancel();
  parts_->room.stop();
  clock_.settle();
  parts_->capture = {};
  parts_->services.clear();
  parts_.reset();
  clock_.settle();
}

void World::restart() {
  close();
  open();
}

void World::restart_with(std::vector<Mount> services, WorldOptions options) {
  close();
  mounts_ = std::move(services);
  options_ = std::move(options);
  open();
}

void World::settle() {
  clock_.settle();
  if (!options_.replay && options_.has_time) check(timeline().run_to(timeline().clock().at(env_.now())));
  check(timeline().flush_now());
  clock_.settle();
}

void World::pass(rt::nanoseconds real) {
  const rt::Instant end = env_.now() + real;
  while (env_.now() < end) {
    clock_.advance(std::min<rt::nanoseconds>(end - env_.now(), rt::milliseconds(kTickRealMs)));
    settle();
  }
}

void World::advance_to(GameTime to) {
  settle();
  while (now() < to) {
    const rt::Instant due = timeline().clock().when(to);
    if (due.is_never()) {
      ADD_FAILURE() << "the clock stands still: use pass()";
      return;
    }
    const rt::nanoseconds left = std::max(due - env_.now(), rt::nanoseconds(1));
    clock_.advance(std::min<rt::nanoseconds>(left, rt::milliseconds(kTickRealMs)));
    // Not beyond `to`, where a millisecond of real time is more than one of the game's.
    clock_.settle();
    check(timeline().run_to(std::min(to, timeline().clock().at(env_.now()))));
    check(timeline().flush_now());
    clock_.settle();
  }
}

World::Answer World::start_task(std::function<Task<std::string>()> ask) {
  auto answer = std::make_shared<std::optional<Result<std::string>>>();
  parts_->calls.spawn("call", [answer, ask = std::move(ask)]() -> rt::asio::awaitable<void> {
    answer->emplace(co_await ask());
  });
  settle();
  return answer;
}

World::Answer World::start_bytes(const MethodInfo* method, Caller caller, std::string payload) {
  if (caller.world.empty()) caller.world = options_.world;
  return start_task([this, method, caller = std::move(caller), payload = std::move(payload)] {
    return call_over_bus(env_, bus(), method, caller, payload);
  });
}

Result<std::string> World::wait_for(const Answer& answer) {
  run_until([&] { return answer->has_value(); });
  if (!answer->has_value())
    return fail(Code::internal, "test.no_answer", "no answer while time stands still");
  return std::move(**answer);
}

Result<std::string> World::call_bytes(const MethodInfo* method, Caller caller, std::string payload) {
  return wait_for(start_bytes(method, std::move(caller), std::move(payload)));
}

Result<std::string> World::submit(Caller caller, std::string type, std::string payload) {
  return wait_for(
      start_task([this, caller = std::move(caller), type = std::move(type), payload = std::move(payload)] {
        return timeline().submit(caller, type, payload);
      }));
}

void World::run_until(const std::function<bool()>& done) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  settle();
  while (!done()) {
    io_.restart();
    (void)io_.run_one_for(std::chrono::milliseconds(1));
    settle();
    if (std::chrono::steady_clock::now() > give_up) {
      ADD_FAILURE() << "nothing came while the game's time stood still";
      return;
    }
  }
}

std::vector<EventRecord> World::history() {
  std::vector<EventRecord> all;
  check(db().read_now([&](db::Reader& reader) -> Result<void> {
    for (;;) {
      TRY(auto page,
          event_log::history(reader, {.after = all.empty() ? 0 : all.back().sequence, .limit = 1000}));
      if (page.empty()) return {};
      std::ranges::move(page, std::back_inserter(all));
    }
  }));
  return all;
}

std::vector<InputRecord> World::inputs() {
  std::vector<InputRecord> all;
  check(db().read_now([&](db::Reader& reader) -> Result<void> {
    TRY(all, event_log::inputs(reader, 0, 1'000'000));
    return {};
  }));
  return all;
}

db::Rows World::rows(const std::string& sql) {
  db::Rows rows;
  check(db().read_now([&](db::Reader& reader) -> Result<void> {
    TRY(rows, reader.query(sql));
    return {};
  }));
  return rows;
}

std::string World::state_hash() {
  std::string hash;
  check(timeline().flush_now());
  check(db().read_now([&](db::Reader& reader) -> Result<void> {
    TRY(hash, timeline().state_hash(reader));
    return {};
  }));
  return hex(hash);
}

std::string World::replayed_state_hash() {
  WorldOptions options = options_;
  options.replay = true;
  options.database = {};
  World copy(mounts_, options);
  for (const auto& input : inputs()) {
    const auto done = copy.timeline().replay(input);
    EXPECT_TRUE(done.has_value()) << input.type << ": " << (done ? "" : done.error().message);
  }
  check(copy.timeline().run_to(now()));
  return copy.state_hash();
}

}  // namespace troupe::test
