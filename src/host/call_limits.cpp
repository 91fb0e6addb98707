#include "host/call_limits.h"

#include <fmt/core.h>

namespace troupe {

namespace {

constexpr std::array kPaces = {Pace::commands, Pace::inputs, Pace::reads};

std::string_view what(Pace pace) {
  switch (pace) {
    case Pace::commands:
      return "commands";
    case Pace::inputs:
      return "inputs";
    case Pace::reads:
      return "questions";
  }
  return "calls";
}

std::unexpected<Error> too_fast(const MethodInfo& method, Pace pace, std::string_view who, const Rate& rate,
                                std::int64_t wait_ns) {
  return fail(Code::exhausted, "rpc.rate",
              fmt::format("{} comes too fast: {} {} a second of one {}, {} at once", method.name,
                          rate.per_second, what(pace), who, rate.burst),
              (wait_ns + 999'999) / 1'000'000);
}

}  // namespace

Pace pace_of(const MethodInfo& method) {
  if (method.access.read_only()) return Pace::reads;
  return method.access.steady() ? Pace::inputs : Pace::commands;
}

const Rate& CallRates::of(Pace pace) const {
  switch (pace) {
    case Pace::inputs:
      return inputs;
    case Pace::reads:
      return reads;
    case Pace::commands:
      break;
  }
  return commands;
}

const CallRates& CallLimits::of(pb::Role role) const {
  switch (role) {
    case pb::ROLE_NPC:
      return npc;
    case pb::ROLE_GAME_SERVER:
      return game_server;
    case pb::ROLE_DESIGNER:
    case pb::ROLE_ADMIN:
      return staff;
    default:
      return player;
  }
}

CallLimiter::CallLimiter(const CallLimits& limits) : limits_(limits) {
  for (const Pace pace : kPaces) {
    kept_.emplace(pace, Kept{Buckets(limits.callers_max), Buckets(limits.connections_max)});
  }
}

Result<void> CallLimiter::admit(const MethodInfo& method, const Caller& caller, rt::Instant now) {
  if (caller.role == pb::ROLE_SERVICE) return {};
  const Pace pace = pace_of(method);
  auto& [callers, connections] = kept_.at(pace);
  const Rate& of_caller = limits_.of(caller.role).of(pace);
  const Rate& of_connection = limits_.connection.of(pace);
  const std::string name = fmt::format("{}:{}", static_cast<int>(caller.role), caller.name);
  const bool shared = !caller.connection.empty() && !caller.acts_for_others();
  if (const auto wait = callers.wait_ns(name, of_caller, now.ns); wait > 0) {
    return too_fast(method, pace, role_name(caller.role), of_caller, wait);
  }
  if (shared) {
    if (const auto wait = connections.take(caller.connection, of_connection, now.ns); wait > 0) {
      return too_fast(method, pace, "connection", of_connection, wait);
    }
  }
  callers.charge(name, of_caller, now.ns);
  return {};
}

}  // namespace troupe
