#pragma once
// The way of one request through its routes: choose one, wait for a place, hold the money, ask; and on to the
// next when that fails. The same for text and for choices.
#include "services/router/router_choosing.h"
#include "services/router/router_race.h"

namespace troupe::router {

template <class T>
Result<void> outcome_of(const Result<T>& reply) {
  if (reply) return {};
  return std::unexpected(reply.error());
}

// What an engine that failed will have charged: nothing when it never began, and nobody knows once it had.
inline bool may_have_cost(const Error& error) {
  return error.code == Code::deadline_exceeded || error.code == Code::cancelled ||
         error.reason == "engine.cut_off" || error.reason == "router.nothing_whole";
}

template <class Reply>
Task<Reply> Choosing::attempt(Ask ask, Try one, EngineCall<Reply> call) {
  RouteState& route = *one.route;
  // A person in a conversation says one thing at a time; programs may ask for as much as there is.
  std::optional<std::size_t> each_max;
  if (!ask.player.empty() && !ask.npc.empty()) each_max = config_.policy.player_parallel;
  const auto takes = rt::nanoseconds(static_cast<std::int64_t>(route.of(ask.tier).service_us * 1000));
  CO_TRY(const auto place, co_await route.gate(ask.tier).enter(ask.player, ask.begins_by(), takes, each_max));
  if (!route.breaker.admit(host_.env().now())) {
    co_return fail(Code::unavailable, "router.ill", std::string(inference::pass_text(inference::Pass::ill)));
  }
  auto tokens = ask.tokens_max;
  const auto& price = route.route.price;
  const auto asked = host_.env().now();
  if (price.free()) {
    auto reply = co_await call(
        {&route, one.last, tokens, ask.reasoning_tokens_max, ask.first_token_by, std::move(one.may_speak)});
    record(route, ask, asked, outcome_of(reply), reply ? reply->usage : engine::Usage{});
    co_return reply;
  }
  // Thoughts are paid for, too.
  std::int64_t thoughts = route.route.engine->thinks(route.route.model) ? ask.reasoning_tokens_max : 0;
  if (ask.budget) {
    const auto all =
        inference::tokens_for(price, ask.prompt_bytes, ask.messages, *ask.budget, tokens + thoughts);
    tokens = std::min(tokens, all);
    thoughts = std::min(thoughts, all - tokens);
  }
  const auto most = inference::cost_max(price, ask.prompt_bytes, ask.messages, tokens + thoughts);
  if (ask.budget && most > *ask.budget) {
    co_return fail(Code::exhausted, "router.budget", "it would cost more than budget_microusd allows");
  }
  CO_TRY(auto money, co_await purse_.reserve(ask.spender(), most));
  auto reply =
      co_await call({&route, one.last, tokens, thoughts, ask.first_token_by, std::move(one.may_speak)});
  if (reply) {
    // What an upstream says of itself may be a lie; more than the most that it can cost is one.
    reply->usage.cost_microusd = std::min(reply->usage.cost_microusd, most);
    money.settle(reply->usage.cost_microusd);
  } else if (!may_have_cost(reply.error())) {
    money.settle(0);
  }
  record(route, ask, asked, outcome_of(reply), reply ? reply->usage : engine::Usage{});
  co_return reply;
}

template <class Reply>
Task<Answer<Reply>> Choosing::answer(Ask ask, Candidates candidates, EngineCall<Reply> call,
                                     std::shared_ptr<bool> streamed) {
  Counts& counts = this->counts(ask.tier);
  std::vector<std::string> fallbacks;
  std::vector<bool> tried(candidates.routes.size());
  std::vector<inference::Pass> passes;
  std::optional<Error> last;
  bool downgraded = false;
  for (;;) {
    const auto found = plan(ask, candidates, tried, passes);
    if (!found.route) {
      if (!last) {
        ++counts.refused;
        last = refusal(ask, found.why);
      }
      co_return std::unexpected(*last);
    }
    const auto chosen = *found.route;
    downgraded |= found.downgraded;
    for (std::size_t i = 0; i < chosen; ++i) {
      if (passes[i] == inference::Pass::tried || passes[i] == inference::Pass::taken) continue;
      fallbacks.push_back(candidates.routes[i]->name() + ": " + std::string(inference::pass_text(passes[i])));
      tried[i] = true;
    }
    tried[chosen] = true;
    const auto hedge_after = config_.policy.hedge_after.find(ask.tier);
    // (Two answers for the price of one: not where the caller said what an answer may cost.)
    const bool may_hedge = found.hedge && !ask.no_fallback && !ask.budget &&
                           hedge_after != config_.policy.hedge_after.end() && hedge_after->second.count() > 0;
    const auto race = std::make_shared<Race>();
    const std::array<std::size_t, 2> who = {chosen, may_hedge ? *found.hedge : chosen};
    // Who is asked first leaves the next enough of the listener's patience. The last may take until the
    // deadline when nobody else is in its way: it could not be sooner, and there is nobody better to hear.
    auto first = ask;
    if (!found.hedge && found.idle) {
      first.first_token_by = rt::Instant::never();
    } else if (found.hedge && !ask.no_fallback && !ask.first_token_by.is_never()) {
      first.first_token_by = share_of_first(ask, host_.env().now(), found.hedge_ready_us);
    }
    const auto runner = [this, ask, first, call, race, candidates, who](int k) -> Task<Reply> {
      const auto index = who[static_cast<std::size_t>(k)];
      co_return co_await attempt<Reply>(k == 0 ? first : ask,
                                        {candidates.routes[index], index + 1 == candidates.routes.size(),
                                         [race, k] { return race->may_speak(k); }},
                                        call);
    };
    // (Without a second there is nobody to race, and nothing to pay for it.)
    std::shared_ptr<int> winner = std::make_shared<int>(0);
    Result<Reply> reply = std::unexpected(Error{});
    if (may_hedge) {
      const std::function<Task<Reply>(int)> noted = [runner, winner](int k) -> Task<Reply> {
        auto result = co_await runner(k);
        if (result) *winner = k;
        co_return result;
      };
      reply = co_await run_race<Reply>(host_.env(), race, hedge_after->second, noted);
    } else {
      reply = co_await runner(0);
    }
    if (race->hedged) {
      ++counts.hedged;
      tried[who[1]] = true;
    }
    if (reply) {
      const auto index = who[static_cast<std::size_t>(race->speaker >= 0 ? race->speaker : *winner)];
      const bool smaller = index >= candidates.own;
      downgraded |= smaller;
      ++(downgraded ? counts.downgraded : counts.admitted);
      if (race->hedged) {
        fallbacks.push_back(candidates.routes[who[0]]->name() + ": slow, " +
                            candidates.routes[who[1]]->name() + " was asked, too");
      }
      co_return Answer<Reply>{.reply = *std::move(reply),
                              .route = candidates.routes[index],
                              .smaller = smaller,
                              .admission = race->hedged ? "hedged"
                                           : downgraded ? "downgraded"
                                                        : "admitted",
                              .fallbacks = std::move(fallbacks)};
    }
    last = reply.error();
    // The caller's own mistake is nobody else's to try; and what was streamed is never said twice.
    if (last->code == Code::invalid_argument || *streamed || ask.no_fallback)
      co_return std::unexpected(*last);
    fallbacks.push_back(candidates.routes[chosen]->name() + ": " + last->message);
    if (ask.budget && may_have_cost(*last)) {
      const auto& price = candidates.routes[chosen]->route.price;
      const auto tokens =
          inference::tokens_for(price, ask.prompt_bytes, ask.messages, *ask.budget, ask.tokens_max);
      *ask.budget -=
          std::min(*ask.budget, inference::cost_max(price, ask.prompt_bytes, ask.messages, tokens));
    }
  }
}

}  // namespace troupe::router
