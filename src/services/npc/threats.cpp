#include "services/npc/threats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/steady.h"
#include "pack/query.h"
#include "services/npc/timers.h"

namespace troupe::npc {

namespace {

bool is_weather(const std::string& source) { return source.starts_with(kWeatherPrefix); }

bool in_danger(Reflex one) {
  using enum Reflex;
  return one == dodge || one == attack || one == defend || one == flee;
}

}  // namespace

// What somebody notices at one look.
struct Threats::Sensed {
  Surroundings around;
  double nearest_squared = std::numeric_limits<double>::infinity();  // metres, of a player
  std::string nearest_player;
  std::string threat_from;

  void threatened(double metres, const std::string& from, bool storm) {
    if (metres >= static_cast<double>(around.threat_m)) return;
    around.threat_m = static_cast<float>(metres);
    around.storm = storm;
    threat_from = from;
  }
};

Threats::Threats(const Ground& ground, Minds& minds, const Players& players, Day& day)
    : pack_(ground.pack),
      host_(ground.host),
      config_(ground.config),
      texts_(ground.texts),
      minds_(minds),
      players_(players),
      day_(day),
      acts_(host_.metrics().counter("troupe_npc_acts_total", "Ticks of each person's reflex layer")) {}

void Threats::mount() {
  host_.timeline().add_tick([this](Turn& turn) { tick(turn); });
}

// Where somebody is just now; none: nobody can say (a player who never said so).
std::optional<Position> Threats::position_of(const std::string& key, std::int64_t now_ms) const {
  if (is_player_key(key)) {
    const auto* player = players_.known().find(player_of(key));
    if (player == nullptr) return std::nullopt;
    return Position{player->x(), player->y()};
  }
  const auto mind = minds_.people().find(key);
  if (mind == minds_.people().end() || mind->second->record().dead()) return std::nullopt;
  return position(pack_, mind->second->record(), now_ms);
}

void Threats::threaten_by_deed(Turn& turn, Mind& mind, const std::string& actor, double level) {
  if (level < config_.tuning.threat_min) return;
  threaten(turn, mind, actor, level, turn.now().ms + real_ms(turn.clock(), config_.tuning.threat_real));
}

void Threats::threaten(Turn& turn, Mind& mind, const std::string& source, double level,
                       std::int64_t until_ms) {
  auto& threats = *minds_.edit(turn, mind).mutable_threats();
  auto* kept = [&]() -> pb::ThreatRecord* {
    for (auto& threat : threats) {
      if (threat.source() == source) return &threat;
    }
    return nullptr;
  }();
  if (kept == nullptr) {
    if (threats.size() >= static_cast<int>(config_.limits.threats_max)) threats.erase(threats.begin());
    kept = threats.Add();
    kept->set_source(source);
  }
  kept->set_level(std::max(kept->level(), level));
  kept->set_place(place_now(pack_, mind.record(), turn.now().ms));
  kept->set_until_ms(std::max(kept->until_ms(), until_ms));
  schedule(turn, Timer::safe, mind.record().id(), GameTime{kept->until_ms()});
  sense(turn, mind, players_.present());
}

void Threats::calm_down(Turn& turn, Mind& mind) {
  auto& threats = *minds_.edit(turn, mind).mutable_threats();
  for (int i = threats.size(); i-- > 0;) {
    if (threats.Get(i).until_ms() <= turn.now().ms) threats.DeleteSubrange(i, 1);
  }
  for (const auto& threat : threats)
    schedule(turn, Timer::safe, mind.record().id(), GameTime{threat.until_ms()});
  sense(turn, mind, players_.present());
}

void Threats::count_anew(Turn& turn, Mind& mind) const {
  for (auto& threat : *minds_.edit(turn, mind).mutable_threats()) {
    if (is_weather(threat.source())) continue;
    threat.set_until_ms(turn.now().ms + real_ms(turn.clock(), config_.tuning.threat_real));
    schedule(turn, Timer::safe, mind.record().id(), GameTime{threat.until_ms()});
  }
}

Threats::Sensed Threats::look_around(const Mind& mind, const std::vector<const pb::PlayerRecord*>& present,
                                     std::int64_t now_ms) const {
  const auto& tuning = config_.tuning;
  const auto& record = mind.record();
  const auto at = position(pack_, record, now_ms);
  Sensed sensed{.around = {.strategy = mind.strategy, .walking = record.path_size() >= 2}};
  auto& around = sensed.around;
  for (const auto* player : present) {
    const double dx = player->x() - at.x;
    const double dy = player->y() - at.y;
    const double squared = dx * dx + dy * dy;
    if (squared < sensed.nearest_squared) {
      sensed.nearest_squared = squared;
      sensed.nearest_player = player->player();
    }
    around.looked_at |= player->looked_at() == record.id();
    around.spoken_to |= player->typing_to() == record.id();
    if (player->armed() && squared < tuning.weapon_m * tuning.weapon_m &&
        relation_or_default(mind, player_key(player->player())).trust() < tuning.trusted_armed) {
      sensed.threatened(std::sqrt(squared), player_key(player->player()), false);
    }
  }
  around.player_m = std::min(around.player_m, static_cast<float>(std::sqrt(sensed.nearest_squared)));
  around.spoken_to |= !record.talking_to().empty();
  for (const auto& threat : record.threats()) {
    if (threat.until_ms() <= now_ms) continue;
    if (is_weather(threat.source())) {
      const auto* place = pack_.place(place_now(pack_, record, now_ms));
      const bool exposed = place != nullptr && !place->indoors &&
                           threat.source() == std::string(kWeatherPrefix) + place->region.str();
      if (exposed) sensed.threatened(tuning.storm_m, threat.source(), true);
      continue;
    }
    const auto from = position_of(threat.source(), now_ms);
    const auto* there = pack_.place(threat.place());
    if (from) {
      sensed.threatened(steady_distance(from->x - at.x, from->y - at.y), threat.source(), false);
    } else if (there != nullptr) {  // a player who only acts and never says where they stand
      sensed.threatened(steady_distance(there->x - at.x, there->y - at.y), threat.source(), false);
    }
  }
  if (!sensed.threat_from.empty() && !around.storm && around.strategy != Strategy::aggressive &&
      relation_or_default(mind, sensed.threat_from).fear() > tuning.cowed) {
    around.strategy = Strategy::retreat;
  }
  return sensed;
}

// Looks about and reacts.
void Threats::sense(Turn& turn, Mind& mind, const std::vector<const pb::PlayerRecord*>& present) {
  const auto& record = mind.record();
  const auto sensed = look_around(mind, present, turn.now().ms);
  const auto reflex = npc::react(sensed.around);
  const bool near_player = reflex == Reflex::interact && !sensed.nearest_player.empty();
  if (reflex != mind.reflex())
    react(turn, mind, reflex, near_player ? player_key(sensed.nearest_player) : sensed.threat_from);
  // Who comes before a player's eyes thinks at once, not when their quiet hour is over.
  const bool in_sight = sensed.nearest_squared <= config_.limits.interest_m * config_.limits.interest_m;
  if (in_sight && !record.watched()) {
    minds_.edit(turn, mind).set_watched(true);
    schedule(turn, Timer::think, record.id(),
             turn.now() + GameSpan{real_ms(turn.clock(), config_.tuning.noticed_real)});
  }
}

void Threats::react(Turn& turn, Mind& mind, Reflex reflex, const std::string& target) {
  auto& record = minds_.edit(turn, mind);
  const auto before = mind.reflex();
  const std::string name(reflex_name(reflex));
  const auto place = place_now(pack_, record, turn.now().ms);
  record.set_reflex(name);
  pb::NpcReflex event;
  event.set_npc(record.id());
  event.set_reflex(name);
  event.set_target(target);
  event.set_place(place);
  turn.emit(event, {.subject = record.id(), .place = place});
  const bool attentive = reflex == Reflex::interact;
  if (attentive != record.attentive()) {
    record.set_attentive(attentive);
    pb::NpcExpressionChanged face;
    face.set_npc(record.id());
    face.set_expression(attentive ? "attentive" : "neutral");
    turn.emit(face, {.subject = record.id(), .place = place});
  }
  if (in_danger(reflex)) {
    const auto& doing = texts_.doing;
    const auto& activity = reflex == Reflex::dodge    ? doing.dodges
                           : reflex == Reflex::attack ? doing.fights_back
                           : reflex == Reflex::defend ? doing.stands_ground
                                                      : doing.runs;
    record.clear_talking_to();
    record.set_busy_until_ms(0);
    day_.take_up(turn, mind,
                 {.intent = name,
                  .activity = activity.text(),
                  .reason = texts_.reason.danger.text(),
                  .tier = "reflex"});
    if (reflex == Reflex::flee && before != Reflex::flee) flee_from(turn, mind, target);
  } else if (in_danger(before) && record.path_size() < 2) {
    day_.follow_routine(turn, mind);
  }
}

// To the neighbouring place that is farthest from the danger; out of the weather, to the nearest roof.
void Threats::flee_from(Turn& turn, Mind& mind, const std::string& source) {
  const auto here = place_now(pack_, mind.record(), turn.now().ms);
  const auto* place = pack_.place(here);
  if (place == nullptr) return;
  std::string refuge;
  if (is_weather(source)) {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& roof : pack_.places) {
      const double metres = roof.indoors ? pack::distance(pack_, place->id, roof.id) : -1;
      if (metres < 0 || metres >= least) continue;
      least = metres;
      refuge = roof.id.str();
    }
  } else {
    const auto from = position_of(source, turn.now().ms).value_or(Position{place->x, place->y});
    double most = steady_distance(place->x - from.x, place->y - from.y);
    for (const auto& id : place->neighbours) {
      const auto& next = *pack_.place(id.str());
      const double metres = steady_distance(next.x - from.x, next.y - from.y);
      if (metres <= most) continue;
      most = metres;
      refuge = id.str();
    }
  }
  if (!refuge.empty() && refuge != here) day_.go(turn, mind, refuge, texts_.reason.danger.text());
}

void Threats::tick(Turn& turn) {
  if (players_.known().rows().empty()) return;  // nobody to react to: routine and choices run on timers
  const auto present = players_.present();      // gathered once: everybody looks at all of them
  acts_.add(static_cast<double>(minds_.people().size()));
  for (const auto& [id, mind] : minds_.people()) {
    if (!mind->record().dead()) sense(turn, *mind, present);
  }
}

}  // namespace troupe::npc
