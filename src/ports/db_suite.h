#pragma once
// Contract suite of port db. An adapter's test includes this once and instantiates it:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, DbSuite, testing::Values(DbMaker{"sqlite", make_sqlite_under_test}),
//   db_name);
// More of the contract is in db_suite_schema.h (migrations, statements, values); this file: transactions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "ports/db_batch.h"
#include "ports/db_under_test.h"
#include "rt/virtual_clock.h"

namespace troupe::db {

inline std::string db_name(const testing::TestParamInfo<DbMaker>& info) { return info.param.name; }

using Answer = std::shared_ptr<Result<void>>;  // of a task that runs

class DbSuite : public testing::TestWithParam<DbMaker> {
 protected:
  void SetUp() override {
    under_test = GetParam().make();
    open();
  }
  void TearDown() override { run(); }

  void open(Limits limits = {}) {
    db.reset();
    auto opened = under_test->open(env, limits);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    db = *std::move(opened);
  }
  void create_table() {
    const Migration steps[] = {{"test", 1, "create table item (id bigint primary key, name text)"}};
    const auto done = db->migrate(steps);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }

  // Queued by the call; the answer stands in what comes back after run().
  Answer transact(std::move_only_function<Result<void>(Tx&)> fn) {
    return start(db->transact(std::move(fn)));
  }
  Answer read(std::move_only_function<Result<void>(Reader&)> fn) { return start(db->read(std::move(fn))); }
  Answer insert(std::int64_t id) {
    return transact([id](Tx& tx) { return insert_in(tx, id); });
  }
  static Result<void> insert_in(Tx& tx, std::int64_t id) {
    TRY_VOID(
        tx.exec("insert into item (id, name) values ($1, $2)", Values{id, "item " + std::to_string(id)}));
    return {};
  }
  void run() {
    while (group.running() > 0) io.run_one();
  }

  std::vector<std::int64_t> ids() {
    std::vector<std::int64_t> all;
    const auto done = db->read_now([&](Reader& reader) -> Result<void> {
      TRY(const Rows rows, reader.query("select id from item order by id"));
      for (const Row& row : rows) all.push_back(row.integer(0));
      return {};
    });
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return all;
  }

  // Keeps the writer inside a transaction, so that what is queued meanwhile is taken together.
  struct Hold {
    std::promise<void> entered, released;
    Answer answer;
    void release() { released.set_value(); }
  };
  std::unique_ptr<Hold> hold_writer() {
    auto hold = std::make_unique<Hold>();
    hold->answer = transact([h = hold.get()](Tx&) -> Result<void> {
      h->entered.set_value();
      h->released.get_future().wait();
      return {};
    });
    hold->entered.get_future().wait();
    return hold;
  }

  Answer start(Task<void> task) {
    auto answer = std::make_shared<Result<void>>(fail(Code::internal, "test.pending", "no answer yet"));
    auto shared = std::make_shared<Task<void>>(std::move(task));
    last = group.spawn_stoppable(
        "test", [shared, answer]() -> rt::asio::awaitable<void> { *answer = co_await std::move(*shared); });
    return answer;
  }

  rt::asio::io_context io;
  rt::asio::executor_work_guard<rt::asio::io_context::executor_type> work{io.get_executor()};
  rt::VirtualClock clock{io};
  rt::SeededIds random{1};
  rt::Env env{io.get_executor(), clock, random};
  rt::Group group{env, "test"};
  rt::Group::Handle last;
  std::unique_ptr<DbUnderTest> under_test;
  std::unique_ptr<Db> db;
};

TEST_P(DbSuite, AcknowledgedWritesAreThereAfterReopening) {
  create_table();
  const auto a = insert(1);
  const auto b = insert(2);
  run();
  ASSERT_EQ(reason(*a), "ok");
  ASSERT_EQ(reason(*b), "ok");
  open();
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2));
  EXPECT_TRUE(db->health().has_value());
}

