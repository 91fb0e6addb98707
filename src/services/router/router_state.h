#pragma once
// The routes with what is known of each, and one request on its way through them. Private to this room.
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inference/budget.h"
#include "inference/freedom.h"
#include "services/router/router_config.h"
#include "services/router/router_gate.h"

namespace troupe::router {

struct RouteState {
  RouteState(const rt::Env& env, Route r, const RouterLimits& limits)
      : route(std::move(r)), breaker(limits.breaker) {
    const inference::FairLimits gate{.places = route.places,
                                     .each_max = route.places - std::max<std::size_t>(1, route.places / 8),
                                     .waiting_max = limits.waiting_max,
                                     .waiting_each_max = limits.waiting_each_max};
    for (const auto& model : route.engine->models()) {
      if (model.name == route.model) hash = model.hash;
    }
    for (auto& made : gates) made = std::make_unique<Gate>(env, gate);
  }
  std::string name() const { return std::string(route.engine->name()) + "/" + route.model; }
  bool reflex() const { return route.engine->name() == "reflex"; }
  Gate& gate(engine::Tier tier) const { return *gates[static_cast<std::size_t>(tier)]; }
  // By tier: how long a story waited says nothing of a talk.
  inference::RouteStats& of(engine::Tier tier) { return stats[static_cast<std::size_t>(tier)]; }

  Route route;
  std::string hash;                            // of its weights; "" = not known
  std::array<inference::RouteStats, 4> stats;  // by tier
  inference::Breaker breaker;
  rt::Instant answered{-1};                    // last, whatever it was
  std::array<std::unique_ptr<Gate>, 4> gates;  // by tier: gold never waits behind bronze
};

// What one request is about.
struct Ask {
  engine::Tier tier = engine::Tier::silver;
  std::string player;
  std::string npc;
  std::string place;
  rt::Instant deadline;
  rt::Instant first_token_by = rt::Instant::never();
  int useful_tokens = 1;
  bool writes = false;  // text is wanted, not a choice
  bool no_fallback = false;
  std::optional<inference::Freedom> freedom;  // only who has it
  std::optional<inference::Microusd> budget;  // none = no limit of its own
  std::int64_t prompt_bytes = 0;
  std::int64_t messages = 1;
  std::int64_t tokens_max = 1;
  std::int64_t reasoning_tokens_max = 0;  // beside them, where the model thinks first

  // Of a talk: by then it begins if there is anybody who could.
  rt::Instant soon_by = rt::Instant::never();

  rt::Instant begins_by() const { return std::min(deadline, first_token_by); }
  inference::Spender spender() const { return {player, npc}; }
  std::vector<std::string> premises() const {
    std::vector<std::string> keys;
    if (!npc.empty()) keys.push_back("npc:" + npc);
    if (!player.empty()) keys.push_back("player:" + player);
    if (!place.empty()) keys.push_back("place:" + place);
    return keys;
  }
};

// In the order of preference; those from `own` on are of a smaller tier.
struct Candidates {
  std::vector<RouteState*> routes;
  std::size_t own = 0;
};

struct Counts {
  std::int64_t admitted = 0;
  std::int64_t downgraded = 0;
  std::int64_t hedged = 0;
  std::int64_t refused = 0;
  std::int64_t cancelled = 0;
};

// One try of one route; the engine's call sees it.
struct Attempt {
  RouteState* route = nullptr;
  bool last = false;  // nobody is left after this one
  std::int64_t tokens_max = 1;
  std::int64_t reasoning_tokens_max = 0;
  rt::Instant first_token_by = rt::Instant::never();
  // Says who is heard: of two that race, the one that speaks first.
  std::function<bool()> may_speak;
};

struct Try {
  RouteState* route = nullptr;
  bool last = false;
  std::function<bool()> may_speak;
};

template <class Reply>
using EngineCall = std::function<Task<Reply>(Attempt)>;

template <class Reply>
struct Answer {
  Reply reply;
  RouteState* route = nullptr;
  bool smaller = false;
  std::string admission;
  std::vector<std::string> fallbacks;
};

}  // namespace troupe::router
