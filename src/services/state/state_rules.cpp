#include "services/state/state_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "host/json.h"

namespace troupe::state {

namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using nlohmann::json;

constexpr std::size_t kItemsMax = 1'000'000'000;

std::unexpected<Error> bad_document(std::string message) {
  return fail(Code::invalid_argument, "state.bad_document", std::move(message));
}
std::unexpected<Error> bad_member(std::string message) {
  return fail(Code::invalid_argument, "state.bad_member", std::move(message));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Result<json> to_json(const Struct& object, std::size_t depth_left);

Result<json> to_json(const Value& value, std::size_t depth_left) {
  switch (value.kind_case()) {
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      return json(nullptr);
    case Value::kBoolValue:
      return json(value.bool_value());
    case Value::kNumberValue:
      if (!std::isfinite(value.number_value())) return bad_document("a number is infinite or not a number");
      return json_of(value);
    case Value::kStringValue:
      if (!is_utf8(value.string_value())) return bad_document("a text is not valid UTF-8");
      return json(value.string_value());
    case Value::kStructValue:
      return to_json(value.struct_value(), depth_left);
    case Value::kListValue: {
      if (depth_left == 0) return bad_document("the document is nested too deeply");
      json list = json::array();
      for (const auto& item : value.list_value().values()) {
        TRY(json made, to_json(item, depth_left - 1));
        list.push_back(std::move(made));
      }
      return list;
    }
  }
  return json(nullptr);
}

Result<json> to_json(const Struct& object, std::size_t depth_left) {
  if (depth_left == 0) return bad_document("the document is nested too deeply");
  json made = json::object();
  for (const auto& [key, value] : object.fields()) {
    if (!is_utf8(key)) return bad_document("the name of a member is not valid UTF-8");
    TRY(made[key], to_json(value, depth_left - 1));
  }
  return made;
}

json parse(const std::string& canonical) {
  if (canonical.empty()) return json::object();
  json made = json::parse(canonical, nullptr, false);
  TROUPE_CHECK(made.is_object(), "documents are kept as JSON objects");
  return made;
}

}  // namespace

bool is_document(const std::string& text) {
  return text.empty() || json::parse(text, nullptr, false).is_object();
}

namespace {

Result<std::string> bounded(const json& document, const Limits& limits) {
  std::string text = document.dump();
  if (text.size() > limits.document_bytes_max) {
    return fail(
        Code::invalid_argument, "state.too_large",
        fmt::format("the document has {} bytes as JSON; at most {}", text.size(), limits.document_bytes_max));
  }
  return text;
}

// A text that becomes a column and an index entry.
Result<std::string> name_member(const json& document, const char* key, const Limits& limits) {
  const auto found = document.find(key);
  if (found == document.end()) return std::string();
  if (!found->is_string()) return bad_member(fmt::format("'{}' is a text", key));
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() > limits.id_bytes_max || has_control(text)) {
    return bad_member(
        fmt::format("'{}' has at most {} bytes and no control characters", key, limits.id_bytes_max));
  }
  return text;
}

Result<void> check_items(const json& document) {
  const auto items = document.find("items");
  if (items == document.end()) return {};
  if (!items->is_object()) return bad_member("'items' is an object of counts");
  for (const auto& [good, count] : items->items()) {
    if (!count.is_number_integer() || count.get<std::int64_t>() < 0 ||
        count.get<std::uint64_t>() > kItemsMax) {
      return bad_member(fmt::format("'items.{}' is {}; expected a whole number from 0 to {}", good,
                                    count.dump(), kItemsMax));
    }
  }
  return {};
}

Result<void> check_numbers(const json& document, const std::string& coin) {
  if (const auto money = document.find("money"); money != document.end()) {
    if (!money->is_number_integer() || money->get<std::int64_t>() < 0) {
      return bad_member(
          fmt::format("'money' is {}; expected a whole number of {}, not negative", money->dump(), coin));
    }
  }
  for (const char* axis : {"x", "y"}) {
    const auto found = document.find(axis);
    if (found != document.end() && !found->is_number())
      return bad_member(fmt::format("'{}' is a number of metres", axis));
  }
  return {};
}

Result<std::vector<std::string>> tags_of(const json& document, const Limits& limits) {
  std::vector<std::string> tags;
  const auto found = document.find("tags");
  if (found == document.end()) return tags;
  if (!found->is_array() || found->size() > limits.tags_max) {
    return bad_member(fmt::format("'tags' is a list of at most {} texts", limits.tags_max));
  }
  for (const auto& tag : *found) {
    if (!tag.is_string() || tag.get_ref<const std::string&>().size() > limits.id_bytes_max) {
      return bad_member(fmt::format("'tags' holds texts of at most {} bytes", limits.id_bytes_max));
    }
    tags.push_back(tag.get<std::string>());
  }
  std::ranges::sort(tags);
  const auto repeated = std::ranges::unique(tags);
  tags.erase(repeated.begin(), repeated.end());
  return tags;
}

json pack_value(const pack::Value& value) {
  if (const auto* yes = std::get_if<bool>(&value)) return *yes;
  if (const auto* amount = std::get_if<double>(&value)) {
    google::protobuf::Value number;
    set_number(number, *amount);
    return json_of(number);  // 5.0 is 5
  }
  return std::get<std::string>(value);
}

}  // namespace

