// bench_decide: what the router decides of one request, with many engines and many who wait.
#include <algorithm>
#include <memory>
#include <string>

#include "base/check.h"
#include "bench/harness/answers.h"
#include "bench/harness/io_thread.h"
#include "inference/budget.h"
#include "inference/fair_queue.h"
#include "inference/route.h"
#include "rt/random.h"

namespace {

using namespace troupe;
using namespace troupe::inference;

constexpr int kTokens = 8;
constexpr std::int64_t kDay = 20'000;

std::string player(std::uint64_t n) { return "player" + std::to_string(n); }

// Engines that were measured, most of them too slow; players who wait before each; everybody's money.
class Crowd {
 public:
  Crowd(std::size_t engines, std::size_t waiting)
      : stats_(engines),
        breakers_(engines),
        passes_(engines),
        budgets_({.player_day = 1'000'000, .world_day = 1'000'000'000}) {
    now_ = io_.clock.now();
    for (std::size_t i = 0; i < engines; ++i) {
      const auto first = static_cast<std::int64_t>(200'000 + draw_.below(400'000, i));
      for (int n = 0; n < 10; ++n) {
        measure(stats_[i], {},
                {.ok = true, .first_token_us = first, .total_us = first + 70'000, .new_tokens = kTokens},
                now_);
      }
      lines_.push_back(
          std::make_unique<FairQueue>(FairLimits{.places = 8, .each_max = 7, .waiting_max = waiting + 64}));
    }
    // One line holds them all: the largest that a decision meets.
    for (std::size_t i = 0; i < waiting; ++i) enter(*lines_.back(), i);
    while (lines_.back()->next()) continue;
    for (std::size_t i = lines_.back()->waiting(); i < waiting; ++i) enter(*lines_.back(), i);
    TROUPE_CHECK(lines_.back()->waiting() == waiting, "as many wait as should");
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const Reservation one{{.player = player(i)}, kDay, 10};
      TROUPE_CHECK(budgets_.reserve(one), "there is money");
    }
  }

  // One request: is there money, which engine, into its line, who is next, the money held, and out again.
  std::size_t one(std::uint64_t n) {
    const Spender spender{.player = player(n % 1000)};
    const bool paid = budgets_.empty_account(spender, kDay).empty();
    views_.clear();
    for (std::size_t i = 0; i < stats_.size(); ++i) {
      views_.push_back({.stats = &stats_[i],
                        .breaker = &breakers_[i],
                        .in_flight = static_cast<int>(lines_[i]->in_flight()),
                        .waiting = static_cast<int>(lines_[i]->ahead_of(spender.player)),
                        .places = 8,
                        .room = lines_[i]->room(spender.player),
                        .affordable = paid});
    }
    const auto found =
        decide(views_, {.left = std::chrono::milliseconds(100), .tokens = kTokens}, {}, now_, passes_);
    const Reservation held{spender, kDay, 10};
    TROUPE_CHECK(found.route && budgets_.reserve(held), "it is let in");
    auto& line = *lines_.back();
    const auto ticket = enter(line, n);
    line.leave(ticket);
    if (const auto next = line.next()) line.leave(*next);
    budgets_.settle(held, 7);
    return *found.route;
  }

 private:
  FairQueue::Ticket enter(FairQueue& line, std::uint64_t n) {
    const auto within = std::chrono::milliseconds(draw_.below(9000, ++last_));
    line.enter(last_, player(n % 300), now_ + within, std::chrono::milliseconds(200));
    return last_;
  }

  bench::IoThread io_;
  rt::Draw draw_{1, "bench", "decide"};
  rt::Instant now_;
  std::vector<RouteStats> stats_;
  std::vector<Breaker> breakers_;
  std::vector<Pass> passes_;
  std::vector<RouteView> views_;
  std::vector<std::unique_ptr<FairQueue>> lines_;
  Budgets budgets_;
  FairQueue::Ticket last_ = 0;
};

bench::Figures decisions(const bench::Words& words) {
  const auto engines = static_cast<std::size_t>(std::stoi(words[0]));
  const auto waiting = static_cast<std::size_t>(std::stoi(words[1]));
  const int count = std::stoi(words[2]);
  Crowd crowd(engines, waiting);
  rt::asio::io_context io;
  const rt::RealClock clock(io.get_executor());
  std::vector<double> each;
  std::size_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto from = clock.now();
    sum += crowd.one(static_cast<std::uint64_t>(i));
    each.push_back(bench::us(clock.now() - from));
  }
  TROUPE_CHECK(engines == 1 || sum > 0, "not everybody goes to the first");
  std::ranges::sort(each);
  return {{"median_us", {each[each.size() / 2]}}, {"p99_us", {each[each.size() * 99 / 100]}}};
}

}  // namespace

// decisions ENGINES WAITING COUNT
int main() { return bench::answer_lines({{"decisions", decisions}}); }
