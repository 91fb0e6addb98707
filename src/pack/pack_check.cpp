// What can only be seen across files: names that point nowhere, the map as a whole, days that cannot be
// lived.
#include <fmt/format.h>

#include <algorithm>

#include "pack/pack_draft.h"
#include "pack/query.h"

namespace troupe::pack {

std::string_view label_of(Thing thing) {
  switch (thing) {
    case Thing::region:
      return "region";
    case Thing::place:
      return "place";
    case Thing::feature:
      return "feature";
    case Thing::feature_kind:
      return "feature";
    case Thing::npc:
      return "NPC";
    case Thing::fact:
      return "fact";
    case Thing::faction:
      return "faction";
    case Thing::good:
      return "good";
    case Thing::verb:
      return "verb";
    case Thing::month:
      return "month";
    case Thing::archetype:
      return "archetype";
  }
  return "";
}

void Draft::define(std::string_view label, const std::string& id, const Source& at) {
  if (id.empty()) return;  // already reported
  const auto [first, is_new] = defined.emplace(std::pair(std::string(label), id), at);
  if (is_new) return;
  report.add(at, fmt::format("{} '{}' is here twice", label, id),
             fmt::format("the first is at {}:{}", first->second.file, first->second.line));
}

void Draft::refer(Thing thing, const std::string& name, const Source& at, std::vector<std::string> also) {
  if (!name.empty()) references.push_back({thing, name, at, std::move(also)});
}

void Draft::open(std::string what, std::string text, const Source& at, std::string fact) {
  open_texts.push_back({std::move(what), std::move(text), std::move(fact), at});
}

Source Draft::spot_of(const std::string& what, const std::string& name, const Source& otherwise) const {
  const auto found = spots.find({what, name});
  return found == spots.end() ? otherwise : found->second;
}

namespace {

std::vector<std::string> names_of(Thing thing, const Pack& pack) {
  std::set<std::string> out;  // sorted and once each
  const auto add = [&](const auto& list) {
    for (const auto& item : list) {
      if constexpr (requires { item.id.str(); }) {
        out.insert(item.id.str());
      } else {
        out.insert(item.id);
      }
    }
  };
  switch (thing) {
    case Thing::region:
      add(pack.climate.regions);
      break;
    case Thing::place:
      add(pack.places);
      break;
    case Thing::feature:
      for (const Place& place : pack.places) add(place.features);
      break;
    case Thing::feature_kind:
      for (const Place& place : pack.places) {
        for (const Feature& feature : place.features) out.insert(feature.kind);
      }
      break;
    case Thing::npc:
      add(pack.npcs);
      break;
    case Thing::fact:
      add(pack.facts);
      break;
    case Thing::faction:
      add(pack.factions);
      break;
    case Thing::good:
      add(pack.goods);
      break;
    case Thing::verb:
      add(pack.verbs);
      break;
    case Thing::month:
      add(pack.calendar.months);
      break;
    case Thing::archetype:
      out = {"merchant", "guard", "civilian", "criminal"};  // known without a pack; others are the pack's own
      for (const Npc& npc : pack.npcs) out.insert(npc.archetype);
      break;
  }
  out.erase("");
  return {out.begin(), out.end()};
}

}  // namespace

void check_references(Draft& draft) {
  std::map<Thing, std::vector<std::string>> known;
  for (const Reference& reference : draft.references) {
    if (draft.unread.contains(reference.thing)) continue;
    const auto [entry, is_new] = known.try_emplace(reference.thing);
    if (is_new) entry->second = names_of(reference.thing, draft.pack);
    if (reference.thing == Thing::npc && draft.unread_npcs.contains(reference.name)) continue;
    if (std::ranges::binary_search(entry->second, reference.name)) continue;
    std::vector<std::string> candidates = entry->second;
    candidates.insert(candidates.end(), reference.also.begin(), reference.also.end());
    draft.report.add(reference.at,
                     fmt::format("{} '{}' is not known", label_of(reference.thing), reference.name),
                     nearest_or_list(reference.name, candidates));
  }
}

void check_map(Draft& draft) {
  const Pack& pack = draft.pack;
  for (const Place& place : pack.places) {
    if (!place.id) continue;  // already reported
    for (const PlaceId& id : place.neighbours) {
      const Source at = draft.spot_of("neighbour of " + place.id.str(), id.str(), place.at);
      if (id == place.id) {
        draft.report.add(at, fmt::format("place '{}' is its own neighbour", id));
        continue;
      }
      const Place* neighbour = pack.place(id.str());
      if (neighbour == nullptr ||
          std::ranges::find(neighbour->neighbours, place.id) != neighbour->neighbours.end()) {
        continue;
      }
      draft.ways_are_broken = true;
      draft.report.add(at, fmt::format("'{}' leads to '{}', but not back", place.id, id),
                       fmt::format("expected '{}' among the neighbours of '{}' too", place.id, id));
    }
  }
  if (pack.place(pack.world.arrival.str()) == nullptr) return;  // already reported
  for (const Place& place : pack.places) {
    if (!place.id || !path(pack, pack.world.arrival, place.id).empty()) continue;
    draft.report.add(place.at,
                     fmt::format("place '{}' cannot be reached from '{}', where players arrive", place.id,
                                 pack.world.arrival),
                     "expected a way through neighbours");
  }
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
