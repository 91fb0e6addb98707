#include "inference/budget.h"

#include <algorithm>

namespace troupe::inference {

namespace {

// Template tokens that no byte of a message stands for: who speaks, where it begins and ends.
constexpr std::int64_t kTokensAroundMessage = 16;
constexpr std::int64_t kMillion = 1'000'000;

Microusd prompt_cost_max(const Price& price, std::int64_t prompt_bytes, std::int64_t messages) {
  const auto tokens = prompt_bytes + kTokensAroundMessage * messages;
  return (tokens * price.prompt + kMillion - 1) / kMillion;
}

}  // namespace

Microusd cost_max(const Price& price, std::int64_t prompt_bytes, std::int64_t messages,
                  std::int64_t tokens_max) {
  return prompt_cost_max(price, prompt_bytes, messages) +
         (tokens_max * price.output + kMillion - 1) / kMillion;
}

std::int64_t tokens_for(const Price& price, std::int64_t prompt_bytes, std::int64_t messages, Microusd budget,
                        std::int64_t wanted) {
  const auto left = budget - prompt_cost_max(price, prompt_bytes, messages);
  if (left < 0) return 0;
  if (price.output == 0) return wanted;
  return std::min(wanted, left * kMillion / price.output);
}

Microusd Budgets::spent_on(const Account& account, std::int64_t day) const {
  return account.day == day ? account.spent : 0;
}

std::optional<Microusd> Budgets::day_limit(const std::string& name) const {
  if (name == kWorld) return limits_.world_day;
  return name.starts_with("player:") ? limits_.player_day : limits_.npc_day;
}

bool Budgets::has_something_left(const std::string& name, std::int64_t day) const {
  const auto found = accounts_.find(name);
  // One that is not there yet has everything left, unless there is no room to remember what it spends.
  const Account none;
  const Account& account = found != accounts_.end() ? found->second : none;
  const auto limit = day_limit(name);
  if (limit && spent_on(account, day) + account.reserved >= *limit) return false;
  if (name == kWorld && limits_.world_total && account.total + account.reserved >= *limits_.world_total) {
    return false;
  }
  return found != accounts_.end() || !limit || day != newest_day_ || accounts_.size() < limits_.accounts_max;
}

std::string Budgets::empty_account(const Spender& spender, std::int64_t day) const {
  std::string empty;
  each_account(spender, [&](const std::string& name) {
    if (empty.empty() && !has_something_left(name, day)) empty = name;
  });
  return empty;
}

bool Budgets::remembers(const std::string& name) const {
  return name == kWorld || accounts_.size() < limits_.accounts_max || accounts_.contains(name);
}

Budgets::Account& Budgets::open(const std::string& name, std::int64_t day) {
  if (day > newest_day_) forget_old(day);
  auto& account = accounts_[name];
  if (day > account.day) {
    account.day = day;
    account.spent = 0;
  }
  return account;
}

void Budgets::forget_old(std::int64_t day) {
  newest_day_ = day;
  std::erase_if(accounts_,
                [](const auto& entry) { return entry.first != kWorld && entry.second.reserved == 0; });
}

bool Budgets::reserve(const Reservation& r) {
  if (!empty_account(r.spender, r.day).empty()) return false;
  each_account(r.spender, [&](const std::string& name) {
    if (remembers(name)) open(name, r.day).reserved += r.amount;
  });
  return true;
}

void Budgets::settle(const Reservation& r, Microusd cost) {
  each_account(r.spender, [&](const std::string& name) {
    if (!remembers(name)) return;
    auto& account = open(name, r.day);
    account.reserved = std::max<Microusd>(0, account.reserved - r.amount);
    if (account.day == r.day) account.spent += cost;
    account.total += cost;
  });
}

void Budgets::restore(const std::string& account, std::int64_t day, Microusd spent) {
  if (day == kTotal) {
    accounts_[account].total += spent;
  } else {
    open(account, day).spent += spent;
  }
}

AccountView Budgets::view(const std::string& name, std::int64_t day) const {
  AccountView out{.day_limit = day_limit(name)};
  if (name == kWorld) out.total_limit = limits_.world_total;
  const auto found = accounts_.find(name);
  if (found == accounts_.end()) return out;
  out.day_spent = spent_on(found->second, day);
  out.total_spent = found->second.total;
  out.reserved = found->second.reserved;
  return out;
}

}  // namespace troupe::inference
