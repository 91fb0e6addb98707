#include "services/npc/witnesses.h"

#include <algorithm>

#include "base/words.h"
#include "services/npc/appraisal_rules.h"

namespace troupe::npc {

namespace {

constexpr std::int64_t kHourMs = 3'600'000;

// As memories and feelings call whoever did it.
std::string actor_of(const pb::VerbExecuted& event) {
  return event.kind() == "player" ? player_key(event.actor()) : event.actor();
}

}  // namespace

Witnesses::Witnesses(const Ground& ground, Minds& minds, Players& players, Day& day, Threats& threats,
                     Feelings& feelings, Memories& memories, Beliefs& beliefs)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      minds_(minds),
      players_(players),
      day_(day),
      threats_(threats),
      feelings_(feelings),
      memories_(memories),
      beliefs_(beliefs) {}

void Witnesses::mount() {
  host_.on(&Witnesses::on_verb, this);
  host_.on(&Witnesses::on_weather, this);
  host_.on(&Witnesses::on_phase, this);
}

void Witnesses::on_verb(Turn& turn, const EventContext& context, const pb::VerbExecuted& event) {
  const bool by_player = event.kind() == "player";
  const std::string actor = actor_of(event);
  std::vector<std::string> witnesses = {actor};
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead() || id == actor) continue;
    if (place_now(pack_, mind->record(), turn.now().ms) == context.place) witnesses.push_back(id);
  }
  for (auto& player : players_named(pack_, event.action())) {
    if (player != actor) witnesses.push_back(std::move(player));
  }
  for (const auto& id : witnesses) {
    Mind* mind = minds_.known(id);
    if (mind != nullptr && !mind->record().dead()) see(turn, *mind, context, event, witnesses);
  }
  hear(turn, context, event);
  for (const auto& change : event.relations()) {
    if (Mind* mind = minds_.known(change.npc())) {
      feelings_.shift(turn, *mind, by_player && change.towards() == event.actor() ? actor : change.towards(),
                      change.feeling(), change.by(), event.text());
    }
  }
  if (event.moved_to().empty()) return;
  if (by_player) {
    players_.moved(turn, event.actor(), event.moved_to());
  } else if (Mind* mind = minds_.known(actor)) {
    day_.go(turn, *mind, event.moved_to(), event.text());
  }
}

// What neighbours do all day is seen and forgotten; what touches oneself, what a player does and what raised
// feelings stays.
void Witnesses::see(Turn& turn, Mind& mind, const EventContext& context, const pb::VerbExecuted& event,
                    const std::vector<std::string>& witnesses) {
  const auto& tuning = config_.tuning;
  const auto now = turn.now().ms;
  const std::string& id = mind.record().id();
  const std::string actor = actor_of(event);
  minds_.perceive(mind, {.at_ms = now, .text = event.text(), .sequence = context.sequence, .news = true});
  feelings_.appraise(turn, mind, event, actor, target_of(pack_, event.action()));
  const bool involved =
      std::ranges::any_of(event.action().args(), [&](const auto& arg) { return arg.second == id; });
  double importance = event.kind() == "player" ? tuning.seen_of_players : tuning.seen_of_others;
  if (involved) importance += tuning.seen_involved;
  if (event.relations_size() > 0 || event.raised_size() > 0) importance += tuning.seen_moving;
  if (importance < tuning.seen_min || id == actor) return;
  if (is_repeated(minds_.newest_memories(mind, kRepeatedAmong), event.text(), now)) return;
  memories_.witness(turn, mind,
                    {.text = event.text(),
                     .at_ms = now,
                     .place = context.place,
                     .witnesses = witnesses,
                     .source = "seen",
                     .importance = std::min(1., importance)});
  note_news(turn, mind, context, event, witnesses);
}

void Witnesses::note_news(Turn& turn, Mind& mind, const EventContext& context, const pb::VerbExecuted& event,
                          const std::vector<std::string>& witnesses) {
  const auto* verb = pack_.verb(event.action().verb());
  if (verb == nullptr) return;
  const bool moved = event.relations_size() > 0 || event.raised_size() > 0;
  const double importance = news_of_deed(*verb, event.kind() == "player", moved);
  if (importance < BeliefLimits{}.news_least) return;
  const std::string target = target_of(pack_, event.action());
  beliefs_.see(turn, mind,
               {.subject = "deed:" + verb->id.str() + ":" + actor_of(event) + ":" + target,
                .text = event.text(),
                .importance = importance,
                .true_at_ms = turn.now().ms,
                .event = context.sequence,
                .about = witnesses});
}

