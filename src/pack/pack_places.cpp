// places.yaml, factions.yaml, goods.yaml: the map, who holds it, what is traded on it.
#include <fmt/format.h>

#include <algorithm>

#include "pack/pack_draft.h"

namespace troupe::pack {

namespace {

constexpr double kMetresMax = 100'000;  // a world is walked in game hours, not in weeks
constexpr std::int64_t kPenceMax = 1'000'000'000'000;

// `bell` for short, or `{kind: lamp, id: pier_lamp, name: the pier lamp, state: {lit: false}}`.
Feature read_feature(const Cursor& item, const PlaceId& place, Draft& draft) {
  Feature feature;
  feature.at = item.at();
  if (item.node().kind == Node::Kind::scalar) {
    feature.kind = item.identifier("a feature");
    feature.name = "the " + feature.kind;
    feature.id = FeatureId(place.str() + "_" + feature.kind);
  } else {
    Fields fields(item, "a feature");
    feature.kind = fields.identifier("kind");
    feature.name = fields.text_or("name", "the " + feature.kind);
    const auto id = fields.optional("id");
    feature.id = FeatureId(id ? id->identifier("id") : place.str() + "_" + feature.kind);
    if (const auto state = fields.optional("state")) {
      for (const auto& [key, value] : state->map("state")) {
        feature.state[key.identifier("a state")] = value.value(key.node().text);
      }
    }
  }
  draft.define("feature", feature.id.str(), feature.at);
  return feature;
}

void read_place(const Cursor& item, Draft& draft) {
  const std::size_t problems_before = draft.report.size();
  Place place;
  {
    Fields fields(item, "a place");  // says at its end what it does not know
    place.at = item.at();
    place.id = PlaceId(fields.identifier("id"));
    fields.rename(fmt::format("place '{}'", place.id));
    place.name = fields.name("name");
    place.kind = fields.identifier("kind");
    place.region = draft.read_ref<RegionId>(fields, "region", Thing::region);
    place.x = fields.number("x", -kMetresMax, kMetresMax);
    place.y = fields.number("y", -kMetresMax, kMetresMax);
    place.indoors = fields.boolean_or("indoors", false);
    const std::vector<Cursor> neighbours = fields.list("neighbours");
    for (const Cursor& neighbour : neighbours) {
      draft.spot("neighbour of " + place.id.str(), neighbour.node().text, neighbour.at());
    }
    place.neighbours = draft.read_refs<PlaceId>(neighbours, Thing::place, "a neighbour");
    place.aliases = read_short_texts(fields.list_or("aliases"), "an alias");
    place.text = fields.text("text");
    for (const Cursor& feature : fields.list_or("features")) {
      place.features.push_back(read_feature(feature, place.id, draft));
    }
  }
  if (draft.report.size() != problems_before) draft.broken_places.insert(place.id.str());
  draft.open(fmt::format("the text of place '{}'", place.id), place.text, place.at);
  draft.define("place", place.id.str(), place.at);
  draft.pack.places.push_back(std::move(place));
}

void read_faction(const Cursor& item, Draft& draft) {
  Fields fields(item, "a faction");
  Faction faction;
  faction.at = item.at();
  faction.id = FactionId(fields.identifier("id"));
  fields.rename(fmt::format("faction '{}'", faction.id));
  faction.name = fields.name("name");
  faction.text = fields.text("text");
  faction.power = fields.number("power", 0, 100);
  faction.treasury = fields.whole("treasury", 0, kPenceMax);
  if (const auto relations = fields.optional("relations")) {
    for (const auto& [key, value] : relations->map("relations")) {
      const auto to = draft.read_ref<FactionId>(key, Thing::faction, "a faction");
      if (to && to == faction.id) key.problem(fmt::format("faction '{}' has a relation to itself", to));
      faction.relations[to] = value.number(to.str(), -1, 1);
    }
  }
  const std::vector<Cursor> territory = fields.list_or("territory");
  faction.territory = draft.read_refs<PlaceId>(territory, Thing::place, "a place");
  for (const Cursor& place : territory) draft.define("the territory", place.node().text, place.at());
  for (const Cursor& goal : fields.list_or("goals")) faction.goals.push_back(goal.text("a goal"));
  draft.open(fmt::format("the text of faction '{}'", faction.id), faction.text, faction.at);
  draft.define("faction", faction.id.str(), faction.at);
  draft.pack.factions.push_back(std::move(faction));
}

std::vector<GoodFlow> read_flows(const std::vector<Cursor>& items, std::string_view what, Draft& draft) {
  std::vector<GoodFlow> out;
  for (const Cursor& item : items) {
    Fields fields(item, fmt::format("an entry of '{}'", what));
    GoodFlow flow;
    flow.place = draft.read_ref<PlaceId>(fields, "at", Thing::place);
    flow.per_day = fields.number("per_day", 0, 1'000'000);
    out.push_back(std::move(flow));
  }
  return out;
}

void read_good(const Cursor& item, Draft& draft) {
  Fields fields(item, "a good");
  Good good;
  good.at = item.at();
  good.id = GoodId(fields.identifier("id"));
  fields.rename(fmt::format("good '{}'", good.id));
  good.name = fields.name("name");
  good.unit = fields.text("unit");
  if (const auto kind = fields.optional("kind")) good.kind = kind->identifier("kind");
  good.aliases = read_short_texts(fields.list_or("aliases"), "an alias");
  good.base_price = fields.whole("base_price", 1, kPenceMax);
  good.volatility = fields.number("volatility", 0, 1);
  good.sold_at = draft.read_refs<PlaceId>(fields.list("sold_at"), Thing::place, "a market");
  good.made = read_flows(fields.list_or("made"), "made", draft);
  good.used = read_flows(fields.list_or("used"), "used", draft);
  if (fields.valid() && fields.cursor().find("sold_at") && good.sold_at.empty()) {
    item.problem(fmt::format("good '{}' is sold nowhere", good.id),
                 "expected one place in 'sold_at' at least");
  }
  draft.define("good", good.id.str(), good.at);
  draft.pack.goods.push_back(std::move(good));
}

}  // namespace

void read_places(const Cursor& root, Draft& draft) {
  Fields fields(root, "places.yaml");
  const std::vector<Cursor> items = fields.list("places");
  if (items.size() > draft.limits.places) {
    root.problem(fmt::format("{} places", items.size()),
                 fmt::format("expected at most {}", draft.limits.places));
    return;
  }
  for (const Cursor& item : items) read_place(item, draft);
}

void read_factions(const Cursor& root, Draft& draft) {
  Fields fields(root, "factions.yaml");
  const std::vector<Cursor> items = fields.list("factions");
  if (items.size() > draft.limits.factions) {
    root.problem(fmt::format("{} factions", items.size()),
                 fmt::format("expected at most {}", draft.limits.factions));
    return;
  }
  for (const Cursor& item : items) read_faction(item, draft);
}

void read_goods(const Cursor& root, Draft& draft) {
  Fields fields(root, "goods.yaml");
  for (const Cursor& item : fields.list("goods")) read_good(item, draft);
  std::size_t markets = 0;
  for (const Good& good : draft.pack.goods) markets += good.sold_at.size();
  if (markets > draft.limits.markets) {
    root.problem(fmt::format("{} markets: goods times the places that sell them", markets),
                 fmt::format("expected at most {}", draft.limits.markets));
  }
}

}  // namespace troupe::pack
