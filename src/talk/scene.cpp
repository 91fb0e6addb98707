#include "talk/scene.h"

#include <algorithm>

#include "talk/reading.h"

namespace troupe::talk {

namespace {

constexpr int kDayFrom = 6 * 60;  // minutes: between these people are looked for where they work
constexpr int kDayTo = 20 * 60;
constexpr int kDayMinutes = 24 * 60;

// Phases as the service of time has them (pack/kinds.h).
pack::Phase phase_at(pack::Clock clock) {
  const int hour = clock.minute / 60;
  if (hour < 5 || hour >= 20) return pack::Phase::night;
  if (hour < 7) return pack::Phase::dawn;
  return hour < 18 ? pack::Phase::day : pack::Phase::dusk;
}

bool rests(const pack::Pack& pack, const pack::RoutineEntry& entry) {
  const pack::Verb* verb = pack.verb(entry.verb.str());
  return verb != nullptr && (pack::natures_of(*verb) & pack::bit(pack::Nature::rest)) != 0;
}

bool earns(const pack::Verb& verb) {
  return std::ranges::any_of(verb.effects, [](const pack::Effect& effect) {
    return effect.kind == pack::Effect::Kind::pay && effect.to && effect.to->kind == pack::Ref::Kind::self;
  });
}

}  // namespace

Feelings Feelings::of(const pack::Relation& relation) {
  return {relation.trust,   relation.fear,      relation.respect,
          relation.disgust, relation.affection, relation.anger};
}

double Feelings::value(std::string_view feeling) const {
  if (feeling == "trust") return trust;
  if (feeling == "fear") return fear;
  if (feeling == "respect") return respect;
  if (feeling == "disgust") return disgust;
  if (feeling == "affection") return affection;
  return feeling == "anger" ? anger : 0;
}

std::vector<pack::GoodId> wares(const pack::Pack& pack, const pack::Npc& npc) {
  std::set<pack::PlaceId> stalls;
  for (const pack::RoutineEntry& entry : npc.routine) {
    const pack::Verb* verb = pack.verb(entry.verb.str());
    if (verb != nullptr && earns(*verb)) stalls.insert(entry.place);
  }
  std::vector<pack::GoodId> out;
  for (const pack::Good& good : pack.goods) {
    const bool here =
        std::ranges::any_of(good.sold_at, [&](const pack::PlaceId& place) { return stalls.contains(place); });
    if (here && npc.goods.contains(good.id)) out.push_back(good.id);
  }
  return out;
}

pack::PlaceId work_place(const pack::Pack& pack, const pack::Npc& npc) {
  std::vector<std::pair<pack::PlaceId, int>> minutes;
  for (const pack::RoutineEntry& entry : npc.routine) {
    if (entry.is_private || rests(pack, entry)) continue;
    int inside = 0;  // of the entry's minutes, those by day; it may go over midnight
    for (const int day : {0, kDayMinutes}) {
      const int from = std::max(entry.from.minute, kDayFrom + day);
      const int to = std::min(entry.from.minute + entry.minutes, kDayTo + day);
      inside += std::max(0, to - from);
    }
    if (inside == 0) continue;
    const auto found = std::ranges::find(minutes, entry.place, &std::pair<pack::PlaceId, int>::first);
    if (found == minutes.end()) {
      minutes.emplace_back(entry.place, inside);
    } else {
      found->second += inside;
    }
  }
  const auto most = std::ranges::max_element(minutes, {}, &std::pair<pack::PlaceId, int>::second);
  return most == minutes.end() ? npc.home : most->first;
}

pack::PlaceId place_by_day(const pack::Pack& pack, const pack::Npc& npc, pack::Clock clock) {
  if (npc.routine.empty()) return npc.home;
  const pack::RoutineEntry& now = pack::routine_at(npc, clock);
  return now.is_private ? work_place(pack, npc) : now.place;
}

Scene scene_of(const pack::Pack& pack, const pack::Npc& npc, std::int64_t day, pack::Clock clock) {
  Scene out;
  out.clock = clock;
  out.phase = phase_at(clock);
  out.date = pack::date_of(pack.calendar, day);
  out.festivals = out.date->festivals;
  out.here = npc.routine.empty() ? npc.home : pack::routine_at(npc, clock).place;
  if (!npc.routine.empty()) {
    out.doing = pack::routine_at(npc, clock).activity;
    out.doing_said = pack::routine_at(npc, clock).says;
  }
  if (const pack::Place* here = pack.place(out.here.str())) {
    const pack::Region* region = pack.region(here->region.str());
    if (region != nullptr && region->sky != pack::Region::Sky::none) out.weather = region->start;
  }
  for (const pack::Npc& other : pack.npcs) {
    if (other.id == npc.id) continue;
    out.places[other.id] = place_by_day(pack, other, clock);
    out.feelings[other.id] = Feelings::of(pack::relation_to(npc, other.id.str()));
    if (!other.routine.empty() && pack::routine_at(other, clock).place == out.here)
      out.present.push_back(other.name);
  }
  for (const auto& [good, count] : npc.goods) out.carries[good] = count;
  out.sells = wares(pack, npc);
  out.for_listener = Feelings::of(npc.strangers);
  return out;
}

}  // namespace troupe::talk
