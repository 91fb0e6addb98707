#include "services/npc/decisions.h"

#include "host/event_log.h"

namespace troupe::npc {

using db::Blob;
using db::Values;

void Decisions::mount() {
  host_.serve(&Decisions::get, this);
  // After the minds: the last few of each are shown with them.
  host_.timeline().add_loader([this](db::Reader& reader) { return load(reader); });
}

Result<void> Decisions::load(db::Reader& reader) {
  kept_.clear();
  TRY(const auto kept, reader.query("select sequence from npc_decisions order by sequence"));
  for (const auto& row : kept) kept_.push_back(row.integer(0));
  TRY(const auto decisions,
      reader.query("select record from npc_decisions order by sequence desc limit 200"));
  for (auto row = decisions.rbegin(); row != decisions.rend(); ++row) {
    pb::Decision decision;
    decision.ParseFromString(row->blob(0));
    if (Mind* mind = minds_.known(decision.npc())) show(*mind, decision);
  }
  return {};
}

void Decisions::keep(Turn& turn, Mind& mind, pb::Decision& decision) {
  decision.set_npc(mind.who->id.str());
  decision.set_at_ms(turn.now().ms);
  decision.set_id(decision_id(decision.event_sequence()));
  turn.write(
      "insert into npc_decisions (id, sequence, npc, at_ms, kind, record, player) values ($1, $2, $3, $4, "
      "$5, $6, $7)",
      Values{decision.id(), static_cast<std::int64_t>(decision.event_sequence()), decision.npc(),
             decision.at_ms(), decision.kind(), Blob{stable_bytes(decision)}, decision.player()});
  kept_.push_back(static_cast<std::int64_t>(decision.event_sequence()));
  while (kept_.size() > config_.limits.decisions_max) {
    turn.write("delete from npc_decisions where sequence = $1", Values{kept_.front()});
    kept_.pop_front();
  }
  show(mind, decision);
}

void Decisions::show(Mind& mind, const pb::Decision& decision) const {
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
  view.set_event_id(event_log::event_id(host_.timeline().config().world, decision.event_sequence()));
  mind.decisions.push_front(std::move(view));
  if (mind.decisions.size() > config_.limits.decisions_shown) mind.decisions.pop_back();
}

Task<pb::Decision> Decisions::get(Caller, pb::NpcDecisionRequest request) {
  const auto found = std::make_shared<pb::Decision>();
  CO_TRY_VOID(
      co_await host_.timeline().db().read([found, id = request.id()](db::Reader& reader) -> Result<void> {
        TRY(const auto rows, reader.query("select record from npc_decisions where id = $1", Values{id}));
        if (rows.empty())
          return fail(Code::not_found, "npc.unknown_decision", "no decision '" + id + "' is kept");
        found->ParseFromString(rows[0].blob(0));
        return {};
      }));
  co_return *found;
}

}  // namespace troupe::npc
