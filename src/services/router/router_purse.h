#pragma once
// Money that survives: budgets (src/inference/budget.h) with their ledger in tables of the router's own.
// Owned by the router; io thread. What is reserved is durable before an engine is asked. It is no part of the
// world's history: what an answer costs depends on prices and caches, and a replay pays nothing.
#include <memory>
#include <string>
#include <vector>

#include "host/host.h"
#include "inference/budget.h"

namespace troupe::router {

class Purse;

// Held money. Settled by settle(); destroyed without (its caller left, so what it cost is not known) it is
// charged in full.
class Money {
 public:
  Money() = default;
  Money(Purse& purse, std::string id, inference::Reservation what)
      : purse_(&purse), id_(std::move(id)), what_(std::move(what)) {}
  Money(Money&& other) noexcept
      : purse_(std::exchange(other.purse_, nullptr)),
        id_(std::move(other.id_)),
        what_(std::move(other.what_)) {}
  Money& operator=(Money&&) = delete;
  ~Money() { settle(what_.amount); }
  void settle(inference::Microusd cost);
  inference::Microusd amount() const { return what_.amount; }

 private:
  Purse* purse_ = nullptr;
  std::string id_;
  inference::Reservation what_;
};

class Purse {
 public:
  Purse(Host& host, inference::BudgetLimits limits) : host_(host), budgets_(limits) {}
  void mount();

  // The account that has nothing left, or "".
  std::string empty_account(const inference::Spender& spender) const;
  // Durable when it answers. `exhausted` router.budget, or why it cannot be written down.
  Task<Money> reserve(inference::Spender spender, inference::Microusd amount);
  inference::AccountView view(const std::string& account) const { return budgets_.view(account, today()); }

 private:
  friend class Money;
  struct Orphan {
    std::string id;
    inference::Reservation what;
  };
  std::int64_t today() const;
  Result<void> load(db::Reader& reader);
  void settle(const std::string& id, const inference::Reservation& what, inference::Microusd cost);

  Host& host_;
  inference::Budgets budgets_;
  bool loaded_ = false;
  std::vector<Orphan> orphans_;  // of a process that died: charged, not yet written down
};

}  // namespace troupe::router
