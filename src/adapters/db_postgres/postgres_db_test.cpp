// What is PostgreSQL's own: a server that goes and comes back, commits in which the connection broke off, who
// owns a room, pages that are damaged.
#include "adapters/db_postgres/postgres_db.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "adapters/db_postgres/cutting_proxy.h"
#include "adapters/db_postgres/pg_room.h"
#include "adapters/db_postgres/postgres_under_test.h"
#include "rt/virtual_clock.h"

namespace troupe::db {
namespace {

using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

class PostgresDbTest : public testing::Test {
 protected:
  void open(PostgresConfig config = {}) {
    db.reset();
    auto opened = try_open(std::move(config));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    db = *std::move(opened);
    const Migration steps[] = {
        {"test", 1, "create table if not exists item (id bigint primary key, name text)"}};
    ASSERT_EQ(reason(db->migrate(steps)), "ok");
  }
  Result<std::unique_ptr<Db>> try_open(PostgresConfig config = {}) {
    if (config.url.empty()) config.url = room.url();
    config.room = room.room();
    return open_postgres(env, config);
  }
  std::string insert(std::int64_t id, const std::string& name = "x") {
    const auto done = db->transact_now([&](Tx& tx) -> Result<void> {
      TRY_VOID(tx.exec("insert into item (id, name) values ($1, $2)", Values{id, name}));
      return {};
    });
    if (!done) said = done.error().message;
    return reason(done);
  }
  // Until it is another answer than that the server is away.
  std::string insert_when_back(std::int64_t id) {
    const auto until = Clock::now() + std::chrono::seconds(20);
    for (;;) {
      auto answer = insert(id);
      if (answer != "db.away" || Clock::now() > until) return answer;
    }
  }
  std::vector<std::int64_t> ids() {
    std::vector<std::int64_t> all;
    const auto done = db->read_now([&](Reader& reader) -> Result<void> {
      TRY(const Rows rows, reader.query("select id from item order by id"));
      for (const Row& row : rows) all.push_back(row.integer(0));
      return {};
    });
    EXPECT_EQ(reason(done), "ok") << (done ? "" : done.error().message);
    return all;
  }
  // As somebody else, with a connection of their own.
  Rows as_operator(const std::string& sql) {
    auto session =
        PgSession::open({.url = room.url(), .schema = *schema_of(room.room()), .application = "operator"},
                        PgAccess::read_write);
    EXPECT_TRUE(session.has_value());
    auto rows = (*session)->ask(sql);
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    return rows ? *std::move(rows) : Rows();
  }
  std::string through(const CuttingProxy& proxy) const {
    return "postgresql://troupe@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres";
  }
  int server_port() const {
    const auto& url = room.url();
    const auto colon = url.rfind(':');
    return std::stoi(url.substr(colon + 1));
  }
  std::string verified() {
    std::string told = "nothing";
    rt::Group group(env, "test");
    group.spawn("verify", [&]() -> rt::asio::awaitable<void> {
      const auto done = co_await db->verify();
      told = reason(done);
      if (!done) said = done.error().message;
    });
    io.restart();
    auto work = rt::asio::make_work_guard(io);
    while (group.running() > 0) io.run_one();
    return told;
  }

  rt::asio::io_context io;
  rt::VirtualClock clock{io};
  rt::SeededIds random{1};
  rt::Env env{io.get_executor(), clock, random};
  test::PostgresServer& server = test::PostgresServer::shared();
  PostgresUnderTest room;
  std::string said;
  std::unique_ptr<Db> db;
};

TEST_F(PostgresDbTest, AServerThatGoesIsSaidAtOnceAndItGoesOnWhenItIsBack) {
  for (const bool in_order : {true, false}) {
    open();
    const std::int64_t first = in_order ? 1 : 11;
    ASSERT_EQ(insert(first), "ok");
    ids();
    if (in_order) {
      server.stop();
    } else {
      server.kill();
    }
    EXPECT_EQ(insert(first + 1), "db.away");
    EXPECT_THAT(said, testing::AllOf(HasSubstr("cannot be reached"), testing::Not(HasSubstr("\n"))));
    const auto read = db->read_now([](Reader&) -> Result<void> { return {}; });
    ASSERT_EQ(reason(read), "db.away");
    EXPECT_EQ(read.error().code, Code::unavailable);
    EXPECT_GT(read.error().retry_after_ms, 0);
    EXPECT_EQ(reason(db->health()), "db.away");
    server.start();
    EXPECT_EQ(insert_when_back(first + 2), "ok");
    EXPECT_EQ(reason(db->health()), "ok");
    const auto all = ids();
    EXPECT_THAT(all, testing::IsSupersetOf({first, first + 2}));
    EXPECT_THAT(all, testing::Not(testing::Contains(first + 1)));
  }
}

TEST_F(PostgresDbTest, AServerThatWasAwayWhileNobodyAskedIsNoError) {
  open();
  ASSERT_EQ(insert(1), "ok");
  ids();
  server.stop();
  server.start();
  EXPECT_EQ(insert(2), "ok") << said;
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2));
}

