// What can only be seen across files: the map as a whole, days that cannot be lived.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

#include "pack/pack_draft.h"
#include "pack/query.h"

namespace troupe::pack {

void check_map(Draft& draft) {
  const Pack& pack = draft.pack;
  // Where something was reported already, the rest would only follow from it.
  std::set<std::string>& broken = draft.broken_places;
  for (const Place& place : pack.places) {
    const bool unknown = std::ranges::any_of(
        place.neighbours, [&](const PlaceId& id) { return pack.place(id.str()) == nullptr; });
    if (unknown) broken.insert(place.id.str());
  }
  draft.ways_are_broken |= !broken.empty();
  for (const Place& place : pack.places) {
    if (!place.id) continue;  // already reported
    for (const PlaceId& id : place.neighbours) {
      const Source at = draft.spot_of("neighbour of " + place.id.str(), id.str(), place.at);
      if (id == place.id) {
        draft.report.add(at, fmt::format("place '{}' is its own neighbour", id));
        continue;
      }
      const Place* neighbour = pack.place(id.str());
      if (neighbour == nullptr || broken.contains(id.str()) ||
          std::ranges::find(neighbour->neighbours, place.id) != neighbour->neighbours.end()) {
        continue;
      }
      draft.ways_are_broken = true;
      draft.report.add(at, fmt::format("'{}' leads to '{}', but not back", place.id, id),
                       fmt::format("expected '{}' among the neighbours of '{}' too", place.id, id));
    }
  }
  // The arrival, if it is not there, was reported already.
  if (draft.ways_are_broken || pack.place(pack.world.arrival.str()) == nullptr) return;
  for (const Place& place : pack.places) {
    if (!place.id || !path(pack, pack.world.arrival, place.id).empty()) continue;
    draft.report.add(place.at,
                     fmt::format("place '{}' cannot be reached from '{}', where players arrive", place.id,
                                 pack.world.arrival),
                     "expected a way through neighbours");
  }
}

// Who is meant is found by name: by players, by verbs, by models.
void check_names(Draft& draft) {
  const auto look = [&](const auto& list, std::string_view what) {
    std::map<std::string, std::string> known;
    for (const auto& one : list) {
      if (one.name.empty()) continue;  // already reported
      const auto [first, fresh] = known.emplace(lower_ascii(one.name), one.id.str());
      if (!fresh)
        draft.report.add(
            one.at, fmt::format("{} '{}' is called '{}', as '{}' is", what, one.id, one.name, first->second),
            "expected another name");
    }
  };
  look(draft.pack.npcs, "npc");
  look(draft.pack.places, "place");
  look(draft.pack.goods, "good");
}

// A day must be walkable: there is a way from each entry's place to the next, and it fits into the entry.
void check_routines(Draft& draft) {
  Pack& pack = draft.pack;
  for (Npc& npc : pack.npcs) {
    if (npc.routine.empty()) continue;
    for (std::size_t i = 0; i < npc.routine.size(); ++i) {
      const RoutineEntry& entry = npc.routine[i];
      const RoutineEntry& before = npc.routine[i == 0 ? npc.routine.size() - 1 : i - 1];
      if (pack.place(entry.place.str()) == nullptr || pack.place(before.place.str()) == nullptr) continue;
      const double metres = distance(pack, before.place, entry.place);
      if (metres < 0 && draft.ways_are_broken) continue;
      if (metres < 0) {
        draft.report.add(entry.at, fmt::format("no way leads from '{}' to '{}'", before.place, entry.place),
                         "expected places that neighbours connect");
        continue;
      }
      const int walk = static_cast<int>(metres / kWalkMetresPerSecond / 60) + 1;
      if (entry.minutes > 0 && before.place != entry.place && walk > entry.minutes) {
        draft.report.add(
            entry.at,
            fmt::format("the walk from '{}' to '{}' takes {} minutes", before.place, entry.place, walk),
            fmt::format("expected at most {}, which is how long the entry lasts", entry.minutes));
      }
    }
    if (!npc.starts_at) npc.starts_at = routine_at(npc, pack.world.start_clock).place;
  }
}

void check_state_keys(Draft& draft) {
  std::map<std::string, std::map<std::string, Value>> keys;  // kind of feature -> what it has
  for (const Place& place : draft.pack.places) {
    for (const Feature& feature : place.features) {
      auto& of_kind = keys[feature.kind];
      for (const auto& [key, value] : feature.state) of_kind.emplace(key, value);
    }
  }
  static constexpr std::array<std::string_view, 3> kTypes{"true or false", "a number", "text"};
  for (const StateKey& state : draft.state_keys) {
    const auto kind = keys.find(state.feature_kind);
    if (kind == keys.end()) continue;  // the kind itself has been reported
    const auto key = kind->second.find(state.key);
    if (key == kind->second.end()) {
      std::vector<std::string> known;
      for (const auto& [name, value] : kind->second) known.push_back(name);
      draft.report.add(state.at, fmt::format("no {} has the state '{}'", state.feature_kind, state.key),
                       nearest_or_list(state.key, known));
    } else if (key->second.index() != state.value.index()) {
      draft.report.add(
          state.at, fmt::format("'{}.{}' is {}", state.feature_kind, state.key, kTypes[key->second.index()]),
          fmt::format("expected such a value here, not {}", kTypes[state.value.index()]));
    }
  }
}

}  // namespace troupe::pack
