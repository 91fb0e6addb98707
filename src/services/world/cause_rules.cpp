#include "services/world/cause_rules.h"

#include <algorithm>

namespace troupe::world {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::uint32_t kChanceLane = 0;
constexpr std::uint32_t kDelayLane = 1;

}  // namespace

const CausalRule* find_causal_rule(std::string_view name) {
  const auto found = std::ranges::find(kCausalRules, name, &CausalRule::name);
  return found == kCausalRules.end() ? nullptr : &*found;
}

std::optional<std::int64_t> delay_ms(const CausalRule& rule, std::uint64_t sequence, int depth,
                                     const rt::Draw& draw) {
  if (depth >= kDepthMax || draw.below(1000, sequence, kChanceLane) >= rule.chance) return std::nullopt;
  const auto most = static_cast<std::uint64_t>((rule.hours_most - rule.hours_least) * 60);
  return (rule.hours_least * 60 + static_cast<std::int64_t>(draw.below(most + 1, sequence, kDelayLane))) *
         kMinuteMs;
}

}  // namespace troupe::world
