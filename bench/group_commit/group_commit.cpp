// bench_group_commit: acknowledged writes a second into a room of a PostgreSQL, each durable.
#include "adapters/db_postgres/postgres_db.h"
#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"

namespace {

using namespace troupe;

const std::string kName(80, 'x');

// Writers that each write one row after the other, waiting for each acknowledgement. What waits meanwhile shares
// the next commit.
bench::Figures writers(const std::string& url, std::size_t count, std::int64_t rows) {
  bench::IoThread io;
  (void)db::drop_postgres_room(url, "bench");
  auto db = db::open_postgres(io.env, {.url = url, .room = "bench"});
  TROUPE_CHECK(db.has_value(), db.error().message.c_str());
  const db::Migration steps[] = {{"bench", 1, "create table item (id bigint primary key, name text)"}};
  TROUPE_CHECK((*db)->migrate(steps).has_value(), "the table is made");
  std::int64_t next = 0;
  rt::Group group(io.env, "bench");
  const auto start = io.env.now();
  for (std::size_t i = 0; i < count; ++i) {
    group.spawn("writer", [&]() -> rt::asio::awaitable<void> {
      while (next < rows) {
        const std::int64_t id = next++;
        const auto done = co_await (*db)->transact([id](db::Tx& tx) -> Result<void> {
          TRY_VOID(tx.exec("insert into item (id, name) values ($1, $2)", db::Values{id, kName}));
          return {};
        });
        TROUPE_CHECK(done.has_value(), "the write is acknowledged");
      }
    });
  }
  io.run(group);
  return {{"per_s", {static_cast<double>(rows) * 1e3 / bench::ms(io.env.now() - start)}}};
}

}  // namespace

int main() {
  return troupe::bench::answer_lines({
      // writers URL COUNT ROWS
      {"writers",
       [](const bench::Words& words) {
         return writers(words[0], static_cast<std::size_t>(std::stoul(words[1])), std::stoll(words[2]));
       }},
  });
}
