#pragma once
// Test only: a database before another one, on which faults are played. What takes time takes the clock's, and
// everything runs on the io thread, so that with a virtual clock the same test gives the same order.
#include <deque>

#include "ports/db.h"

namespace troupe::db {

struct Fault {
  rt::nanoseconds before{};      // until it runs
  rt::nanoseconds after{};       // from then until whoever waits is told
  std::optional<Error> error;    // none of it happens
  std::optional<int> statement;  // that one is refused with `error`, from 0; none: all of it
};

// Owned by a test. Transactions take effect in the order of the calls. What is blocking (loading at a start)
// meets no faults.
class FaultyDb final : public Db {
 public:
  using Next = std::function<Fault()>;  // what the next transaction or read meets
  FaultyDb(const rt::Env& env, std::unique_ptr<Db> db, Next next)
      : env_(env), db_(std::move(db)), next_(std::move(next)), work_(env, "faulty database") {}

  // The process ends here: what does not stand in the database yet never will.
  void crash() { work_.cancel(); }

  Result<void> migrate(std::span<const Migration> migrations) override { return db_->migrate(migrations); }
  Task<void> transact(std::move_only_function<Result<void>(Tx&)> fn) override {
    const auto write = std::make_shared<std::move_only_function<Result<void>(Tx&)>>(std::move(fn));
    return play([this, write](const Fault& fault) {
      return db_->transact_now([&](Tx& tx) {
        RefusingTx refusing(tx, fault);
        return (*write)(refusing);
      });
    });
  }
  Task<void> read(std::move_only_function<Result<void>(Reader&)> fn) override {
    const auto look = std::make_shared<std::move_only_function<Result<void>(Reader&)>>(std::move(fn));
    return play([this, look](const Fault&) {
      return db_->read_now([&](Reader& reader) { return (*look)(reader); });
    });
  }
  Task<void> verify() override { return db_->verify(); }
  Result<void> transact_now(std::move_only_function<Result<void>(Tx&)> fn) override {
    return db_->transact_now(std::move(fn));
  }
  Result<void> read_now(std::move_only_function<Result<void>(Reader&)> fn) override {
    return db_->read_now(std::move(fn));
  }
  Result<void> health() const override { return db_->health(); }

 private:
  class RefusingTx final : public Tx {
   public:
    RefusingTx(Tx& tx, const Fault& fault) : tx_(tx), fault_(fault) {}
    Result<Rows> query(std::string_view sql, std::span<const Value> parameters) override {
      return tx_.query(sql, parameters);
    }
    Result<std::vector<std::string>> columns(std::string_view sql) override { return tx_.columns(sql); }
    Result<std::int64_t> exec(std::string_view sql, std::span<const Value> parameters) override {
      if (fault_.error && fault_.statement == statements_++) return std::unexpected(*fault_.error);
      return tx_.exec(sql, parameters);
    }

   private:
    Tx& tx_;
    const Fault& fault_;
    int statements_ = 0;
  };

  // Whoever leaves does not undo: the work is a task of its own.
  Task<void> play(std::function<Result<void>(const Fault&)> work) {
    const rt::OneShot<void> told(env_);
    queue_.push_back([this, work = std::move(work), fault = next_(), told]() -> rt::asio::awaitable<void> {
      co_await rt::sleep_for(env_, fault.before);
      auto done = fault.error && !fault.statement ? Result<void>(std::unexpected(*fault.error)) : work(fault);
      co_await rt::sleep_for(env_, fault.after);
      told.set(std::move(done));
    });
    if (!running_) {
      running_ = true;
      work_.spawn("faulty database", [this] { return run(); });
    }
    co_return co_await told.wait();
  }
  rt::asio::awaitable<void> run() {
    while (!queue_.empty()) {
      const auto next = std::move(queue_.front());
      queue_.pop_front();
      co_await next();
    }
    running_ = false;
  }

  rt::Env env_;
  std::unique_ptr<Db> db_;
  Next next_;
  std::deque<std::function<rt::asio::awaitable<void>()>> queue_;
  bool running_ = false;
  rt::Group work_;
};

}  // namespace troupe::db
