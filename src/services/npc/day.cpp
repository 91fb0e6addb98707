#include "services/npc/day.h"

#include "pack/query.h"
#include "services/npc/timers.h"
#include "troupe/v1/state.pb.h"

namespace troupe::npc {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMinuteMs = 60'000;

// When this entry of the routine ends.
std::int64_t next_entry_ms(const pack::RoutineEntry& entry, std::int64_t now_ms) {
  const std::int64_t day = now_ms - now_ms % kDayMs;
  std::int64_t from = day + std::int64_t{entry.from.minute} * kMinuteMs;
  if (from > now_ms) from -= kDayMs;
  return from + std::int64_t{entry.minutes} * kMinuteMs;
}

}  // namespace

pack::Clock clock_at(std::int64_t now_ms) { return {static_cast<int>(now_ms % kDayMs / kMinuteMs)}; }

void Day::begin(Turn& turn, Mind& mind) {
  const std::string id = mind.who->id.str();
  auto& record = minds_.edit(turn, mind);
  record.set_place(mind.who->starts_at.str());
  record.set_mood("calm");
  record.set_goals_decayed_ms(turn.now().ms);
  for (const auto& relation : mind.who->relations) (void)relation_in(record, *mind.who, relation.to.str());
  for (const auto& goal : mind.who->goals) {
    auto* kept = record.add_goals();
    kept->set_id(goal.id);
    kept->set_priority(goal.priority);
  }
  follow_routine(turn, mind);
  // Spread, so that not everybody thinks at once.
  const auto spread = static_cast<std::uint64_t>(config_.tuning.first_minutes * kMinuteMs);
  const auto first = turn.draw("npc", id).below(spread, 0);
  schedule(turn, Timer::think, id, turn.now() + GameSpan{static_cast<std::int64_t>(first)});
  GameTime tonight =
      GameTime{turn.now().ms - turn.now().ms % kDayMs} + game_hours(config_.tuning.reflect_hour);
  if (tonight < turn.now()) tonight = tonight + game_days(1);
  schedule(turn, Timer::reflect, id, tonight);
}

void Day::follow_routine(Turn& turn, Mind& mind) {
  const auto& record = mind.record();
  if (record.dead()) return;
  const auto clock = clock_at(turn.now().ms);
  const auto& entry = pack::routine_at(*mind.who, clock);
  schedule(turn, Timer::routine, record.id(), GameTime{next_entry_ms(entry, turn.now().ms)});
  take_up(turn, mind,
          {.intent = entry.verb.empty() ? "routine" : entry.verb.str(),
           .activity = entry.activity,
           .reason =
               texts_.reason.routine.with({{"clock", pack::clock_text(clock)}, {"activity", entry.activity}}),
           .tier = "routine",
           .elsewhere = record.path_size() > 0 || record.place() != entry.place.str()});
  const std::string heading = record.path_size() > 0 ? record.path(record.path_size() - 1) : record.place();
  if (heading != entry.place.str()) go(turn, mind, entry.place.str(), entry.activity);
}

void Day::go(Turn& turn, Mind& mind, const std::string& place, const std::string& reason) {
  const auto journey = plan_journey(pack_, mind.record(), place, turn.now().ms);
  if (journey.path.empty()) return;
  auto& record = minds_.edit(turn, mind);
  record.set_place(journey.path.front());
  record.mutable_path()->Assign(journey.path.begin(), journey.path.end());
  record.set_departs_ms(journey.departs_ms);
  record.set_arrives_ms(journey.arrives_ms);
  schedule(turn, Timer::arrive, record.id(), GameTime{journey.arrives_ms});
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
}

void Day::arrive(Turn& turn, Mind& mind) {
  auto& record = minds_.edit(turn, mind);
  record.set_place(record.path(record.path_size() - 1));
  record.clear_path();
  announce_place(turn, mind);
  tell_state(turn, mind);
}

void Day::announce_place(Turn& turn, const Mind& mind) const {
  const auto& record = mind.record();
  pb::NpcArrived event;
  event.set_npc(record.id());
  event.set_place(record.place());
  event.set_activity(record.activity());
  turn.emit(event, {.subject = record.id(), .place = record.place()});
}

void Day::tell_state(Turn& turn, const Mind& mind) const {
  pb::StatePatchRequest patch;
  patch.set_kind("npc");
  patch.set_id(mind.record().id());
  (*patch.mutable_patch()->mutable_fields())["place"].set_string_value(mind.record().place());
  (void)turn.call<pb::StateDocument>(as_npc(turn.world()), patch);
}

void Day::take_up(Turn& turn, Mind& mind, Doing doing) const {
  auto& record = minds_.edit(turn, mind);
  const bool same = record.intent() == doing.intent && record.activity() == doing.activity;
  record.set_intent(std::move(doing.intent));
  record.set_scene(doing.scene.empty() ? doing.activity : std::move(doing.scene));
  record.set_activity(std::move(doing.activity));
  record.set_reason(std::move(doing.reason));
  record.set_tier(std::move(doing.tier));
  if (same) return;
  pb::IntentChanged event;
  event.set_npc(record.id());
  event.set_intent(record.intent());
  event.set_activity(record.activity());
  event.set_reason(record.reason());
  event.set_tier(record.tier());
  // What somebody sets out to do elsewhere is nobody's to see yet; NpcArrived tells it there.
  turn.emit(event, {.subject = record.id(),
                    .place = place_now(pack_, record, turn.now().ms),
                    .audience = doing.elsewhere ? Audience::operators() : Audience::by_type()});
}

}  // namespace troupe::npc
