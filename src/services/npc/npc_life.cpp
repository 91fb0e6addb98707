// The day of a person: routine, walking, reflex, what they perceive and how they feel about it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/steady.h"
#include "base/text.h"
#include "base/words.h"
#include "pack/query.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"
#include "services/npc/relation_rules.h"
#include "troupe/v1/state.pb.h"

namespace troupe {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;

pack::Clock clock_of(std::int64_t now_ms) { return {static_cast<int>(now_ms % kDayMs / 60'000)}; }

// When this entry of the routine ends.
std::int64_t next_entry_ms(const pack::RoutineEntry& entry, std::int64_t now_ms) {
  const std::int64_t day = now_ms - now_ms % kDayMs;
  std::int64_t from = day + std::int64_t{entry.from.minute} * 60'000;
  if (from > now_ms) from -= kDayMs;
  return from + std::int64_t{entry.minutes} * 60'000;
}

}  // namespace

void NpcService::genesis(Turn& turn) {
  for (auto& [id, mind] : minds_) begin(turn, *mind);
}

void NpcService::begin(Turn& turn, Mind& mind) {
  const std::string id = mind.who->id.str();
  auto& record = mind.record;
  record.set_id(id);
  record.set_place(mind.who->starts_at.str());
  record.set_mood("calm");
  record.set_goals_decayed_ms(turn.now().ms);
  for (const auto& relation : mind.who->relations) (void)relation_of(mind, relation.to.str());
  for (const auto& goal : mind.who->goals) {
    auto* kept = record.add_goals();
    kept->set_id(goal.id);
    kept->set_priority(goal.priority);
  }
  follow_routine(turn, mind);
  // Spread over the first half hour, so that not everybody thinks at once.
  const auto first = turn.draw("npc", id).below(30 * 60'000, 0);
  turn.schedule("npc", "think:" + id, turn.now() + GameSpan{static_cast<std::int64_t>(first)});
  GameTime tonight = GameTime{turn.now().ms - turn.now().ms % kDayMs} + game_hours(22);
  if (tonight < turn.now()) tonight = tonight + game_days(1);
  turn.schedule("npc", "reflect:" + id, tonight);
}

void NpcService::on_timer(Turn& turn, const std::string& key, const std::string&) {
  const auto colon = key.find(':');
  const std::string what = key.substr(0, colon);
  const auto found = minds_.find(key.substr(colon + 1));
  if (found == minds_.end()) return;
  Mind& mind = *found->second;
  auto& record = mind.record;
  if (record.dead()) return;
  if (what == "arrive") {
    record.set_place(record.path(record.path_size() - 1));
    record.clear_path();
    pb::NpcArrived event;
    event.set_npc(record.id());
    event.set_place(record.place());
    event.set_activity(record.activity());
    turn.emit(event, {.subject = record.id(), .place = record.place()});
    tell_place(turn, mind);
    save(turn, mind);
  } else if (what == "routine") {
    if (turn.now().ms >= record.busy_until_ms()) {
      follow_routine(turn, mind);
    } else {
      turn.schedule("npc", "done:" + record.id(), GameTime{record.busy_until_ms()});
    }
  } else if (what == "done") {
    record.clear_talking_to();
    record.set_busy_until_ms(0);
    // Who set out for somewhere by their own choice arrives first.
    if (record.path_size() < 2 || record.intent() == "talk") follow_routine(turn, mind);
    save(turn, mind);
  } else if (what == "giveup") {
    // The answer never came (a crash, a lost engine): the question is closed, life goes on.
    record.set_asking(0);
    save(turn, mind);
  } else if (what == "safe") {
    auto& threats = *record.mutable_threats();
    for (int i = threats.size(); i-- > 0;) {
      if (threats.Get(i).until_ms() <= turn.now().ms) threats.DeleteSubrange(i, 1);
    }
    for (const auto& threat : threats)
      turn.schedule("npc", "safe:" + record.id(), GameTime{threat.until_ms()});
    sense(turn, mind, present_players());
    save(turn, mind);
  } else if (what == "think") {
    think(turn, mind);
  } else if (what == "reflect") {
    reflect(turn, mind);
    turn.schedule("npc", "reflect:" + record.id(), turn.now() + game_days(1));
  }
}

void NpcService::follow_routine(Turn& turn, Mind& mind) {
  if (mind.record.dead()) return save(turn, mind);
  const auto& entry = pack::routine_at(*mind.who, clock_of(turn.now().ms));
  turn.schedule("npc", "routine:" + mind.record.id(), GameTime{next_entry_ms(entry, turn.now().ms)});
  const std::string reason = "it is " + pack::clock_text(clock_of(turn.now().ms)) + ": " + entry.activity;
  const bool elsewhere = mind.record.path_size() > 0 || mind.record.place() != entry.place.str();
  set_intent(turn, mind, entry.verb.empty() ? "routine" : entry.verb.str(), entry.activity, reason, "routine",
             {}, elsewhere);
  const std::string heading =
      mind.record.path_size() > 0 ? mind.record.path(mind.record.path_size() - 1) : mind.record.place();
  if (heading != entry.place.str()) go(turn, mind, entry.place.str(), entry.activity);
  save(turn, mind);
}

void NpcService::go(Turn& turn, Mind& mind, const std::string& place, const std::string& reason) {
  auto& record = mind.record;
  const auto journey = npc::plan_journey(pack_, record, place, turn.now().ms);
  if (journey.path.empty()) return;
  record.set_place(journey.path.front());
  record.mutable_path()->Assign(journey.path.begin(), journey.path.end());
  record.set_departs_ms(journey.departs_ms);
  record.set_arrives_ms(journey.arrives_ms);
  turn.schedule("npc", "arrive:" + record.id(), GameTime{journey.arrives_ms});
  pb::NpcMoved event;
  event.set_npc(record.id());
  event.set_from(journey.path.front());
  event.set_to(place);
  event.mutable_path()->Assign(journey.path.begin(), journey.path.end());
  event.set_departs_ms(journey.departs_ms);
  event.set_arrives_ms(journey.arrives_ms);
  event.set_reason(reason);
  if (journey.path.size() > 1) event.set_towards(journey.path[1]);
  turn.emit(event, {.subject = record.id(), .place = journey.path.front()});
  save(turn, mind);
}

void NpcService::set_intent(Turn& turn, Mind& mind, std::string intent, std::string activity,
                            std::string reason, std::string tier, std::string scene, bool elsewhere) {
  auto& record = mind.record;
  const bool same = record.intent() == intent && record.activity() == activity;
  record.set_intent(std::move(intent));
  record.set_scene(scene.empty() ? activity : std::move(scene));
  record.set_activity(std::move(activity));
  record.set_reason(std::move(reason));
  record.set_tier(std::move(tier));
  if (same) return;
  pb::IntentChanged event;
  event.set_npc(record.id());
  event.set_intent(record.intent());
  event.set_activity(record.activity());
  event.set_reason(record.reason());
  event.set_tier(record.tier());
  // What somebody sets out to do elsewhere is nobody's to see yet; NpcArrived tells it there.
  turn.emit(event, {.subject = record.id(),
                    .place = npc::place_now(pack_, record, turn.now().ms),
                    .audience = elsewhere ? Audience::operators() : Audience::by_type()});
}

Result<pb::NpcInputReply> NpcService::whereabouts(Turn& turn, const Caller& caller,
                                                  const pb::NpcInputRequest& request) {
  const std::string name = caller.player_or_self(request.player());
  TRY_VOID(check_player(name));
  if (!std::isfinite(request.x()) || !std::isfinite(request.y()) || std::abs(request.x()) > 1e6 ||
      std::abs(request.y()) > 1e6) {
    return fail(Code::invalid_argument, "npc.bad_position", "x and y are metres within a million");
  }
  if (!request.typing_to().empty()) TRY_VOID(find(request.typing_to()));
  const auto step = player_step(turn, caller, name, {request.x(), request.y()});
  const auto& place = npc::nearest_place(pack_, step.at.x, step.at.y);
  pb::NpcInputReply reply;
  reply.set_place(place.id.str());
  reply.set_x(step.at.x);
  reply.set_y(step.at.y);
  reply.set_held(step.held);
  const auto now = turn.now().ms;
  for (const auto& [id, mind] : minds_) {
    if (mind->record.dead()) continue;
    const auto at = npc::position(pack_, mind->record, now);
    if (steady_distance(at.x - step.at.x, at.y - step.at.y) < config_.limits.interest_m) reply.add_near(id);
  }
  const auto known = players_.find(name);
  if (known == players_.end()) TRY_VOID(make_room(turn));
  pb::PlayerRecord next;
  next.set_player(name);
  // Half metres: what nobody can see is not history.
  next.set_x(step.at.x);
  next.set_y(step.at.y);
  next.set_place(place.id.str());
  next.set_armed(known != players_.end() && known->second.armed());
  next.set_looked_at(request.looked_at());
  next.set_typing_to(request.typing_to());
  const std::int64_t refresh_ms = turn.clock().span_of(std::chrono::seconds(20)).ms;
  if (known != players_.end()) {
    next.set_seen_ms(known->second.seen_ms());
    const bool same = next.SerializeAsString() == known->second.SerializeAsString();
    if (same && now - known->second.seen_ms() < refresh_ms) return reply;
  }
  const bool moved = known == players_.end() || known->second.place() != next.place();
  next.set_seen_ms(now);
  keep_player(turn, next);
  if (moved) {
    pb::StateGetRequest get;
    get.set_kind("player");
    get.set_id(name);
    if (turn.call<pb::StateDocument>(as_self(), get)) {
      pb::StatePatchRequest patch;
      patch.set_kind("player");
      patch.set_id(name);
      (*patch.mutable_patch()->mutable_fields())["place"].set_string_value(next.place());
      (void)turn.call<pb::StateDocument>(as_self(), patch);
      read_player(turn, name);  // whether they are armed
    } else {
      pb::StatePutRequest put;
      put.set_kind("player");
      put.set_id(name);
      auto& fields = *put.mutable_document()->mutable_fields();
      fields["place"].set_string_value(next.place());
      fields["money"].set_number_value(0);
      fields["items"].mutable_struct_value();
      (void)turn.call<pb::StateDocument>(as_self(), put);
    }
  }
  return reply;
}

void NpcService::perceive(Mind& mind, std::int64_t at_ms, const std::string& text, std::uint64_t sequence) {
  mind.perceived.push_front({at_ms, text, sequence});
  if (mind.perceived.size() > config_.limits.perceptions_max) mind.perceived.pop_back();
}

void NpcService::on_verb(Turn& turn, const EventContext& context, const pb::VerbExecuted& event) {
  const bool by_player = event.kind() == "player";
  const std::string actor = by_player ? player_key(event.actor()) : event.actor();
  const auto now = turn.now().ms;
  std::vector<std::string> witnesses = {actor};
  for (const auto& [id, mind] : minds_) {
    if (mind->record.dead() || id == actor) continue;
    if (npc::place_now(pack_, mind->record, now) == context.place) witnesses.push_back(id);
  }
  for (auto& player : npc::players_named(pack_, event.action())) {
    if (player != actor) witnesses.push_back(std::move(player));
  }
  const std::string target = npc::target_of(pack_, event.action());
  for (const auto& id : witnesses) {
    const auto found = minds_.find(id);
    if (found == minds_.end() || found->second->record.dead()) continue;
    Mind& mind = *found->second;
    perceive(mind, now, event.text(), context.sequence);
    appraise(turn, mind, event, actor, target);
    const bool involved =
        std::ranges::any_of(event.action().args(), [&](const auto& arg) { return arg.second == id; });
    const bool own = id == actor;
    // What neighbours do all day is seen and forgotten; what touches oneself, what a player does and what
    // raised feelings stays.
    double importance = by_player ? .5 : .2;
    if (involved) importance += .2;
    if (event.relations_size() > 0 || event.raised_size() > 0) importance += .2;
    if (importance >= .4 && !own && !npc::is_repeated(mind.memories, event.text(), now)) {
      (void)remember(turn, mind,
                     {.text = event.text(),
                      .at_ms = now,
                      .place = context.place,
                      .witnesses = witnesses,
                      .source = "seen",
                      .importance = std::min(1., importance)});
    }
  }
  for (const auto& told : event.told()) {
    const auto* fact = pack_.fact(told.fact());
    const auto found = minds_.find(told.to());
    if (fact == nullptr || found == minds_.end()) continue;
    (void)remember(turn, *found->second,
                   {.text = fact->text,
                    .at_ms = now,
                    .place = context.place,
                    .witnesses = {actor, told.to()},
                    .source = "told",
                    .importance = .6});
  }
  for (const auto& change : event.relations()) {
    if (const auto found = minds_.find(change.npc()); found != minds_.end()) {
      shift_feeling(turn, *found->second,
                    by_player && change.towards() == event.actor() ? actor : change.towards(),
                    change.feeling(), change.by(), event.text());
    }
  }
  if (by_player && !event.moved_to().empty()) player_moved(turn, event.actor(), event.moved_to());
  if (!by_player && !event.moved_to().empty()) {
    if (const auto found = minds_.find(actor); found != minds_.end())
      go(turn, *found->second, event.moved_to(), event.text());
  }
}

pb::RelationRecord NpcService::relation_or_default(const Mind& mind, const std::string& to) const {
  for (const auto& relation : mind.record.relations()) {
    if (relation.to() == to) return relation;
  }
  const auto& strangers = pack::relation_to(*mind.who, to);
  pb::RelationRecord relation;
  relation.set_to(to);
  if (!strangers.to.empty()) relation.set_note(strangers.note);
  relation.set_trust(strangers.trust);
  relation.set_fear(strangers.fear);
  relation.set_respect(strangers.respect);
  relation.set_disgust(strangers.disgust);
  relation.set_affection(strangers.affection);
  relation.set_anger(strangers.anger);
  return relation;
}

pb::RelationRecord& NpcService::relation_of(Mind& mind, const std::string& to) const {
  for (auto& relation : *mind.record.mutable_relations()) {
    if (relation.to() == to) return relation;
  }
  auto* relation = mind.record.add_relations();
  *relation = relation_or_default(mind, to);
  return *relation;
}

}  // namespace troupe
