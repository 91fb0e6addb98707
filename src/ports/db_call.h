#pragma once
// What adapters of port db share: runs a caller's function on what it may touch, which is a connection of the
// adapter's own (query, exec, columns, and exec_all where it has a better way than one by one). A failed
// statement fails the whole call, and nothing is thrown.
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/db_batch.h"

namespace troupe::db {

template <class Connection>
class CallTx final : public BatchTx {
 public:
  explicit CallTx(Connection& connection) : connection_(connection) {}

  Result<Rows> query(std::string_view sql, std::span<const Value> parameters) override {
    return keep([&] { return connection_.query(sql, parameters); });
  }
  Result<std::vector<std::string>> columns(std::string_view sql) override {
    return keep([&] { return connection_.columns(sql); });
  }
  Result<std::int64_t> exec(std::string_view sql, std::span<const Value> parameters) override {
    return keep([&] { return connection_.exec(sql, parameters); });
  }
  Result<void> exec_all(std::span<const BoundStatement> statements, std::size_t& done) override {
    if constexpr (requires { connection_.exec_all(statements, done); }) {
      done = 0;
      return keep([&] { return connection_.exec_all(statements, done); });
    } else {
      for (done = 0; done < statements.size(); ++done)
        TRY_VOID(exec(statements[done].sql, statements[done].parameters));
      return {};
    }
  }
  const std::optional<Error>& failed() const { return failed_; }

 private:
  template <class Run>
  auto keep(Run run) -> decltype(run()) {
    if (failed_) return std::unexpected(*failed_);
    auto result = run();
    if (!result) failed_ = result.error();
    return result;
  }

  Connection& connection_;
  std::optional<Error> failed_;
};

template <class Connection>
Result<void> call_with(Connection& connection, std::move_only_function<Result<void>(Tx&)>& fn) {
  CallTx<Connection> tx(connection);
  Result<void> result;
  try {
    result = fn(tx);
  } catch (const std::exception& e) {
    result = fail(Code::internal, "db.threw", e.what());
  } catch (...) {
    result = fail(Code::internal, "db.threw", "a transaction threw what is not an exception");
  }
  if (result && tx.failed()) result = std::unexpected(*tx.failed());
  return result;
}

// What a queue that is full answers.
inline Error busy() {
  return {Code::exhausted, "db.busy", "too many transactions are waiting; try again", 100};
}

// A call from a thread that waits for its answer. `submit` hands it over with what is to be told; where it is not
// taken, busy(). Not std::promise: in programs that link llama.cpp its copies of that class's inline functions are
// linked, in which ThreadSanitizer cannot see what orders the two threads.
template <class Submit>
Result<void> call_and_wait(Submit submit) {
  std::mutex mutex;
  std::condition_variable told;
  std::optional<Result<void>> answer;
  const bool taken = submit([&](Result<void> r) {
    const std::lock_guard lock(mutex);
    answer.emplace(std::move(r));
    told.notify_one();  // locked: the waiter must not leave while it is being told
  });
  if (!taken) return std::unexpected(busy());
  std::unique_lock lock(mutex);
  told.wait(lock, [&] { return answer.has_value(); });
  return *std::move(answer);
}

}  // namespace troupe::db
