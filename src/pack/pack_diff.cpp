#include "pack/pack_diff.h"

#include <map>
#include <set>
#include <tuple>

namespace troupe::pack {

namespace {

template <class T>
struct Named {
  std::string id;
  const T* value;
};

template <class T, class IdOf>
std::vector<Named<T>> named(const std::vector<T>& list, IdOf id_of) {
  std::vector<Named<T>> out;
  for (const T& item : list) out.push_back({id_of(item), &item});
  return out;
}

template <class T>
std::vector<Named<T>> named(const std::vector<T>& list) {
  return named(list, [](const T& item) {
    if constexpr (requires { item.id.str(); }) {
      return item.id.str();
    } else {
      return std::string(item.id);
    }
  });
}

std::vector<Named<std::string>> words(const std::vector<std::string>& list) {
  return named(list, [](const std::string& word) { return word; });
}

// The things of both packs, by part. `both` is called with the part's name and the lists of the old pack and
// of the new one. Structured bindings, and each name used: who adds a member to the format has to say here
// which part it is.
template <class Both>
void each_part(const Pack& a, const Pack& b, Both both) {
  const auto& [root_a, world_a, calendar_a, climate_a, places_a, factions_a, goods_a, facts_a, mysteries_a,
               npcs_a, verbs_a, wears_a, archetypes_a, lore_a, languages_a, texts_a, files_a, hash_a] = a;
  const auto& [root_b, world_b, calendar_b, climate_b, places_b, factions_b, goods_b, facts_b, mysteries_b,
               npcs_b, verbs_b, wears_b, archetypes_b, lore_b, languages_b, texts_b, files_b, hash_b] = b;
  const auto& [months_a, weekdays_a, festivals_a] = calendar_a;
  const auto& [months_b, weekdays_b, festivals_b] = calendar_b;
  const auto& [regions_a] = climate_a;
  const auto& [regions_b] = climate_b;
  both("months", named(months_a), named(months_b));
  both("weekdays", words(weekdays_a), words(weekdays_b));
  both("festivals", named(festivals_a), named(festivals_b));
  both("regions", named(regions_a), named(regions_b));
  both("places", named(places_a), named(places_b));
  const auto features = [](const std::vector<Place>& places) {
    std::vector<Named<Feature>> out;
    for (const Place& place : places) {
      for (auto& one : named(place.features)) out.push_back(std::move(one));
    }
    return out;
  };
  both("features", features(places_a), features(places_b));
  // "landing_lamp.lit": what a thing remembers.
  const auto states = [](const std::vector<Place>& places) {
    std::vector<Named<Value>> out;
    for (const Place& place : places) {
      for (const Feature& feature : place.features) {
        for (const auto& [key, value] : feature.state) out.push_back({feature.id.str() + "." + key, &value});
      }
    }
    return out;
  };
  both("feature_states", states(places_a), states(places_b));
  both("factions", named(factions_a), named(factions_b));
  both("goods", named(goods_a), named(goods_b));
  both("facts", named(facts_a), named(facts_b));
  both("mysteries", named(mysteries_a), named(mysteries_b));
  both("npcs", named(npcs_a), named(npcs_b));
  both("verbs", named(verbs_a), named(verbs_b));
  const auto wear_of = [](const Wear& wear) { return wear.of + "." + wear.key; };
  both("wears", named(wears_a, wear_of), named(wears_b, wear_of));
  both("archetypes", named(archetypes_a), named(archetypes_b));
  const auto file_of = [](const LoreDocument& document) { return document.file; };
  both("lore", named(lore_a, file_of), named(lore_b, file_of));
  const auto language_files = [](const std::map<std::string, std::string>& files) {
    std::vector<Named<std::string>> out;
    for (const auto& [name, text] : files) out.push_back({name, &text});
    return out;
  };
  both("talk", language_files(languages_a), language_files(languages_b));
  // Of quests, stories and languages the loader knows the files and nothing else yet.
  const auto others = [](const std::vector<std::string>& files) {
    std::vector<Named<std::string>> out;
    for (const std::string& file : files) {
      const bool other = file.starts_with("quests/") || file.starts_with("story/") ||
                         file.starts_with("languages/") || file.starts_with("tests/");
      if (other) out.push_back({file, &file});
    }
    return out;
  };
  both("files", others(files_a), others(files_b));
  // `world`: world_diff(); `texts`: of the language files, or built in; the others: no part.
  (void)std::tie(root_a, root_b, world_a, world_b, texts_a, texts_b, hash_a, hash_b);
}

// The keys of world.yaml, and whether both packs say the same there.
template <class Look>
void each_world_key(const World& a, const World& b, Look look) {
  const auto& [name_a, title_a, text_a, version_a, seed_a, day_a, clock_a, scale_a, money_a, arrival_a,
               rating_a, language_a, players_a, sleep_a, at_a] = a;
  const auto& [name_b, title_b, text_b, version_b, seed_b, day_b, clock_b, scale_b, money_b, arrival_b,
               rating_b, language_b, players_b, sleep_b, at_b] = b;
  (void)std::tie(at_a, at_b);
  look("name", name_a == name_b);
  look("title", title_a == title_b);
  look("version", version_a == version_b);
  look("text", text_a == text_b);
  look("seed", seed_a == seed_b);
  look("start", day_a == day_b && clock_a == clock_b);
  look("scale", scale_a == scale_b);
  look("money", money_a == money_b);
  look("arrival", arrival_a == arrival_b);
  look("rating", rating_a == rating_b);
  look("language", language_a == language_b);
  look("players", players_a == players_b);
  look("sleep", sleep_a == sleep_b);
}

PartDiff world_diff(const World& a, const World& b) {
  PartDiff out{.part = "world", .added = {}, .removed = {}, .changed = {}};
  each_world_key(a, b, [&](const char* key, bool same) {
    if (!same) out.changed.emplace_back(key);
  });
  return out;
}

template <class T>
PartDiff list_diff(const char* part, const std::vector<Named<T>>& before,
                   const std::vector<Named<T>>& after) {
  PartDiff out{.part = part, .added = {}, .removed = {}, .changed = {}};
  std::map<std::string, const T*> was;
  std::set<std::string> is;
  for (const auto& [id, value] : before) was.emplace(id, value);
  for (const auto& [id, value] : after) is.insert(id);
  for (const auto& [id, value] : before) {
    if (!is.contains(id)) out.removed.push_back(id);
  }
  for (const auto& [id, value] : after) {
    const auto old = was.find(id);
    if (old == was.end()) {
      out.added.push_back(id);
    } else if (!(*old->second == *value)) {
      out.changed.push_back(id);
    }
  }
  return out;
}

}  // namespace

std::vector<PartDiff> diff(const Pack& before, const Pack& after) {
  std::vector<PartDiff> out;
  const auto take = [&](PartDiff part) {
    if (!part.added.empty() || !part.removed.empty() || !part.changed.empty()) out.push_back(std::move(part));
  };
  take(world_diff(before.world, after.world));
  each_part(before, after, [&](const char* part, const auto& old_list, const auto& new_list) {
    take(list_diff(part, old_list, new_list));
  });
  return out;
}

const std::vector<std::string>& part_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names{"world"};
    const Pack none;
    each_part(none, none, [&](const char* part, const auto&, const auto&) { names.emplace_back(part); });
    return names;
  }();
  return kNames;
}

const std::vector<std::string>& world_keys() {
  static const std::vector<std::string> kKeys = [] {
    std::vector<std::string> keys;
    each_world_key(World(), World(), [&](const char* key, bool) { keys.emplace_back(key); });
    return keys;
  }();
  return kKeys;
}

}  // namespace troupe::pack
