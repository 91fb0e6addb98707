#pragma once
// Which engine answers: tiers, deadlines, fallback. Owned by app; io thread; keeps measurements only. Bounds:
// at most routes_max routes a tier; the engines bound what waits.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/host.h"
#include "ports/engine.h"
#include "services/router/router_rules.h"
#include "troupe/v1/router.pb.h"

namespace troupe {

// One way to answer: an engine and a model of it.
struct Route {
  engine::Engine* engine = nullptr;
  std::string model;
  bool writes = true;  // false: it chooses and nothing else
};

struct RouterConfig {
  std::map<engine::Tier, std::vector<Route>> tiers;
  std::vector<Route> embedding;
  std::map<engine::Tier, rt::milliseconds> deadlines = {{engine::Tier::gold, rt::milliseconds(250)},
                                                        {engine::Tier::silver, rt::milliseconds(15'000)},
                                                        {engine::Tier::bronze, rt::milliseconds(120'000)}};
  router::Limits limits;
};

class RouterService {
 public:
  RouterService(Host& host, RouterConfig config);
  ~RouterService();
  void mount();

 private:
  struct RouteState;

  Task<pb::RouterGenerateReply> generate(Caller caller, pb::RouterGenerateRequest request);
  Task<pb::RouterChooseReply> choose(Caller caller, pb::RouterChooseRequest request);
  Task<pb::RouterWarmReply> warm(Caller caller, pb::RouterWarmRequest request);
  Task<pb::RouterEmbedReply> embed(Caller caller, pb::RouterEmbedRequest request);
  Result<pb::RouterStatusReply> status(const Caller& caller, const pb::RouterStatusRequest& request) const;

  static Error unknown_model(const std::string& model, const std::vector<RouteState*>& routes);
  Result<std::vector<RouteState*>> candidates(engine::Tier tier, const std::string& model, bool writes) const;
  Result<engine::GenerateRequest> work_of(const pb::RouterGenerateRequest& request, engine::Tier tier,
                                          rt::Instant deadline) const;
  rt::Instant deadline_of(const Caller& caller, engine::Tier tier, std::int64_t deadline_ms) const;
  // Whether to try this route now; says why not in `passed_over`.
  bool admit(RouteState& route, rt::Instant deadline, int tokens, bool is_last,
             std::vector<std::string>& passed_over);
  void record(RouteState& route, engine::Tier tier, const Result<void>& outcome, const engine::Usage& usage,
              rt::Instant deadline);

  Host& host_;
  RouterConfig config_;
  std::vector<std::unique_ptr<RouteState>> routes_;
  std::map<engine::Tier, std::vector<RouteState*>> tiers_;
  std::vector<RouteState*> embedding_;
};

Result<engine::Tier> parse_tier(const std::string& name, engine::Tier when_empty);

}  // namespace troupe
