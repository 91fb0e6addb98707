#pragma once
// Which engine answers: tiers, deadlines, budgets, fairness, fallback, hedging, and the durable queue of work
// without a hurry. Owned by app; io thread. The policy is in src/inference. Bounds: routes are configured;
// what waits for a place at one is bounded by RouterLimits::gate; jobs by JobLimits.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/host.h"
#include "host/service.h"
#include "ports/engine.h"
#include "services/router/router_cache.h"
#include "services/router/router_config.h"
#include "services/router/router_gate.h"
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
  ~RouterService() override;
  void mount() override;
  // Begins the jobs that wait. Once, when the world is open.
  void start() override { jobs_.start(); }

 private:
  struct RouteState;
  struct Ask;
  struct Candidates;
  struct Counts;
  struct Attempt;
  struct Try;
  template <class Reply>
  struct Answer;
  template <class Reply>
  using EngineCall = std::function<Task<Reply>(Attempt)>;

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

  // router_admit.cpp
  static Error unknown_model(const std::string& model, const std::vector<RouteState*>& routes);
  Result<Candidates> candidates(const Ask& ask, const std::string& model) const;
  rt::Instant deadline_of(const Caller& caller, engine::Tier tier, std::int64_t deadline_ms) const;
  inference::Decision plan(const Ask& ask, const Candidates& routes, const std::vector<bool>& tried,
                           std::vector<inference::Pass>& passes) const;
  Error refusal(const Ask& ask, inference::Pass why) const;
  template <class Reply>
  Task<Answer<Reply>> answer(Ask ask, Candidates routes, EngineCall<Reply> call,
                             std::shared_ptr<bool> streamed);
  template <class Reply>
  Task<Reply> attempt(Ask ask, Try one, EngineCall<Reply> call);
  // Whether route `i` leaves its machine to a smaller one, because there is more talk than it could ever
  // answer.
  bool yields(const Ask& ask, const Candidates& candidates, std::size_t i) const;
  // How long who is asked first may take to begin, so that the next can begin after it; that one needs
  // `next_us`, 0 = not known.
  static rt::Instant share_of_first(const Ask& ask, rt::Instant now, double next_us);
  // Of a talk: the listener's patience; else never.
  rt::Instant first_token_by(const Ask& ask, const engine::GenerateRequest& work) const;
  void count_miss(const RouteState& route) const;
  struct Meant {
    std::string scope;
    std::vector<float> meaning;
    std::int64_t cost_microusd = 0;
  };
  Task<Meant> meaning_of(Caller caller, pb::RouterEmbedRequest text, std::string scope);
  // What was answered before, where the answer is always the same, or one of the same meaning will do.
  std::optional<Answer<engine::GenerateReply>> answered_before(const std::string& key,
                                                               const std::optional<Meant>& meant,
                                                               const Candidates& routes, engine::Tier tier);
  void record(RouteState& route, const Ask& ask, rt::Instant asked, const Result<void>& outcome,
              const engine::Usage& usage);

  Host& host_;
  RouterConfig config_;
  std::vector<std::unique_ptr<RouteState>> routes_;
  std::map<engine::Tier, std::vector<RouteState*>> tiers_;
  std::map<engine::Tier, RouteState*> canaries_;
  std::map<engine::Tier, std::unique_ptr<Counts>> counts_;
  std::vector<RouteState*> embedding_;
  std::optional<rt::Instant> turned_away_;  // when a talk last had no answer for lack of time
  router::Cache cache_;
  router::Meanings meanings_;
  router::Shapes shapes_;
  struct {
    std::int64_t hits = 0;
    std::int64_t by_meaning = 0;
    std::int64_t misses = 0;
  } cached_;
  router::Purse purse_;
  router::Switches switches_;
  router::Premises premises_;
  router::Jobs jobs_;
};

Result<engine::Tier> parse_tier(const std::string& name, engine::Tier when_empty);

}  // namespace troupe
