#pragma once
// Which engine answers a request: candidates, the order in which they are asked, whose money, and what was learnt
// from it. Holds no state of the world, only what was measured of routes. Owned by RouterService; io thread. The
// policy is in src/inference.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/host.h"
#include "inference/route.h"
#include "services/router/router_purse.h"
#include "services/router/router_state.h"

namespace troupe::router {

class Choosing {
 public:
  // `config` and `purse` outlive it.
  Choosing(Host& host, const RouterConfig& config, Purse& purse);

  const std::vector<std::unique_ptr<RouteState>>& routes() const { return routes_; }
  const std::map<engine::Tier, std::vector<RouteState*>>& tiers() const { return tiers_; }
  const std::vector<RouteState*>& embedding() const { return embedding_; }
  const RouteState* canary(engine::Tier tier) const;  // nullptr: the tier has none
  Counts& counts(engine::Tier tier) const { return *counts_.at(tier); }

  static Error unknown_model(const std::string& model, const std::vector<RouteState*>& routes);
  Result<Candidates> candidates(const Ask& ask, const std::string& model) const;
  rt::Instant deadline_of(const Caller& caller, engine::Tier tier, std::int64_t deadline_ms) const;
  // Of a talk: the listener's patience; else never.
  rt::Instant first_token_by(const Ask& ask, const engine::GenerateRequest& work) const;
  inference::Decision plan(const Ask& ask, const Candidates& routes, const std::vector<bool>& tried,
                           std::vector<inference::Pass>& passes) const;
  Error refusal(const Ask& ask, inference::Pass why) const;

  // One route after the other, until somebody has answered.
  template <class Reply>
  Task<Answer<Reply>> answer(Ask ask, Candidates routes, EngineCall<Reply> call,
                             std::shared_ptr<bool> streamed);
  template <class Reply>
  Task<Reply> attempt(Ask ask, Try one, EngineCall<Reply> call);
  // A talk had no answer for lack of time.
  void turn_away() { turned_away_ = host_.env().now(); }

 private:
  // Whether route `i` leaves its machine to a smaller one, because there is more talk than it could ever
  // answer.
  bool yields(const Ask& ask, const Candidates& candidates, std::size_t i) const;
  // How long who is asked first may take to begin, so that the next can begin after it; that one needs
  // `next_us`, 0 = not known.
  static rt::Instant share_of_first(const Ask& ask, rt::Instant now, double next_us);
  void record(RouteState& route, const Ask& ask, rt::Instant asked, const Result<void>& outcome,
              const engine::Usage& usage);

  Host& host_;
  const RouterConfig& config_;
  Purse& purse_;
  std::vector<std::unique_ptr<RouteState>> routes_;
  std::map<engine::Tier, std::vector<RouteState*>> tiers_;
  std::map<engine::Tier, RouteState*> canaries_;
  std::map<engine::Tier, std::unique_ptr<Counts>> counts_;
  std::vector<RouteState*> embedding_;
  std::optional<rt::Instant> turned_away_;  // when a talk last had no answer for lack of time
};

Result<engine::Tier> parse_tier(const std::string& name, engine::Tier when_empty);

}  // namespace troupe::router
