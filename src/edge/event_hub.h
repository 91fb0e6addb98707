#pragma once
// One subscription to the world's events for all game sockets: each event is parsed once and encoded once per
// sub-protocol, however many sockets get it. Owned by the edge; io thread. Holds nothing but the places of
// the map.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edge/ws_codec.h"
#include "host/audience.h"
#include "ports/bus.h"
#include "rt/task.h"

namespace troupe::edge {

struct HubEvent {
  explicit HubEvent(pb::Envelope envelope) : shown(std::move(envelope)) {}
  const pb::Envelope& envelope() const { return shown.whole(); }

  // The frame of what Shown::to() answered, made on first use.
  const std::shared_ptr<const std::string>& frame(Wire wire, const pb::Envelope& seen) const;

  // Makes what `role` and `name` will get, before other threads know of it.
  void prepare(Wire wire, pb::Role role, const std::string& name) const;

  Shown shown;

 private:
  mutable std::shared_ptr<const std::string> frames_[2][2];  // by wire; whole or the public part
};
using HubEventPtr = std::shared_ptr<const HubEvent>;

HubEventPtr make_hub_event(pb::Envelope envelope);

class EventHub {
 public:
  using Sink = std::function<void(const HubEventPtr&)>;

  EventHub(const rt::Env& env, bus::Bus& bus, std::string world)
      : env_(env), bus_(bus), world_(std::move(world)) {}

  Result<void> start();
  // `sink` must not add or remove sinks. Answers a key for remove().
  std::uint64_t add(Sink sink);
  void remove(std::uint64_t key) { sinks_.erase(key); }

  // Names of the places within `radius` metres; the map is asked for once (world.Get).
  Task<std::vector<std::string>> places_within(double x, double y, double radius);

 private:
  struct Place {
    std::string name;
    double x;
    double y;
  };

  rt::Env env_;
  bus::Bus& bus_;
  std::string world_;
  bus::Subscription subscription_;
  std::map<std::uint64_t, Sink> sinks_;
  std::uint64_t next_ = 1;
  std::vector<Place> places_;
};

}  // namespace troupe::edge
