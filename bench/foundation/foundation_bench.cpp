#include "foundation_bench.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include "adapters/bus_local/local_bus.h"
#include "adapters/db_sqlite/sqlite_db.h"
#include "adapters/index_flat/flat_index.h"
#include "base/check.h"
#include "rt/real_clock.h"

namespace troupe::bench {

namespace {

struct World {
  rt::asio::io_context io{1};
  rt::RealClock clock{io.get_executor()};
  rt::SystemIds ids;
  rt::Env env{io.get_executor(), clock, ids};
  rt::asio::executor_work_guard<rt::asio::io_context::executor_type> work{io.get_executor()};

  void run(const rt::Group& group) {
    while (group.running() > 0) io.run_one();
  }
};

struct File {
  explicit File(const std::string& directory) : path(directory + "/foundation_bench.db") { remove(); }
  ~File() { remove(); }
  void remove() const {
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + suffix);
  }
  std::string path;
};

double at(std::vector<double>& samples, double fraction) {
  const auto place =
      samples.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(samples.size() - 1));
  std::ranges::nth_element(samples, place);
  return *place;
}

std::unique_ptr<db::Db> open(World& world, const File& file, std::size_t group_max) {
  auto db = db::open_sqlite(world.env, {.path = file.path, .limits = {.group_max = group_max}});
  TROUPE_CHECK(db.has_value(), "the bench's database opens");
  const db::Migration steps[] = {{"bench", 1, "create table item (id bigint primary key, name text)"}};
  TROUPE_CHECK((*db)->migrate(steps).has_value(), "its table is made");
  return *std::move(db);
}

Result<void> insert(db::Tx& tx, std::int64_t id) {
  TRY_VOID(tx.exec("insert into item (id, name) values ($1, $2)", db::Values{id, std::string(80, 'x')}));
  return {};
}

}  // namespace

DurableWrites durable_writes(const std::string& directory, std::size_t writers, std::size_t group_max,
                             std::size_t rows) {
  World world;
  const File file(directory);
  const auto db = open(world, file, group_max);
  std::vector<double> us;
  us.reserve(rows);
  std::int64_t next = 0;
  rt::Group group(world.env, "bench");
  const auto start = world.env.now();
  for (std::size_t i = 0; i < writers; ++i) {
    group.spawn("writer", [&]() -> rt::asio::awaitable<void> {
      while (next < static_cast<std::int64_t>(rows)) {
        const std::int64_t id = next++;
        const auto from = world.env.now();
        const auto done = co_await db->transact([id](db::Tx& tx) { return insert(tx, id); });
        TROUPE_CHECK(done.has_value(), "the write is acknowledged");
        us.push_back(static_cast<double>((world.env.now() - from).count()) / 1e3);
      }
    });
  }
  world.run(group);
  const double seconds = static_cast<double>((world.env.now() - start).count()) / 1e9;
  return {static_cast<double>(rows) / seconds, at(us, 0.5), at(us, 0.99)};
}

BusTimes bus_times(std::size_t listeners, std::size_t rounds) {
  World world;
  const auto bus = bus::make_local_bus(world.env);
  std::vector<bus::Subscription> held;
  for (std::size_t i = 0; i < listeners; ++i) {
    const std::string name = std::to_string(i);
    held.push_back(bus->subscribe(i % 2 == 0 ? "evt.w.other" + name + ".>" : "evt.w.other.E" + name,
                                  [](const bus::Event&) {})
                       .value());
  }
  rt::Instant arrived;
  held.push_back(
      bus->subscribe("evt.w.weather.Changed", [&](const bus::Event&) { arrived = world.env.now(); }).value());
  BusTimes times;
  std::vector<double> ns;
  for (std::size_t i = 0; i < rounds; ++i) {
    bus::Event event{"evt.w.weather.Changed", std::string(105, 'e')};
    const auto from = world.env.now();
    TROUPE_CHECK(bus->publish(std::move(event)).has_value(), "published");
    world.io.poll();
    ns.push_back(static_cast<double>((arrived - from).count()));
  }
  times.event_median_ns = at(ns, 0.5);
  times.event_p99_ns = at(ns, 0.99);

  ns.clear();
  for (std::size_t i = 0; i < rounds / 1000; ++i) {
    const auto from = world.env.now();
    for (int n = 0; n < 1000; ++n) {
      TROUPE_CHECK(bus->publish({"evt.w.weather.Changed", std::string(105, 'e')}).has_value(), "published");
    }
    world.io.poll();
    ns.push_back(static_cast<double>((arrived - from).count()) / 1000);
  }
  times.event_burst_ns = at(ns, 0.5);

  ns.clear();
  held.push_back(
      bus->serve("svc.echo.Echo",
                 [](bus::Request request) -> Task<std::string> { co_return std::move(request.payload); })
          .value());
  rt::Group group(world.env, "bench");
  group.spawn("client", [&]() -> rt::asio::awaitable<void> {
    for (std::size_t i = 0; i < rounds; ++i) {
      const auto from = world.env.now();
      const auto reply =
          co_await bus->request({"svc.echo.Echo", "", "payload"}, from + std::chrono::seconds(1));
      TROUPE_CHECK(reply.has_value(), reply.error().message.c_str());
      ns.push_back(static_cast<double>((world.env.now() - from).count()));
    }
  });
  world.run(group);
  times.request_median_ns = at(ns, 0.5);
  return times;
}

double flat_search_us(std::size_t entries, std::size_t dimensions, int percent) {
  const auto index = index::make_flat_index(dimensions);
  std::vector<float> vector(dimensions);
  for (std::size_t key = 0; key < entries; ++key) {
    const rt::Draw draw(1, key);
    for (std::size_t i = 0; i < dimensions; ++i) vector[i] = static_cast<float>(draw.uniform(i) - 0.5);
    TROUPE_CHECK(index->add(static_cast<index::Key>(key), vector).has_value(), "added");
  }
  std::vector<double> us;
  for (int i = 0; i < 50; ++i) {
    vector[0] += 0.1F;
    const auto from = std::chrono::steady_clock::now();
    const auto hits = index->search(vector, 10, [percent](index::Key key) { return key % 100 < percent; });
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count());
    TROUPE_CHECK(hits.has_value() && hits->size() == 10, "found");
  }
  return at(us, 0.5);
}

double read_us(const std::string& directory, std::size_t rounds) {
  World world;
  const File file(directory);
  const auto db = open(world, file, 512);
  TROUPE_CHECK(db->transact_now([](db::Tx& tx) -> Result<void> {
                   for (std::int64_t id = 0; id < 1000; ++id) TRY_VOID(insert(tx, id));
                   return {};
                 }).has_value(),
               "filled");
  std::vector<double> us;
  rt::Group group(world.env, "bench");
  group.spawn("reader", [&]() -> rt::asio::awaitable<void> {
    for (std::size_t i = 0; i < rounds; ++i) {
      const auto from = world.env.now();
      const auto done = co_await db->read([i](db::Reader& reader) -> Result<void> {
        TRY_VOID(reader.query("select name from item where id = $1",
                              db::Values{static_cast<std::int64_t>(i % 1000)}));
        return {};
      });
      TROUPE_CHECK(done.has_value(), "read");
      us.push_back(static_cast<double>((world.env.now() - from).count()) / 1e3);
    }
  });
  world.run(group);
  return at(us, 0.5);
}

}  // namespace troupe::bench
