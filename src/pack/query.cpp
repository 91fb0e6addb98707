#include "pack/query.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/steady.h"

namespace troupe::pack {

namespace {

double metres(const Place& a, const Place& b) { return steady_distance(a.x - b.x, a.y - b.y); }

template <class List>
auto* find_by_id(const List& list, std::string_view id) {
  const auto found = std::ranges::find_if(list, [&](const auto& item) { return item.id == id; });
  return found == list.end() ? nullptr : &*found;
}

template <class List>
std::vector<std::string> ids_of(const List& list) {
  std::vector<std::string> out;
  for (const auto& item : list) out.push_back(item.id.str());
  return out;
}

template <class AnyId>
bool contains(const std::vector<AnyId>& list, const AnyId& id) {
  return std::ranges::find(list, id) != list.end();
}

}  // namespace

const Region* Pack::region(std::string_view id) const { return find_by_id(climate.regions, id); }
const Place* Pack::place(std::string_view id) const { return find_by_id(places, id); }
const Faction* Pack::faction(std::string_view id) const { return find_by_id(factions, id); }
const Good* Pack::good(std::string_view id) const { return find_by_id(goods, id); }
const Fact* Pack::fact(std::string_view id) const { return find_by_id(facts, id); }
const Npc* Pack::npc(std::string_view id) const { return find_by_id(npcs, id); }
const Verb* Pack::verb(std::string_view id) const { return find_by_id(verbs, id); }

const Place* Pack::place_of_feature(std::string_view feature_id) const {
  for (const Place& place : places) {
    if (find_by_id(place.features, feature_id) != nullptr) return &place;
  }
  return nullptr;
}

const Feature* Pack::feature(std::string_view id) const {
  const Place* place = place_of_feature(id);
  return place == nullptr ? nullptr : find_by_id(place->features, id);
}

std::vector<std::string> Pack::npc_ids() const { return ids_of(npcs); }
std::vector<std::string> Pack::place_ids() const { return ids_of(places); }
std::vector<std::string> Pack::region_ids() const { return ids_of(climate.regions); }

std::string world_text(const World& world) {
  return world.money.text.empty() ? world.text : world.text + " " + world.money.text;
}

// Dijkstra over indices. A pack has a thousand places at most, so the queue is a scan.
std::vector<PlaceId> path(const Pack& pack, const PlaceId& from, const PlaceId& to) {
  const auto& places = pack.places;
  std::map<PlaceId, std::size_t> index;
  for (std::size_t i = 0; i < places.size(); ++i) index.emplace(places[i].id, i);
  if (!index.contains(from) || !index.contains(to)) return {};
  const std::size_t start = index.at(to);  // searched from the goal, so that following `next` reads forward
  const std::size_t goal = index.at(from);
  constexpr double kFar = std::numeric_limits<double>::infinity();
  std::vector<double> cost(places.size(), kFar);
  std::vector<std::size_t> next(places.size(), start);
  std::vector<bool> done(places.size());
  cost[start] = 0;
  for (;;) {
    std::size_t best = places.size();
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!done[i] && cost[i] < kFar && (best == places.size() || cost[i] < cost[best])) best = i;
    }
    if (best == places.size()) return {};
    if (best == goal) break;
    done[best] = true;
    for (const PlaceId& neighbour : places[best].neighbours) {
      const auto found = index.find(neighbour);
      if (found == index.end()) continue;
      const std::size_t i = found->second;
      const double through = cost[best] + metres(places[best], places[i]);
      if (through < cost[i] || (through == cost[i] && i != start && places[best].id < places[next[i]].id)) {
        cost[i] = through;
        next[i] = best;
      }
    }
  }
  std::vector<PlaceId> out;
  for (std::size_t i = goal; i != start; i = next[i]) out.push_back(places[i].id);
  out.push_back(places[start].id);
  return out;
}

double distance(const Pack& pack, const PlaceId& from, const PlaceId& to) {
  const std::vector<PlaceId> way = path(pack, from, to);
  if (way.empty()) return -1;
  double sum = 0;
  for (std::size_t i = 1; i < way.size(); ++i) {
    sum += metres(*pack.place(way[i - 1].str()), *pack.place(way[i].str()));
  }
  return sum;
}

const RoutineEntry& routine_at(const Npc& npc, Clock clock) {
  TROUPE_CHECK(!npc.routine.empty(), "a loaded NPC has a routine");
  const RoutineEntry* current =
      &npc.routine.back();  // before the first entry, yesterday's last still goes on
  for (const RoutineEntry& entry : npc.routine) {
    if (entry.from <= clock) current = &entry;
  }
  return *current;
}

