// Damage that SQLite itself does not see: a lost end of the log, another file in the place of a used one, a
// flipped bit in a row. And no alarm where there was none.
#include <sqlite3.h>

#include "adapters/db_sqlite/sqlite_fixture.h"

namespace troupe::db {
namespace {

class SqliteLossTest : public SqliteDbTest {
 protected:
  std::string record() const { return files.path() + ".acknowledged"; }
  std::string why(bool accept_loss = false) {
    const auto opened = try_open({.accept_loss = accept_loss});
    return opened ? "ok" : opened.error().reason + ": " + opened.error().message;
  }
  std::string verified() {
    std::string said = "nothing";
    rt::Group group(world.env, "verify");
    group.spawn("verify", [&]() -> rt::asio::awaitable<void> {
      const auto whole = co_await db->verify();
      said = whole ? "ok" : whole.error().reason + ": " + whole.error().message;
    });
    while (said == "nothing") {
      world.io.restart();
      world.io.run_one_for(std::chrono::milliseconds(50));
    }
    return said;
  }
  std::string run(const std::vector<std::string>& statements) {
    return reason(db->transact_now([&](Tx& tx) -> Result<void> {
      for (const auto& sql : statements) TRY_VOID(tx.exec(sql));
      return {};
    }));
  }
  // The files as a kill leaves them, while the database is open; put back by restore().
  void remember() {
    for (const char* suffix : {"", "-wal", ".acknowledged"}) kept[suffix] = bytes_of(files.path() + suffix);
  }
  void restore() {
    db.reset();
    std::filesystem::remove(files.path() + "-shm");
    for (const auto& [suffix, bytes] : kept) write(files.path() + suffix, bytes);
  }
  // The same as a flipped bit: past the program that counts.
  void behind_our_back(const std::string& sql) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(files.path().c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
    sqlite3_close(raw);
  }

