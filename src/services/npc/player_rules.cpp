#include "services/npc/player_rules.h"

#include <algorithm>
#include <cmath>

#include "base/steady.h"

namespace troupe::npc {

namespace {

// Whoever was silent for longer has not walked on all the while: a client that plays says where it is.
constexpr std::int64_t kSilentMaxMs = 10'000;

double half_metres(double metres) { return std::round(metres * 2) / 2; }

}  // namespace

Step step(Position from, Position to, double speed_m_s, std::int64_t elapsed_ms) {
  const double reach =
      speed_m_s * static_cast<double>(std::clamp<std::int64_t>(elapsed_ms, 0, kSilentMaxMs)) / 1000;
  const double dx = half_metres(to.x) - from.x;
  const double dy = half_metres(to.y) - from.y;
  const double distance = steady_distance(dx, dy);
  if (distance <= reach) return {{half_metres(to.x), half_metres(to.y)}, false};
  // Rounded towards where they were: many small steps are not more than one large one.
  const auto part = [&](double d) { return std::trunc(d * reach / distance * 2) / 2; };
  return {{from.x + part(dx), from.y + part(dy)}, true};
}

}  // namespace troupe::npc
