#include "ports/db_batch.h"

namespace troupe::db {

Result<void> exec_all(Tx& tx, std::span<const BoundStatement> statements, std::size_t& done) {
  done = 0;
  if (auto* batch = dynamic_cast<BatchTx*>(&tx)) return batch->exec_all(statements, done);
  for (const auto& statement : statements) {
    TRY_VOID(tx.exec(statement.sql, statement.parameters));
    ++done;
  }
  return {};
}

}  // namespace troupe::db
