#pragma once
// Values of port db as PostgreSQL's binary format has them, both ways. Pure; any thread.
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/db.h"

namespace troupe::db {

using PgType = unsigned int;  // its number in PostgreSQL's catalogue; 0: it may find out by itself

// Parameters as libpq takes them. Points into the values it was made from, which must outlive it.
class PgParameters {
 public:
  // `invalid_argument` db.value for what no database takes.
  static Result<PgParameters> of(std::span<const Value> values);
  PgParameters(PgParameters&&) = default;
  PgParameters& operator=(PgParameters&&) = default;

  int count() const { return static_cast<int>(types_.size()); }
  const PgType* types() const { return types_.data(); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  std::size_t bytes() const { return bytes_; }
  // One letter for each parameter's type: a statement is prepared anew for others.
  const std::string& signature() const { return signature_; }

 private:
  PgParameters() = default;

  std::vector<PgType> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::array<char, 8>> numbers_;
  std::string signature_;
  std::size_t bytes_ = 0;
};

// One column of an answer. `internal` db.sql for a type that the port does not have.
Result<Value> pg_value(PgType type, std::string_view bytes);

}  // namespace troupe::db