TEST_F(PostgresDbTest, WhoeverWaitsInATransactionWhenItBreaksOffIsTold) {
  CuttingProxy proxy(server_port());
  open({.url = through(proxy)});
  const auto done = db->transact_now([&](Tx& tx) -> Result<void> {
    TRY_VOID(tx.exec("insert into item (id, name) values (1, 'x')"));
    as_operator(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'troupe%" +
        room.room() + "' and state = 'idle in transaction'");
    TRY_VOID(tx.exec("insert into item (id, name) values (2, 'x')"));
    return {};
  });
  EXPECT_EQ(reason(done), "db.away");
  EXPECT_EQ(insert_when_back(3), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(3));
}

TEST_F(PostgresDbTest, ACommitThatWasCutOffIsLookedUp) {
  CuttingProxy proxy(server_port());
  open({.url = through(proxy)});
  ASSERT_EQ(insert(1), "ok");
  proxy.cut(CuttingProxy::Cut::before_commit);
  EXPECT_EQ(insert(2), "db.away") << "it is not there, and that is known";
  EXPECT_EQ(proxy.cuts(), 1);
  EXPECT_EQ(insert_when_back(3), "ok");
  proxy.cut(CuttingProxy::Cut::after_commit);
  EXPECT_EQ(insert(4), "ok") << "it is there, although nobody heard of it: " << said;
  EXPECT_EQ(proxy.cuts(), 2);
  EXPECT_THAT(ids(), testing::ElementsAre(1, 3, 4));
}

TEST_F(PostgresDbTest, ACommitThatCannotBeLookedUpIsSaidToBeUnknown) {
  CuttingProxy proxy(server_port());
  open({.url = through(proxy), .resolve_ms = 500});
  for (const bool kept : {false, true}) {
    const std::int64_t first = kept ? 10 : 1;
    ASSERT_EQ(insert_when_back(first), "ok");
    proxy.refuse(true);
    proxy.cut(kept ? CuttingProxy::Cut::after_commit : CuttingProxy::Cut::before_commit);
    EXPECT_EQ(insert(first + 1), "db.unknown");
    EXPECT_EQ(insert(first + 2), "db.away") << "others are told at once";
    proxy.refuse(false);
    EXPECT_EQ(insert_when_back(first + 3), "ok");
    const auto all = ids();
    EXPECT_EQ(std::ranges::count(all, first + 1), kept ? 1 : 0);
    EXPECT_EQ(std::ranges::count(all, first + 2), 0);
  }
}

TEST_F(PostgresDbTest, AServerThatDoesNotAnswerIsWaitedForWithADeadline) {
  CuttingProxy proxy(server_port());
  open({.url = through(proxy), .connect_s = 2, .statement_ms = 200, .resolve_ms = 100});
  proxy.cut(CuttingProxy::Cut::answers);
  const auto begin = Clock::now();
  EXPECT_EQ(insert(1), "db.away");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(20));
  EXPECT_THAT(said, HasSubstr("no answer within"));
  proxy.cut(CuttingProxy::Cut::nothing);
  EXPECT_EQ(insert_when_back(2), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(2));
}

TEST_F(PostgresDbTest, AStatementHasItsTime) {
  open({.statement_ms = 200});
  const auto slow = db->transact_now([](Tx& tx) -> Result<void> {
    TRY_VOID(tx.query("select pg_sleep(60)"));
    return {};
  });
  EXPECT_EQ(reason(slow), "db.slow");
  EXPECT_EQ(insert(1), "ok");
}

TEST_F(PostgresDbTest, WhoTookARoomOverHasItAlone) {
  open();
  ASSERT_EQ(insert(1), "ok");
  // Its connection ends without it, and another is quicker.
  auto first = std::move(db);
  const auto writers = [&] {
    return as_operator(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'troupe%" +
        room.room() + "'");
  };
  EXPECT_GE(writers().size(), 1U);
  open();
  ASSERT_EQ(insert(2), "ok");
  auto second = std::exchange(db, std::move(first));
  EXPECT_EQ(insert(3), "db.failed") << "another process took the room over";
  EXPECT_EQ(insert(4), "db.failed");
  EXPECT_EQ(reason(db->health()), "db.failed");
  db = std::move(second);
  EXPECT_EQ(insert(5), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2, 5));
}

TEST_F(PostgresDbTest, ACommitOfAnOwnerOfBeforeIsRefusedByTheDatabase) {
  open();
  ASSERT_EQ(insert(1), "ok");
  as_operator("update db_room set owner = 'somebody else'");
  EXPECT_EQ(insert(2), "db.failed");
  EXPECT_EQ(insert(3), "db.failed");
  EXPECT_THAT(ids(), testing::ElementsAre(1)) << "reading goes on";
}

