#include "services/router/router_purse.h"

#include <algorithm>

#include "base/log.h"

namespace troupe::router {

using db::Values;
using inference::Budgets;
using inference::Microusd;
using inference::Reservation;
using inference::Spender;

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kDaysKept = 31;

// A reservation that is not there was charged already.
Result<void> charge(db::Tx& tx, const std::string& id, const Reservation& what, Microusd cost) {
  TRY(const auto open, tx.exec("delete from router_reservations where id = $1", Values{id}));
  if (open == 0) return {};
  std::vector<std::pair<std::string, std::int64_t>> rows = {{Budgets::kWorld, Budgets::kTotal}};
  inference::each_account(what.spender,
                          [&](const std::string& account) { rows.emplace_back(account, what.day); });
  for (const auto& [account, day] : rows) {
    TRY_VOID(
        tx.exec("insert into router_ledger (account, day, spent) values ($1, $2, $3) "
                "on conflict (account, day) do update set spent = router_ledger.spent + excluded.spent",
                Values{account, day, cost}));
  }
  return {};
}

}  // namespace

void Money::settle(Microusd cost) {
  if (Purse* purse = std::exchange(purse_, nullptr)) purse->settle(id_, what_, cost);
}

void Purse::mount() {
  host_.timeline().add_books({{"router_ledger", 1, R"sql(
    create table router_ledger (
      account text not null,
      day bigint not null,
      spent bigint not null,
      primary key (account, day)
    );
    create table router_reservations (
      id text primary key,
      player text not null,
      npc text not null,
      day bigint not null,
      amount bigint not null
    ))sql"}},
                             [this](db::Reader& reader) { return load(reader); });
}

std::int64_t Purse::today() const { return host_.env().clock.wall_ms() / kDayMs; }

Result<void> Purse::load(db::Reader& reader) {
  // A timeline that takes back turns loads again; none of them touched the ledger.
  if (loaded_) return {};
  loaded_ = true;
  TRY(const auto spent,
      reader.query("select account, day, spent from router_ledger where day = $1 or day = $2",
                   Values{today(), Budgets::kTotal}));
  for (const auto& row : spent) budgets_.restore(row.text(0), row.integer(1), row.integer(2));
  TRY(const auto held,
      reader.query("select id, player, npc, day, amount from router_reservations order by id"));
  for (const auto& row : held) {
    const auto& orphan = orphans_.emplace_back(
        Orphan{row.text(0), {{row.text(1), row.text(2)}, row.integer(3), row.integer(4)}});
    budgets_.settle({orphan.what.spender, orphan.what.day, 0}, orphan.what.amount);
  }
  return {};
}

std::string Purse::empty_account(const Spender& spender) const {
  return budgets_.empty_account(spender, today());
}

Task<Money> Purse::reserve(Spender spender, Microusd amount) {
  const Reservation what{std::move(spender), today(), amount};
  if (!budgets_.reserve(what)) {
    co_return fail(Code::exhausted, "router.budget",
                   "the budget of " + budgets_.empty_account(what.spender, what.day) + " is used up");
  }
  const std::string id = host_.env().ids.uuid7(host_.env().clock.wall_ms());
  Money money(*this, id, what);
  const auto orphans = orphans_;
  // (A lambda with a capture list: what it owns goes to the writer's thread.)
  const auto written =
      co_await host_.timeline().db().transact([id, what, orphans](db::Tx& tx) -> Result<void> {
        for (const auto& orphan : orphans) TRY_VOID(charge(tx, orphan.id, orphan.what, orphan.what.amount));
        if (!orphans.empty()) {
          TRY_VOID(tx.exec("delete from router_ledger where day > $1 and day < $2",
                           Values{Budgets::kTotal, what.day - kDaysKept}));
        }
        TRY_VOID(tx.exec(
            "insert into router_reservations (id, player, npc, day, amount) values ($1, $2, $3, $4, $5)",
            Values{id, what.spender.player, what.spender.npc, what.day, what.amount}));
        return {};
      });
  if (!written) {
    money.settle(0);
    co_return std::unexpected(written.error());
  }
  std::erase_if(orphans_, [&](const Orphan& o) {
    return std::ranges::any_of(orphans, [&](const Orphan& done) { return done.id == o.id; });
  });
  co_return money;
}

void Purse::settle(const std::string& id, const Reservation& what, Microusd cost) {
  budgets_.settle(what, cost);
  host_.spawn("settle", [this, id, what, cost]() -> rt::asio::awaitable<void> {
    const auto done = co_await host_.timeline().db().transact(
        [id, what, cost](db::Tx& tx) { return charge(tx, id, what, cost); });
    // The reservation stays, and is charged in full at the next start: never too little.
    if (!done) log::warn("router", "what an answer cost could not be written down: {}", done.error().message);
  });
}

}  // namespace troupe::router