  std::map<std::string, std::string> kept;
};

TEST_F(SqliteLossTest, AFlippedBitInTheLogLosesNothingInSilence) {
  open();
  for (std::int64_t i = 0; i < 60; ++i) ASSERT_EQ(insert(i, 300), "ok");
  remember();
  const std::string wal = kept["-wal"];
  ASSERT_GT(wal.size(), 40U * 4096U);
  for (const std::size_t at : {std::size_t{40}, wal.size() / 7, wal.size() / 2, wal.size() - 100}) {
    kept["-wal"] = wal;
    kept["-wal"][at] ^= 4;
    restore();
    EXPECT_THAT(why(),
                testing::AllOf(testing::StartsWith("db.loss: "), testing::HasSubstr("were acknowledged"),
                               testing::HasSubstr("--accept-loss")))
        << at;
    EXPECT_EQ(bytes_of(files.path() + "-wal"), kept["-wal"]) << "what could still be saved is still there";
  }
  kept["-wal"] = wal;
  restore();
  EXPECT_EQ(why(), "ok");

  kept["-wal"][wal.size() / 2] ^= 4;
  restore();
  EXPECT_EQ(why(true), "ok");
  EXPECT_EQ(why(), "ok") << "accepted once, accepted for good";
  open();
  EXPECT_LT(ids().size(), 60U);
  EXPECT_EQ(verified(), "ok");
}

TEST_F(SqliteLossTest, AnotherFileInItsPlaceIsNotANewWorld) {
  open();
  ASSERT_EQ(insert(1), "ok");
  db.reset();
  const std::string used = bytes_of(files.path());
  write(files.path(), "");
  EXPECT_THAT(why(), testing::HasSubstr("none of the"));
  EXPECT_EQ(bytes_of(files.path()), "") << "as it was left";
  std::filesystem::remove(files.path());
  EXPECT_THAT(why(), testing::HasSubstr("none of the")) << "gone";

  write(files.path(), used);
  const std::string known = bytes_of(record());
  std::filesystem::remove(record());
  std::filesystem::remove(files.path());
  open();  // another, with as many commits
  ASSERT_EQ(insert(1), "ok");
  ASSERT_EQ(insert(2), "ok");
  db.reset();
  write(record(), known);
  EXPECT_THAT(why(), testing::HasSubstr("not the database that was used here"));
  EXPECT_EQ(why(true), "ok");
}

TEST_F(SqliteLossTest, AFlippedBitInAnyRowIsFound) {
  open();
  for (std::int64_t i = 0; i < 60; ++i) ASSERT_EQ(insert(i, 300), "ok");
  EXPECT_EQ(verified(), "ok");
  behind_our_back("update item set name = name || 'y' where id = 30");
  EXPECT_EQ(verified(), "db.damaged: a row of table item is not what was written");
  behind_our_back("delete from item where id = 30");
  EXPECT_EQ(verified(), "db.damaged: table item has 59 rows, and 60 were written");
  db.reset();
  EXPECT_THAT(why(), testing::HasSubstr("table item has 59 rows"));
  EXPECT_EQ(why(true), "ok");
  EXPECT_EQ(why(), "ok");

  std::string bytes = bytes_of(files.path());
  const auto row = bytes.rfind(std::string(300, 'x'));
  ASSERT_NE(row, std::string::npos);
  bytes[row + 150] ^= 1;
  write(files.path(), bytes);
  EXPECT_THAT(why(), testing::HasSubstr("a row of table item is not what was written"));
}

TEST_F(SqliteLossTest, TheEndOfATableThatVouchesForItselfIsKnown) {
  const SqliteConfig chained{.apart = {"item"}};
  open(chained);
  for (std::int64_t i = 1; i <= 60; ++i) ASSERT_EQ(insert(i), "ok");
  EXPECT_EQ(run({"insert into item (id, name) values (61, 'x')", "no sql"}), "db.sql") << "taken back";
  EXPECT_EQ(verified(), "ok");
  behind_our_back("update item set name = 'y' where id = 3");
  EXPECT_EQ(verified(), "ok") << "its chain finds that";
  behind_our_back("delete from item where id > 50");
  EXPECT_EQ(verified(), "db.damaged: table item has 50 rows, and 60 were written");
  db.reset();
  const auto refused = try_open(chained);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("table item has 50 rows"));
  behind_our_back("delete from item");
  EXPECT_FALSE(try_open(chained));
  auto accepted = chained;
  accepted.accept_loss = true;
  EXPECT_TRUE(try_open(accepted));
}

TEST_F(SqliteLossTest, ARecordThatIsBehindIsNoAlarmAndADamagedOneIs) {
  open();
  ASSERT_EQ(insert(1), "ok");
  const std::string behind = bytes_of(record());
  for (std::int64_t i = 2; i < 9; ++i) ASSERT_EQ(insert(i), "ok");
  db.reset();
  const std::string exact = bytes_of(record());
  write(record(), behind);
  EXPECT_EQ(why(), "ok") << "what a power cut may leave";
  for (const std::size_t slot : {0, 4096}) {
    std::string half = exact;
    half[slot + 30] ^= 1;
    write(record(), half);
    EXPECT_EQ(why(), "ok") << "the other slot says it";
  }
  std::string none = exact;
  none[30] ^= 1;
  none[4096 + 30] ^= 1;
  write(record(), none);
  EXPECT_THAT(why(), testing::StartsWith("db.loss: "));
  write(record(), "");
  EXPECT_EQ(why(), "ok") << "made, and the power went";
  std::filesystem::remove(record());
  EXPECT_EQ(why(), "ok") << "a file from a backup has none";
}

TEST_F(SqliteLossTest, WhateverAStatementDoesToRowsIsCounted) {
  open();
  const Migration steps[] = {
      {"test", 1, "create table if not exists item (id bigint primary key, name text)"},
      {"test", 2,
       "create table kinds (id integer primary key, r real, t text, b blob, n numeric);"
       "create table pairs (a text, b text, c double precision, primary key (a, b)) without rowid;"
       "insert into kinds (r, t, b, n) values (1, 'x', x'00ff', 2.5), (2.25, '', x'', null)"},
      {"test", 3, "alter table kinds add column later text not null default 'now'"}};
  ASSERT_EQ(reason(db->migrate(steps)), "ok");
  EXPECT_EQ(verified(), "ok");
  ASSERT_EQ(
      run({"insert into kinds (id, r, t, n) values (7, 3, 'seven', '12'), (8, 1e300, null, -0.0)",
           "update kinds set r = r + 1, n = n * 2 where id < 8",
           "insert into pairs (a, b, c) values ('a', 'b', 1), ('a', 'c', 2.5)",
           "insert into pairs (a, b, c) values ('a', 'b', 9) on conflict (a, b) do update set c = 8",
           "insert or replace into pairs (a, b, c) values ('a', 'c', 3)", "update pairs set b = b || 'x'",
           "insert into item (id, name) values (1, 'one'), (2, 'two')", "delete from kinds where id = 7"}),
      "ok");
  EXPECT_EQ(verified(), "ok");
  EXPECT_EQ(
      run({"update kinds set t = 'undone'", "insert into item (id, name) values (3, 'three'), (1, 'again')"}),
      "db.constraint");
  EXPECT_EQ(verified(), "ok") << "a statement half done and its transaction are both undone";
  ASSERT_EQ(run({"delete from kinds", "delete from item"}), "ok");
  EXPECT_EQ(verified(), "ok");
  db.reset();
  EXPECT_EQ(why(), "ok");
}

TEST_F(SqliteLossTest, CallersOfOneCommitAreCountedApart) {
  open();
  rt::Group group(world.env, "callers");
  int answered = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    group.spawn("caller", [&, i]() -> rt::asio::awaitable<void> {
      (void)co_await db->transact([i](Tx& tx) -> Result<void> {
        TRY_VOID(tx.exec("insert into item (id, name) values ($1, 'x')", Values{i}));
        if (i % 3 == 0) return fail(Code::conflict, "test.no", "undone");
        return {};
      });
      ++answered;
    });
  }
  while (answered < 40) {
    world.io.restart();
    world.io.run_one_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(ids().size(), 26U);
  EXPECT_EQ(verified(), "ok");
}

}  // namespace
}  // namespace troupe::db
