#include "ports/db.h"

#include "base/check.h"

namespace troupe::db {

namespace {
const std::string kEmpty;
}

std::int64_t Row::integer(std::size_t column) const {
  const Value& value = values_.at(column);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return static_cast<std::int64_t>(*number);
  TROUPE_CHECK(std::holds_alternative<std::monostate>(value), "the column holds a number");
  return 0;
}

double Row::real(std::size_t column) const {
  const Value& value = values_.at(column);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return static_cast<double>(integer(column));
}

const std::string& Row::text(std::size_t column) const {
  const Value& value = values_.at(column);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  TROUPE_CHECK(std::holds_alternative<std::monostate>(value), "the column holds text");
  return kEmpty;
}

const std::string& Row::blob(std::size_t column) const {
  const Value& value = values_.at(column);
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  TROUPE_CHECK(std::holds_alternative<std::monostate>(value), "the column holds bytes");
  return kEmpty;
}

bool Row::is_null(std::size_t column) const {
  return std::holds_alternative<std::monostate>(values_.at(column));
}

}  // namespace troupe::db