std::string describe(const Key& key) { return key.kind + " '" + key.id + "'"; }

Result<void> check_key(const Key& key, const Limits& limits) {
  const auto plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (key.kind.empty() || key.kind.size() > limits.id_bytes_max || !std::ranges::all_of(key.kind, plain) ||
      (key.kind[0] >= '0' && key.kind[0] <= '9')) {
    return fail(Code::invalid_argument, "state.bad_key",
                "kind is a word of small letters, digits and '_' (player, npc, feature, or your own)");
  }
  if (key.id.empty() || key.id.size() > limits.id_bytes_max || !is_utf8(key.id) || has_control(key.id)) {
    return fail(Code::invalid_argument, "state.bad_key",
                fmt::format("id has 1 to {} bytes and no control characters", limits.id_bytes_max));
  }
  return {};
}

Result<std::string> canonical(const Struct& document, const Limits& limits) {
  TRY(const json made, to_json(document, limits.depth_max));
  return bounded(made, limits);
}

Struct decode(const std::string& canonical) {
  Struct made;
  set_document(parse(canonical), made);
  return made;
}

Result<std::string> merged(const std::string& canonical, const Struct& patch, const Limits& limits) {
  TRY(const json change, to_json(patch, limits.depth_max));
  json document = parse(canonical);
  document.merge_patch(change);
  return bounded(document, limits);
}

bool is_newcomer(const Key& key, std::string_view canonical) {
  constexpr std::string_view kHead = R"({"items":{},"money":0,"place":")";
  if (key.kind != "player" || !canonical.starts_with(kHead)) return false;
  return canonical.find('"', kHead.size()) == canonical.size() - 2;
}

Result<Members> members_of(const Key& key, const std::string& canonical, const pack::Pack& pack,
                           const Limits& limits) {
  const json document = parse(canonical);
  Members members;
  TRY(members.place, name_member(document, "place", limits));
  TRY(members.player, name_member(document, "player", limits));
  TRY(members.tags, tags_of(document, limits));
  if (!members.place.empty() && pack.place(members.place) == nullptr) {
    return bad_member("place '" + members.place + "' is not known" +
                      did_you_mean(members.place, pack.place_ids()));
  }
  TRY_VOID(check_items(document));
  TRY_VOID(check_numbers(document, pack.world.money.coin));
  if (key.kind == "player") members.player = key.id;  // who a player is belongs to nobody else
  return members;
}

std::vector<std::string> changed_keys(const std::string& before, const std::string& after) {
  const json was = parse(before);
  const json is = parse(after);
  std::vector<std::string> keys;
  for (const auto& [key, value] : is.items()) {
    const auto old = was.find(key);
    if (old == was.end() || *old != value) keys.push_back(key);
  }
  for (const auto& [key, value] : was.items()) {
    if (!is.contains(key)) keys.push_back(key);
  }
  std::ranges::sort(keys);
  return keys;
}

