#pragma once
// Money: what players, NPCs and the world may spend, in millionths of a dollar. Pure; whoever owns it makes
// it durable (see services/router).
//
// A request reserves the most that it can cost before an engine is asked, and settles what it did cost
// afterwards. It is let through while every account of its spender has something left beyond what is spent
// and reserved; so whatever runs at once, an account is overdrawn by one request at most. Reservations of a
// process that died are charged in full: the engine may have been paid.
//
// A day is a number (of days since 1970, UTC) and never goes back. Bounded: BudgetLimits::accounts_max
// accounts a day; beyond, a new spender with a limit has no money.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace troupe::inference {

using Microusd = std::int64_t;

struct BudgetLimits {
  std::optional<Microusd> player_day;  // none = no limit
  std::optional<Microusd> npc_day;
  std::optional<Microusd> world_day;
  std::optional<Microusd> world_total;
  std::size_t accounts_max = 100'000;  // 10 MB
};

// Who pays: the world always, and a player or an NPC where it is for one.
struct Spender {
  std::string player;
  std::string npc;
};

// Millionths of a dollar per million tokens.
struct Price {
  Microusd prompt = 0;
  Microusd output = 0;
  bool free() const { return prompt == 0 && output == 0; }
};

// The most that an answer can cost: no tokenizer makes more tokens than there are bytes.
Microusd cost_max(const Price& price, std::int64_t prompt_bytes, std::int64_t messages,
                  std::int64_t tokens_max);
// How many new tokens `budget` pays for, at most `wanted`; 0 = not even the prompt.
std::int64_t tokens_for(const Price& price, std::int64_t prompt_bytes, std::int64_t messages, Microusd budget,
                        std::int64_t wanted);

// What one request holds until it is settled.
struct Reservation {
  Spender spender;
  std::int64_t day = 0;
  Microusd amount = 0;
};

struct AccountView {
  Microusd day_spent = 0;
  Microusd total_spent = 0;
  Microusd reserved = 0;
  std::optional<Microusd> day_limit;
  std::optional<Microusd> total_limit;
};

class Budgets {
 public:
  explicit Budgets(BudgetLimits limits) : limits_(limits) {}

  // The account of `spender` that has nothing left ("player:anna"), or "".
  std::string empty_account(const Spender& spender, std::int64_t day) const;
  // Holds `amount`; false when an account is empty.
  bool reserve(const Reservation& reservation);
  // Gives the reservation back and takes what it did cost.
  void settle(const Reservation& reservation, Microusd cost);

  // What is known from before: spent by `account` on `day`; day kTotal = ever.
  void restore(const std::string& account, std::int64_t day, Microusd spent);
  // `account` is "world", "player:anna" or "npc:marta".
  AccountView view(const std::string& account, std::int64_t day) const;

  static constexpr std::int64_t kTotal = 0;
  static constexpr const char* kWorld = "world";

 private:
  struct Account {
    std::int64_t day = 0;
    Microusd spent = 0;  // on that day
    Microusd total = 0;  // of the world
    Microusd reserved = 0;
  };
  Microusd spent_on(const Account& account, std::int64_t day) const;
  std::optional<Microusd> day_limit(const std::string& name) const;
  bool has_something_left(const std::string& name, std::int64_t day) const;
  bool remembers(const std::string& name) const;  // without a limit it need not, when there are too many
  Account& open(const std::string& name, std::int64_t day);
  void forget_old(std::int64_t day);

  BudgetLimits limits_;
  std::map<std::string, Account> accounts_;
  std::int64_t newest_day_ = 0;
};

// The accounts of a spender, the world first.
template <class Fn>
void each_account(const Spender& spender, Fn fn) {
  fn(std::string(Budgets::kWorld));
  if (!spender.player.empty()) fn("player:" + spender.player);
  if (!spender.npc.empty()) fn("npc:" + spender.npc);
}

}  // namespace troupe::inference
