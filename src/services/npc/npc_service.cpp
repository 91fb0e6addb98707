// Wiring, and what others see of people.
#include "services/npc/npc_service.h"

#include <algorithm>

#include "base/text.h"
#include "host/audience.h"
#include "services/npc/appraisal_rules.h"
#include "services/npc/mind.h"
#include "troupe/v1/state.pb.h"

namespace troupe {

NpcService::NpcService(const pack::Pack& pack, Host& host, NpcConfig config)
    : pack_(pack),
      host_(host),
      config_(std::move(config)),
      acts_(host.metrics().counter("troupe_npc_acts_total", "Ticks of each person's reflex layer")) {
  host.metrics()
      .gauge("troupe_npc_people", "People of the world")
      .set(static_cast<double>(pack_.npcs.size()));
  for (const auto& who : pack_.npcs) {
    auto mind = std::make_unique<Mind>();
    mind->who = &who;
    mind->strategy = npc::strategy_of(pack_, who);
    minds_.emplace(who.id.str(), std::move(mind));
  }
}

NpcService::~NpcService() = default;

void NpcService::mount() {
  Host& host = host_;
  const auto* self = static_cast<const NpcService*>(this);
  host.serve(&NpcService::list, self);
  host.serve(&NpcService::get, self);
  host.serve(&NpcService::mind, self);
  host.serve(&NpcService::relation, self);
  host.serve(&NpcService::decision, this);
  host.serve(&NpcService::talk, this);
  host.serve(&NpcService::prompt, this);
  host.serve(&NpcService::talk_begin, this);
  host.serve(&NpcService::talk_end, this);
  host.serve(&NpcService::thinking, this);
  host.serve(&NpcService::chosen, this);
  host.serve(&NpcService::remember_rpc, this);
  host.serve(&NpcService::recall_rpc, this);
  host.serve(&NpcService::embedded, this);
  host.serve(&NpcService::memories, self);
  host.serve(&NpcService::forget, this);
  host.serve(&NpcService::input, this);
  host.serve(&NpcService::move, this);
  host.serve(&NpcService::die, this);
  host.on(&NpcService::on_verb, this);
  host.on(&NpcService::on_weather, this);
  host.on(&NpcService::on_phase, this);
  host.on(&NpcService::on_day, this);
  host.on(&NpcService::on_scale, this);
  host.on(&NpcService::on_player_state, this);
  host.on(&NpcService::on_gone, this);
  host.on(&NpcService::reflected, this);
  auto& timeline = host.timeline();
  timeline.add_migrations(npc_store::migrations());
  for (const auto& [table, order] : npc_store::tables()) timeline.add_table(table, order);
  timeline.add_timer_handler("npc", [this](Turn& turn, const std::string& key, const std::string& payload) {
    on_timer(turn, key, payload);
  });
  timeline.add_tick([this](Turn& turn) { tick(turn); });
  timeline.add_genesis([this](Turn& turn) { genesis(turn); });
  timeline.add_pack_hook(
      "npc", [this](Turn& turn, const pb::PackChanged& change) { on_pack_changed(turn, change); });
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
}

Caller NpcService::as_self(const std::string& trace) const {
  return Caller{
      .name = "npc", .role = pb::ROLE_SERVICE, .world = host_.timeline().config().world, .trace = trace};
}

Result<NpcService::Mind*> NpcService::find(const std::string& npc) const {
  if (const auto found = minds_.find(npc); found != minds_.end()) return found->second.get();
  if (npc.empty()) return fail(Code::invalid_argument, "npc.missing", "npc must name somebody");
  const auto ids = pack_.npc_ids();
  return fail(Code::not_found, "npc.unknown",
              "no NPC '" + std::string(utf8_prefix(npc, 60)) + "' here" + did_you_mean(npc, ids));
}

pb::NpcView NpcService::view(const Mind& mind) const {
  const auto now = host_.timeline().now().ms;
  const auto at = npc::position(pack_, mind.record, now);
  pb::NpcView view;
  view.set_id(mind.who->id.str());
  view.set_name(mind.who->name);
  view.set_role(mind.who->role);
  view.set_place(npc::place_now(pack_, mind.record, now));
  view.set_x(at.x);
  view.set_y(at.y);
  view.set_activity(mind.record.activity());
  view.set_intent(mind.record.intent());
  view.set_reason(mind.record.reason());
  view.set_mood(mind.record.mood());
  view.set_walking(mind.record.path_size() >= 2);
  view.set_look(mind.who->look);
  view.set_tier(mind.record.tier());
  view.set_reflex(std::string(npc::reflex_name(mind.reflex())));
  view.set_looks_at(mind.record.looks_at());
  view.set_dead(mind.record.dead());
  return view;
}

std::string NpcService::place_of(const Caller& caller) const {
  if (sees_everything(caller.role)) return {};
  pb::StateGetRequest ask;
  ask.set_kind("player");
  ask.set_id(caller.name);
  pb::StateDocument document;
  const auto bytes = host_.timeline().query(as_self(), pb::StateGetRequest::descriptor()->full_name(),
                                            ask.SerializeAsString());
  // A newcomer is where newcomers arrive, as for verbs.
  if (!bytes || !document.ParseFromString(*bytes)) return pack_.world.arrival.str();
  const auto place = document.document().fields().find("place");
  return place == document.document().fields().end() ? pack_.world.arrival.str()
                                                     : place->second.string_value();
}

pb::NpcView NpcService::view_for(const Caller& caller, const Mind& mind, const std::string& caller_at) const {
  auto seen = view(mind);
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

Result<pb::NpcListReply> NpcService::list(const Caller& caller, const pb::NpcListRequest&) const {
  pb::NpcListReply reply;
  const std::string at = place_of(caller);
  for (const auto& [id, mind] : minds_) *reply.add_npcs() = view_for(caller, *mind, at);
  return reply;
}

Result<pb::NpcView> NpcService::get(const Caller& caller, const pb::NpcGetRequest& request) const {
  TRY(const Mind* mind, find(request.npc()));
  return view_for(caller, *mind, place_of(caller));
}

Result<pb::NpcRelationReply> NpcService::relation(const Caller& caller,
                                                  const pb::NpcRelationRequest& request) const {
  if (caller.role != pb::ROLE_SERVICE)
    return fail(Code::permission_denied, "rpc.role", "only the server itself asks this");
  TRY(const Mind* mind, find(request.npc()));
  pb::NpcRelationReply reply;
  const auto relation = relation_or_default(*mind, request.towards());
  const auto mood = npc::mood_of(mind->record);
  const double strength = npc::mood_now(mind->record, host_.timeline().now().ms);
  reply.set_value(npc::feeling(relation, request.feeling()));
  reply.set_price_factor(npc::price_factor(relation, mood, strength));
  reply.set_confidence(npc::confidence(relation, mood, strength));
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
  out.set_score(npc::score(r));
  out.set_note(r.note());
}

}  // namespace

Result<pb::NpcMindReply> NpcService::mind(const Caller&, const pb::NpcMindRequest& request) const {
  constexpr std::size_t kMemoriesShown = 50;
  constexpr std::size_t kMindBytesMax = 128 * 1024;
  TRY(const Mind* mind, find(request.npc()));
  pb::NpcMindReply reply;
  *reply.mutable_view() = view(*mind);
  for (const auto& seen : mind->perceived) {
    auto* out = reply.add_perceived();
    out->set_at_ms(seen.at_ms);
    out->set_text(seen.text);
    if (seen.sequence > 0)
      out->set_event_id(event_log::event_id(host_.timeline().config().world, seen.sequence));
  }
  const std::size_t first =
      mind->memories.size() > kMemoriesShown ? mind->memories.size() - kMemoriesShown : 0;
  for (std::size_t i = mind->memories.size(); i > first; --i) {
    const auto& memory = mind->memories[i - 1];
    auto* out = reply.add_memories();
    out->set_id("m-" + std::to_string(memory.id));
    out->set_text(memory.text);
    out->set_at_ms(memory.at_ms);
    out->set_place(memory.place);
    out->mutable_witnesses()->Assign(memory.witnesses.begin(), memory.witnesses.end());
    out->set_source(memory.source);
    out->set_importance(memory.importance);
  }
  for (const auto& relation : mind->record.relations()) fill(*reply.add_relations(), relation);
  for (const auto& goal : mind->who->goals) {
    auto* out = reply.add_goals();
    out->set_id(goal.id);
    out->set_text(goal.text);
    out->set_priority(goal.priority);
    for (const auto& kept : mind->record.goals()) {
      if (kept.id() == goal.id) out->set_priority(kept.priority());
    }
  }
  reply.set_intent(mind->record.intent());
  for (const auto& decision : mind->decisions) *reply.add_decisions() = decision;
  // The newest first, as far as they fit: a mind that talks with many has megabytes of them.
  std::vector<const std::string*> players;
  for (const auto& [player, held] : mind->conversations) {
    if (!held.lines.empty()) players.push_back(&player);
  }
  std::ranges::sort(players, std::ranges::greater(),
                    [&](const auto* player) { return mind->conversations.at(*player).lines.back().id; });
  for (const auto* name : players) {
    if (reply.ByteSizeLong() > kMindBytesMax) break;
    const auto& player = *name;
    const auto& held = mind->conversations.at(player);
    auto* conversation = reply.add_conversations();
    conversation->set_with(player);
    for (const auto& line : held.lines) {
      auto* out = conversation->add_lines();
      out->set_who(line.by_player ? player : mind->who->id.str());
      out->set_by_player(line.by_player);
      out->set_talk(line.talk);
      out->set_text(line.text);
      out->set_at_ms(line.at_ms);
    }
  }
  for (const auto& fact : pack_.facts) {
    if (pack::knows(fact, mind->who->id)) reply.add_knows(fact.id.str());
  }
  return reply;
}

Task<pb::Decision> NpcService::decision(Caller, pb::NpcDecisionRequest request) {
  const auto found = std::make_shared<pb::Decision>();
  CO_TRY_VOID(
      co_await host_.timeline().db().read([found, id = request.id()](db::Reader& reader) -> Result<void> {
        TRY(const auto rows, reader.query("select record from npc_decisions where id = $1", db::Values{id}));
        if (rows.empty())
          return fail(Code::not_found, "npc.unknown_decision", "no decision '" + id + "' is kept");
        found->ParseFromString(rows[0].blob(0));
        return {};
      }));
  co_return *found;
}

}  // namespace troupe
