#include "inference/step_plan.h"

#include <algorithm>
#include <numeric>

namespace troupe::inference {

using engine::Tier;

Tier aged_tier(Tier tier, rt::nanoseconds waited, rt::nanoseconds ageing) {
  if (ageing.count() <= 0 || waited < ageing) return tier;
  const auto steps = waited / ageing;
  const auto best = static_cast<std::int64_t>(Tier::gold);
  return static_cast<Tier>(std::min<std::int64_t>(static_cast<std::int64_t>(tier),
                                                  std::max(best, static_cast<std::int64_t>(tier) - steps)));
}

Rank rank_of(const StepItem& item, rt::Instant now, rt::nanoseconds ageing) {
  return {.tier = static_cast<int>(aged_tier(item.tier, now - item.served, ageing)),
          .deadline = item.deadline,
          .served = item.served,
          .arrival = item.arrival};
}

std::vector<Share> plan_step(std::span<const StepItem> items, const StepLimits& limits, rt::Instant now) {
  std::vector<Rank> ranks;
  ranks.reserve(items.size());
  for (const auto& item : items) ranks.push_back(rank_of(item, now, limits.ageing));
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return items[i].tokens <= 0; });
  std::ranges::sort(order, {}, [&](std::size_t i) { return ranks[i]; });
  if (order.empty()) return {};

  const int lead = ranks[order.front()].tier;
  const bool gold_only = lead <= static_cast<int>(Tier::gold);
  if (gold_only) std::erase_if(order, [&](std::size_t i) { return ranks[i].tier != lead; });

  int batch_left = limits.batch_max;
  int rows_left = limits.rows_max;
  int chunk_left = limits.chunk[static_cast<std::size_t>(lead)];
  std::vector<int> taken(items.size(), 0);
  const auto take = [&](std::size_t i, int wanted) {
    const auto& item = items[i];
    int tokens = std::min(wanted, batch_left);
    const int rows_from = std::max(item.rows_from, 0);
    tokens = std::min(tokens, rows_from + rows_left);
    if (tokens <= 0) return 0;
    rows_left -= std::max(0, tokens - rows_from);
    batch_left -= tokens;
    taken[i] = tokens;
    return tokens;
  };
  // The leader first, so that limits never keep it out; then those that generate; then prompts.
  if (items[order.front()].tokens > 1) {
    chunk_left -= take(order.front(), std::min(items[order.front()].tokens, std::max(1, chunk_left)));
  }
  for (const auto i : order) {
    if (items[i].tokens == 1) take(i, 1);
  }
  for (const auto i : order) {
    if (chunk_left <= 0) break;
    if (items[i].tokens > 1 && taken[i] == 0) chunk_left -= take(i, std::min(items[i].tokens, chunk_left));
  }
  std::vector<Share> plan;
  for (const auto i : order) {
    if (taken[i] > 0) plan.push_back({i, taken[i]});
  }
  return plan;
}

}  // namespace troupe::inference
