#pragma once
// What comes and goes out of sight: rent, wages, what is eaten at home, what spoils. A town's money and goods
// would otherwise flow one way, to whoever makes or sells most, until nobody else can buy. Pure.
#include <cstdint>
#include <map>
#include <string>

namespace troupe::npc {

struct Holdings {
  std::int64_t money = 0;  // coins
  std::map<std::string, std::int64_t> items;
  bool operator==(const Holdings&) const = default;
};

// A day later: money a twentieth of the way to what is usual for them, in whole coins; of each good a tenth
// of what is beyond `kPocket` and the usual.
inline constexpr std::int64_t kPocket = 20;
Holdings next_day(Holdings now, const Holdings& usual);

}  // namespace troupe::npc
