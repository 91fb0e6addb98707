#pragma once
// Test only: a SQLite file with one table, on a disk whose faults are ours to choose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "adapters/db_sqlite/disk_faults.h"
#include "adapters/db_sqlite/sqlite_under_test.h"
#include "rt/virtual_clock.h"

namespace troupe::db {

struct World {
  rt::asio::io_context io;
  rt::VirtualClock clock{io};
  rt::SeededIds random{1};
  rt::Env env{io.get_executor(), clock, random};
};

class SqliteDbTest : public testing::Test {
 protected:
  ~SqliteDbTest() override {
    disk_faults().write_errno = 0;
    disk_faults().sync_errno = 0;
    disk_faults().syncs_allowed = 0;
  }

  Result<std::unique_ptr<Db>> try_open(SqliteConfig config = {}) {
    config.path = files.path();
    return open_sqlite(world.env, config);
  }
  void open(SqliteConfig config = {}) {
    db.reset();
    auto opened = try_open(std::move(config));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    db = *std::move(opened);
    const Migration steps[] = {
        {"test", 1, "create table if not exists item (id bigint primary key, name text)"}};
    ASSERT_EQ(reason(db->migrate(steps)), "ok");
  }
  std::string open_reason() {
    const auto opened = try_open();
    return opened ? "ok" : opened.error().reason;
  }
  std::string insert(std::int64_t id, std::size_t bytes = 10) {
    return reason(db->transact_now([&](Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec("insert into item (id, name) values ($1, $2)", Values{id, std::string(bytes, 'x')}));
      return {};
    }));
  }
  std::set<std::int64_t> ids() {
    std::set<std::int64_t> all;
    const auto done = db->read_now([&](Reader& reader) -> Result<void> {
      TRY(const Rows rows, reader.query("select id from item"));
      for (const Row& row : rows) all.insert(row.integer(0));
      return {};
    });
    EXPECT_EQ(reason(done), "ok");
    return all;
  }
  std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  World world;
  SqliteUnderTest files;
  std::unique_ptr<Db> db;
};

}  // namespace troupe::db