Struct only(const Struct& document, const std::vector<std::string>& keys) {
  Struct part;
  for (const auto& key : keys) {
    const auto found = document.fields().find(key);
    if (found != document.fields().end()) (*part.mutable_fields())[key] = found->second;
  }
  return part;
}

namespace {

struct Owned {
  std::string_view kind;
  std::string_view member;
  std::string_view method;
};
constexpr Owned kOwned[] = {{"npc", "place", "npc.Move"}, {"npc", "dead", "npc.Die"}};

}  // namespace

Result<void> check_owned(const Key& key, const std::string& before, const Struct& given) {
  const json was = parse(before);
  for (const auto& owned : kOwned) {
    if (owned.kind != key.kind) continue;
    if (before.empty()) {
      return fail(Code::permission_denied, "state.owned",
                  describe(key) + " is nobody: people come with the pack, not by a document");
    }
    const auto said = given.fields().find(std::string(owned.member));
    if (said == given.fields().end()) continue;
    const auto old = was.find(std::string(owned.member));
    const bool is_text = said->second.kind_case() == google::protobuf::Value::kStringValue;
    const bool is_bool = said->second.kind_case() == google::protobuf::Value::kBoolValue;
    const bool same = old != was.end() && ((is_text && *old == said->second.string_value()) ||
                                           (is_bool && *old == said->second.bool_value()));
    if (same) continue;
    return fail(Code::permission_denied, "state.owned",
                fmt::format("'{}' of {} changes by {}, which tells everybody", owned.member, describe(key),
                            owned.method));
  }
  return {};
}

std::string keep_owned(const Key& key, const std::string& before, const std::string& text) {
  const json was = parse(before);
  json is = parse(text);
  for (const auto& owned : kOwned) {
    const std::string member(owned.member);
    if (owned.kind == key.kind && was.contains(member) && !is.contains(member)) is[member] = was[member];
  }
  return is.dump();
}

std::string_view owner_of_end(const Key& key) { return key.kind == "npc" ? "npc.Die" : ""; }

std::string as_dead(const std::string& text) {
  json document = parse(text);
  if (document.contains("items")) document["items"] = json::object();
  if (document.contains("money")) document["money"] = 0;
  document["dead"] = true;
  return document.dump();
}

std::optional<std::string> worn(const std::string& text, const pack::Wear& wear) {
  json document = parse(text);
  if (document.value("dead", json()) == true) return std::nullopt;  // nothing comes to the dead
  for (const auto& [key, value] : wear.when) {
    if (!document.contains(key) || document[key] != pack_value(value)) return std::nullopt;
  }
  if (wear.to) {
    document[wear.key] = pack_value(*wear.to);
  } else {
    const auto found = document.find(wear.key);
    if (found == document.end() || !found->is_number()) return std::nullopt;
    const double next = std::max(0., found->get<double>() + wear.by);
    if (next == std::floor(next)) {
      *found = static_cast<std::int64_t>(next);
    } else {
      *found = next;
    }
  }
  std::string made = document.dump();
  return made == text ? std::nullopt : std::optional(std::move(made));
}

std::vector<Initial> initial_documents(const pack::Pack& pack) {
  std::vector<Initial> made;
  for (const auto& npc : pack.npcs) {
    json items = json::object();
    for (const auto& [good, count] : npc.goods) items[good.str()] = count;
    const json document = {{"place", npc.starts_at.str()}, {"items", std::move(items)}, {"money", npc.money}};
    made.push_back({{"npc", npc.id.str()}, document.dump()});
  }
  for (const auto& place : pack.places) {
    for (const auto& feature : place.features) {
      json document = json::object();
      for (const auto& [key, value] : feature.state) document[key] = pack_value(value);
      document["kind"] = feature.kind;
      document["place"] = place.id.str();
      made.push_back({{"feature", feature.id.str()}, document.dump()});
    }
  }
  return made;
}

}  // namespace troupe::state