TEST_F(PostgresDbTest, WhoHasARoomIsNamed) {
  open();
  const auto second = try_open({.lock_ms = 100});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "db.locked");
  EXPECT_THAT(second.error().message, testing::AllOf(HasSubstr("troupe_" + room.room()),
                                                     HasSubstr("127.0.0.1"), HasSubstr("stop it first")));
  EXPECT_EQ(reason(drop_postgres_room(room.url(), room.room())), "db.locked");
  db.reset();
  EXPECT_TRUE(try_open({.lock_ms = 100}).has_value()) << "it is let go of at once";
}

TEST_F(PostgresDbTest, RoomsAreListedAndDropped) {
  EXPECT_EQ(has_postgres_room(room.url(), room.room()).value(), false);
  open();
  EXPECT_EQ(has_postgres_room(room.url(), room.room()).value(), true);
  EXPECT_THAT(postgres_rooms(room.url()).value(), testing::Contains(room.room()));
  db.reset();
  EXPECT_EQ(reason(drop_postgres_room(room.url(), room.room())), "ok");
  EXPECT_EQ(has_postgres_room(room.url(), room.room()).value(), false);
  EXPECT_EQ(reason(drop_postgres_room(room.url(), room.room())), "ok") << "again";
}

TEST_F(PostgresDbTest, ADamagedPageIsFoundAndItsTableNamed) {
  open();
  for (std::int64_t id = 1; id <= 200; ++id) ASSERT_EQ(insert(id, std::string(200, 'x')), "ok");
  EXPECT_EQ(verified(), "ok") << said;
  as_operator("checkpoint");
  const std::string file = as_operator("select pg_relation_filepath('item')")[0].text(0);
  server.stop();
  {
    std::fstream bytes(server.folder() + "/" + file, std::ios::binary | std::ios::in | std::ios::out);
    ASSERT_TRUE(bytes.good());
    bytes.seekp(8192 + 4000);
    bytes << "flipped";
  }
  server.start();
  EXPECT_EQ(insert_when_back(1000), "ok");
  EXPECT_EQ(verified(), "db.damaged");
  EXPECT_THAT(said, HasSubstr("item"));
}

TEST_F(PostgresDbTest, ACommitIsOnTheDiskWhateverTheServersDefaultIs) {
  as_operator("alter role troupe set synchronous_commit = off");
  open();
  as_operator("alter role troupe reset synchronous_commit");
  const auto set = db->transact_now([](Tx& tx) -> Result<void> {
    TRY(const Rows rows,
        tx.query("select current_setting('synchronous_commit'), current_setting('search_path')"));
    EXPECT_EQ(rows[0].text(0), "on");
    EXPECT_THAT(rows[0].text(1), HasSubstr("troupe_"));
    return {};
  });
  EXPECT_EQ(reason(set), "ok");
}

TEST(PostgresAddress, WhatIsWrongIsSaid) {
  EXPECT_EQ(postgres_url_problem("postgresql://troupe@db.example.org:5432/worlds?sslmode=verify-full"), "");
  EXPECT_EQ(postgres_url_problem("postgres://troupe@[::1]/worlds"), "");
  EXPECT_THAT(postgres_url_problem("mysql://db"), HasSubstr("postgresql://"));
  EXPECT_THAT(postgres_url_problem("postgresql://troupe@db/worlds?nonsense=1"), HasSubstr("nonsense"));
  const auto secret = postgres_url_problem("postgresql://troupe:hunter2@db/worlds");
  EXPECT_THAT(secret, testing::AllOf(HasSubstr("passfile"), testing::Not(HasSubstr("hunter2"))));
  EXPECT_EQ(postgres_place("postgresql://troupe@db.example.org:5432/worlds"),
            "worlds at db.example.org:5432");
}

TEST(PostgresAddress, RoomsHaveNamesOfSchemas) {
  EXPECT_EQ(schema_of("moor@2").value(), "troupe_moor@2");
  EXPECT_EQ(room_of("troupe_moor@2"), "moor@2");
  EXPECT_EQ(room_of("public"), "");
  EXPECT_TRUE(schema_of(std::string(56, 'a')).has_value());
  for (const auto& bad :
       {std::string(), std::string(57, 'a'), std::string("a b"), std::string("A"), std::string("a\"b")})
    EXPECT_FALSE(schema_of(bad).has_value()) << bad;
}

TEST(PostgresAddress, WhereNobodyListensIsOneLine) {
  rt::asio::io_context io;
  rt::VirtualClock clock(io);
  rt::SeededIds random(1);
  const rt::Env env{io.get_executor(), clock, random};
  const auto opened = open_postgres(env, {.url = "postgresql://troupe@127.0.0.1:1/worlds", .room = "x"});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason, "db.away");
  EXPECT_THAT(opened.error().message, testing::AllOf(HasSubstr("127.0.0.1"), testing::Not(HasSubstr("\n"))));
}

}  // namespace
}  // namespace troupe::db
