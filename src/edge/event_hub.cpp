#include "edge/event_hub.h"

#include <cmath>

#include "host/ask_over_bus.h"
#include "troupe/v1/world.pb.h"

namespace troupe::edge {

const std::shared_ptr<const std::string>& HubEvent::frame(Wire wire, const pb::Envelope& seen) const {
  auto& made = frames_[wire == Wire::json ? 1 : 0][&seen == &shown.whole() ? 1 : 0];
  if (!made) made = std::make_shared<const std::string>(encode_event(wire, seen, 0));
  return made;
}

void HubEvent::prepare(Wire wire, pb::Role role, const std::string& name) const {
  if (const auto* seen = shown.to(role, name)) (void)frame(wire, *seen);
}

HubEventPtr make_hub_event(pb::Envelope envelope) { return std::make_shared<HubEvent>(std::move(envelope)); }

Result<void> EventHub::start() {
  TRY(subscription_, bus_.subscribe("evt." + world_ + ".>", [this](const bus::Event& event) {
    pb::Envelope envelope;
    if (sinks_.empty() || !envelope.ParseFromString(event.payload)) return;
    const auto shared = make_hub_event(std::move(envelope));
    for (const auto& [key, sink] : sinks_) sink(shared);
  }));
  return {};
}

std::uint64_t EventHub::add(Sink sink) {
  const std::uint64_t key = next_++;
  sinks_.emplace(key, std::move(sink));
  return key;
}

Task<std::vector<std::string>> EventHub::places_within(double x, double y, double radius) {
  if (places_.empty()) {
    Caller caller{.role = pb::ROLE_SERVICE, .world = world_, .deadline = env_.now() + rt::milliseconds(5000)};
    CO_TRY(const auto info,
           co_await ask_over_bus<pb::WorldInfo>(env_, bus_, std::move(caller), pb::WorldGetRequest()));
    places_.clear();
    for (const auto& place : info.places()) places_.push_back({place.id(), place.x(), place.y()});
  }
  std::vector<std::string> within;
  for (const auto& place : places_) {
    if (std::hypot(place.x - x, place.y - y) <= radius) within.push_back(place.name);
  }
  co_return within;
}

}  // namespace troupe::edge
