// bench_durable_writes DIRECTORY: acknowledged writes a second, each durable, into a new file in DIRECTORY.
#include <sqlite3.h>

#include <filesystem>

#include "adapters/db_sqlite/sqlite_db.h"
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"

namespace {

using namespace troupe;

constexpr const char* kTable = "create table item (id bigint primary key, name text)";
constexpr const char* kInsert = "insert into item (id, name) values ($1, $2)";
const std::string kName(80, 'x');

struct File {
  explicit File(const std::string& directory) : path(directory + "/durable_writes.db") { remove(); }
  ~File() { remove(); }
  void remove() const {
    for (const char* suffix : {"", "-wal", "-shm", ".lock", ".acknowledged"})
      std::filesystem::remove(path + suffix);
  }
  std::string path;
};

// Writers that each write one row after the other, waiting for each acknowledgement. `group_max` writes share
// a commit.
bench::Figures writers(const std::string& directory, std::size_t count, std::size_t group_max,
                       std::int64_t rows) {
  bench::IoThread io;
  const File file(directory);
  auto db = db::open_sqlite(io.env, {.path = file.path, .limits = {.group_max = group_max}});
  TROUPE_CHECK(db.has_value(), db.error().message.c_str());
  const db::Migration steps[] = {{"bench", 1, kTable}};
  TROUPE_CHECK((*db)->migrate(steps).has_value(), "the table is made");
  std::int64_t next = 0;
  rt::Group group(io.env, "bench");
  const auto start = io.env.now();
  for (std::size_t i = 0; i < count; ++i) {
    group.spawn("writer", [&]() -> rt::asio::awaitable<void> {
      while (next < rows) {
        const std::int64_t id = next++;
        const auto done = co_await (*db)->transact([id](db::Tx& tx) -> Result<void> {
          TRY_VOID(tx.exec(kInsert, db::Values{id, kName}));
          return {};
        });
        TROUPE_CHECK(done.has_value(), "the write is acknowledged");
      }
    });
  }
  io.run(group);
  return {{"per_s", {static_cast<double>(rows) * 1e3 / bench::ms(io.env.now() - start)}}};
}

void must(int rc, int wanted) { TROUPE_CHECK(rc == wanted, sqlite3_errstr(rc)); }

// SQLite by itself, with the same durability: each write a commit.
bench::Figures sqlite(const std::string& directory, std::int64_t rows) {
  bench::IoThread io;
  const File file(directory);
  sqlite3* db = nullptr;
  must(sqlite3_open(file.path.c_str(), &db), SQLITE_OK);
  for (const char* sql : {"pragma journal_mode=wal", "pragma synchronous=full", kTable}) {
    must(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  }
  sqlite3_stmt* insert = nullptr;
  must(sqlite3_prepare_v2(db, kInsert, -1, &insert, nullptr), SQLITE_OK);
  const auto start = io.env.now();
  for (std::int64_t id = 0; id < rows; ++id) {
    sqlite3_bind_int64(insert, 1, id);
    sqlite3_bind_text(insert, 2, kName.data(), static_cast<int>(kName.size()), SQLITE_STATIC);
    must(sqlite3_step(insert), SQLITE_DONE);
    sqlite3_reset(insert);
  }
  const double seconds = bench::ms(io.env.now() - start) / 1e3;
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return {{"per_s", {static_cast<double>(rows) / seconds}}};
}

}  // namespace

int main(int argc, char** argv) {
  TROUPE_CHECK(argc == 2, "usage: bench_durable_writes DIRECTORY");
  const std::string directory = argv[1];
  return bench::answer_lines({
      // writers COUNT GROUP_MAX ROWS, sqlite ROWS
      {"writers",
       [&](const bench::Words& words) {
         return writers(directory, std::stoull(words[0]), std::stoull(words[1]), std::stoll(words[2]));
       }},
      {"sqlite", [&](const bench::Words& words) { return sqlite(directory, std::stoll(words[0])); }},
  });
}
