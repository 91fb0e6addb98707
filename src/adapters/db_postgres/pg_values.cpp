#include "adapters/db_postgres/pg_values.h"

#include <fmt/core.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "base/utf8.h"

namespace troupe::db {

namespace {

// pg_type.dat of PostgreSQL; these numbers never change.
constexpr PgType kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23,
                 kText = 25, kOid = 26, kFloat4 = 700, kFloat8 = 701, kUnknown = 705, kBpchar = 1042,
                 kVarchar = 1043, kNumeric = 1700, kVoid = 2278;

constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // of one value; PostgreSQL takes no more

std::array<char, 8> big_endian(std::uint64_t bits) {
  std::array<char, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((bits >> (56 - 8 * i)) & 0xFF);
  return bytes;
}

std::uint64_t unsigned_in(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (const char c : bytes) bits = bits << 8 | static_cast<unsigned char>(c);
  return bits;
}

// Sums and means: digits to the base of 10,000. A whole number where it is one and fits, else the nearest real.
Value numeric(std::string_view bytes) {
  const auto word = [&](std::size_t i) {
    return static_cast<std::int16_t>(unsigned_in(bytes.substr(2 * i, 2)));
  };
  const std::size_t digits = static_cast<std::uint16_t>(word(0));
  const int weight = word(1);
  const auto sign = static_cast<std::uint16_t>(word(2));
  if (sign == 0xC000) return std::numeric_limits<double>::quiet_NaN();
  if (sign == 0xD000) return std::numeric_limits<double>::infinity();
  if (sign == 0xF000) return -std::numeric_limits<double>::infinity();
  const bool negative = sign == 0x4000;
  double real = 0;
  std::int64_t whole = 0;
  bool fits = weight < 5;
  for (std::size_t i = 0; i < digits || static_cast<int>(i) <= weight; ++i) {
    const int digit = i < digits ? word(4 + i) : 0;
    const int power = weight - static_cast<int>(i);
    double part = digit;
    for (int p = power; p > 0; --p) part *= 10'000;
    for (int p = power; p < 0; ++p) part /= 10'000;
    real += part;
    if (power < 0) {
      fits = fits && digit == 0;
    } else if (fits) {
      // As a negative number, which has one more.
      fits = !__builtin_mul_overflow(whole, std::int64_t{10'000}, &whole) &&
             !__builtin_sub_overflow(whole, std::int64_t{digit}, &whole);
    }
    if (i > 100'000) break;
  }
  if (fits && !negative) fits = whole != std::numeric_limits<std::int64_t>::min();
  if (fits) return negative ? whole : -whole;
  return negative ? -real : real;
}

std::unexpected<Error> other_size(PgType type, std::size_t size) {
  return fail(Code::internal, "db.sql", fmt::format("a value of type {} has {} bytes", type, size));
}

}  // namespace

Result<PgParameters> PgParameters::of(std::span<const Value> values) {
  PgParameters out;
  out.numbers_.resize(values.size());
  const auto add = [&](PgType type, const char* bytes, std::size_t size, char letter) {
    out.types_.push_back(type);
    out.values_.push_back(bytes);
    out.lengths_.push_back(static_cast<int>(size));
    out.formats_.push_back(1);
    out.signature_ += letter;
    out.bytes_ += size;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    auto& number = out.numbers_[i];
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      number = big_endian(static_cast<std::uint64_t>(*integer));
      add(kInt8, number.data(), number.size(), 'i');
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      if (text->find('\0') != std::string::npos || !is_utf8(*text))
        return fail(Code::invalid_argument, "db.value",
                    fmt::format("parameter ${} is not UTF-8 text without NUL", i + 1));
      if (text->size() > kBytesMax)
        return fail(Code::invalid_argument, "db.value", fmt::format("parameter ${} is too large", i + 1));
      add(kText, text->data(), text->size(), 't');
    } else if (const auto* real = std::get_if<double>(&value)) {
      if (std::isnan(*real)) return fail(Code::invalid_argument, "db.value", "not a number");
      number = big_endian(std::bit_cast<std::uint64_t>(*real));
      add(kFloat8, number.data(), number.size(), 'r');
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      if (blob->bytes.size() > kBytesMax)
        return fail(Code::invalid_argument, "db.value", fmt::format("parameter ${} is too large", i + 1));
      add(kBytea, blob->bytes.data(), blob->bytes.size(), 'b');
    } else {
      add(0, nullptr, 0, 'n');
    }
  }
  return out;
}

Result<Value> pg_value(PgType type, std::string_view bytes) {
  switch (type) {
    case kBool:
      if (bytes.size() != 1) return other_size(type, bytes.size());
      return std::int64_t{bytes[0] != '\0'};
    case kInt2:
      if (bytes.size() != 2) return other_size(type, bytes.size());
      return std::int64_t{static_cast<std::int16_t>(unsigned_in(bytes))};
    case kInt4:
      if (bytes.size() != 4) return other_size(type, bytes.size());
      return std::int64_t{static_cast<std::int32_t>(unsigned_in(bytes))};
    case kOid:
      if (bytes.size() != 4) return other_size(type, bytes.size());
      return static_cast<std::int64_t>(unsigned_in(bytes));
    case kInt8:
      if (bytes.size() != 8) return other_size(type, bytes.size());
      return static_cast<std::int64_t>(unsigned_in(bytes));
    case kFloat4:
      if (bytes.size() != 4) return other_size(type, bytes.size());
      return double{std::bit_cast<float>(static_cast<std::uint32_t>(unsigned_in(bytes)))};
    case kFloat8:
      if (bytes.size() != 8) return other_size(type, bytes.size());
      return std::bit_cast<double>(unsigned_in(bytes));
    case kNumeric:
      if (bytes.size() < 8) return other_size(type, bytes.size());
      if (bytes.size() != 8 + 2 * unsigned_in(bytes.substr(0, 2))) return other_size(type, bytes.size());
      return numeric(bytes);
    case kBytea:
      return Blob{std::string(bytes)};
    case kText:
    case kVarchar:
    case kBpchar:
    case kChar:
    case kName:
    case kUnknown:
      return std::string(bytes);
    case kVoid:
      return std::monostate{};
    default:
      return fail(Code::internal, "db.sql",
                  fmt::format("a column of type {}, which this port does not have", type));
  }
}

}  // namespace troupe::db
