#include "services/npc/household_rules.h"

#include <algorithm>

namespace troupe::npc {

namespace {

constexpr std::int64_t kMoneyDays = 20;
constexpr std::int64_t kGoodDays = 10;

// Of what is over, so that something goes each day until nothing is.
std::int64_t part(std::int64_t over, std::int64_t days) { return (over + days - 1) / days; }

}  // namespace

Holdings next_day(Holdings now, const Holdings& usual) {
  const auto off = now.money - usual.money;
  now.money += off > 0 ? -part(off, kMoneyDays) : part(-off, kMoneyDays);
  for (auto& [good, count] : now.items) {
    const auto own = usual.items.find(good);
    const auto keeps = std::max(kPocket, own == usual.items.end() ? 0 : own->second);
    if (count > keeps) count -= part(count - keeps, kGoodDays);
  }
  return now;
}

}  // namespace troupe::npc
