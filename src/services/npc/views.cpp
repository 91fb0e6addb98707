#include "services/npc/views.h"

#include <algorithm>

#include "host/audience.h"
#include "host/event_log.h"
#include "services/npc/appraisal_rules.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

void Views::mount() {
  const auto* self = static_cast<const Views*>(this);
  host_.serve(&Views::list, self);
  host_.serve(&Views::get, self);
  host_.serve(&Views::mind, this);
  host_.serve(&Views::relation, self);
}

pb::NpcView view_of(const pack::Pack& pack, const Mind& mind, std::int64_t now_ms) {
  const auto at = position(pack, mind.record(), now_ms);
  pb::NpcView view;
  view.set_id(mind.who->id.str());
  view.set_name(mind.who->name);
  view.set_role(mind.who->role);
  view.set_place(place_now(pack, mind.record(), now_ms));
  view.set_x(at.x);
  view.set_y(at.y);
  view.set_activity(mind.record().activity());
  view.set_intent(mind.record().intent());
  view.set_reason(mind.record().reason());
  view.set_mood(mind.record().mood());
  view.set_walking(mind.record().path_size() >= 2);
  view.set_look(mind.who->look);
  view.set_tier(mind.record().tier());
  view.set_reflex(std::string(reflex_name(mind.reflex())));
  view.set_looks_at(mind.record().looks_at());
  view.set_dead(mind.record().dead());
  return view;
}

pb::MemoryView view_of(const pb::MemoryRecord& memory) {
  pb::MemoryView view;
  view.set_id(memory_id(memory));
  view.set_text(memory.text());
  view.set_at_ms(memory.at_ms());
  view.set_place(memory.place());
  *view.mutable_witnesses() = memory.witnesses();
  view.set_source(memory.source());
  view.set_importance(memory.importance());
  return view;
}

std::string Views::place_of(const Caller& caller) const {
  if (sees_everything(caller.role)) return {};
  pb::StateGetRequest ask;
  ask.set_kind("player");
  ask.set_id(caller.name);
  const auto document = host_.ask<pb::StateDocument>(as_npc(host_.timeline().config().world), ask);
  // A newcomer is where newcomers arrive, as for verbs.
  if (!document) return pack_.world.arrival.str();
  const auto& fields = document->document().fields();
  const auto place = fields.find("place");
  return place == fields.end() ? pack_.world.arrival.str() : place->second.string_value();
}

pb::NpcView Views::view_for(const Caller& caller, const Mind& mind, const std::string& caller_at) const {
  auto seen = view_of(pack_, mind, host_.timeline().now().ms);
  if (sees_everything(caller.role)) return seen;
  seen.clear_reason();
  seen.clear_tier();
  const bool here = seen.place() == caller_at;
  if (!here) {
    seen.clear_mood();
    seen.clear_reflex();
    seen.clear_looks_at();
  }
  if (!here || seen.walking()) {
    seen.clear_activity();
    seen.clear_intent();
  }
  return seen;
}

Result<pb::NpcListReply> Views::list(const Caller& caller, const pb::NpcListRequest&) const {
  pb::NpcListReply reply;
  const std::string at = place_of(caller);
  for (const auto& [id, mind] : minds_.people()) *reply.add_npcs() = view_for(caller, *mind, at);
  return reply;
}

Result<pb::NpcView> Views::get(const Caller& caller, const pb::NpcGetRequest& request) const {
  TRY(const Mind* mind, minds_.find(request.npc()));
  return view_for(caller, *mind, place_of(caller));
}

Result<pb::NpcRelationReply> Views::relation(const Caller&, const pb::NpcRelationRequest& request) const {
  TRY(const Mind* mind, minds_.find(request.npc()));
  pb::NpcRelationReply reply;
  const auto relation = relation_or_default(*mind, request.towards());
  const auto mood = mood_of(mind->record());
  const double strength = mood_now(mind->record(), host_.timeline().now().ms);
  reply.set_value(feeling(relation, request.feeling()));
  reply.set_price_factor(price_factor(relation, mood, strength));
  reply.set_confidence(confidence(relation, mood, strength));
  return reply;
}

namespace {

void fill(pb::RelationView& out, const pb::RelationRecord& r) {
  out.set_to(r.to());
  out.set_trust(r.trust());
  out.set_fear(r.fear());
  out.set_respect(r.respect());
  out.set_disgust(r.disgust());
  out.set_affection(r.affection());
  out.set_anger(r.anger());
  out.set_score(score(r));
  out.set_note(r.note());
}

}  // namespace

Task<pb::NpcMindReply> Views::mind(Caller, pb::NpcMindRequest request) {
  CO_TRY(const Mind* mind, minds_.find(request.npc()));
  pb::NpcMindReply reply;
  *reply.mutable_view() = view_of(pack_, *mind, host_.timeline().now().ms);
  show_seen(*mind, reply);
  for (const auto& relation : mind->record().relations()) fill(*reply.add_relations(), relation);
  for (const auto& goal : mind->who->goals) {
    auto* out = reply.add_goals();
    out->set_id(goal.id);
    out->set_text(goal.text);
    out->set_priority(goal.priority);
    for (const auto& kept : mind->record().goals()) {
      if (kept.id() == goal.id) out->set_priority(kept.priority());
    }
  }
  reply.set_intent(mind->record().intent());
  show_conversations(*mind, reply);
  for (const auto& fact : pack_.facts) {
    if (pack::knows(fact, mind->who->id)) reply.add_knows(fact.id.str());
  }
  CO_TRY(auto decisions, co_await decisions_.last_of(mind->who->id.str()));
  for (auto& decision : decisions) *reply.add_decisions() = std::move(decision);
  co_return reply;
}

// What they noticed and what they remember, the newest first.
void Views::show_seen(const Mind& mind, pb::NpcMindReply& reply) const {
  for (const auto& seen : mind.perceived) {
    auto* out = reply.add_perceived();
    out->set_at_ms(seen.at_ms);
    out->set_text(seen.text);
    if (seen.sequence > 0)
      out->set_event_id(event_log::event_id(host_.timeline().config().world, seen.sequence));
  }
  for (const auto* memory : minds_.newest_memories(mind, config_.limits.memories_shown))
    *reply.add_memories() = view_of(*memory);
}

void Views::show_conversations(const Mind& mind, pb::NpcMindReply& reply) const {
  // The newest first, as far as they fit: a mind that talks with many has megabytes of them.
  const std::string& npc = mind.who->id.str();
  const auto& held = minds_.conversations();
  auto players = held.players_of(npc);
  std::ranges::sort(players, std::ranges::greater(),
                    [&](const auto& player) { return held.last(npc, player)->id(); });
  for (const auto& player : players) {
    if (reply.ByteSizeLong() > config_.limits.mind_bytes_max) break;
    auto* conversation = reply.add_conversations();
    conversation->set_with(player);
    for (const auto& line : held.lines(npc, player)) {
      auto* out = conversation->add_lines();
      out->set_who(line.by_player() ? player : npc);
      out->set_by_player(line.by_player());
      out->set_talk(line.talk());
      out->set_text(line.text());
      out->set_at_ms(line.at_ms());
    }
  }
}

}  // namespace troupe::npc
