// What threatens somebody and how they react to it and to players, ten times a second while somebody plays,
// and at once when a hostile deed is done. A reflex is a live event for games to animate; fleeing also moves.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/steady.h"
#include "pack/query.h"
#include "services/npc/mind.h"
#include "services/npc/npc_service.h"

namespace troupe {

namespace {

constexpr std::size_t kThreatsMax = 4;
constexpr std::int64_t kThreatRealMs = 15'000;
constexpr double kStormM = 8;         // how near severe weather is to whoever is out in it
constexpr double kTrustedArmed = .5;  // whose weapon frightens nobody
constexpr double kCowed = .6;         // fear of somebody that makes anybody run
constexpr std::string_view kPlayerPrefix = "player:";

bool is_weather(const std::string& source) { return source.starts_with(npc::kWeatherPrefix); }

}  // namespace

// Where somebody is just now; none: nobody can say (a player who never said so).
std::optional<npc::Position> NpcService::position_of(const std::string& key) const {
  if (key.starts_with(kPlayerPrefix)) {
    const auto player = players_.find(key.substr(kPlayerPrefix.size()));
    if (player == players_.end()) return std::nullopt;
    return npc::Position{player->second.x(), player->second.y()};
  }
  const auto mind = minds_.find(key);
  if (mind == minds_.end() || mind->second->record.dead()) return std::nullopt;
  return npc::position(pack_, mind->second->record, host_.timeline().now().ms);
}

void NpcService::threaten(Turn& turn, Mind& mind, const std::string& source, double level,
                          std::int64_t until_ms) {
  auto& threats = *mind.record.mutable_threats();
  auto* kept = [&]() -> pb::ThreatRecord* {
    for (auto& threat : threats) {
      if (threat.source() == source) return &threat;
    }
    return nullptr;
  }();
  if (kept == nullptr) {
    if (threats.size() >= static_cast<int>(kThreatsMax)) threats.erase(threats.begin());
    kept = threats.Add();
    kept->set_source(source);
  }
  kept->set_level(std::max(kept->level(), level));
  kept->set_place(npc::place_now(pack_, mind.record, turn.now().ms));
  kept->set_until_ms(std::max(kept->until_ms(), until_ms));
  save(turn, mind);
  sense(turn, mind, present_players());
  turn.schedule("npc", "safe:" + mind.record.id(), GameTime{kept->until_ms()});
}

// Looks about and reacts.
void NpcService::sense(Turn& turn, Mind& mind, const std::vector<const pb::PlayerRecord*>& present) {
  auto& record = mind.record;
  const auto now = turn.now().ms;
  const auto at = npc::position(pack_, record, now);
  npc::Surroundings around{.strategy = mind.strategy, .walking = record.path_size() >= 2};
  std::string nearest_player;
  std::string threat_from;
  const auto threatened = [&](double metres, const std::string& from, bool storm) {
    if (metres >= static_cast<double>(around.threat_m)) return;
    around.threat_m = static_cast<float>(metres);
    around.storm = storm;
    threat_from = from;
  };
  double nearest = std::numeric_limits<double>::infinity();  // squared
  for (const auto* player : present) {
    const double dx = player->x() - at.x;
    const double dy = player->y() - at.y;
    const double squared = dx * dx + dy * dy;
    if (squared < nearest) {
      nearest = squared;
      nearest_player = player->player();
    }
    around.looked_at |= player->looked_at() == record.id();
    around.spoken_to |= player->typing_to() == record.id();
    constexpr double kSeesM = 12;
    if (player->armed() && squared < kSeesM * kSeesM &&
        relation_or_default(mind, player_key(player->player())).trust() < kTrustedArmed) {
      threatened(std::sqrt(squared), player_key(player->player()), false);
    }
  }
  around.player_m = std::min(around.player_m, static_cast<float>(std::sqrt(nearest)));
  around.spoken_to |= !record.talking_to().empty();
  for (const auto& threat : record.threats()) {
    if (threat.until_ms() <= now) continue;
    if (is_weather(threat.source())) {
      const auto* place = pack_.place(npc::place_now(pack_, record, now));
      const bool exposed = place != nullptr && !place->indoors &&
                           threat.source() == std::string(npc::kWeatherPrefix) + place->region.str();
      if (exposed) threatened(kStormM, threat.source(), true);
      continue;
    }
    const auto from = position_of(threat.source());
    const auto* there = pack_.place(threat.place());
    if (from) {
      threatened(steady_distance(from->x - at.x, from->y - at.y), threat.source(), false);
    } else if (there != nullptr) {  // a player who only acts and never says where they stand
      threatened(steady_distance(there->x - at.x, there->y - at.y), threat.source(), false);
    }
  }
  if (!threat_from.empty() && !around.storm && around.strategy != npc::Strategy::aggressive &&
      relation_or_default(mind, threat_from).fear() > kCowed) {
    around.strategy = npc::Strategy::retreat;
  }
  const auto reflex = npc::react(around);
  const bool near_player = reflex == npc::Reflex::interact && !nearest_player.empty();
  if (reflex != mind.reflex())
    react(turn, mind, reflex, near_player ? player_key(nearest_player) : threat_from);
  // Who comes before a player's eyes thinks at once, not when their quiet hour is over.
  const bool in_sight = nearest <= config_.limits.interest_m * config_.limits.interest_m;
  if (in_sight && !record.watched()) {
    record.set_watched(true);
    save(turn, mind);
    constexpr std::int64_t kNoticedRealMs = 500;
    turn.schedule("npc", "think:" + record.id(),
                  turn.now() + GameSpan{real_ms(turn.clock(), kNoticedRealMs)});
  }
}

void NpcService::react(Turn& turn, Mind& mind, npc::Reflex reflex, const std::string& target) {
  using enum npc::Reflex;
  auto& record = mind.record;
  const auto before = mind.reflex();
  const std::string name(npc::reflex_name(reflex));
  const auto place = npc::place_now(pack_, record, turn.now().ms);
  const auto in_danger = [](npc::Reflex one) {
    return one == dodge || one == attack || one == defend || one == flee;
  };
  record.set_reflex(name);
  pb::NpcReflex event;
  event.set_npc(record.id());
  event.set_reflex(name);
  event.set_target(target);
  event.set_place(place);
  turn.emit(event, {.subject = record.id(), .place = place});
  const bool attentive = reflex == interact;
  if (attentive != record.attentive()) {
    record.set_attentive(attentive);
    pb::NpcExpressionChanged face;
    face.set_npc(record.id());
    face.set_expression(attentive ? "attentive" : "neutral");
    turn.emit(face, {.subject = record.id(), .place = place});
  }
  if (in_danger(reflex)) {
    static const std::map<npc::Reflex, std::string> kDoing = {{dodge, "gets out of the way"},
                                                              {attack, "fights back"},
                                                              {defend, "stands their ground"},
                                                              {flee, "runs"}};
    record.clear_talking_to();
    record.set_busy_until_ms(0);
    set_intent(turn, mind, name, kDoing.at(reflex), "there is danger", "reflex");
    if (reflex == flee && before != flee) flee_from(turn, mind, target);
  } else if (in_danger(before) && record.path_size() < 2) {
    follow_routine(turn, mind);
  }
  save(turn, mind);
}

// To the neighbouring place that is farthest from the danger; out of the weather, to the nearest roof.
void NpcService::flee_from(Turn& turn, Mind& mind, const std::string& source) {
  const auto here = npc::place_now(pack_, mind.record, turn.now().ms);
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
    const auto from = position_of(source).value_or(npc::Position{place->x, place->y});
    double most = steady_distance(place->x - from.x, place->y - from.y);
    for (const auto& id : place->neighbours) {
      const auto& next = *pack_.place(id.str());
      const double metres = steady_distance(next.x - from.x, next.y - from.y);
      if (metres <= most) continue;
      most = metres;
      refuge = id.str();
    }
  }
  if (!refuge.empty() && refuge != here) go(turn, mind, refuge, "there is danger");
}

