// How worlds that nobody is in fall asleep, and how the time that passed meanwhile is lived through.
#include <algorithm>

#include "base/log.h"
#include "services/worlds/worlds_service.h"
#include "troupe/v1/time.pb.h"

namespace troupe {

namespace {
constexpr rt::milliseconds kLook{5'000};  // between two looks: a world falls asleep so much later at most
}  // namespace

boost::asio::awaitable<void> WorldsService::fall_asleep() {
  for (;;) {
    co_await rt::sleep_for(host_.env(), kLook);
    guests_.forget(host_.env().now());
    for (const auto& world : names()) {
      if (!runner_.is_open(world) || alone_.is_taken(world)) continue;
      const auto after = runner_.rest(plan(world)).after;
      if (after.count() == 0) continue;
      const auto now = host_.env().now();
      if (runner_.is_visited(world)) {
        alone_since_.erase(world);
        continue;
      }
      const auto since = alone_since_.try_emplace(world, now).first->second;
      if (now - since < after) continue;
      const auto alone_here = co_await alone_.with(world);
      // Somebody may have come while it was waited for.
      if (!alone_here || !runner_.is_open(world) || runner_.is_visited(world)) continue;
      if (const auto closed = co_await close(world, "this world falls asleep"); !closed)
        log::warn("worlds", "'{}' does not fall asleep: {}", world, closed.error().message);
    }
  }
}

// As much game time as real time has passed, at the world's own speed; what is due on the way happens in slices, while
// others are served.
Task<void> WorldsService::live_through(std::string world, std::int64_t wall_slept_ms) {
  const std::int64_t real_ms = host_.env().clock.wall_ms() - wall_slept_ms;
  const Caller self{.name = "worlds", .role = pb::ROLE_SERVICE, .world = world};
  CO_TRY(const auto clock, co_await host_.call<pb::TimeState>(self, pb::TimeGetRequest()));
  if (clock.paused() || real_ms <= 0) co_return Result<void>();
  const double passed =
      std::min(static_cast<double>(real_ms) * clock.scale(), static_cast<double>(limits_.passed_max.ms));
  pb::TimeAdvanceRequest advance;
  advance.set_by_ms(static_cast<std::int64_t>(passed));
  if (advance.by_ms() < 1) co_return Result<void>();
  CO_TRY_VOID(co_await host_.call<pb::TimeState>(self, advance));
  co_return Result<void>();
}

}  // namespace troupe
