#pragma once
// Contract suite of port db, second part: migrations, statements, parameters and values. See db_suite.h.
#include <cmath>
#include <limits>

#include "ports/db_suite.h"

namespace troupe::db {

class DbSchemaSuite : public DbSuite {
 protected:
  static Migration step(int version, std::string sql, std::string service = "test") {
    return {std::move(service), version, std::move(sql)};
  }
  Result<void> migrate(std::vector<Migration> steps) { return db->migrate(steps); }

  std::vector<std::string> history() {
    std::vector<std::string> names;
    const auto done = db->read_now([&](Reader& reader) -> Result<void> {
      TRY(const Rows rows, reader.query("select name from history order by n"));
      for (const Row& row : rows) names.push_back(row.text(0));
      return {};
    });
    EXPECT_EQ(reason(done), "ok");
    return names;
  }

  Result<Rows> query(std::string sql, Values parameters = {}) {
    Rows rows;
    TRY_VOID(db->transact_now([&](Tx& tx) -> Result<void> {
      TRY(rows, tx.query(sql, parameters));
      return {};
    }));
    return rows;
  }
  std::string query_reason(std::string sql, Values parameters = {}) {
    const auto rows = query(std::move(sql), std::move(parameters));
    return rows ? "ok" : rows.error().reason;
  }
};

const std::string kOne =
    "create table history (n bigint primary key, name text); insert into history values (1, 'one')";
const std::string kTwo = "-- a comment\ninsert into history values (2, 'two');\n";
const std::string kThree = "insert into history values (3, 'three;');";

TEST_P(DbSchemaSuite, MigrationsRunOnceAndInOrder) {
  ASSERT_EQ(reason(migrate({step(1, kOne), step(2, kTwo)})), "ok");
  EXPECT_THAT(history(), testing::ElementsAre("one", "two"));
  open();
  ASSERT_EQ(reason(migrate({step(1, kOne), step(2, kTwo), step(3, kThree)})), "ok");
  ASSERT_EQ(reason(migrate({step(1, kOne), step(2, kTwo), step(3, kThree)})), "ok");
  EXPECT_THAT(history(), testing::ElementsAre("one", "two", "three;"));
}

TEST_P(DbSchemaSuite, AnEditedMigrationIsRefused) {
  ASSERT_EQ(reason(migrate({step(1, kOne)})), "ok");
  const auto edited = migrate({step(1, kOne + " "), step(2, kTwo)});
  ASSERT_EQ(reason(edited), "db.migration_edited");
  EXPECT_THAT(edited.error().message, testing::HasSubstr("test"));
  EXPECT_THAT(history(), testing::ElementsAre("one")) << "nothing was applied";
}

TEST_P(DbSchemaSuite, ANewerDatabaseIsRefused) {
  ASSERT_EQ(reason(migrate({step(1, kOne), step(2, kTwo)})), "ok");
  const auto older = migrate({step(1, kOne), step(1, kThree, "other")});
  ASSERT_EQ(reason(older), "db.newer");
  EXPECT_EQ(older.error().code, Code::unavailable);
  EXPECT_THAT(history(), testing::ElementsAre("one", "two")) << "nothing was applied";
  EXPECT_EQ(reason(migrate({step(1, kThree, "other")})), "ok")
      << "a service that is gone is no newer version";
}

TEST_P(DbSchemaSuite, AFailedMigrationLeavesNothingOfItself) {
  const auto failed =
      migrate({step(1, kOne), step(2, kTwo + "insert into nowhere values (1)"), step(3, kThree)});
  ASSERT_EQ(reason(failed), "db.sql");
  EXPECT_THAT(failed.error().message, testing::HasSubstr("migration 2 of test"));
  EXPECT_EQ(query_reason("select name from history"), "db.sql") << "nor of those before it";
  ASSERT_EQ(reason(migrate({step(1, kOne), step(2, kTwo)})), "ok");
  EXPECT_THAT(history(), testing::ElementsAre("one", "two"));
}

TEST_P(DbSchemaSuite, ATableThatAnOlderProgramMadeOtherwiseIsRefused) {
  ASSERT_EQ(reason(migrate({step(1, kOne, "of before")})), "ok");
  const auto newer = migrate({step(1, "create table other (n bigint primary key)", "other"), step(1, kOne)});
  ASSERT_EQ(reason(newer), "db.older");
  EXPECT_THAT(history(), testing::ElementsAre("one"));
  EXPECT_EQ(reason(migrate({step(1, "create table other (n bigint primary key)", "other")})), "ok")
      << "nothing was applied";
}

TEST_P(DbSchemaSuite, VersionsHaveNoGaps) {
  EXPECT_EQ(reason(migrate({step(1, kOne), step(3, kThree)})), "db.migrations");
  EXPECT_EQ(reason(migrate({step(2, kTwo)})), "db.migrations");
  EXPECT_EQ(reason(migrate({step(1, kOne), step(1, kOne)})), "db.migrations");
}

TEST_P(DbSchemaSuite, ValuesComeBackAsTheyWere) {
  ASSERT_EQ(reason(migrate({step(1,
                                 "create table v (id bigint primary key, i bigint, r double precision, "
                                 "t text, b blob)")})),
            "ok");
  using Numbers = std::numeric_limits<std::int64_t>;
  using Reals = std::numeric_limits<double>;
  const std::string bytes("\0\1\xff\0", 4);
  const std::vector<Values> rows = {
      {std::int64_t{1}, Numbers::min(), 0.1, std::string("Grüße, 世界 🎭"), Blob{bytes}},
      {std::int64_t{2}, Numbers::max(), Reals::max(), std::string(), Blob{}},
      {std::int64_t{3}, std::int64_t{0}, Reals::denorm_min(), std::string("'; drop table v; --"), Blob{"\0"}},
      {std::int64_t{4}, std::int64_t{-1}, -Reals::infinity(), std::string(100'000, 'x'),
       Blob{std::string(100'000, '\0')}},
      {std::int64_t{5}, std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}},
  };
  for (const Values& row : rows) {
    const auto done = db->transact_now([&](Tx& tx) -> Result<void> {
      TRY(const std::int64_t changed,
          tx.exec("insert into v (id, i, r, t, b) values ($1, $2, $3, $4, $5)", row));
      EXPECT_EQ(changed, 1);
      return {};
    });
    ASSERT_EQ(reason(done), "ok");
  }
  open();
  const auto back = query("select id, i, r, t, b from v order by id");
  ASSERT_TRUE(back.has_value());
  ASSERT_EQ(back->size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ((*back)[i].values(), rows[i]) << "row " << i;
  const Row& nulls = back->back();
  EXPECT_TRUE(nulls.is_null(1));
  EXPECT_EQ(nulls.integer(1), 0);
  EXPECT_EQ(nulls.real(2), 0);
  EXPECT_EQ(nulls.text(3), "");
  EXPECT_EQ(nulls.blob(4), "");
}

TEST_P(DbSchemaSuite, WhatNoDatabaseTakesIsRefused) {
  create_table();
  const std::string insert = "insert into item (id, name) values (1, $1)";
  EXPECT_EQ(query_reason(insert, {std::string("\xff\xfe")}), "db.value");
  EXPECT_EQ(query_reason(insert, {std::string("a\0b", 3)}), "db.value");
  EXPECT_EQ(query_reason("select $1", {std::nan("")}), "db.value");
  EXPECT_THAT(ids(), testing::IsEmpty());
}

TEST_P(DbSchemaSuite, ParametersGoByTheirNumber) {
  create_table();
  ASSERT_EQ(
      query_reason("insert into item (name, id) values ($2, $1)", {std::int64_t{7}, std::string("seven")}),
      "ok");
  const auto rows =
      query("select id, name, '$1', \"id\" /* $3 */ from item where name = $2 and id = $1 and id = $1",
            {std::int64_t{7}, std::string("seven")});
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ((*rows)[0].text(2), "$1");
  EXPECT_EQ((*rows)[0].integer(3), 7);
}

TEST_P(DbSchemaSuite, WrongStatementsAreNamedSo) {
  create_table();
  const struct {
    std::string sql;
    Values parameters;
  } wrong[] = {
      {"selekt 1", {}},
      {"", {}},
      {"-- nothing", {}},
      {"select * from nowhere", {}},
      {"select \"no column\" from item", {}},
      {"insert into item values (1, 'a'); insert into item values (2, 'b')", {}},
      {"select id from item where id = $1", {}},
      {"select id from item where id = $1", {std::int64_t{1}, std::int64_t{2}}},
      {"select id from item", {std::int64_t{1}}},
      {"begin", {}},
      {"commit", {}},
      {"rollback", {}},
      {"savepoint one", {}},
      {"release one", {}},
      {"rollback to one", {}},
  };
  for (const auto& [sql, parameters] : wrong) EXPECT_EQ(query_reason(sql, parameters), "db.sql") << sql;
  EXPECT_EQ(query_reason("insert into item values (1, 'a');  -- one, with a tail\n"), "ok");
  EXPECT_THAT(ids(), testing::ElementsAre(1));
}

TEST_P(DbSchemaSuite, ConflictAndReturning) {
  create_table();
  const std::string upsert =
      "insert into item (id, name) values ($1, $2) on conflict (id) do update set name = excluded.name "
      "returning id, name";
  ASSERT_EQ(query_reason(upsert, {std::int64_t{1}, std::string("a")}), "ok");
  const auto again = query(upsert, {std::int64_t{1}, std::string("b")});
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->size(), 1U);
  EXPECT_EQ((*again)[0].text(1), "b");
  const auto nothing =
      query("insert into item (id, name) values (1, 'c') on conflict (id) do nothing returning id");
  ASSERT_TRUE(nothing.has_value());
  EXPECT_TRUE(nothing->empty());
}

TEST_P(DbSchemaSuite, ExecCountsTheRowsChanged) {
  create_table();
  const auto done = db->transact_now([](Tx& tx) -> Result<void> {
    for (std::int64_t id = 1; id <= 5; ++id) TRY_VOID(insert_in(tx, id));
    TRY(const std::int64_t updated,
        tx.exec("update item set name = 'x' where id > $1", Values{std::int64_t{3}}));
    TRY(const std::int64_t created, tx.exec("create table extra (id bigint)"));
    TRY(const std::int64_t missed, tx.exec("delete from item where id = 99"));
    TRY(const std::int64_t returned, tx.exec("delete from item returning id"));
    EXPECT_EQ(updated, 2);
    EXPECT_EQ(created, 0);
    EXPECT_EQ(missed, 0);
    EXPECT_EQ(returned, 5);
    return {};
  });
  EXPECT_EQ(reason(done), "ok");
}

TEST_P(DbSchemaSuite, ColumnsHaveNames) {
  create_table();
  std::vector<std::string> names;
  const auto done = db->read_now([&](Reader& reader) -> Result<void> {
    TRY(names, reader.columns("select id, name as title, count(*) as n from item group by id, name"));
    return {};
  });
  ASSERT_EQ(reason(done), "ok");
  EXPECT_THAT(names, testing::ElementsAre("id", "title", "n"));
}

TEST_P(DbSchemaSuite, TextsSortByTheirBytes) {
  create_table();
  const std::vector<std::string> sorted = {"B", "Z", "_", "a", "a b", "ab", "z", "Ä", "ä", "世"};
  std::int64_t id = 0;
  for (const auto& name : {sorted[3], sorted[9], sorted[0], sorted[7], sorted[2], sorted[5], sorted[1],
                           sorted[8], sorted[4], sorted[6]}) {
    ASSERT_EQ(query_reason("insert into item (id, name) values ($1, $2)", {++id, name}), "ok");
  }
  const auto rows = query("select name from item order by name");
  ASSERT_TRUE(rows.has_value());
  std::vector<std::string> names;
  for (const Row& row : *rows) names.push_back(row.text(0));
  EXPECT_EQ(names, sorted);
}

TEST_P(DbSchemaSuite, ReadersFollowAChangedSchema) {
  const auto width = [&] {
    std::size_t columns = 0;
    EXPECT_EQ(reason(db->read_now([&](Reader& reader) -> Result<void> {
                TRY(const Rows rows, reader.query("select * from history"));
                columns = rows[0].values().size();
                return {};
              })),
              "ok");
    return columns;
  };
  ASSERT_EQ(reason(migrate({step(1, kOne)})), "ok");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(width(), 2U) << "each reader knows the statement";
  ASSERT_EQ(reason(migrate({step(1, kOne), step(2, "alter table history add column age bigint")})), "ok");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(width(), 3U);
}

TEST_P(DbSchemaSuite, ManyStatementsPassThroughTheBoundedCache) {
  create_table();
  ASSERT_EQ(query_reason("insert into item (id, name) values (1, 'a')"), "ok");
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 400; ++i) {
      const auto rows = query("select id + " + std::to_string(i) + " from item");
      ASSERT_TRUE(rows.has_value());
      EXPECT_EQ((*rows)[0].integer(0), i + 1);
    }
  }
}

TEST_P(DbSchemaSuite, NumbersOfEachKindComeBack) {
  create_table();
  const auto rows = query(
      "select count(*), sum(id), max(id), min(id), 1 = 1, 2 > 3, 1.5, cast(7 as bigint), null, 'text' from item");
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  const Row& row = (*rows)[0];
  EXPECT_EQ(row.integer(0), 0);
  EXPECT_TRUE(row.is_null(1));
  EXPECT_TRUE(row.is_null(2));
  EXPECT_EQ(row.integer(4), 1);
  EXPECT_EQ(row.integer(5), 0);
  EXPECT_EQ(row.real(6), 1.5);
  EXPECT_EQ(row.integer(7), 7);
  EXPECT_TRUE(row.is_null(8));
  EXPECT_EQ(row.text(9), "text");
  for (const std::int64_t id : {std::int64_t{3}, std::int64_t{-10'001}, std::int64_t{5'000'000'000}})
    ASSERT_EQ(query_reason("insert into item (id, name) values ($1, 'x')", {id}), "ok");
  const auto sums = query("select sum(id), max(id), min(id), count(*) from item");
  ASSERT_TRUE(sums.has_value()) << sums.error().message;
  EXPECT_EQ((*sums)[0].integer(0), 4'999'990'002);
  EXPECT_EQ((*sums)[0].integer(1), 5'000'000'000);
  EXPECT_EQ((*sums)[0].integer(2), -10'001);
  EXPECT_EQ((*sums)[0].integer(3), 3);
}

TEST_P(DbSchemaSuite, BytesInDefaultsAreBytes) {
  const std::string made =
      "create table v (id bigint primary key, text text not null default '', blob blob not null default x'')";
  ASSERT_EQ(reason(migrate(
                {step(1, made), step(2, "alter table v add column more blob not null default x'00ff'")})),
            "ok");
  ASSERT_EQ(query_reason("insert into v (id) values (1)"), "ok");
  ASSERT_EQ(query_reason("insert into v (id, text, blob) values (2, $1, $2)", {std::string("t"), Blob{"b"}}),
            "ok");
  const auto rows = query("select text, blob, more from v order by id");
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ((*rows)[0].values(), (Values{std::string(), Blob{}, Blob{std::string("\0\xff", 2)}}));
  EXPECT_EQ((*rows)[1].values(), (Values{std::string("t"), Blob{"b"}, Blob{std::string("\0\xff", 2)}}));
}

TEST_P(DbSchemaSuite, AnAnswerHasABound) {
  open({.rows_max = 10});
  create_table();
  const auto count = [&](int n) {
    return query_reason("with recursive c (n) as (select 1 union all select n + 1 from c where n < " +
                        std::to_string(n) + ") select n from c");
  };
  EXPECT_EQ(count(10), "ok");
  EXPECT_EQ(count(11), "db.rows");
  EXPECT_EQ(count(10), "ok");
}

}  // namespace troupe::db
