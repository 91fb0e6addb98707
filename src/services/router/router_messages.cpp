#include "services/router/router_messages.h"

namespace troupe::router {

void fill(pb::RouterUsage& out, const engine::Usage& usage) {
  out.set_prompt_tokens(usage.prompt_tokens);
  out.set_cached_tokens(usage.cached_tokens);
  out.set_new_tokens(usage.new_tokens);
  out.set_reasoning_tokens(usage.reasoning_tokens);
  out.set_queue_us(usage.queue_us);
  out.set_first_token_us(usage.first_token_us);
  out.set_total_us(usage.total_us);
  out.set_cost_microusd(usage.cost_microusd);
  out.set_preemptions(usage.preemptions);
  out.set_wasted_tokens(usage.wasted_tokens);
  out.set_slack_us(usage.slack_us);
  out.set_predicted_us(usage.predicted_us);
  out.set_computed_us(usage.computed_us);
  out.set_cut(std::string(engine::cut_name(usage.cut)));
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

void fill(pb::RouterStatusReply::Thought& out, std::string_view engine, const engine::ThoughtView& thought) {
  out.set_engine(std::string(engine));
  out.set_number(thought.number);
  out.set_caller(thought.caller);
  out.set_model(thought.model);
  out.set_tier(std::string(engine::tier_name(thought.tier)));
  out.set_state(std::string(engine::state_name(thought.state)));
  out.set_outcome(std::string(engine::outcome_name(thought.outcome)));
  out.set_reason(thought.reason);
  out.set_waited_us(thought.waited_us);
  out.set_slack_us(thought.slack_us);
  out.set_prompt_tokens(thought.prompt_tokens);
  out.set_new_tokens(thought.new_tokens);
  out.set_preemptions(thought.preemptions);
  out.set_wasted_tokens(thought.wasted_tokens);
}

namespace {

Result<engine::Role> parse_role(const std::string& role) {
  for (const auto known : {engine::Role::system, engine::Role::user, engine::Role::assistant}) {
    if (role == engine::role_name(known)) return known;
  }
  return fail(Code::invalid_argument, "router.bad_role",
              "a message's role is system, user or assistant, not '" + role + "'");
}

}  // namespace

Result<engine::GenerateRequest> to_engine(const pb::RouterGenerateRequest& request) {
  engine::GenerateRequest out{.tokens_max = request.tokens_max() > 0 ? request.tokens_max() : 96,
                              .stop = {request.stop().begin(), request.stop().end()},
                              .speech = request.whole_sentences(),
                              .json_schema = request.json_schema(),
                              .grammar = request.grammar()};
  for (const auto& message : request.messages()) {
    TRY(const auto role, parse_role(message.role()));
    out.messages.push_back({role, message.text()});
  }
  if (out.messages.empty()) {
    return fail(Code::invalid_argument, "router.no_messages", "messages must hold at least one message");
  }
  if (request.temperature() >= 0) out.sampling.temperature = request.temperature();
  if (request.top_p() > 0) out.sampling.top_p = request.top_p();
  out.sampling.presence_penalty = request.presence_penalty();
  out.sampling.frequency_penalty = request.frequency_penalty();
  out.sampling.seed = request.seed();
  if (request.logprobs()) out.top_logprobs = request.top_logprobs();
  return out;
}

}  // namespace troupe::router
