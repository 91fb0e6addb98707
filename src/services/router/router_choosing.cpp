// What becomes of one request: which route, in which order, for whose money; and what was learnt from it.
#include <algorithm>
#include <functional>
#include <ranges>

#include "base/text.h"
#include "services/router/router_answer.h"

namespace troupe::router {

using engine::Tier;
using inference::Pass;

Result<Tier> parse_tier(const std::string& name, Tier when_empty) {
  if (name.empty()) return when_empty;
  for (const Tier tier : {Tier::gold, Tier::silver, Tier::bronze}) {
    if (name == engine::tier_name(tier)) return tier;
  }
  static const std::vector<std::string> kTiers = {"gold", "silver", "bronze"};
  return fail(Code::invalid_argument, "router.unknown_tier",
              "no tier '" + name + "'" + did_you_mean(name, kTiers) + " (gold, silver or bronze)");
}

Choosing::Choosing(Host& host, const RouterConfig& config, Purse& purse)
    : host_(host), config_(config), purse_(purse) {
  const auto state_of = [this](const Route& route) {
    for (const auto& known : routes_) {
      if (known->route.engine == route.engine && known->route.model == route.model) return known.get();
    }
    routes_.push_back(std::make_unique<RouteState>(host_.env(), route, config_.limits));
    return routes_.back().get();
  };
  for (const auto& [tier, routes] : config_.tiers) {
    for (const auto& route : routes) tiers_[tier].push_back(state_of(route));
  }
  for (const auto& route : config_.embedding) embedding_.push_back(state_of(route));
  for (const auto& [tier, canary] : config_.policy.canaries) {
    for (const auto& route : routes_) {
      if (route->route.model == canary.model) canaries_[tier] = route.get();
    }
  }
  for (const auto tier : {Tier::gold, Tier::silver, Tier::bronze}) counts_[tier] = std::make_unique<Counts>();
}

const RouteState* Choosing::canary(Tier tier) const {
  const auto found = canaries_.find(tier);
  return found == canaries_.end() ? nullptr : found->second;
}

Error Choosing::unknown_model(const std::string& model, const std::vector<RouteState*>& routes) {
  std::vector<std::string> names;
  for (const auto* route : routes) names.push_back(route->route.model);
  return {Code::not_found, "router.unknown_model",
          "no model '" + model + "' is loaded" + did_you_mean(model, names) +
              (names.empty() ? "; none is" : " (" + join(names, ", ") + ")"),
          0};
}

Result<Candidates> Choosing::candidates(const Ask& ask, const std::string& model) const {
  Candidates out;
  if (!model.empty()) {
    std::vector<RouteState*> all;
    for (const auto& route : routes_) {
      const bool embeds = std::ranges::find(embedding_, route.get()) != embedding_.end();
      if (ask.writes && (embeds || !route->route.writes)) continue;
      if (route->route.model == model) return Candidates{.routes = {route.get()}, .own = 1};
      all.push_back(route.get());
    }
    return std::unexpected(unknown_model(model, all));
  }
  const auto add = [&](Tier tier) {
    const auto found = tiers_.find(tier);
    if (found == tiers_.end()) return;
    for (auto* route : found->second) {
      const bool able = route->route.writes || !ask.writes;
      if (able && std::ranges::find(out.routes, route) == out.routes.end()) out.routes.push_back(route);
    }
  };
  // The canary's callers ask it first, and the others not at all unless the tier lists it, too.
  if (const auto found = canaries_.find(ask.tier); found != canaries_.end()) {
    const auto& caller = ask.npc.empty() ? ask.player : ask.npc;
    if (inference::takes_canary(config_.policy.canaries.at(ask.tier).share, caller)) {
      out.routes.push_back(found->second);
    }
  }
  add(ask.tier);
  out.own = out.routes.size();
  if (config_.policy.step_down && !ask.no_fallback && ask.tier != Tier::gold) add(Tier::gold);
  if (ask.freedom && !out.routes.empty()) {
    const auto may = [&](const RouteState* route) { return route->route.freedoms.has(*ask.freedom); };
    const auto own = out.routes.begin() + static_cast<std::ptrdiff_t>(out.own);
    out.own = static_cast<std::size_t>(std::count_if(out.routes.begin(), own, may));
    std::erase_if(out.routes, std::not_fn(may));
    if (out.routes.empty()) {
      return fail(Code::unavailable, "router.no_freedom",
                  "no model was found good enough for " + std::string(inference::freedom_name(*ask.freedom)) +
                      "; see `troupe models judge`");
    }
  }
  if (!out.routes.empty()) return out;
  return fail(
      Code::unavailable, "engine.no_model",
      "no engine serves the tier '" + std::string(engine::tier_name(ask.tier)) + "'; see `troupe models ls`");
}

rt::Instant Choosing::deadline_of(const Caller& caller, Tier tier, std::int64_t deadline_ms) const {
  const auto span = deadline_ms > 0 ? rt::milliseconds(deadline_ms) : config_.deadlines.at(tier);
  return std::min(caller.deadline, host_.env().now() + span);
}

rt::Instant Choosing::first_token_by(const Ask& ask, const engine::GenerateRequest& work) const {
  const auto patience = config_.policy.player_patience;
  const bool talks = !ask.player.empty() && !ask.npc.empty() && work.json_schema.empty();
  if (!talks || ask.tier == Tier::bronze || patience.count() == 0) return rt::Instant::never();
  return host_.env().now() + patience;
}

bool Choosing::yields(const Ask& ask, const Candidates& candidates, std::size_t i) const {
  if (ask.first_token_by.is_never() || i >= candidates.own || !turned_away_) return false;
  if (host_.env().now() - *turned_away_ > config_.limits.yields_for) return false;
  return std::ranges::any_of(
      candidates.routes | std::views::drop(candidates.own),
      [&](const RouteState* smaller) { return smaller->route.engine == candidates.routes[i]->route.engine; });
}

rt::Instant Choosing::share_of_first(const Ask& ask, rt::Instant now, double next_us) {
  const rt::nanoseconds next(static_cast<std::int64_t>(next_us * 1000));
  const auto patience = ask.begins_by() - now;
  const auto soon = std::min<rt::nanoseconds>(ask.soon_by - now, patience);
  // When the next could begin soon, the first must, too: it says at once when it cannot. (Who was never asked
  // is taken to be quick.) Otherwise the patience is shared.
  if (soon.count() > 0 && next <= soon)
    return now + (soon - (next_us > 0 ? std::min<rt::nanoseconds>(next, soon / 2) : soon / 2));
  return now + (patience - std::min<rt::nanoseconds>(next, patience / 2));
}

inference::Decision Choosing::plan(const Ask& ask, const Candidates& candidates,
                                   const std::vector<bool>& tried, std::vector<Pass>& passes) const {
  const auto now = host_.env().now();
  const bool broke = !purse_.empty_account(ask.spender()).empty();
  std::vector<inference::RouteView> views;
  views.reserve(candidates.routes.size());
  for (std::size_t i = 0; i < candidates.routes.size(); ++i) {
    auto& state = *candidates.routes[i];
    const auto& line = state.gate(ask.tier).queue();
    const auto& price = state.route.price;
    const bool pays = !ask.budget || inference::tokens_for(price, ask.prompt_bytes, ask.messages, *ask.budget,
                                                           ask.tokens_max) >= ask.useful_tokens;
    views.push_back({.stats = &state.of(ask.tier),
                     .breaker = &state.breaker,
                     .in_flight = static_cast<int>(line.in_flight()),
                     .waiting = static_cast<int>(line.ahead_of(ask.player)),
                     .places = static_cast<int>(state.route.places),
                     .room = line.room(ask.player),
                     .affordable = price.free() || (!broke && pays),
                     .tried = tried[i],
                     .yields = yields(ask, candidates, i)});
  }
  passes.assign(views.size(), Pass::tried);
  const inference::Need need{.left = ask.begins_by() - now,
                             .tokens = ask.useful_tokens,
                             .in_time_or_never = !ask.first_token_by.is_never()};
  return inference::decide(views, need, config_.limits.stats, now, passes);
}

Error Choosing::refusal(const Ask& ask, Pass why) const {
  const std::string tier(engine::tier_name(ask.tier));
  switch (why) {
    case Pass::dear: {
      const auto account = purse_.empty_account(ask.spender());
      return {Code::exhausted, "router.budget",
              account.empty()
                  ? "the answer would cost more than budget_microusd allows, and nothing free serves " + tier
                  : "the budget of " + account + " is used up, and nothing free serves " + tier};
    }
    case Pass::busy:
      return {Code::exhausted, "router.busy", "too many answers of " + tier + " are waited for; try again",
              1000};
    case Pass::late:
      return {Code::exhausted, "router.late",
              "nobody of " + tier + " would begin to answer in time: others are before this one", 1000};
    default:
      return {Code::unavailable, "router.nobody",
              "every engine of " + tier + " failed lately and waits for its probe", 1000};
  }
}

void Choosing::record(RouteState& route, const Ask& ask, rt::Instant asked, const Result<void>& outcome,
                      const engine::Usage& usage) {
  const auto now = host_.env().now();
  const bool late = now > ask.deadline;
  const bool deadline_error = !outcome && outcome.error().code == Code::deadline_exceeded;
  const inference::Heard heard{.given = ask.begins_by().is_never() ? now - asked : ask.begins_by() - asked,
                               .answered_others = route.answered >= asked};
  const bool fault = !outcome && inference::is_fault(outcome.error(), heard, config_.limits.breaker);
  if (fault) {
    route.breaker.failed(now);
  } else if (outcome || outcome.error().code == Code::invalid_argument) {
    route.breaker.succeeded();
    route.answered = now;
  } else {
    route.breaker.unknown();
  }
  // Structure that was cut may have been written all the while: its time says nothing of the wait.
  const bool had_no_time = deadline_error && outcome.error().reason != "engine.json_cut";
  inference::measure(route.of(ask.tier), config_.limits.stats,
                     {.ok = outcome.has_value(),
                      .fault = fault,
                      .queue_us = usage.queue_us,
                      .first_token_us = usage.first_token_us,
                      .total_us = usage.total_us,
                      .new_tokens = usage.new_tokens,
                      .deadline_met = !late && !deadline_error,
                      .given_us = had_no_time ? (ask.begins_by() - asked).count() / 1000 : 0},
                     now);
  auto& metrics = host_.metrics();
  const Labels labels = {{"tier", std::string(engine::tier_name(ask.tier))}, {"model", route.route.model}};
  const auto seconds = [&](const char* name, const char* help, std::int64_t us) {
    metrics.histogram(name, help, latency_bounds_seconds(), labels).observe(static_cast<double>(us) / 1e6);
  };
  if (outcome) {
    seconds("troupe_router_first_token_seconds", "Time to the first token", usage.first_token_us);
    if (usage.new_tokens > 1) {
      seconds("troupe_router_token_seconds", "Time of each token after the first",
              (usage.total_us - usage.first_token_us) / (usage.new_tokens - 1));
    }
    seconds("troupe_router_lateness_seconds", "How long after its deadline an answer came; 0 = in time",
            late ? (now - ask.deadline).count() / 1000 : 0);
    static const std::vector<double> kTokens = {0, 1, 4, 16, 64, 256, 1024};
    metrics
        .histogram("troupe_router_wasted_tokens", "Tokens computed for an answer and thrown away", kTokens,
                   labels)
        .observe(usage.wasted_tokens);
  }
  metrics.counter("troupe_router_prompt_tokens_total", "Prompt tokens", labels).add(usage.prompt_tokens);
  metrics.counter("troupe_router_cached_tokens_total", "Prompt tokens found in the prefix cache", labels)
      .add(usage.cached_tokens);
  metrics.counter("troupe_router_new_tokens_total", "Tokens generated", labels).add(usage.new_tokens);
  metrics
      .counter("troupe_router_preemptions_total", "Steps that were stopped for somebody more urgent", labels)
      .add(usage.preemptions);
  metrics.counter("troupe_router_cost_microusd_total", "What answers cost, in millionths of a dollar", labels)
      .add(static_cast<double>(usage.cost_microusd));
  metrics
      .counter("troupe_router_requests_total", "Requests by outcome",
               {{"tier", labels.at("tier")},
                {"model", route.route.model},
                {"outcome", !outcome ? std::string(code_name(outcome.error().code))
                            : late   ? "late"
                                     : "ok"}})
      .add();
}

}  // namespace troupe::router
