#include "services/router/router_service.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "services/router/router_answer.h"
#include "services/router/router_messages.h"
#include "services/router/router_shape.h"
#include "services/router/router_speech.h"
#include "troupe/v1/socket.pb.h"

namespace troupe {

using engine::Tier;
using router::Answer;
using router::Ask;
using router::Attempt;
using router::EngineCall;
using router::parse_tier;

RouterService::RouterService(Host& host, RouterConfig config)
    : host_(host),
      config_(std::move(config)),
      cache_(config_.limits.cache),
      meanings_(config_.limits.meanings),
      purse_(host, config_.policy.budgets),
      choosing_(host, config_, purse_),
      switches_(host),
      jobs_(host, config_.policy.jobs,
            [this](Caller caller, pb::RouterGenerateRequest request, auto on_text) {
              return generate_told(std::move(caller), std::move(request), std::move(on_text));
            }) {}

void RouterService::mount() {
  Host& host = host_;
  host.serve(&RouterService::generate, this);
  host.serve(&RouterService::choose, this);
  host.serve(&RouterService::warm, this);
  host.serve(&RouterService::embed, this);
  host.serve(&RouterService::status, static_cast<const RouterService*>(this));
  host.serve(&RouterService::budget, static_cast<const RouterService*>(this));
  host.on(&RouterService::entity_gone, this);
  purse_.mount();
  switches_.mount();
  jobs_.mount();
}

void RouterService::entity_gone(Turn& turn, const EventContext&, const pb::EntityGone& event) {
  if (event.id().empty()) return;  // nobody in particular: not everybody whose name was left empty
  // Only these are reasons to think; and a kind with a colon would read as another's name.
  if (event.kind() != "npc" && event.kind() != "player" && event.kind() != "place") return;
  const std::string key = event.kind() + ":" + event.id();
  const std::string why = event.kind() + " " + event.id() + " is gone";
  jobs_.gone(turn, key, why);
  turn.after_commit([this, key, why] { premises_.gone(key, why); });
}

namespace {

template <class Request>
std::optional<inference::Microusd> budget_of(const Request& request) {
  if (!request.has_budget_microusd()) return std::nullopt;
  return request.budget_microusd();
}

// The last message of a request that is marked as safe to share.
std::optional<pb::RouterEmbedRequest> shared_text(const pb::RouterGenerateRequest& request,
                                                  const engine::GenerateRequest& work) {
  const auto& last = work.messages.back();
  if (!request.cache_by_meaning() || last.role != engine::Role::user || last.text.empty())
    return std::nullopt;
  pb::RouterEmbedRequest text;
  text.add_texts(last.text);
  text.set_player(request.player());
  if (request.has_budget_microusd()) text.set_budget_microusd(request.budget_microusd());
  return text;
}

// Speech is heard from its first sentence on.
int useful_tokens(const engine::GenerateRequest& work) { return std::min(8, work.tokens_max); }

}  // namespace

Result<engine::GenerateRequest> RouterService::work_of(const pb::RouterGenerateRequest& request, Tier tier,
                                                       rt::Instant deadline) const {
  TRY(auto work, router::to_engine(request));
  // Who names no seed wants no particular answer.
  if (request.seed() == 0) work.sampling.seed = host_.env().ids.bits();
  work.tier = tier;
  work.caller = request.npc().empty() ? request.player() : request.npc();
  work.deadline = deadline;
  // A player who was answered will say something else soon: what was computed for them is worth keeping.
  if (!request.player().empty()) work.think_again = host_.env().now() + config_.limits.player_goes_on;
  return work;
}

Task<pb::RouterGenerateReply> RouterService::generate(Caller caller, pb::RouterGenerateRequest request) {
  std::function<void(std::string_view)> on_text;
  if (!caller.stream.empty()) {
    on_text = [this, caller](std::string_view text) {
      pb::StreamPart part;
      part.set_text(std::string(text));
      host_.stream(caller, part);
    };
  }
  co_return co_await generate_told(std::move(caller), std::move(request), std::move(on_text));
}

Task<pb::RouterGenerateReply> RouterService::generate_told(Caller caller, pb::RouterGenerateRequest request,
                                                           std::function<void(std::string_view)> on_text) {
  CO_TRY(const Tier tier, parse_tier(request.tier(), Tier::silver));
  CO_TRY(auto work, work_of(request, tier, choosing_.deadline_of(caller, tier, request.deadline_ms())));
  CO_TRY(const auto shape, shapes_.of(work.json_schema));
  const auto freedom = inference::parse_freedom(request.freedom());
  Ask ask{.tier = tier,
          .player = request.player(),
          .npc = request.npc(),
          .place = request.place(),
          .deadline = work.deadline,
          .useful_tokens = useful_tokens(work),
          .writes = true,
          .no_fallback = request.no_fallback(),
          .freedom = freedom,
          .budget = budget_of(request),
          .messages = static_cast<std::int64_t>(work.messages.size()),
          .tokens_max = work.tokens_max,
          .reasoning_tokens_max = work.reasoning_tokens_max};
  ask.first_token_by = choosing_.first_token_by(ask, work);
  if (!ask.first_token_by.is_never()) ask.soon_by = host_.env().now() + config_.limits.begins_soon;
  for (const auto& message : work.messages)
    ask.prompt_bytes += static_cast<std::int64_t>(message.text.size());
  CO_TRY(auto routes, choosing_.candidates(ask, request.model()));

  const auto streamed = std::make_shared<bool>(false);
  // Structure is heard when it is whole and was checked: what was heard could not be taken back.
  const auto heard = shape ? std::function<void(std::string_view)>() : on_text;
  const auto call_with = [heard, streamed](const engine::GenerateRequest& wanted) {
    return EngineCall<engine::GenerateReply>([wanted, heard, streamed](Attempt one) {
      auto asked = wanted;
      asked.model = one.route->route.model;
      asked.tokens_max = static_cast<int>(one.tokens_max);
      asked.reasoning_tokens_max = static_cast<int>(one.reasoning_tokens_max);
      asked.first_token_by = one.first_token_by;
      return router::hear(one.route->route.engine, std::move(asked),
                          {.whole = wanted.speech,
                           .on_text = heard,
                           .may_speak = std::move(one.may_speak),
                           .streamed = streamed});
    });
  };
  const auto premises = ask.premises();
  // Of who is asked first: what a smaller one says in its place is not kept.
  const auto& preferred = *routes.routes.front();
  const auto key = router::cache_key(work, request.seed() != 0, preferred.route.model, preferred.hash);
  Result<Answer<engine::GenerateReply>> answered = std::unexpected(Error{});
  std::vector<std::string> misses;
  engine::Usage before;
  std::optional<Meant> meant;
  if (auto text = shared_text(request, work)) {
    // (Without a vector in time it is asked as any other.)
    auto told = co_await meaning_of(caller, *std::move(text),
                                    router::cache_scope(work, preferred.route.model, preferred.hash));
    if (told) meant = *std::move(told);
  }
  if (meant && ask.budget) *ask.budget = std::max<std::int64_t>(0, *ask.budget - meant->cost_microusd);
  auto known = answered_before(key, meant, routes, tier);
  if (known) answered = *std::move(known);
  for (int tries = 1; !answered; ++tries) {
    answered = co_await premises_.hold<Answer<engine::GenerateReply>>(
        host_.env(), premises,
        choosing_.answer<engine::GenerateReply>(ask, routes, call_with(work), streamed));
    if (!answered) break;
    auto& reply = answered->reply;
    if (tries > 1) router::add(reply.usage, before);
    if (shape) reply.text = router::without_fence(std::move(reply.text));
    const auto met = shape ? shape->check(reply.text) : Result<void>();
    if (met) {
      const bool as_asked = tries == 1 && answered->route == &preferred;
      if (as_asked) cache_.put(key, reply, host_.env().now());
      if (as_asked && meant) meanings_.put(meant->scope, meant->meaning, reply, host_.env().now());
      break;
    }
    count_miss(*answered->route);
    misses.push_back(answered->route->name() + ": " + met.error().message);
    if (tries == router::kShapeTries) {
      answered = fail(Code::unavailable, "router.schema_not_met",
                      fmt::format("no answer matched in {} tries; {}", tries, misses.back()));
      break;
    }
    before = reply.usage;
    if (ask.budget) *ask.budget = std::max<std::int64_t>(0, *ask.budget - before.cost_microusd);
    router::draw_again(work.sampling);
    answered = std::unexpected(Error{});
  }
  if (!answered) {
    const auto& error = answered.error();
    if (error.reason == "router.premise_gone") ++choosing_.counts(tier).cancelled;
    const bool no_time = error.code == Code::deadline_exceeded || error.reason == "router.late";
    if (no_time && !ask.first_token_by.is_never()) choosing_.turn_away();
    co_return std::unexpected(answered.error());
  }
  const auto& reply = answered->reply;
  const bool by_canary = choosing_.canary(tier) == answered->route;
  if (request.model().empty() && !by_canary)
    switches_.wrote(std::string(engine::tier_name(tier)), reply.model);
  pb::RouterGenerateReply out;
  out.set_text(reply.text);
  out.set_reasoning(reply.reasoning);
  out.set_finish(std::string(engine::finish_name(reply.finish)));
  out.set_tier(std::string(engine::tier_name(answered->smaller ? Tier::gold : tier)));
  out.set_model(reply.model);
  out.set_model_hash(reply.model_hash);
  out.set_engine(std::string(answered->route->route.engine->name()));
  out.set_deadline_met(host_.env().now() <= work.deadline && reply.finish != engine::Finish::deadline);
  router::fill(*out.mutable_usage(), reply.usage);
  if (meant) out.mutable_usage()->set_cost_microusd(reply.usage.cost_microusd + meant->cost_microusd);
  for (const auto& token : reply.logprobs) router::fill(*out.add_logprobs(), token);
  out.mutable_fallbacks()->Assign(misses.begin(), misses.end());
  for (auto& fallback : answered->fallbacks) out.add_fallbacks(std::move(fallback));
  out.set_admission(answered->admission);
  if ((shape || answered->admission == "cached") && on_text) on_text(reply.text);
  co_return out;
}

// What was said before it decides what a word like "there" means: it stands in the scope.
Task<RouterService::Meant> RouterService::meaning_of(Caller caller, pb::RouterEmbedRequest text,
                                                     std::string scope) {
  text.set_deadline_ms(config_.limits.meanings.embedded_within.count());
  CO_TRY(const auto reply, co_await embed(std::move(caller), std::move(text)));
  const auto& values = reply.vectors(0).values();
  co_return Meant{.scope = scope + reply.model(),
                  .meaning = {values.begin(), values.end()},
                  .cost_microusd = reply.usage().cost_microusd()};
}

std::optional<Answer<engine::GenerateReply>> RouterService::answered_before(const std::string& key,
                                                                            const std::optional<Meant>& meant,
                                                                            const router::Candidates& routes,
                                                                            Tier tier) {
  if (key.empty() && !meant) return std::nullopt;
  const auto now = host_.env().now();
  auto reply = cache_.find(key, now);
  const char* result = "hit";
  auto* count = &cached_.hits;
  if (!reply && meant) {
    reply = meanings_.find(meant->scope, meant->meaning, now);
    result = "meaning";
    count = &cached_.by_meaning;
  }
  if (!reply) {
    result = "miss";
    count = &cached_.misses;
  }
  ++*count;
  host_.metrics()
      .counter("troupe_router_cache_total",
               "Requests whose answer may have been known: by exact key, by meaning, or not",
               {{"result", result}})
      .add();
  if (!reply) return std::nullopt;
  ++choosing_.counts(tier).admitted;
  return Answer<engine::GenerateReply>{.reply = *std::move(reply),
                                       .route = routes.routes.front(),
                                       .smaller = false,
                                       .admission = "cached",
                                       .fallbacks = {}};
}

void RouterService::count_miss(const router::RouteState& route) const {
  host_.metrics()
      .counter("troupe_router_schema_misses_total", "Answers that did not match their JSON schema",
               {{"model", route.route.model}})
      .add();
}

Task<pb::RouterChooseReply> RouterService::choose(Caller caller, pb::RouterChooseRequest request) {
  CO_TRY(const Tier tier, parse_tier(request.tier(), Tier::gold));
  const engine::ChooseRequest work{.caller = request.npc().empty() ? request.player() : request.npc(),
                                   .tier = tier,
                                   .language = request.language(),
                                   .context = request.context(),
                                   .scene = request.scene(),
                                   .options = {request.options().begin(), request.options().end()},
                                   .deadline = choosing_.deadline_of(caller, tier, request.deadline_ms())};
  Ask ask{.tier = tier,
          .player = request.player(),
          .npc = request.npc(),
          .place = request.place(),
          .deadline = work.deadline,
          .budget = budget_of(request),
          // An engine without logits answers with a word or two of JSON, and the options come more than once.
          .tokens_max = 32};
  ask.prompt_bytes = static_cast<std::int64_t>(work.context.size() + work.scene.size());
  for (const auto& option : work.options)
    ask.prompt_bytes += 2 * static_cast<std::int64_t>(option.size() + 8);
  CO_TRY(auto routes, choosing_.candidates(ask, request.model()));
  const EngineCall<engine::ChooseReply> call = [work](Attempt one) {
    auto asked = work;
    asked.model = one.route->route.model;
    // The last route is the one that always answers; the others leave it a moment.
    if (one.last) asked.deadline = work.deadline + rt::milliseconds(50);
    return one.route->route.engine->choose(std::move(asked));
  };
  const auto answered = co_await premises_.hold<Answer<engine::ChooseReply>>(
      host_.env(), ask.premises(),
      choosing_.answer<engine::ChooseReply>(ask, std::move(routes), call, std::make_shared<bool>(false)));
  if (!answered) {
    if (answered.error().reason == "router.premise_gone") ++choosing_.counts(tier).cancelled;
    co_return std::unexpected(answered.error());
  }
  const auto& reply = answered->reply;
  pb::RouterChooseReply out;
  out.set_choice(static_cast<int>(reply.choice));
  out.mutable_probabilities()->Assign(reply.probabilities.begin(), reply.probabilities.end());
  out.set_tier(answered->route->reflex()
                   ? "reflex"
                   : std::string(engine::tier_name(answered->smaller ? Tier::gold : tier)));
  out.set_model(reply.model);
  out.set_model_hash(reply.model_hash);
  out.set_method(reply.method);
  out.set_prompt(reply.prompt);
  out.set_deadline_met(host_.env().now() <= work.deadline);
  router::fill(*out.mutable_usage(), reply.usage);
  out.mutable_fallbacks()->Assign(answered->fallbacks.begin(), answered->fallbacks.end());
  out.set_admission(answered->admission);
  co_return out;
}

// For the engine that would be asked first. Not measured, and never paid for: it takes the time that others
// leave.
Task<pb::RouterWarmReply> RouterService::warm(Caller caller, pb::RouterWarmRequest request) {
  const auto& ahead = request.ahead();
  CO_TRY(const Tier tier, parse_tier(ahead.tier(), Tier::silver));
  CO_TRY(auto work, work_of(ahead, tier, choosing_.deadline_of(caller, tier, ahead.deadline_ms())));
  const auto freedom = inference::parse_freedom(ahead.freedom());
  Ask ask{.tier = tier,
          .player = ahead.player(),
          .npc = ahead.npc(),
          .deadline = work.deadline,
          .useful_tokens = useful_tokens(work),
          .writes = true,
          .freedom = freedom};
  ask.first_token_by = choosing_.first_token_by(ask, work);
  CO_TRY(const auto able, choosing_.candidates(ask, ahead.model()));
  std::vector<inference::Pass> passes;
  const auto found = choosing_.plan(ask, able, std::vector<bool>(able.routes.size()), passes);
  if (!found.route) co_return std::unexpected(choosing_.refusal(ask, found.why));
  const auto* route = able.routes[*found.route];
  if (!route->route.price.free())
    co_return fail(Code::unavailable, "router.priced", "reading ahead is for engines that cost nothing");
  if (request.guess()) work.think_again = host_.env().now() + config_.limits.guess_unlikely;
  // For whoever may come: first the smaller one of the same machine, which would begin sooner while the
  // better one has not read it.
  if (ahead.player().empty()) {
    for (const auto* smaller : able.routes | std::views::drop(*found.route + 1)) {
      if (smaller->route.engine != route->route.engine || !smaller->route.writes) continue;
      work.model = smaller->route.model;
      (void)co_await route->route.engine->warm(work);
    }
  }
  work.model = route->route.model;
  CO_TRY(const auto usage, co_await route->route.engine->warm(work));
  pb::RouterWarmReply reply;
  reply.set_model(work.model);
  router::fill(*reply.mutable_usage(), usage);
  co_return reply;
}

Task<pb::RouterEmbedReply> RouterService::embed(Caller caller, pb::RouterEmbedRequest request) {
  if (choosing_.embedding().empty()) {
    co_return fail(Code::unavailable, "engine.no_model",
                   "no embedding model is loaded; see `troupe models ls`");
  }
  CO_TRY(const auto tier, parse_tier(request.tier(), Tier::silver));
  Ask ask{.tier = tier,
          .player = request.player(),
          .deadline = choosing_.deadline_of(caller, tier, request.deadline_ms()),
          .budget = budget_of(request)};
  for (const auto& text : request.texts()) ask.prompt_bytes += static_cast<std::int64_t>(text.size());
  ask.messages = request.texts_size();
  ask.tokens_max = 0;
  const engine::EmbedRequest work{.tier = tier,
                                  .caller = caller.player_or_self(request.player()),
                                  .texts = {request.texts().begin(), request.texts().end()},
                                  .deadline = ask.deadline};
  const EngineCall<engine::EmbedReply> call = [work](Attempt one) {
    auto asked = work;
    asked.model = one.route->route.model;
    return one.route->route.engine->embed(std::move(asked));
  };
  Error last = router::Choosing::unknown_model(request.model(), choosing_.embedding());
  for (auto* route : choosing_.embedding()) {
    if (!request.model().empty() && route->route.model != request.model()) continue;
    auto reply = co_await choosing_.attempt<engine::EmbedReply>(ask, {.route = route, .last = true}, call);
    if (!reply) {
      last = reply.error();
      continue;
    }
    pb::RouterEmbedReply out;
    for (const auto& vector : reply->vectors)
      out.add_vectors()->mutable_values()->Assign(vector.begin(), vector.end());
    out.set_model(reply->model);
    router::fill(*out.mutable_usage(), reply->usage);
    co_return out;
  }
  co_return std::unexpected(last);
}

}  // namespace troupe
