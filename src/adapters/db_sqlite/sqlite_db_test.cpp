// What is SQLite's own: full and failing disks, damaged files, shared commits.
#include "adapters/db_sqlite/sqlite_db.h"

#include <unistd.h>

#include <cerrno>
#include <future>

#include "adapters/db_sqlite/sqlite_fixture.h"

namespace troupe::db {
namespace {

TEST_F(SqliteDbTest, AFullDiskIsAnsweredAndWorksAgainWithRoom) {
  open();
  ASSERT_EQ(insert(1), "ok");
  disk_faults().write_errno = ENOSPC;
  EXPECT_EQ(insert(2), "db.full");
  EXPECT_EQ(insert(3), "db.full");
  EXPECT_EQ(reason(db->health()), "db.full");
  EXPECT_EQ(ids(), (std::set<std::int64_t>{1})) << "reading goes on";
  disk_faults().write_errno = 0;
  EXPECT_EQ(insert(4), "ok");
  EXPECT_EQ(reason(db->health()), "ok");
  open();
  EXPECT_EQ(ids(), (std::set<std::int64_t>{1, 4}));
}

// Larger than the page cache, so that the disk is full in the middle of the statement: SQLite may then roll
// back all.
TEST_F(SqliteDbTest, AFullDiskInTheMiddleOfATransaction) {
  open();
  const auto big = [&](Tx& tx) -> Result<void> {
    disk_faults().write_errno = ENOSPC;
    TRY_VOID(tx.exec(
        "insert into item (id, name) with recursive c (n) as (select 100 union all select n + 1 from c "
        "where n < 300) select n, hex(zeroblob(50000)) from c"));
    return {};
  };
  EXPECT_EQ(reason(db->transact_now(big)), "db.full");
  disk_faults().write_errno = 0;
  EXPECT_EQ(insert(1), "ok");
  EXPECT_EQ(ids(), (std::set<std::int64_t>{1}));
}

// Whatever SQLite undoes when the disk is full under one caller of a commit, no caller is told otherwise.
TEST_F(SqliteDbTest, AFullDiskUnderOneCallerOfACommit) {
  open();
  rt::Group group(world.env, "test");
  std::promise<void> entered, go;
  std::vector<std::string> answers(4);
  const auto spawn = [&](std::size_t which, std::move_only_function<Result<void>(Tx&)> fn) {
    auto task = std::make_shared<Task<void>>(db->transact(std::move(fn)));
    group.spawn("t", [&answers, which, task]() -> rt::asio::awaitable<void> {
      answers[which] = reason(co_await std::move(*task));
    });
  };
  const auto insert_many = [](std::int64_t from, std::int64_t count) {
    return [=](Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec(
          "insert into item (id, name) with recursive c (n) as (select $1 union all select n + 1 from c "
          "where n < $2) select n, hex(zeroblob(5000)) from c",
          Values{from, from + count - 1}));
      return {};
    };
  };
  spawn(0, [&](Tx&) -> Result<void> {
    entered.set_value();
    go.get_future().wait();
    return {};
  });
  entered.get_future().wait();
  spawn(1, insert_many(1000, 1));
  spawn(2, [&](Tx& tx) {
    disk_faults().write_errno = ENOSPC;
    auto result = insert_many(2000, 1000)(tx);
    disk_faults().write_errno = 0;
    return result;
  });
  spawn(3, insert_many(3000, 1));
  go.set_value();
  auto work = rt::asio::make_work_guard(world.io);
  while (group.running() > 0) world.io.run_one();
  EXPECT_EQ(answers[2], "db.full");
  EXPECT_EQ(answers[3], "ok");
  const auto present = ids();
  for (const std::int64_t which : {1, 2, 3}) {
    EXPECT_EQ(present.contains(which * 1000), answers[static_cast<std::size_t>(which)] == "ok") << which;
  }
  EXPECT_EQ(reason(db->health()), "ok");
}

TEST_F(SqliteDbTest, AfterAFailedSyncNothingIsAcknowledged) {
  open();
  ASSERT_EQ(insert(1), "ok");
  disk_faults().sync_errno = EIO;
  EXPECT_EQ(insert(2), "db.failed");
  disk_faults().sync_errno = 0;
  EXPECT_EQ(insert(3), "db.failed") << "the kernel says ok now, but the pages are gone";
  const auto health = db->health();
  ASSERT_EQ(reason(health), "db.failed");
  EXPECT_EQ(health.error().code, Code::unavailable);
  db.reset();
  EXPECT_TRUE(std::filesystem::exists(files.path() + "-wal"))
      << "the only copy that may be whole was thrown away";
  open();
  EXPECT_TRUE(ids().contains(1));
  EXPECT_FALSE(ids().contains(3));
  EXPECT_EQ(insert(4), "ok");
}

TEST_F(SqliteDbTest, AFailedWriteIsFinalToo) {
  open();
  disk_faults().write_errno = EIO;
  EXPECT_EQ(insert(1), "db.failed");
  disk_faults().write_errno = 0;
  EXPECT_EQ(insert(2), "db.failed");
}

TEST_F(SqliteDbTest, AFailedCheckpointIsFinal) {
  open({.checkpoint_pages = 20});
  ASSERT_EQ(insert(1), "ok");
  disk_faults().syncs_allowed = 1;  // the commit's own; then the checkpoint's fails
  disk_faults().sync_errno = EIO;
  EXPECT_EQ(insert(2, 100'000), "ok");
  EXPECT_EQ(insert(3), "db.failed");
  disk_faults().sync_errno = 0;
  open();
  EXPECT_EQ(ids(), (std::set<std::int64_t>{1, 2})) << "the log was kept";
}

TEST_F(SqliteDbTest, WhatWaitsIsOneCommit) {
  open();
  rt::Group group(world.env, "test");
  std::promise<void> entered, go;
  std::atomic<int> ok = 0;
  const auto spawn = [&](Task<void> task) {
    group.spawn("t", [&ok, t = std::make_shared<Task<void>>(std::move(task))]() -> rt::asio::awaitable<void> {
      if (co_await std::move(*t)) ++ok;
    });
  };
  spawn(db->transact([&](Tx&) -> Result<void> {
    entered.set_value();
    go.get_future().wait();
    return {};
  }));
  entered.get_future().wait();
  const int before = disk_faults().syncs;
  for (std::int64_t i = 0; i < 64; ++i) {
    spawn(db->transact([i](Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec("insert into item (id) values ($1)", Values{i}));
      return {};
    }));
  }
  go.set_value();
  auto work = rt::asio::make_work_guard(world.io);
  while (group.running() > 0) world.io.run_one();
  EXPECT_EQ(ok, 65);
  EXPECT_EQ(disk_faults().syncs - before, 1);
  EXPECT_EQ(ids().size(), 64U);
}

TEST_F(SqliteDbTest, EveryCommitIsSynced) {
  open();
  const int before = disk_faults().syncs;
  for (std::int64_t i = 0; i < 10; ++i) ASSERT_EQ(insert(i), "ok");
  EXPECT_GE(disk_faults().syncs - before, 10);
}

// `insert or rollback` ends SQLite's whole transaction: those before are told, those after are not touched.
TEST_F(SqliteDbTest, AnotherCallersRollbackIsNotAnAcknowledgement) {
  open();
  rt::Group group(world.env, "test");
  std::promise<void> entered, go;
  std::vector<std::string> answers(4);
  const auto spawn = [&](std::size_t which, Task<void> task) {
    group.spawn("t",
                [&, which, t = std::make_shared<Task<void>>(std::move(task))]() -> rt::asio::awaitable<void> {
                  answers[which] = reason(co_await std::move(*t));
                });
  };
  const auto exec = [&](std::string sql) {
    return db->transact([sql](Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec(sql));
      return {};
    });
  };
  spawn(0, db->transact([&](Tx&) -> Result<void> {
    entered.set_value();
    go.get_future().wait();
    return {};
  }));
  entered.get_future().wait();
  spawn(1, exec("insert into item (id) values (1)"));
  spawn(2, exec("insert or rollback into item (id) values (1)"));
  spawn(3, exec("insert into item (id) values (3)"));
  go.set_value();
  auto work = rt::asio::make_work_guard(world.io);
  while (group.running() > 0) world.io.run_one();
  EXPECT_EQ(answers, (std::vector<std::string>{"ok", "db.undone", "db.constraint", "ok"}));
  EXPECT_EQ(ids(), (std::set<std::int64_t>{3}));
}

TEST_F(SqliteDbTest, TheLogIsFoldedIntoTheFile) {
  open({.checkpoint_pages = 50});
  for (std::int64_t i = 0; i < 200; ++i) ASSERT_EQ(insert(i, 20'000), "ok");
  EXPECT_LT(std::filesystem::file_size(files.path() + "-wal"), 100U * 4200U);
  EXPECT_GT(std::filesystem::file_size(files.path()), 190U * 20'000U);
  db.reset();
  EXPECT_FALSE(std::filesystem::exists(files.path() + "-wal")) << "closed cleanly";
}

TEST_F(SqliteDbTest, TheSameFileIsRefusedTwice) {
  open();
  const auto second = try_open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "db.locked");
  EXPECT_THAT(second.error().message, testing::HasSubstr("process " + std::to_string(::getpid())));
  const std::string link = files.path() + ".link";
  std::filesystem::create_symlink(files.path(), link);
  const auto linked = open_sqlite(world.env, {.path = link});
  ASSERT_FALSE(linked.has_value()) << "another name of the same file";
  EXPECT_EQ(linked.error().reason, "db.locked");
  db.reset();
  EXPECT_EQ(open_reason(), "ok");
}

TEST_F(SqliteDbTest, ADamagedFileIsRefusedAndKept) {
  open();
  for (std::int64_t i = 0; i < 200; ++i) ASSERT_EQ(insert(i, 1000), "ok");
  db.reset();
  const std::string whole = bytes_of(files.path());
  ASSERT_GT(whole.size(), 10U * 4096U);
  std::string page = whole;
  page.replace(4096 * 5, 200, std::string(200, '\x7f'));
  const struct {
    const char* name;
    std::string bytes;
  } damages[] = {
      {"not a database", "Dear diary, today the harbour was foggy." + std::string(5000, '.')},
      {"header", std::string(100, '\0') + whole.substr(100)},
      {"a page", page},
      {"cut short", whole.substr(0, whole.size() / 2)},
  };
  for (const auto& [name, bytes] : damages) {
    write(files.path(), bytes);
    const auto opened = try_open();
    ASSERT_FALSE(opened.has_value()) << name;
    EXPECT_EQ(opened.error().reason, "db.damaged") << name << ": " << opened.error().message;
    EXPECT_THAT(opened.error().message,
                testing::AllOf(testing::HasSubstr(files.path()), testing::HasSubstr("ackup")));
    EXPECT_EQ(bytes_of(files.path()), bytes) << name << " was changed";
  }
  write(files.path(), whole);
  open();
  EXPECT_EQ(ids().size(), 200U);
}

TEST_F(SqliteDbTest, ALogWithoutItsFileIsRefusedAndKept) {
  write(files.path() + "-wal", std::string(5000, 'w'));
  EXPECT_EQ(open_reason(), "db.damaged");
  EXPECT_EQ(bytes_of(files.path() + "-wal").size(), 5000U);
}

TEST_F(SqliteDbTest, AMissingDirectoryIsNamed) {
  const auto opened = open_sqlite(world.env, {.path = files.path() + ".d/x.db"});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason, "db.open");
  EXPECT_THAT(opened.error().message, testing::HasSubstr("directory"));
}

TEST_F(SqliteDbTest, OnlyTheOwnerMayReadTheFile) {
  open();
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  for (const char* suffix : {"", "-wal", ".lock"}) {
    EXPECT_EQ(std::filesystem::status(files.path() + suffix).permissions() & others,
              std::filesystem::perms::none)
        << suffix;
  }
}

}  // namespace
}  // namespace troupe::db
