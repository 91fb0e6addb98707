#pragma once
// How often who may call: token buckets around every RPC, filled by the monotonic clock. It acts before
// anything is recorded, so a replay never meets it. One for a server, owned by app, shared by its hosts; io
// thread. Bounds: callers_max and connections_max buckets of each pace.
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/token_bucket.h"
#include "host/caller.h"
#include "host/registry.h"
#include "rt/clock.h"

namespace troupe {

// What a call counts as. Commands go into the world's log; inputs too, but a game sends them all the time.
enum class Pace { commands, inputs, reads };
Pace pace_of(const MethodInfo& method);

struct CallRates {
  Rate commands;
  Rate inputs;
  Rate reads;

  const Rate& of(Pace pace) const;
};

struct CallLimits {
  // A person does one thing a second at most. Thirty at once: a shop's list clicked through.
  CallRates player{.commands = {3, 30}, .inputs = {20, 60}, .reads = {20, 120}};
  CallRates npc{.commands = {10, 100}, .inputs = {20, 60}, .reads = {50, 300}};
  // A game server acts for all its players.
  CallRates game_server{.commands = {2000, 10'000}, .inputs = {20'000, 40'000}, .reads = {}};
  CallRates staff{.commands = {2000, 10'000}, .inputs = {2000, 10'000}, .reads = {}};  // designers, admins
  // What players send over one connection, under whatever names. Connections of a token that may act for
  // others do not count: a game's own gateway carries many.
  CallRates connection{.commands = {10, 100}, .inputs = {100, 300}, .reads = {100, 600}};
  std::size_t callers_max = 20'000;
  std::size_t connections_max = 4096;

  const CallRates& of(pb::Role role) const;
};

class CallLimiter {
 public:
  explicit CallLimiter(const CallLimits& limits = {});

  // Counts a call of `method` by `caller`. `exhausted` rpc.rate with the time to wait: the caller was too
  // fast, or what their connection carries was. The server's own calls always pass.
  Result<void> admit(const MethodInfo& method, const Caller& caller, rt::Instant now);

 private:
  using Buckets = TokenBuckets<std::string>;
  struct Kept {
    Buckets callers;
    Buckets connections;
  };

  const CallLimits limits_;
  std::map<Pace, Kept> kept_;
};

}  // namespace troupe
