#include "edge/ws_filter.h"

#include <algorithm>
#include <cmath>

namespace troupe::edge {

namespace {
constexpr int kTypesMax = 256;
constexpr int kPlacesMax = 1024;
constexpr double kRateMax = 10'000;
}  // namespace

bool Filter::wants(const HubEvent& event) const {
  if (!types.empty() && !types.contains(event.envelope().type())) return false;
  return everywhere || event.envelope().place().empty() || places.contains(event.envelope().place());
}

Result<Filter> make_filter(const pb::Frame::Subscribe& subscribe, pb::Role role,
                           const std::set<std::string>& own) {
  const auto bad = [](std::string why) {
    return fail(Code::invalid_argument, "ws.bad_subscribe", "subscribe: " + std::move(why));
  };
  if (subscribe.types_size() > kTypesMax) return bad("at most 256 types");
  if (subscribe.places_size() > kPlacesMax) return bad("at most 1024 places");
  if (!std::isfinite(subscribe.rate_per_s()) || subscribe.rate_per_s() < 0 ||
      subscribe.rate_per_s() > kRateMax) {
    return bad("rate_per_s is 0 to 10000");
  }
  Filter filter;
  for (const auto& name : subscribe.types()) {
    if (own.contains(name)) {
      filter.types.insert(name);
      continue;
    }
    TRY(const EventType* type, find_event_type(name));
    if (!may_see_type(role, type)) {
      return fail(Code::permission_denied, "events.audience", "'" + name + "' is not for players");
    }
    filter.types.insert(name);
  }
  if (subscribe.has_area()) {
    const auto& area = subscribe.area();
    if (!std::isfinite(area.x()) || !std::isfinite(area.y()) || !std::isfinite(area.radius()) ||
        area.radius() <= 0) {
      return bad("an area has x, y and a radius above 0, in metres");
    }
  }
  filter.everywhere = !subscribe.has_area() && subscribe.places().empty();
  filter.places.insert(subscribe.places().begin(), subscribe.places().end());
  return filter;
}

Pacer::Pacer(double rate_per_s, std::size_t keys_max, rt::Instant now)
    : rate_(rate_per_s),
      burst_(std::max(1.0, rate_per_s)),
      tokens_(burst_),
      keys_max_(keys_max),
      filled_(now) {}

void Pacer::offer(HubEventPtr event) {
  const std::uint64_t order = ++order_;
  Out out{std::move(event), 0};
  if (rate_ > 0) {
    const Key key{out.event->envelope().type(), out.event->envelope().subject()};
    auto& place = by_key_[key];
    if (const auto old = waiting_.find(place); old != waiting_.end()) {
      out.coalesced = old->second.coalesced + 1;
      waiting_.erase(old);
    }
    place = order;
  }
  waiting_.emplace(order, std::move(out));
}

void Pacer::refill(rt::Instant now) {
  const double seconds = std::chrono::duration<double>(now - filled_).count();
  tokens_ = std::min(burst_, tokens_ + seconds * rate_);
  filled_ = now;
}

std::optional<Pacer::Out> Pacer::take(rt::Instant now) {
  if (waiting_.empty()) return std::nullopt;
  if (rate_ > 0) {
    refill(now);
    if (tokens_ < 1 && waiting_.size() <= keys_max_) return std::nullopt;
    tokens_ = std::max(0.0, tokens_ - 1);
  }
  return take_anyway();
}

std::optional<Pacer::Out> Pacer::take_anyway() {
  if (waiting_.empty()) return std::nullopt;
  Out out = std::move(waiting_.begin()->second);
  if (rate_ > 0) by_key_.erase({out.event->envelope().type(), out.event->envelope().subject()});
  waiting_.erase(waiting_.begin());
  return out;
}

rt::Instant Pacer::next(rt::Instant now) const {
  if (waiting_.empty()) return rt::Instant::never();
  if (rate_ <= 0) return now;
  const double tokens = tokens_ + std::chrono::duration<double>(now - filled_).count() * rate_;
  if (tokens >= 1) return now;
  return now + rt::nanoseconds(static_cast<std::int64_t>((1 - tokens) / rate_ * 1e9) + 1);
}

}  // namespace troupe::edge
