#pragma once
// Many statements of port db at once, where nobody needs their answers: a database behind a network takes them in
// one journey, any other one by one.
#include <cstddef>
#include <span>
#include <string_view>

#include "ports/db.h"

namespace troupe::db {

// One statement and its parameters, both of whoever asks.
struct BoundStatement {
  std::string_view sql;
  std::span<const Value> parameters;
};

// A transaction that has a better way than one by one.
class BatchTx : public Tx {
 public:
  virtual Result<void> exec_all(std::span<const BoundStatement> statements, std::size_t& done) = 0;
};

// Runs all of them in order. `done` is how many ran: where one fails, its place.
Result<void> exec_all(Tx& tx, std::span<const BoundStatement> statements, std::size_t& done);

}  // namespace troupe::db