const Relation& relation_to(const Npc& npc, std::string_view npc_id) {
  const auto found = std::ranges::find_if(npc.relations, [&](const Relation& r) { return r.to == npc_id; });
  return found == npc.relations.end() ? npc.strangers : *found;
}

Date date_of(const Calendar& calendar, std::int64_t day) {
  TROUPE_CHECK(day >= 1, "days count from 1");
  std::int64_t year_days = 0;
  for (const Month& month : calendar.months) year_days += month.days;
  TROUPE_CHECK(year_days > 0 && !calendar.weekdays.empty(), "a loaded calendar has months and weekdays");
  Date date;
  date.year = (day - 1) / year_days + 1;
  const std::int64_t of_year = (day - 1) % year_days;
  std::int64_t rest = of_year;
  while (rest >= calendar.months[date.month].days) rest -= calendar.months[date.month++].days;
  date.day = static_cast<int>(rest) + 1;
  date.season = calendar.months[date.month].season;
  date.weekday = static_cast<std::size_t>((day - 1) % static_cast<std::int64_t>(calendar.weekdays.size()));
  for (const Festival& festival : calendar.festivals) {
    std::int64_t first = festival.day - 1;
    for (const Month& month : calendar.months) {
      if (month.id == festival.month) break;
      first += month.days;
    }
    // A festival may run over the year's end.
    const std::int64_t into = (of_year - first + year_days) % year_days;
    if (into < festival.duration_days) date.festivals.push_back(festival.id);
  }
  return date;
}

Weather nearest_state(const WeatherMatrix& matrix, Weather from) {
  TROUPE_CHECK(!matrix.empty(), "a loaded matrix has states");
  std::vector<Weather> seen{from};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (matrix.contains(seen[i])) return seen[i];
    for (const Weather next : weather_neighbours_of(seen[i])) {
      if (std::ranges::find(seen, next) == seen.end()) seen.push_back(next);
    }
  }
  return matrix.begin()->first;
}

namespace {

bool is_param(const std::optional<Ref>& ref) { return ref && ref->kind == Ref::Kind::param; }

}  // namespace

double kindness(const Effect& effect) {
  if (effect.kind == Effect::Kind::relation) {
    const bool bad = effect.key == "fear" || effect.key == "disgust" || effect.key == "anger";
    return bad ? -effect.amount.number : effect.amount.number;
  }
  if (effect.kind != Effect::Kind::give && effect.kind != Effect::Kind::take) return 0;
  return (is_param(effect.to) ? .1 : 0) - (is_param(effect.from) ? .1 : 0);
}

Natures natures_of(const Verb& verb) {
  Natures natures = 0;
  for (const Nature nature : verb.nature) natures |= bit(nature);
  if (natures != 0) return natures;
  const bool pays =
      std::ranges::any_of(verb.effects, [](const Effect& e) { return e.kind == Effect::Kind::pay; });
  double kind = 0;
  for (const Effect& effect : verb.effects) {
    if (effect.kind == Effect::Kind::relation || !pays) kind += kindness(effect);
    if (effect.kind == Effect::Kind::move) natures |= bit(Nature::travel);
    if (effect.kind == Effect::Kind::set) {
      natures |= bit(effect.ref.kind == Ref::Kind::self ? Nature::rest : Nature::work);
    }
    if (effect.kind == Effect::Kind::give && !effect.from) natures |= bit(Nature::work);
  }
  if (pays) natures |= bit(Nature::trade);
  if (kind > 0) natures |= bit(Nature::care);
  if (kind < 0 || verb.threat > 0) natures |= bit(Nature::harm);
  const bool social = std::ranges::any_of(verb.params, [](const Param& param) {
    return param.type == ParamType::npc || param.type == ParamType::player || param.type == ParamType::person;
  });
  return social ? natures | bit(Nature::social) : natures;
}

bool knows(const Fact& fact, const NpcId& npc) { return fact.is_public || contains(fact.holders, npc); }

bool may_share(const Fact& fact, const NpcId& holder, const Listener& listener) {
  if (!knows(fact, holder)) return false;
  if (!fact.secret) return true;
  if (!listener.npc.empty()) {
    if (contains(fact.holders, listener.npc) || contains(fact.share_with.npcs, listener.npc)) return true;
  }
  if (!listener.faction.empty() && contains(fact.share_with.factions, listener.faction)) return true;
  if (!fact.share_with.trust_at_least || listener.trust < *fact.share_with.trust_at_least) return false;
  return std::ranges::all_of(fact.share_with.after,
                             [&](const FactId& id) { return listener.knows.contains(id); });
}

}  // namespace troupe::pack
