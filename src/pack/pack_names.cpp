// Names: what is defined, what is meant, and what points nowhere. One mistake is one problem: a name that is
// missing is said once, and where everybody calls a thing otherwise than its definition does, the definition
// is the mistake.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "pack/pack_draft.h"

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
    case Thing::good_kind:
      return "kind of good";
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
  if (id.empty()) {  // already reported; who means it is not wrong
    for (int i = 0; i <= static_cast<int>(Thing::archetype); ++i) {
      if (label_of(static_cast<Thing>(i)) == label) unread.insert(static_cast<Thing>(i));
    }
    return;
  }
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
    case Thing::good_kind:
      for (const Good& good : pack.goods) out.insert(good.kind);
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
      add(pack.archetypes);
      break;
  }
  out.erase("");
  return {out.begin(), out.end()};
}

using Spots = std::vector<Source>;

// Calls what is called `from` in the draft `to`, as everybody else does: what is checked later would only
// find the same mistake again.
void rename(Thing thing, const std::string& from, const std::string& to, Pack& pack) {
  const auto in = [&](auto& list) {
    for (auto& item : list) {
      if (item.id == from) item.id = std::remove_reference_t<decltype(item.id)>(to);
    }
  };
  if (thing == Thing::region) in(pack.climate.regions);
  if (thing == Thing::place) in(pack.places);
  if (thing == Thing::fact) in(pack.facts);
  if (thing == Thing::faction) in(pack.factions);
  if (thing == Thing::good) in(pack.goods);
  if (thing == Thing::verb) in(pack.verbs);
  if (thing == Thing::month) in(pack.calendar.months);
}

std::string spots_text(const Spots& spots) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(spots.size(), kShown); ++i) {
    out += fmt::format("{}{}:{}:{}", i == 0 ? "" : ", ", spots[i].file, spots[i].line, spots[i].column);
  }
  if (spots.size() > kShown) out += fmt::format(" and {} more", spots.size() - kShown);
  return out;
}

// What is defined and never meant by anybody, though `name` is, twice at least, and reads much like it.
std::string misnamed(const std::string& name, const Spots& spots, const std::vector<std::string>& known,
                     const std::set<std::string>& meant) {
  if (spots.size() < 2) return {};
  std::vector<std::string> idle;
  std::ranges::copy_if(known, std::back_inserter(idle), [&](const auto& id) { return !meant.contains(id); });
  return nearest(name, idle);
}

}  // namespace

void check_references(Draft& draft) {
  std::map<Thing, std::vector<std::string>> known;
  std::map<Thing, std::set<std::string>> meant;
  struct Unknown {
    Spots spots;
    std::vector<std::string> also;
  };
  std::map<std::pair<Thing, std::string>, Unknown> unknown;
  for (const Reference& reference : draft.references) {
    const auto [entry, is_new] = known.try_emplace(reference.thing);
    if (is_new) entry->second = names_of(reference.thing, draft.pack);
    meant[reference.thing].insert(reference.name);
    if (draft.unread.contains(reference.thing)) continue;
    if (reference.thing == Thing::npc && draft.unread_npcs.contains(reference.name)) continue;
    if (std::ranges::binary_search(entry->second, reference.name)) continue;
    auto& missing = unknown[{reference.thing, reference.name}];
    missing.spots.push_back(reference.at);
    missing.also = reference.also;
  }
  for (auto& [what, missing] : unknown) {
    const auto& [thing, name] = what;
    std::ranges::sort(missing.spots, {},
                      [](const Source& at) { return std::tie(at.file, at.line, at.column); });
    const std::string label(label_of(thing));
    const std::string other = misnamed(name, missing.spots, known[thing], meant[thing]);
    const auto defined = draft.defined.find({label, other});
    if (!other.empty() && defined != draft.defined.end()) {
      draft.report.add(
          Depth::value, defined->second,
          fmt::format("{} '{}' is named nowhere, and '{}', which is named {} times ({}), is not known", label,
                      other, name, missing.spots.size(), spots_text(missing.spots)),
          fmt::format("did you mean '{}'?", name));
      rename(thing, other, name, draft.pack);
      continue;
    }
    std::vector<std::string> candidates = known[thing];
    candidates.insert(candidates.end(), missing.also.begin(), missing.also.end());
    std::string expected = nearest_or_list(name, candidates);
    const Spots more(missing.spots.begin() + 1, missing.spots.end());
    if (!more.empty()) expected += (expected.empty() ? "" : "; ") + ("the same in " + spots_text(more));
    draft.report.add(missing.spots.front(), fmt::format("{} '{}' is not known", label, name), expected);
  }
}

}  // namespace troupe::pack
