#pragma once
// What others ask of engines: answers, choices, vectors, reading ahead, and the durable queue of work without a
// hurry. Which engine answers, router_choosing.h says. Owned by app; io thread. Bounds: routes are configured; what
// waits for a place at one is bounded by RouterLimits::gate; jobs by JobLimits.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "ports/engine.h"
#include "services/router/router_cache.h"
#include "services/router/router_choosing.h"
#include "services/router/router_jobs.h"
#include "services/router/router_meanings.h"
#include "services/router/router_premises.h"
#include "services/router/router_purse.h"
#include "services/router/router_shape.h"
#include "services/router/router_switches.h"
#include "troupe/v1/events.pb.h"
#include "troupe/v1/router.pb.h"

namespace troupe {

class RouterService final : public Service {
 public:
  RouterService(Host& host, RouterConfig config);
  void mount() override;
  // Begins the jobs that wait. Once, when the world is open.
  void start() override { jobs_.start(); }

 private:
  Task<pb::RouterGenerateReply> generate(Caller caller, pb::RouterGenerateRequest request);
  Task<pb::RouterGenerateReply> generate_told(Caller caller, pb::RouterGenerateRequest request,
                                              std::function<void(std::string_view)> on_text);
  Task<pb::RouterChooseReply> choose(Caller caller, pb::RouterChooseRequest request);
  Task<pb::RouterWarmReply> warm(Caller caller, pb::RouterWarmRequest request);
  Task<pb::RouterEmbedReply> embed(Caller caller, pb::RouterEmbedRequest request);
  Result<pb::RouterStatusReply> status(const Caller& caller, const pb::RouterStatusRequest& request) const;
  Result<pb::RouterBudgetReply> budget(const Caller& caller, const pb::RouterBudgetRequest& request) const;
  void entity_gone(Turn& turn, const EventContext& context, const pb::EntityGone& event);

  Result<engine::GenerateRequest> work_of(const pb::RouterGenerateRequest& request, engine::Tier tier,
                                          rt::Instant deadline) const;

  void count_miss(const router::RouteState& route) const;
  struct Meant {
    std::string scope;
    std::vector<float> meaning;
    std::int64_t cost_microusd = 0;
  };
  Task<Meant> meaning_of(Caller caller, pb::RouterEmbedRequest text, std::string scope);
  // What was answered before, where the answer is always the same, or one of the same meaning will do.
  std::optional<router::Answer<engine::GenerateReply>> answered_before(const std::string& key,
                                                                       const std::optional<Meant>& meant,
                                                                       const router::Candidates& routes,
                                                                       engine::Tier tier);

  Host& host_;
  RouterConfig config_;
  router::Cache cache_;
  router::Meanings meanings_;
  router::Shapes shapes_;
  struct {
    std::int64_t hits = 0;
    std::int64_t by_meaning = 0;
    std::int64_t misses = 0;
  } cached_;
  router::Purse purse_;
  router::Choosing choosing_;
  router::Switches switches_;
  router::Premises premises_;
  router::Jobs jobs_;
};

}  // namespace troupe
