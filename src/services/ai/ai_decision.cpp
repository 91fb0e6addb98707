#include "services/ai/ai_decision.h"

namespace troupe::ai {

void take_usage(pb::Decision& decision, const pb::RouterUsage& usage) {
  decision.set_queue_us(usage.queue_us());
  decision.set_first_token_us(usage.first_token_us());
  decision.set_total_us(usage.total_us());
  decision.set_prompt_tokens(usage.prompt_tokens());
  decision.set_cached_tokens(usage.cached_tokens());
  decision.set_new_tokens(usage.new_tokens());
  decision.set_reasoning_tokens(usage.reasoning_tokens());
  decision.set_cost_microusd(usage.cost_microusd());
  decision.set_slack_us(usage.slack_us());
  decision.set_preemptions(usage.preemptions());
  decision.set_wasted_tokens(usage.wasted_tokens());
  decision.set_predicted_us(usage.predicted_us());
  decision.set_computed_us(usage.computed_us());
  decision.set_cut(usage.cut());
}

void take_answer(pb::Decision& decision, const pb::RouterGenerateReply& answer) {
  decision.set_tier(answer.tier());
  decision.set_model(answer.model());
  decision.set_model_hash(answer.model_hash());
  decision.set_method("generate");
  decision.set_reasoning(answer.reasoning());
  *decision.mutable_fallbacks() = answer.fallbacks();
  decision.set_admission(answer.admission());
  take_usage(decision, answer.usage());
}

std::string as_text(const std::vector<pb::ChatMessage>& messages) {
  std::string out;
  for (const auto& message : messages) out += "[" + message.role() + "]\n" + message.text() + "\n";
  return out;
}

pb::RouterGenerateRequest router_request(const pb::AiSpeakRequest& request,
                                         const std::vector<pb::ChatMessage>& messages) {
  pb::RouterGenerateRequest ask;
  ask.set_tier(request.tier().empty() ? "silver" : request.tier());
  for (const auto& message : messages) *ask.add_messages() = message;
  ask.set_player(request.player());
  ask.set_npc(request.npc());
  ask.set_place(request.place());
  return ask;
}

}  // namespace troupe::ai