TEST_P(DbSuite, TransactionsTakeEffectInTheOrderOfTheCalls) {
  create_table();
  for (int i = 0; i < 200; ++i) {
    transact([i](Tx& tx) -> Result<void> {
      TRY(const Rows rows, tx.query("select count(*) from item"));
      return insert_in(tx, rows[0].integer(0) * 1000 + i);
    });
  }
  run();
  std::vector<std::int64_t> expected;
  for (std::int64_t i = 0; i < 200; ++i) expected.push_back(i * 1000 + i);
  EXPECT_EQ(ids(), expected);
}

TEST_P(DbSuite, AnErrorUndoesItsOwnWritesOnly) {
  create_table();
  const auto hold = hold_writer();
  const auto before = insert(1);
  const auto bad = transact([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_in(tx, 2));
    return fail(Code::not_found, "npc.unknown", "no such character");
  });
  const auto threw = transact([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_in(tx, 3));
    throw std::runtime_error("on purpose");
  });
  const auto after = insert(4);
  hold->release();
  run();
  EXPECT_EQ(reason(*before), "ok");
  EXPECT_EQ(reason(*bad), "npc.unknown");
  ASSERT_EQ(reason(*threw), "db.threw");
  EXPECT_EQ(threw->error().code, Code::internal);
  EXPECT_EQ(reason(*after), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1, 4));
}

TEST_P(DbSuite, AnErrorAloneInItsCommitUndoesItsWrites) {
  create_table();
  const auto bad = db->transact_now([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_in(tx, 2));
    return fail(Code::not_found, "npc.unknown", "no such character");
  });
  EXPECT_EQ(reason(bad), "npc.unknown");
  EXPECT_THAT(ids(), testing::IsEmpty());
}

TEST_P(DbSuite, AFailedStatementFailsItsTransaction) {
  create_table();
  const auto careless = transact([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_in(tx, 1));
    const auto twice = insert_in(tx, 1);
    EXPECT_FALSE(twice.has_value());
    EXPECT_FALSE(insert_in(tx, 2).has_value()) << "nothing works after an error, as in PostgreSQL";
    return {};
  });
  run();
  EXPECT_EQ(reason(*careless), "db.constraint");
  EXPECT_THAT(ids(), testing::IsEmpty());
}

TEST_P(DbSuite, AConstraintIsAConflictAndNamed) {
  create_table();
  const auto hold = hold_writer();
  const auto first = insert(1);
  const auto second = insert(1);
  const auto third = insert(2);
  hold->release();
  run();
  EXPECT_EQ(reason(*first), "ok");
  ASSERT_EQ(reason(*second), "db.constraint");
  EXPECT_EQ(second->error().code, Code::conflict);
  EXPECT_THAT(second->error().message, testing::HasSubstr("item"));
  EXPECT_EQ(reason(*third), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2));
}

TEST_P(DbSuite, ADeferredForeignKeyFailsItsCallerOnly) {
  const Migration steps[] = {{"test", 1,
                              "create table item (id bigint primary key, name text);"
                              "create table part (id bigint primary key, item bigint not null "
                              "references item(id) deferrable initially deferred)"}};
  ASSERT_EQ(reason(db->migrate(steps)), "ok");
  const auto hold = hold_writer();
  const auto before = insert(1);
  const auto orphan = transact([](Tx& tx) -> Result<void> {
    TRY_VOID(tx.exec("insert into part (id, item) values (1, 77)"));
    return {};
  });
  const auto mended = transact([](Tx& tx) -> Result<void> {
    TRY_VOID(tx.exec("insert into part (id, item) values (2, 78)"));
    return insert_in(tx, 78);
  });
  hold->release();
  run();
  EXPECT_EQ(reason(*before), "ok");
  EXPECT_EQ(reason(*orphan), "db.constraint");
  EXPECT_EQ(reason(*mended), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1, 78));
}

