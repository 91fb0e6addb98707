#include "adapters/db_postgres/pg_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "adapters/db_postgres/pg_values.h"

namespace troupe::db {
namespace {

TEST(PgError, EachKindIsSaidAsThePortHasIt) {
  const struct {
    const char* state;
    Code code;
    const char* reason;
  } cases[] = {
      {"", Code::unavailable, "db.away"},
      {"08006", Code::unavailable, "db.away"},
      {"57P01", Code::unavailable, "db.away"},
      {"57P03", Code::unavailable, "db.away"},
      {"53300", Code::unavailable, "db.away"},
      {"53100", Code::unavailable, "db.full"},
      {"53200", Code::exhausted, "db.memory"},
      {"57014", Code::unavailable, "db.slow"},
      {"55P03", Code::unavailable, "db.slow"},
      {"40001", Code::unavailable, "db.undone"},
      {"23505", Code::conflict, "db.constraint"},
      {"25006", Code::unavailable, "db.read_only"},
      {"XX001", Code::unavailable, "db.failed"},
      {"42601", Code::internal, "db.sql"},
      {"08P01", Code::internal, "db.sql"},
      {"22021", Code::invalid_argument, "db.value"},
      {"54000", Code::invalid_argument, "db.value"},
      {"42501", Code::internal, "db.sql"},
  };
  for (const auto& [state, code, reason] : cases) {
    const auto error = pg_error(state, "what it says\n\tand more", PgAccess::read_write);
    EXPECT_EQ(error.code, code) << state;
    EXPECT_EQ(error.reason, reason) << state;
    EXPECT_THAT(error.message, testing::HasSubstr("what it says"));
    EXPECT_THAT(error.message, testing::Not(testing::HasSubstr("and more"))) << "one line";
  }
  EXPECT_EQ(pg_error("25006", "x", PgAccess::read_only).reason, "db.sql");
}

std::string bytes_of(std::initializer_list<int> all) {
  std::string bytes;
  for (const int one : all) bytes += static_cast<char>(one);
  return bytes;
}

TEST(PgValues, SumsAreWholeWhereTheyFit) {
  constexpr PgType kNumeric = 1700;
  const auto value = [](const std::string& bytes) { return *pg_value(kNumeric, bytes); };
  EXPECT_EQ(value(bytes_of({0, 0, 0, 0, 0, 0, 0, 0})), Value(std::int64_t{0}));
  EXPECT_EQ(value(bytes_of({0, 1, 0, 0, 0, 0, 0, 0, 0, 7})), Value(std::int64_t{7}));
  EXPECT_EQ(value(bytes_of({0, 1, 0, 1, 0, 0, 0, 0, 0, 1})), Value(std::int64_t{10'000}));
  EXPECT_EQ(value(bytes_of({0, 2, 0, 1, 0x40, 0, 0, 0, 0, 1, 0, 1})), Value(std::int64_t{-10'001}));
  EXPECT_EQ(value(bytes_of({0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0x13, 0x88})), Value(1.5));
  // 9223372036854775807 and one more, both ways.
  EXPECT_EQ(
      value(bytes_of({0, 5, 0, 4, 0, 0, 0, 0, 0x03, 0x9A, 0x0D, 0x2C, 0x01, 0x70, 0x15, 0x65, 0x16, 0xAF})),
      Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(value(bytes_of(
                {0, 5, 0, 4, 0x40, 0, 0, 0, 0x03, 0x9A, 0x0D, 0x2C, 0x01, 0x70, 0x15, 0x65, 0x16, 0xB0})),
            Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_TRUE(std::holds_alternative<double>(
      value(bytes_of({0, 5, 0, 4, 0, 0, 0, 0, 0x03, 0x9A, 0x0D, 0x2C, 0x01, 0x70, 0x15, 0x65, 0x16, 0xB0}))));
  EXPECT_FALSE(pg_value(kNumeric, bytes_of({0, 5, 0, 4, 0, 0, 0, 0})).has_value()) << "cut short";
  EXPECT_FALSE(pg_value(1114, bytes_of({0, 0, 0, 0, 0, 0, 0, 0})).has_value()) << "a time";
  EXPECT_FALSE(pg_value(20, "abc").has_value());
}

}  // namespace
}  // namespace troupe::db