// Facts that were told.
void Witnesses::hear(Turn& turn, const EventContext& context, const pb::VerbExecuted& event) {
  for (const auto& told : event.told()) {
    const auto* fact = pack_.fact(told.fact());
    Mind* mind = minds_.known(told.to());
    if (fact == nullptr || mind == nullptr) continue;
    memories_.witness(turn, *mind,
                      {.text = fact->text,
                       .at_ms = turn.now().ms,
                       .place = context.place,
                       .witnesses = {actor_of(event), told.to()},
                       .source = "told",
                       .importance = config_.tuning.told_importance});
    if (pack::knows(*fact, mind->who->id)) continue;
    const Mind* teller = minds_.known(actor_of(event));
    (void)beliefs_.hear(turn, *mind,
                        {.teller = actor_of(event),
                         .topic = {.fact = fact, .confidence = sure_of(fact->source)},
                         .trust = teller == nullptr ? 0 : beliefs_.listener(*teller, *mind, fact).trust});
  }
}

void Witnesses::mourn(Turn& turn, const Mind& dead, std::uint64_t sequence) {
  const auto now = turn.now().ms;
  const std::string text = texts_.seen.died.with({{"name", dead.who->name}});
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead() || place_now(pack_, mind->record(), now) != dead.record().place()) continue;
    minds_.perceive(*mind, {.at_ms = now, .text = text, .sequence = sequence, .news = true});
    memories_.witness(turn, *mind,
                      {.text = text,
                       .at_ms = now,
                       .place = dead.record().place(),
                       .witnesses = {dead.record().id(), id},
                       .source = "seen",
                       .importance = config_.tuning.death_importance});
    beliefs_.see(turn, *mind,
                 {.subject = "death:" + dead.record().id(),
                  .text = text,
                  .importance = config_.tuning.death_importance,
                  .true_at_ms = now,
                  .event = sequence});
    const double like = score(relation_or_default(*mind, dead.record().id()));
    if (like > 0)
      feelings_.feel(turn, *mind, pack::Mood::sad, std::min(1., config_.tuning.mourn_least + like), text);
  }
}

void Witnesses::on_weather(Turn& turn, const EventContext& context, const pb::WeatherSevere& event) {
  const auto& tuning = config_.tuning;
  const auto now = turn.now().ms;
  const auto text = texts_.seen.weather.with(
      {{"weather", sentence_case(with_article(pb::WeatherState_Name(event.state())))}});
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead()) continue;
    const auto* place = pack_.place(place_now(pack_, mind->record(), now));
    if (place == nullptr || place->region.str() != context.subject) continue;
    minds_.perceive(*mind, {.at_ms = now, .text = text, .sequence = context.sequence, .news = true});
    memories_.witness(turn, *mind,
                      {.text = text,
                       .at_ms = now,
                       .place = place->id.str(),
                       .source = "seen",
                       .importance = tuning.weather_importance});
    beliefs_.see(turn, *mind,
                 {.subject = std::string(kWeatherPrefix) + context.subject,
                  .text = text,
                  .importance = tuning.weather_importance,
                  .true_at_ms = now,
                  .event = context.sequence});
    if (const auto mood = mood_of_weather(mind->who->traits))
      feelings_.feel(turn, *mind, *mood, tuning.weather_mood, text);
    threats_.threaten(turn, *mind, std::string(kWeatherPrefix) + context.subject, tuning.weather_threat,
                      event.starts_at_ms() + tuning.storm_hours * kHourMs);
  }
}

void Witnesses::on_phase(Turn& turn, const EventContext& context, const pb::PhaseChanged& event) {
  const auto& seen = texts_.seen;
  const std::string texts[] = {"", seen.dawn.text(), seen.day.text(), seen.dusk.text(), seen.night.text()};
  for (const auto& [id, mind] : minds_.people()) {
    if (mind->record().dead()) continue;
    minds_.perceive(*mind, {.at_ms = turn.now().ms, .text = texts[event.to()], .sequence = context.sequence});
    if (event.to() == pb::DUSK) feelings_.brood(turn, *mind);
    if (event.to() == pb::DAWN) feelings_.fade_feelings(turn, *mind);
  }
}

}  // namespace troupe::npc
