#pragma once
// Test only: a room of its own in the test program's PostgreSQL, dropped at the end.
#include <atomic>

#include "adapters/db_postgres/postgres_db.h"
#include "ports/db_under_test.h"
#include "tests/support/postgres_server.h"

namespace troupe::db {

class PostgresUnderTest final : public DbUnderTest {
 public:
  PostgresUnderTest() {
    static std::atomic<int> rooms = 0;
    room_ = "test" + std::to_string(++rooms);
  }
  ~PostgresUnderTest() override { (void)drop_postgres_room(url(), room_); }

  Result<std::unique_ptr<Db>> open(const rt::Env& env, Limits limits) override {
    return open_postgres(env, {.url = url(), .room = room_, .limits = limits, .lock_ms = 1'000});
  }
  static const std::string& url() { return test::PostgresServer::shared().url(); }
  const std::string& room() const { return room_; }

 private:
  std::string room_;
};

}  // namespace troupe::db
