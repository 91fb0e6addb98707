#include "services/router/router_service.h"

#include "base/text.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {

using engine::Tier;

struct RouterService::RouteState {
  RouteState(Route r, const router::Limits& limits) : route(std::move(r)), breaker(limits) {}
  Route route;
  router::Measured measured;
  router::Breaker breaker;
  std::string name() const { return std::string(route.engine->name()) + "/" + route.model; }
};

Result<Tier> parse_tier(const std::string& name, Tier when_empty) {
  if (name.empty()) return when_empty;
  for (const Tier tier : {Tier::gold, Tier::silver, Tier::bronze}) {
    if (name == engine::tier_name(tier)) return tier;
  }
  static const std::vector<std::string> kTiers = {"gold", "silver", "bronze"};
  return fail(Code::invalid_argument, "router.unknown_tier",
              "no tier '" + name + "'" + did_you_mean(name, kTiers) + " (gold, silver or bronze)");
}

RouterService::RouterService(Host& host, RouterConfig config) : host_(host), config_(std::move(config)) {
  const auto state_of = [this](const Route& route) {
    for (const auto& known : routes_) {
      if (known->route.engine == route.engine && known->route.model == route.model) return known.get();
    }
    routes_.push_back(std::make_unique<RouteState>(route, config_.limits));
    return routes_.back().get();
  };
  for (const auto& [tier, routes] : config_.tiers) {
    for (const auto& route : routes) tiers_[tier].push_back(state_of(route));
  }
  for (const auto& route : config_.embedding) embedding_.push_back(state_of(route));
}

RouterService::~RouterService() = default;

void RouterService::mount() {
  Host& host = host_;
  host.serve(&RouterService::generate, this);
  host.serve(&RouterService::choose, this);
  host.serve(&RouterService::warm, this);
  host.serve(&RouterService::embed, this);
  host.serve(&RouterService::status, static_cast<const RouterService*>(this));
}

Error RouterService::unknown_model(const std::string& model, const std::vector<RouteState*>& routes) {
  std::vector<std::string> names;
  for (const auto* route : routes) names.push_back(route->route.model);
  return {Code::not_found, "router.unknown_model",
          "no model '" + model + "' is loaded" + did_you_mean(model, names) + " (" + join(names, ", ") + ")",
          0};
}

Result<std::vector<RouterService::RouteState*>> RouterService::candidates(Tier tier, const std::string& model,
                                                                          bool writes) const {
  if (!model.empty()) {
    std::vector<RouteState*> all;
    for (const auto& route : routes_) {
      const bool embeds = std::ranges::find(embedding_, route.get()) != embedding_.end();
      if (writes && (embeds || !route->route.writes)) continue;
      if (route->route.model == model) return std::vector{route.get()};
      all.push_back(route.get());
    }
    return std::unexpected(unknown_model(model, all));
  }
  std::vector<RouteState*> able;
  if (const auto found = tiers_.find(tier); found != tiers_.end()) {
    std::ranges::copy_if(found->second, std::back_inserter(able),
                         [&](const auto* route) { return route->route.writes || !writes; });
  }
  if (able.empty()) {
    return fail(
        Code::unavailable, "engine.no_model",
        "no engine serves the tier '" + std::string(engine::tier_name(tier)) + "'; see `troupe models ls`");
  }
  return able;
}

rt::Instant RouterService::deadline_of(const Caller& caller, Tier tier, std::int64_t deadline_ms) const {
  const auto span = deadline_ms > 0 ? rt::milliseconds(deadline_ms) : config_.deadlines.at(tier);
  return std::min(caller.deadline, host_.env().now() + span);
}

bool RouterService::admit(RouteState& route, rt::Instant deadline, int tokens, bool is_last,
                          std::vector<std::string>& passed_over) {
  const auto now = host_.env().now();
  if (!is_last && !router::fits(route.measured, deadline - now, tokens)) {
    passed_over.push_back(route.name() + ": would be late");
    return false;
  }
  if (!route.breaker.admit(now)) {
    passed_over.push_back(route.name() + ": failed lately, waits for its probe");
    return false;
  }
  return true;
}

