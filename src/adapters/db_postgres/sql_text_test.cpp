#include "adapters/db_postgres/sql_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::db {
namespace {

TEST(SqlText, ParametersAreCountedWhereTheyAreParameters) {
  const struct {
    const char* sql;
    std::size_t count;
  } right[] = {
      {"select 1", 0},
      {"select $1", 1},
      {"insert into t values ($2, $1, $2)", 2},
      {"select '$1', \"$2\", 'it''s $3' -- $4\n, $5 /* $6 /* $7 */ $8 */", 5},
      {"with a as (select $10) select * from a", 10},
      {"  /* first */ update t set a=$1", 1},
      {"select a$1 from t", 0},
  };
  for (const auto& [sql, count] : right) {
    const auto found = parameters_of(sql);
    ASSERT_TRUE(found.has_value()) << sql;
    EXPECT_EQ(*found, count) << sql;
  }
  for (const char* sql :
       {"", "-- nothing", " ; ", "begin", "COMMIT", "set role x", "copy t from stdin", "select $0",
        "select $99999", "select $123456789012", "do $$ begin end $$", "(select 1)"}) {
    EXPECT_FALSE(parameters_of(sql).has_value()) << sql;
  }
}

TEST(SqlText, AScriptIsCutAtItsSemicolons) {
  EXPECT_THAT(statements_of("a; b ';' c; \"x;y\" ; -- d; e\n;;"),
              testing::ElementsAre("a", " b ';' c", " \"x;y\" "));
  EXPECT_THAT(statements_of(""), testing::IsEmpty());
  EXPECT_THAT(statements_of("/* ; */ one"), testing::ElementsAre("/* ; */ one"));
  EXPECT_THAT(statements_of("'not closed; "), testing::ElementsAre("'not closed; "));
}

TEST(SqlText, OnlyTypesBecomeOthers) {
  const struct {
    const char* ours;
    const char* theirs;
  } cases[] = {
      {"create table t (text text not null default '', blob blob not null default x'', primary key (text, blob))",
       "create table t (text text collate \"C\" not null default '', blob bytea not null default '\\x', primary key "
       "(text, blob))"},
      {"CREATE TABLE if not exists t (a TEXT, b BLOB, c double precision)",
       "CREATE TABLE if not exists t (a text collate \"C\", b bytea, c double precision)"},
      {"alter table t add column text blob not null default x'00Ff'",
       "alter table t add column text bytea not null default '\\x00Ff'"},
      {"alter table t add column if not exists a text",
       "alter table t add column if not exists a text collate \"C\""},
      {"create index i on t (text, blob)", "create index i on t (text, blob)"},
      {"create table p (id bigint primary key, item bigint not null references item(id) deferrable, check (id > 0))",
       "create table p (id bigint primary key, item bigint not null references item(id) deferrable, check (id > 0))"},
      {"insert into t (text, blob) values ('text', 'blob')",
       "insert into t (text, blob) values ('text', 'blob')"},
      {"drop table text", "drop table text"},
  };
  for (const auto& [ours, theirs] : cases) EXPECT_EQ(for_postgres(ours), theirs);
}

TEST(SqlText, NamesAreQuoted) {
  EXPECT_EQ(quoted_name("moor@2"), "\"moor@2\"");
  EXPECT_EQ(quoted_name("a\"; drop"), "\"a\"\"; drop\"");
}

}  // namespace
}  // namespace troupe::db
