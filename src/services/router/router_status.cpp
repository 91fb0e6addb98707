// What an operator sees: tiers, routes, thoughts, jobs, money.
#include <algorithm>
#include <set>

#include "services/router/router_messages.h"
#include "services/router/router_service.h"

namespace troupe {

namespace {

void fill(pb::RouterBudgetReply::Account& out, const std::string& name,
          const inference::AccountView& account) {
  out.set_account(name);
  out.set_day_spent(account.day_spent);
  out.set_day_limit(account.day_limit.value_or(-1));
  out.set_total_spent(account.total_spent);
  out.set_total_limit(account.total_limit.value_or(-1));
  out.set_reserved(account.reserved);
}

void fill(pb::RouterStatusReply::Model& out, const engine::ModelInfo& model) {
  out.set_name(model.name);
  out.set_sha256(model.hash);
  out.set_context_tokens(model.context_tokens);
  out.set_embedding_size(model.embedding_size);
  out.set_writes(model.writes);
  for (const auto tier : model.tiers) out.add_tiers(std::string(engine::tier_name(tier)));
}

}  // namespace

Result<pb::RouterBudgetReply> RouterService::budget(const Caller&,
                                                    const pb::RouterBudgetRequest& request) const {
  if (!request.player().empty() && !request.npc().empty()) {
    return fail(Code::invalid_argument, "router.one_account", "say a player or an npc, not both");
  }
  const std::string name = !request.player().empty() ? "player:" + request.player()
                           : !request.npc().empty()  ? "npc:" + request.npc()
                                                     : inference::Budgets::kWorld;
  pb::RouterBudgetReply reply;
  fill(*reply.mutable_account(), name, purse_.view(name));
  return reply;
}

Result<pb::RouterStatusReply> RouterService::status(const Caller&, const pb::RouterStatusRequest&) const {
  pb::RouterStatusReply reply;
  for (const auto& [tier, routes] : choosing_.tiers()) {
    auto* out = reply.add_tiers();
    out->set_tier(std::string(engine::tier_name(tier)));
    for (const auto* route : routes) out->add_engines(route->name());
    out->set_deadline_ms(config_.deadlines.at(tier).count());
    if (const auto hedge = config_.policy.hedge_after.find(tier); hedge != config_.policy.hedge_after.end()) {
      out->set_hedge_after_ms(hedge->second.count());
    }
    const auto& counts = choosing_.counts(tier);
    out->set_admitted(counts.admitted);
    out->set_downgraded(counts.downgraded);
    out->set_hedged(counts.hedged);
    out->set_refused(counts.refused);
    out->set_cancelled(counts.cancelled);
    if (choosing_.canary(tier) != nullptr) {
      const auto& canary = config_.policy.canaries.at(tier);
      out->set_canary(canary.model);
      out->set_canary_share(canary.share);
    }
  }
  std::set<const engine::Engine*> engines;
  for (const auto& route : choosing_.routes()) {
    engines.insert(route->route.engine);
    auto* out = reply.add_engines();
    out->set_engine(std::string(route->route.engine->name()));
    out->set_model(route->route.model);
    for (const auto& [tier, routes] : choosing_.tiers()) {
      if (std::ranges::find(routes, route.get()) != routes.end())
        out->add_tiers(std::string(engine::tier_name(tier)));
    }
    static constexpr const char* kHealth[] = {"ok", "open", "probing"};
    out->set_health(kHealth[static_cast<int>(route->breaker.state(host_.env().now()))]);
    // Averages are of the tier that was measured last, counts of all.
    const auto& stats = *std::ranges::max_element(route->stats, {}, &inference::RouteStats::measured);
    for (const auto& of_tier : route->stats) {
      out->set_requests(out->requests() + of_tier.requests);
      out->set_tokens(out->tokens() + of_tier.tokens);
      out->set_deadlines_met(out->deadlines_met() + of_tier.deadlines_met);
      out->set_deadlines_missed(out->deadlines_missed() + of_tier.deadlines_missed);
    }
    out->set_first_token_ms((stats.queue_us + stats.begin_us) / 1000);
    out->set_token_ms(stats.token_us / 1000);
    out->set_error_rate(stats.error_rate);
    out->set_queue_ms(stats.queue_us / 1000);
    out->set_service_ms(stats.service_us / 1000);
    out->set_priced(!route->route.price.free());
    int in_flight = 0;
    int waiting = 0;
    for (const auto& gate : route->gates) {
      in_flight += static_cast<int>(gate->queue().in_flight());
      waiting += static_cast<int>(gate->queue().waiting());
    }
    out->set_in_flight(in_flight);
    out->set_waiting(waiting);
  }
  // In the order of the routes, so that who watches sees the same from call to call.
  for (const auto& route : choosing_.routes()) {
    if (engines.erase(route->route.engine) == 0) continue;
    for (const auto& thought : route->route.engine->thoughts()) {
      router::fill(*reply.add_thoughts(), route->route.engine->name(), thought);
    }
    for (const auto& model : route->route.engine->models()) fill(*reply.add_models(), model);
  }
  reply.mutable_jobs()->set_queued(static_cast<int>(jobs_.queued()));
  reply.mutable_jobs()->set_running(static_cast<int>(jobs_.running()));
  auto& cache = *reply.mutable_cache();
  cache.set_hits(cached_.hits);
  cache.set_by_meaning(cached_.by_meaning);
  cache.set_misses(cached_.misses);
  cache.set_rows(static_cast<std::int64_t>(cache_.rows() + meanings_.rows()));
  cache.set_bytes(static_cast<std::int64_t>(cache_.bytes() + meanings_.bytes()));
  fill(*reply.mutable_world_budget(), inference::Budgets::kWorld, purse_.view(inference::Budgets::kWorld));
  return reply;
}

}  // namespace troupe