void RouterService::record(RouteState& route, Tier tier, const Result<void>& outcome,
                           const engine::Usage& usage, rt::Instant deadline) {
  const auto now = host_.env().now();
  const bool late = now > deadline;
  const bool deadline_error = !outcome && outcome.error().code == Code::deadline_exceeded;
  if (!outcome && router::is_fault(outcome.error())) {
    route.breaker.failed(now);
  } else {
    route.breaker.succeeded();
  }
  router::measure(route.measured, config_.limits, outcome.has_value(), usage.first_token_us, usage.total_us,
                  usage.new_tokens, !late && !deadline_error);
  auto& metrics = host_.metrics();
  const Labels labels = {{"tier", std::string(engine::tier_name(tier))}, {"model", route.route.model}};
  metrics
      .histogram("troupe_router_first_token_seconds", "Time to the first token", latency_bounds_seconds(),
                 labels)
      .observe(static_cast<double>(usage.first_token_us) / 1e6);
  metrics.counter("troupe_router_prompt_tokens_total", "Prompt tokens", labels).add(usage.prompt_tokens);
  metrics.counter("troupe_router_cached_tokens_total", "Prompt tokens found in the prefix cache", labels)
      .add(usage.cached_tokens);
  metrics.counter("troupe_router_new_tokens_total", "Tokens generated", labels).add(usage.new_tokens);
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

namespace {

void fill(pb::RouterUsage& out, const engine::Usage& usage) {
  out.set_prompt_tokens(usage.prompt_tokens);
  out.set_cached_tokens(usage.cached_tokens);
  out.set_new_tokens(usage.new_tokens);
  out.set_queue_us(usage.queue_us);
  out.set_first_token_us(usage.first_token_us);
  out.set_total_us(usage.total_us);
  out.set_cost_microusd(usage.cost_microusd);
}

void fill(pb::TokenLogprob& out, const engine::TokenLogprob& token) {
  out.set_token(token.token);
  out.set_logprob(token.logprob);
  for (const auto& candidate : token.top) {
    auto* one = out.add_top();
    one->set_token(candidate.token);
    one->set_logprob(candidate.logprob);
  }
}

template <class T>
Result<void> outcome_of(const Result<T>& reply) {
  if (reply) return {};
  return std::unexpected(reply.error());
}

Result<engine::Role> parse_role(const std::string& role) {
  if (role == "system") return engine::Role::system;
  if (role == "user") return engine::Role::user;
  if (role == "assistant") return engine::Role::assistant;
  return fail(Code::invalid_argument, "router.bad_role",
              "a message's role is system, user or assistant, not '" + role + "'");
}

}  // namespace

Result<engine::GenerateRequest> RouterService::work_of(const pb::RouterGenerateRequest& request, Tier tier,
                                                       rt::Instant deadline) const {
  engine::GenerateRequest work{.caller = request.npc().empty() ? request.player() : request.npc(),
                               .tier = tier,
                               .tokens_max = request.tokens_max() > 0 ? request.tokens_max() : 96,
                               .json_schema = request.json_schema(),
                               .grammar = request.grammar(),
                               .deadline = deadline};
  for (const auto& message : request.messages()) {
    TRY(const auto role, parse_role(message.role()));
    work.messages.push_back({role, message.text()});
  }
  if (work.messages.empty()) {
    return fail(Code::invalid_argument, "router.no_messages", "messages must hold at least one message");
  }
  // A player who was answered will say something else soon: what was computed for them is worth keeping.
  if (!request.player().empty()) work.think_again = host_.env().now() + config_.limits.player_goes_on;
  if (request.temperature() >= 0) work.sampling.temperature = request.temperature();
  if (request.top_p() > 0) work.sampling.top_p = request.top_p();
  work.sampling.presence_penalty = request.presence_penalty();
  work.sampling.frequency_penalty = request.frequency_penalty();
  work.sampling.seed = request.seed();
  if (request.logprobs()) work.top_logprobs = request.top_logprobs();
  work.stop.assign(request.stop().begin(), request.stop().end());
  return work;
}

Task<pb::RouterGenerateReply> RouterService::generate(Caller caller, pb::RouterGenerateRequest request) {
  CO_TRY(const Tier tier, parse_tier(request.tier(), Tier::silver));
  CO_TRY(auto routes, candidates(tier, request.model(), true));
  CO_TRY(auto work, work_of(request, tier, deadline_of(caller, tier, request.deadline_ms())));
  std::vector<std::string> passed_over;
  Error last{Code::unavailable, "router.nobody", "no engine could be asked"};
  for (std::size_t i = 0; i < routes.size(); ++i) {
    RouteState& route = *routes[i];
    if (!admit(route, work.deadline, 8, i + 1 == routes.size(), passed_over)) continue;
    work.model = route.route.model;
    const auto streamed = std::make_shared<bool>(false);
    std::function<void(std::string_view)> on_text;
    if (!caller.stream.empty()) {
      on_text = [this, caller, streamed](std::string_view text) {
        *streamed = true;
        pb::StreamPart part;
        part.set_text(std::string(text));
        host_.stream(caller, part);
      };
    }
    auto reply = co_await route.route.engine->generate(work, on_text);
    record(route, tier, outcome_of(reply), reply ? reply->usage : engine::Usage{}, work.deadline);
    if (reply) {
      pb::RouterGenerateReply out;
      out.set_text(reply->text);
      out.set_finish(std::string(engine::finish_name(reply->finish)));
      out.set_tier(std::string(engine::tier_name(tier)));
      out.set_model(reply->model);
      out.set_model_hash(reply->model_hash);
      out.set_engine(std::string(route.route.engine->name()));
      out.set_deadline_met(host_.env().now() <= work.deadline && reply->finish != engine::Finish::deadline);
      fill(*out.mutable_usage(), reply->usage);
      for (const auto& token : reply->logprobs) fill(*out.add_logprobs(), token);
      out.mutable_fallbacks()->Assign(passed_over.begin(), passed_over.end());
      co_return out;
    }
    last = reply.error();
    // The caller's own mistake is nobody else's to try; and what was streamed is never said twice.
    if (last.code == Code::invalid_argument || *streamed || request.no_fallback()) break;
    passed_over.push_back(route.name() + ": " + last.message);
  }
  co_return std::unexpected(last);
}

Task<pb::RouterChooseReply> RouterService::choose(Caller caller, pb::RouterChooseRequest request) {
  CO_TRY(const Tier tier, parse_tier(request.tier(), Tier::gold));
  CO_TRY(auto routes, candidates(tier, request.model(), false));
  if (request.options_size() < 2 || request.options_size() > 26) {
    co_return fail(Code::invalid_argument, "router.options",
                   "a choice has 2 to 26 options, not " + std::to_string(request.options_size()));
  }
  engine::ChooseRequest work{.caller = request.npc().empty() ? request.player() : request.npc(),
                             .tier = tier,
                             .context = request.context(),
                             .scene = request.scene(),
                             .options = {request.options().begin(), request.options().end()},
                             .deadline = deadline_of(caller, tier, request.deadline_ms())};
  std::vector<std::string> passed_over;
  Error last{Code::unavailable, "router.nobody", "no engine could be asked"};
  for (std::size_t i = 0; i < routes.size(); ++i) {
    RouteState& route = *routes[i];
    if (!admit(route, work.deadline, 1, i + 1 == routes.size(), passed_over)) continue;
    work.model = route.route.model;
    // The last route is the one that always answers; the others leave it a moment.
    auto asked = work;
    if (i + 1 == routes.size()) asked.deadline = work.deadline + rt::milliseconds(50);
    auto reply = co_await route.route.engine->choose(asked);
    record(route, tier, outcome_of(reply), reply ? reply->usage : engine::Usage{}, work.deadline);
    if (reply) {
      pb::RouterChooseReply out;
      out.set_choice(static_cast<int>(reply->choice));
      out.mutable_probabilities()->Assign(reply->probabilities.begin(), reply->probabilities.end());
      out.set_tier(route.route.engine->name() == "reflex" ? "reflex" : std::string(engine::tier_name(tier)));
      out.set_model(reply->model);
      out.set_model_hash(reply->model_hash);
      out.set_method(reply->method);
      out.set_prompt(reply->prompt);
      out.set_deadline_met(host_.env().now() <= work.deadline);
      fill(*out.mutable_usage(), reply->usage);
      out.mutable_fallbacks()->Assign(passed_over.begin(), passed_over.end());
      co_return out;
    }
    last = reply.error();
    if (last.code == Code::invalid_argument) break;
    passed_over.push_back(route.name() + ": " + last.message);
  }
  co_return std::unexpected(last);
}

// For the engine that would be asked first. Not measured: it takes the time that others leave.
Task<pb::RouterWarmReply> RouterService::warm(Caller caller, pb::RouterWarmRequest request) {
  const auto& ahead = request.ahead();
  CO_TRY(const Tier tier, parse_tier(ahead.tier(), Tier::silver));
  CO_TRY(auto routes, candidates(tier, ahead.model(), true));
  CO_TRY(auto work, work_of(ahead, tier, deadline_of(caller, tier, ahead.deadline_ms())));
  const auto well = std::ranges::find_if(routes, [&](const auto* route) {
    return route->breaker.state(host_.env().now()) == router::BreakerState::closed;
  });
  if (well == routes.end())
    co_return fail(Code::unavailable, "router.nobody", "no engine is well enough to read ahead");
  work.model = (*well)->route.model;
  CO_TRY(const auto usage, co_await (*well)->route.engine->warm(work));
  pb::RouterWarmReply reply;
  reply.set_model(work.model);
  fill(*reply.mutable_usage(), usage);
  co_return reply;
}

Task<pb::RouterEmbedReply> RouterService::embed(Caller caller, pb::RouterEmbedRequest request) {
  if (embedding_.empty()) {
    co_return fail(Code::unavailable, "engine.no_model",
                   "no embedding model is loaded; see `troupe models ls`");
  }
  if (request.texts().empty()) {
    co_return fail(Code::invalid_argument, "router.no_texts", "texts must hold at least one text");
  }
  engine::EmbedRequest work{.caller = caller.player_or_self(request.player()),
                            .texts = {request.texts().begin(), request.texts().end()},
                            .deadline = deadline_of(caller, Tier::silver, request.deadline_ms())};
  Error last = unknown_model(request.model(), embedding_);
  for (auto* route : embedding_) {
    if (!request.model().empty() && route->route.model != request.model()) continue;
    work.model = route->route.model;
    auto reply = co_await route->route.engine->embed(work);
    record(*route, Tier::silver, outcome_of(reply), reply ? reply->usage : engine::Usage{}, work.deadline);
    if (!reply) {
      last = reply.error();
      continue;
    }
    pb::RouterEmbedReply out;
    for (const auto& vector : reply->vectors)
      out.add_vectors()->mutable_values()->Assign(vector.begin(), vector.end());
    out.set_model(reply->model);
    fill(*out.mutable_usage(), reply->usage);
    co_return out;
  }
  co_return std::unexpected(last);
}

Result<pb::RouterStatusReply> RouterService::status(const Caller&, const pb::RouterStatusRequest&) const {
  pb::RouterStatusReply reply;
  for (const auto& [tier, routes] : tiers_) {
    auto* out = reply.add_tiers();
    out->set_tier(std::string(engine::tier_name(tier)));
    for (const auto* route : routes) out->add_engines(route->name());
    out->set_deadline_ms(config_.deadlines.at(tier).count());
  }
  for (const auto& route : routes_) {
    auto* out = reply.add_engines();
    out->set_engine(std::string(route->route.engine->name()));
    out->set_model(route->route.model);
    for (const auto& [tier, routes] : tiers_) {
      if (std::ranges::find(routes, route.get()) != routes.end())
        out->add_tiers(std::string(engine::tier_name(tier)));
    }
    static constexpr const char* kHealth[] = {"ok", "open", "probing"};
    out->set_health(kHealth[static_cast<int>(route->breaker.state(host_.env().now()))]);
    out->set_first_token_ms(route->measured.first_token_us / 1000);
    out->set_token_ms(route->measured.token_us / 1000);
    out->set_error_rate(route->measured.error_rate);
    out->set_requests(route->measured.requests);
    out->set_tokens(route->measured.tokens);
    out->set_deadlines_met(route->measured.deadlines_met);
    out->set_deadlines_missed(route->measured.deadlines_missed);
  }
  return reply;
}

}  // namespace troupe
