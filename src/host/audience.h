#pragma once
// Who may know of an event. The turn that emits it decides that once, from where everybody is at that moment
// (emit() asks Timeline::set_witnesses); the answer stands in the envelope, in the log and in its chain.
// Every door only filters by it, with Shown::to(), and never asks where somebody is now. Pure; any thread.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/registry.h"
#include "troupe/v1/event.pb.h"

namespace troupe {

inline constexpr std::size_t kAudienceMax = 1000;  // names in one envelope; who comes later in the alphabet
                                                   // was too far back in the crowd

// What an emitter wants, before it is known who is there.
struct Audience {
  enum class Kind { by_type, operators, everybody, place, players };
  Kind kind = Kind::by_type;
  std::vector<std::string> players;  // for `players`; for `place` beside those who are there

  // As its type says (EventInfo.players): the least.
  static Audience by_type() { return {}; }
  static Audience operators() { return {Kind::operators, {}}; }
  static Audience everybody() { return {Kind::everybody, {}}; }
  static Audience one(std::string player) { return {Kind::players, {std::move(player)}}; }
  static Audience only(std::vector<std::string> players) { return {Kind::players, std::move(players)}; }
  static Audience at_place(std::vector<std::string> also = {}) { return {Kind::place, std::move(also)}; }
};

// Names of the players at a place, in the order of their names.
using Witnesses = std::function<std::vector<std::string>(const std::string& place)>;

// `type` null: a type of the game's own. An event at no place is perceived by everybody, where by its place.
pb::Audience decide_audience(const EventType* type, const google::protobuf::Message& event,
                             const Audience& wanted, const std::string& place, const Witnesses& witnesses);

// Operators see every event, whole: game servers, designers, admins, services. Nobody else does.
bool sees_everything(pb::Role role);
// Whether somebody of this role may perceive events of the type at all. `type` null: a game's own.
bool may_see_type(pb::Role role, const EventType* type);

// One event, as the doors show it.
class Shown {
 public:
  explicit Shown(pb::Envelope envelope) : whole_(std::move(envelope)) {}

  // What somebody may know of it: all, its public part, or nullptr for nothing.
  const pb::Envelope* to(pb::Role role, std::string_view name) const;
  const pb::Envelope& whole() const { return whole_; }

 private:
  pb::Envelope whole_;
  mutable std::optional<pb::Envelope> public_;  // made on first use
};

// Without hidden fields, and without who else was there.
pb::Envelope public_part(const pb::Envelope& envelope);

}  // namespace troupe
