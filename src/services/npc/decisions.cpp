#include "services/npc/decisions.h"

#include <charconv>
#include <ranges>

#include "host/event_log.h"
#include "host/registry.h"

namespace troupe::npc {

namespace {

pb::DecisionView view_of(const std::string& world, const pb::DecisionRecord& kept) {
  pb::Decision decision;
  decision.ParseFromString(kept.record());
  pb::DecisionView view;
  view.set_id(decision.id());
  view.set_at_ms(decision.at_ms());
  view.set_kind(decision.kind());
  view.set_text(decision.output());
  view.set_reason(decision.reason());
  view.set_tier(decision.tier());
  view.set_model(decision.model());
  view.set_deadline_met(decision.deadline_met());
  view.set_total_us(decision.total_us());
  view.set_slack_us(decision.slack_us());
  view.set_preemptions(decision.preemptions());
  view.set_wasted_tokens(decision.wasted_tokens());
  view.set_cut(decision.cut());
  view.set_admission(decision.admission());
  view.set_event_id(event_log::event_id(world, decision.event_sequence()));
  return view;
}

}  // namespace

Decisions::Decisions(const Ground& ground)
    : host_(ground.host), config_(ground.config), kept_(host_.timeline()) {}

std::vector<std::string> Decisions::people() const {
  std::vector<std::string> people;
  for (auto at = kept_.rows().begin(); at != kept_.rows().end();
       at = kept_.rows().lower_bound(key_after(table_key({people.back()}))))
    people.push_back(at->second.npc());
  return people;
}

TableKey Decisions::oldest() const {
  const pb::DecisionRecord* oldest = nullptr;
  for (const auto& npc : people()) {
    const auto& first = kept_.under(npc).begin()->second;
    if (oldest == nullptr || first.sequence() < oldest->sequence()) oldest = &first;
  }
  return table_key({oldest->npc(), static_cast<std::int64_t>(oldest->sequence())});
}

void Decisions::keep(Turn& turn, const Mind& mind, pb::Decision& decision) {
  decision.set_npc(mind.who->id.str());
  decision.set_at_ms(turn.now().ms);
  decision.set_id(decision_id(decision.event_sequence()));
  pb::DecisionRecord record;
  record.set_npc(decision.npc());
  record.set_sequence(decision.event_sequence());
  record.set_player(decision.player());
  record.set_record(stable_bytes(decision));
  kept_.put(turn, std::move(record));
  if (kept_.size() > config_.limits.decisions_max) kept_.erase_at(turn, oldest());
}

Task<std::vector<pb::DecisionView>> Decisions::last_of(std::string npc) const {
  std::vector<TableKey> keys;
  for (const auto& [key, kept] : kept_.under(npc) | std::views::reverse) {
    if (keys.size() == config_.limits.decisions_shown) break;
    keys.push_back(key);
  }
  CO_TRY(const auto records, co_await kept_.fetch(std::move(keys)));
  std::vector<pb::DecisionView> views;
  for (const auto& record : records) views.push_back(view_of(host_.timeline().config().world, record));
  co_return views;
}

void Decisions::forget(Turn& turn, const Mind& mind, const std::string& player) {
  kept_.erase_if(turn, [&](const auto& kept) { return kept.player() == player; }, mind.who->id.str());
}

Task<pb::Decision> Decisions::get(Caller, pb::NpcDecisionRequest request) {
  const std::string_view id = request.id();
  std::uint64_t sequence = 0;
  if (id.starts_with("d-")) std::from_chars(id.data() + 2, id.data() + id.size(), sequence);
  std::vector<TableKey> keys;
  for (const auto& npc : people()) {
    if (id == decision_id(sequence) && kept_.find(npc, sequence) != nullptr)
      keys.push_back(table_key({npc, static_cast<std::int64_t>(sequence)}));
  }
  CO_TRY(const auto records, co_await kept_.fetch(std::move(keys)));
  if (records.empty())
    co_return fail(Code::not_found, "npc.unknown_decision", "no decision '" + request.id() + "' is kept");
  pb::Decision decision;
  decision.ParseFromString(records[0].record());
  co_return decision;
}

}  // namespace troupe::npc