TEST_P(DbSuite, ReadsSeeCommittedWritesOnly) {
  create_table();
  std::promise<void> written, go;
  const auto writing = transact([&](Tx& tx) -> Result<void> {
    TRY_VOID(insert_in(tx, 1));
    written.set_value();
    go.get_future().wait();
    return {};
  });
  written.get_future().wait();
  EXPECT_THAT(ids(), testing::IsEmpty());
  go.set_value();
  run();
  ASSERT_EQ(reason(*writing), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1));
}

TEST_P(DbSuite, AReadSeesOneStateThroughout) {
  create_table();
  std::promise<void> looked, go;
  std::int64_t first = -1;
  std::int64_t second = -1;
  const auto reading = read([&](Reader& reader) -> Result<void> {
    TRY(const Rows before, reader.query("select count(*) from item"));
    looked.set_value();
    go.get_future().wait();
    TRY(const Rows after, reader.query("select count(*) from item"));
    first = before[0].integer(0);
    second = after[0].integer(0);
    return {};
  });
  looked.get_future().wait();
  ASSERT_EQ(reason(db->transact_now([](Tx& tx) { return insert_in(tx, 1); })), "ok");
  go.set_value();
  run();
  EXPECT_EQ(reason(*reading), "ok");
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 0);
  EXPECT_THAT(ids(), testing::ElementsAre(1));
}

TEST_P(DbSuite, AReadMustNotWrite) {
  create_table();
  const auto writing = read([](Reader& reader) -> Result<void> {
    TRY_VOID(reader.query("insert into item (id, name) values (1, 'x') returning id"));
    return {};
  });
  run();
  EXPECT_EQ(reason(*writing), "db.sql");
  EXPECT_THAT(ids(), testing::IsEmpty());
}

TEST_P(DbSuite, AFullQueueAnswersAtOnce) {
  open({.queue_max = 2, .readers = 1});
  create_table();
  const auto hold = hold_writer();
  const auto a = insert(1);
  const auto b = insert(2);
  const auto c = insert(3);
  for (int i = 0; i < 100 && reason(*c) == "test.pending"; ++i) io.poll_one();
  ASSERT_EQ(reason(*c), "db.busy");
  EXPECT_EQ(c->error().code, Code::exhausted);
  EXPECT_GT(c->error().retry_after_ms, 0);
  EXPECT_EQ(reason(db->transact_now([](Tx&) -> Result<void> { return {}; })), "db.busy");
  hold->release();
  run();
  EXPECT_EQ(reason(*a), "ok");
  EXPECT_EQ(reason(*b), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2));

  std::promise<void> entered, go;
  const auto reading = read([&](Reader&) -> Result<void> {
    entered.set_value();
    go.get_future().wait();
    return {};
  });
  entered.get_future().wait();
  const auto nothing = [](Reader&) -> Result<void> { return {}; };
  const Answer waiting[] = {read(nothing), read(nothing)};
  const auto refused = read(nothing);
  go.set_value();
  run();
  EXPECT_EQ(reason(*reading), "ok");
  for (const auto& answer : waiting) EXPECT_EQ(reason(*answer), "ok");
  EXPECT_EQ(reason(*refused), "db.busy");
}

TEST_P(DbSuite, ManyStatementsRunInOrderInOneGo) {
  create_table();
  constexpr std::int64_t kMany = 1000;
  std::vector<Values> parameters;
  for (std::int64_t i = 0; i < kMany; ++i) parameters.push_back({i, "item " + std::to_string(i)});
  std::vector<BoundStatement> statements;
  for (const auto& values : parameters)
    statements.push_back({"insert into item (id, name) values ($1, $2)", values});
  statements.push_back({"delete from item where id >= 500", {}});
  statements.push_back({"update item set id = id + 1000", {}});
  std::size_t done = 0;
  ASSERT_EQ(reason(db->transact_now([&](Tx& tx) { return exec_all(tx, statements, done); })), "ok");
  EXPECT_EQ(done, statements.size());
  const auto all = ids();
  ASSERT_EQ(all.size(), 500U);
  EXPECT_EQ(all.front(), 1000);
  EXPECT_EQ(all.back(), 1499);
}

