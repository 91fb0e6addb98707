#pragma once
// Who asks, for which world, until when. Made at the edge (or by the server itself) and carried by every
// call.
#include <string>

#include "base/error.h"
#include "rt/clock.h"
#include "troupe/v1/common.pb.h"

namespace troupe {

namespace pb = troupe::v1;

// A caller that says no role has none: every method refuses it. Where the server itself asks, it says so with
// server() or by naming the role; nothing gets that right by leaving something out.
struct Caller {
  std::string name;  // "anna"; "" = the server itself
  pb::Role role = pb::ROLE_UNSPECIFIED;
  std::string world;  // "" = the only one
  rt::Instant deadline = rt::Instant::never();
  std::string trace;  // 24 bytes: W3C trace id and span id; or empty
  std::string idempotency_key;
  std::string stream;      // subject for partial answers, or ""
  std::string connection;  // what it came over, for limits; "" = nothing that counts

  // The server itself, with every right.
  static Caller server(rt::Instant until = rt::Instant::never()) {
    return {.role = pb::ROLE_SERVICE, .deadline = until};
  }

  // May act for other players (interfaces.md: game server, designer, admin).
  bool acts_for_others() const {
    return role == pb::ROLE_GAME_SERVER || role == pb::ROLE_DESIGNER || role == pb::ROLE_ADMIN ||
           role == pb::ROLE_SERVICE;
  }
  // The player that a request is about: the caller, or `wanted` where the caller may choose.
  std::string player_or_self(const std::string& wanted) const {
    return acts_for_others() && !wanted.empty() ? wanted : name;
  }
};

// `permission_denied` rpc.no_role for a caller without one: somebody forgot to say who asks.
Result<void> check_role(const Caller& caller);

}  // namespace troupe
