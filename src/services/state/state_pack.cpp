#include "services/state/state_pack.h"

#include <nlohmann/json.hpp>

#include "host/pack_change.h"

namespace troupe::state {

namespace {

using nlohmann::json;
using troupe::v1::PackChanged;

std::string safe_place(const Key& key, const pack::Pack& pack) {
  if (key.kind == "npc") {
    if (const auto* npc = pack.npc(key.id)) return npc->home.str();
  }
  if (key.kind == "feature") {
    if (const auto* place = pack.place_of_feature(key.id)) return place->id.str();
  }
  return pack.world.arrival.str();
}

void adapt_place(const Key& key, json& document, const pack::Pack& pack) {
  const auto place = document.find("place");
  if (place == document.end() || !place->is_string()) return;
  const auto& name = place->get_ref<const std::string&>();
  if (name.empty() || pack.place(name) != nullptr) return;
  document["place"] = safe_place(key, pack);
  // Where exactly they stood means nothing there.
  document.erase("x");
  document.erase("y");
}

void adapt_goods(json& document, const PackChanged& change) {
  const auto items = document.find("items");
  if (items == document.end() || !items->is_object()) return;
  for (auto item = items->begin(); item != items->end();) {
    item = pack_change::removed(change, "goods", item.key()) ? items->erase(item) : std::next(item);
  }
}

void adapt_feature(const Key& key, json& document, const pack::Pack& pack, const PackChanged& change) {
  for (auto member = document.begin(); member != document.end();) {
    const bool lost = pack_change::removed(change, "feature_states", key.id + "." + member.key());
    member = lost ? document.erase(member) : std::next(member);
  }
  for (const auto& initial : initial_documents(pack)) {
    if (initial.key != key) continue;
    const json fresh = json::parse(initial.text);
    for (const auto& [name, value] : fresh.items()) {
      const bool of_pack = name == "kind" || name == "place";
      const bool other_type = document.contains(name) && document[name].type() != value.type() &&
                              !(document[name].is_number() && value.is_number());
      if (!document.contains(name) || of_pack || other_type) document[name] = value;
    }
  }
}

// What a value of the same type is called, "" where `now` is one.
std::string other_type(const json& now, const pack::Value& usual) {
  if (std::holds_alternative<bool>(usual)) return now.is_boolean() ? "" : "true or false";
  if (std::holds_alternative<double>(usual)) return now.is_number() ? "" : "a number";
  return now.is_string() ? "" : "a text";
}

std::unexpected<Error> bad_member(const Key& key, const std::string& member, const std::string& what) {
  return fail(Code::invalid_argument, "state.bad_member",
              "'" + member + "' of " + describe(key) + " is " + what);
}

}  // namespace

Result<void> check_of_pack(const Key& key, const std::string& text, const pack::Pack& pack) {
  const json document = json::parse(text);
  if (const auto* feature = key.kind == "feature" ? pack.feature(key.id) : nullptr) {
    auto usual = feature->state;
    usual["kind"] = feature->kind;
    usual["place"] = std::string();
    for (const auto& [name, value] : usual) {
      const auto now = document.find(name);
      if (now == document.end()) return bad_member(key, name, "missing; the pack gives it one");
      if (name == "kind" && *now != feature->kind)
        return bad_member(key, name, json(feature->kind).dump() + " for good");
      if (const auto other = other_type(*now, value); !other.empty()) return bad_member(key, name, other);
    }
  }
  if (key.kind != "npc" || pack.npc(key.id) == nullptr) return {};
  for (const auto& wear : pack.wears) {
    const auto now = document.find(wear.key);
    if (wear.of != "npc" || now == document.end()) continue;
    const auto other = other_type(*now, wear.to.value_or(wear.by));
    if (!other.empty()) return bad_member(key, wear.key, other);
  }
  return {};
}

std::optional<Fate> fate_of(const Key& key, const std::string& document, const pack::Pack& pack,
                            const PackChanged& change) {
  if (key.kind == "feature" && pack.feature(key.id) == nullptr &&
      pack_change::removed(change, "features", key.id)) {
    return Fate{.text = document, .gone_because = "the pack has it no more"};
  }
  json after = json::parse(document);
  if (key.kind == "feature" && pack.feature(key.id) != nullptr) adapt_feature(key, after, pack, change);
  adapt_place(key, after, pack);
  adapt_goods(after, change);
  std::string text = after.dump();
  if (text == document) return std::nullopt;
  return Fate{.text = std::move(text), .gone_because = {}};
}

std::string left_behind(const Key& owner, const std::string& document, const std::string& pile) {
  const json from = json::parse(document);
  json to =
      pile.empty() ? json{{"from", owner.id}, {"items", json::object()}, {"money", 0}} : json::parse(pile);
  const std::string before = to.dump();
  if (const auto items = from.find("items"); items != from.end() && items->is_object()) {
    for (const auto& [good, count] : items->items()) {
      if (!count.is_number_integer() || count.get<std::int64_t>() <= 0) continue;
      to["items"][good] = to["items"].value(good, std::int64_t{0}) + count.get<std::int64_t>();
    }
  }
  if (const auto money = from.find("money"); money != from.end() && money->is_number_integer()) {
    to["money"] = to.value("money", std::int64_t{0}) + money->get<std::int64_t>();
  }
  if (to.dump() == before) return {};
  if (const auto place = from.find("place"); place != from.end()) to["place"] = *place;
  return to.dump();
}

}  // namespace troupe::state