TEST_P(DbSuite, OfManyStatementsTheOneThatFailsIsNamed) {
  create_table();
  const std::string sql = "insert into item (id, name) values ($1, $2)";
  ASSERT_EQ(reason(db->transact_now([](Tx& tx) { return insert_in(tx, 999); })), "ok");
  for (const std::size_t bad : {0U, 1U, 250U, 299U}) {
    for (const bool by_value : {false, true}) {
      std::vector<Values> parameters;
      for (std::size_t i = 0; i < 300; ++i)
        parameters.push_back({static_cast<std::int64_t>(i), std::string("item")});
      if (by_value) {
        parameters[bad][1] = std::string("\xff");
      } else {
        parameters[bad][0] = std::int64_t{999};
      }
      std::vector<BoundStatement> statements;
      for (const auto& values : parameters) statements.push_back({sql, values});
      std::size_t done = 0;
      std::string then;
      const auto failed = db->transact_now([&](Tx& tx) -> Result<void> {
        auto result = exec_all(tx, statements, done);
        then = reason(insert_in(tx, 1000));
        return result;
      });
      EXPECT_EQ(reason(failed), by_value ? "db.value" : "db.constraint");
      EXPECT_EQ(done, bad);
      EXPECT_EQ(then, reason(failed)) << "nothing works after an error";
      EXPECT_THAT(ids(), testing::ElementsAre(999));
    }
  }
}

TEST_P(DbSuite, ASecondOwnerIsRefused) {
  create_table();
  const auto second = under_test->open(env, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().reason, "db.locked");
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_EQ(reason(db->transact_now([](Tx& tx) { return insert_in(tx, 1); })), "ok") << "the first goes on";
  EXPECT_THAT(ids(), testing::ElementsAre(1));
}

TEST_P(DbSuite, WhatIsWholeIsVerified) {
  create_table();
  for (std::int64_t id = 1; id <= 100; ++id) insert(id);
  run();
  const auto verified = start(db->verify());
  run();
  EXPECT_EQ(reason(*verified), "ok") << (*verified ? "" : verified->error().message);
}

TEST_P(DbSuite, ACallerThatLeavesDoesNotUndo) {
  create_table();
  const auto hold = hold_writer();
  const auto left = insert(1);
  const auto handle = last;
  io.poll();  // the caller waits now
  handle.stop();
  io.poll();  // and has left
  hold->release();
  run();
  EXPECT_EQ(reason(*left), "test.pending");
  ASSERT_EQ(reason(db->transact_now([](Tx&) -> Result<void> { return {}; })), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1));
}

TEST_P(DbSuite, ClosingFinishesWhatIsQueued) {
  create_table();
  const auto hold = hold_writer();
  std::vector<Answer> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(insert(i));
  hold->release();
  open();
  run();
  for (const auto& answer : answers) EXPECT_EQ(reason(*answer), "ok");
  EXPECT_EQ(ids().size(), 50U);
}

TEST_P(DbSuite, SixtyFourWritersAreAllAcknowledged) {
  create_table();
  std::size_t acknowledged = 0;
  for (std::int64_t writer = 0; writer < 64; ++writer) {
    group.spawn("writer", [this, writer, &acknowledged]() -> rt::asio::awaitable<void> {
      for (std::int64_t i = 0; i < 20; ++i) {
        const std::int64_t id = writer * 100 + i;
        const auto done = co_await db->transact([id](Tx& tx) { return insert_in(tx, id); });
        if (done) ++acknowledged;
      }
    });
  }
  run();
  EXPECT_EQ(acknowledged, 64U * 20U);
  open();
  EXPECT_EQ(ids().size(), 64U * 20U);
}

}  // namespace troupe::db
