#include "inference/step_plan.h"

#include <algorithm>
#include <numeric>

namespace troupe::inference {

using engine::Tier;

namespace {

constexpr int kAgeingToGold = 4;

}  // namespace

Tier aged_tier(Tier tier, rt::nanoseconds waited, rt::nanoseconds ageing) {
  if (ageing.count() <= 0 || waited < ageing) return tier;
  if (waited >= kAgeingToGold * ageing) return std::min(tier, Tier::gold);
  return std::min(tier, Tier::silver);
}

Rank rank_of(const StepItem& item, rt::Instant now, rt::nanoseconds ageing) {
  return {.tier = static_cast<int>(aged_tier(item.tier, now - item.served, ageing)),
          .deadline = item.deadline,
          .served = item.served,
          .arrival = item.arrival};
}

StepPlan plan_step(std::span<const StepItem> items, const StepLimits& limits, rt::Instant now) {
  std::vector<Rank> ranks;
  ranks.reserve(items.size());
  for (const auto& item : items) ranks.push_back(rank_of(item, now, limits.ageing));
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return items[i].tokens <= 0; });
  std::ranges::sort(order, {}, [&](std::size_t i) { return ranks[i]; });
  if (order.empty()) return {};

  const auto leader = order.front();
  const int lead = ranks[leader].tier;
  const bool for_gold = lead <= static_cast<int>(Tier::gold);
  if (for_gold) std::erase_if(order, [&](std::size_t i) { return ranks[i].tier != lead; });

  int batch_left = limits.batch_max;
  int rows_left = limits.rows_max;
  int prompt_tokens = 0;
  std::vector<int> taken(items.size(), 0);
  const auto take = [&](std::size_t i, int wanted) {
    const auto& item = items[i];
    const int rows_from = std::max(item.rows_from, 0);
    const int tokens = std::min({wanted, item.tokens, batch_left, rows_from + rows_left});
    if (tokens <= 0) return;
    rows_left -= std::max(0, tokens - rows_from);
    batch_left -= tokens;
    taken[i] = tokens;
    if (item.tokens > 1) prompt_tokens += tokens;
  };
  // The leader first, so that limits never keep it out; then those that generate; then prompts.
  if (items[leader].tokens > 1) {
    // Old work in gold's place gets as little as possible, since gold waits for it.
    const bool old = for_gold && items[leader].tier > Tier::gold;
    const int chunk = old ? 0 : limits.chunk[static_cast<std::size_t>(items[leader].tier)];
    const bool ends = items[leader].talks && items[leader].tokens <= limits.ending;
    take(leader, ends ? items[leader].tokens : std::max({1, limits.chunk_min, chunk}));
  }
  for (const auto i : order) {
    if (items[i].tokens == 1) take(i, 1);
  }
  for (const auto i : order) {
    if (items[i].tokens <= 1 || taken[i] > 0) continue;
    if (for_gold && items[i].tier > Tier::gold) continue;
    take(i, limits.chunk[static_cast<std::size_t>(items[i].tier)] - prompt_tokens);
  }
  StepPlan plan{.shares = {}, .lead = static_cast<Tier>(lead)};
  for (const auto i : order) {
    if (taken[i] > 0) plan.shares.push_back({i, taken[i]});
  }
  return plan;
}

}  // namespace troupe::inference