void NpcService::tick(Turn& turn) {
  if (players_.empty()) return;            // nobody to react to: routine and choices run on timers
  const auto present = present_players();  // gathered once: everybody looks at all of them
  acts_.add(static_cast<double>(minds_.size()));
  for (auto& [id, mind] : minds_) {
    if (!mind->record.dead()) sense(turn, *mind, present);
  }
}

// What lasts so long in real time is counted anew when game time runs faster or slower.
void NpcService::on_scale(Turn& turn, const EventContext&, const pb::TimeScaleChanged&) {
  const auto now = turn.now().ms;
  for (auto& [id, mind] : minds_) {
    auto& record = mind->record;
    if (record.dead()) continue;
    if (record.watched()) think_again(turn, *mind);
    if (!record.talking_to().empty()) {
      record.set_busy_until_ms(now + real_ms(turn.clock(), kNextLineRealMs));
      turn.schedule("npc", "done:" + id, GameTime{record.busy_until_ms()});
    }
    for (auto& threat : *record.mutable_threats()) {
      if (is_weather(threat.source())) continue;
      threat.set_until_ms(now + real_ms(turn.clock(), kThreatRealMs));
      turn.schedule("npc", "safe:" + id, GameTime{threat.until_ms()});
    }
    save(turn, *mind);
  }
}

}  // namespace troupe
