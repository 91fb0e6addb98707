#include "services/events/own_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "host/json.h"

namespace troupe::events {

using google::protobuf::Value;

namespace {

const std::vector<std::string> kFieldTypes = {"string", "number", "bool", "list", "object", "any"};
const std::vector<std::string> kAudiences = {"operators", "player", "place", "everybody"};

std::unexpected<Error> bad_type(std::string message) {
  return fail(Code::invalid_argument, "events.bad_type", std::move(message));
}
std::unexpected<Error> bad_payload(std::string message) {
  return fail(Code::invalid_argument, "events.bad_payload", std::move(message));
}

bool is_one_of(const std::string& word, const std::vector<std::string>& words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_type_name(const std::string& name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z' && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

bool is_field_name(const std::string& name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view kind_of(const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return "string";
    case Value::kNumberValue:
      return "number";
    case Value::kBoolValue:
      return "bool";
    case Value::kListValue:
      return "list";
    case Value::kStructValue:
      return "object";
    default:
      return "null";
  }
}

}  // namespace

Result<void> check_own_type(const OwnType& type, const Limits& limits) {
  if (!is_type_name(type.type()) || type.type().size() > limits.name_bytes_max) {
    return bad_type("a type is named in PascalCase, as in DragonSlain");
  }
  if (find_event_type(type.type())) {
    return fail(Code::conflict, "events.type_taken",
                type.type() + " is a type of the server; choose another name");
  }
  if (!type.audience().empty() && !is_one_of(type.audience(), kAudiences)) {
    return bad_type("audience is " + join(kAudiences, ", ") + ", not '" + type.audience() + "'" +
                    did_you_mean(type.audience(), kAudiences));
  }
  if (static_cast<std::size_t>(type.fields_size()) > limits.own_fields_max) {
    return bad_type(fmt::format("a type has at most {} fields", limits.own_fields_max));
  }
  std::set<std::string> names;
  for (const auto& field : type.fields()) {
    if (!is_field_name(field.name()) || field.name().size() > limits.name_bytes_max)
      return bad_type("a field is named in lower case, as in dragon_name");
    if (!names.insert(field.name()).second)
      return bad_type("field '" + field.name() + "' stands there twice");
    if (!is_one_of(field.type(), kFieldTypes)) {
      return bad_type("field '" + field.name() + "' is one of " + join(kFieldTypes, ", ") + ", not '" +
                      field.type() + "'" + did_you_mean(field.type(), kFieldTypes));
    }
  }
  const bool names_player = std::ranges::any_of(
      type.fields(), [](const auto& field) { return field.name() == "player" && field.type() == "string"; });
  if (type.audience() == "player" && !names_player)
    return bad_type("the audience 'player' is the one in the field 'player': declare it as a string");
  return {};
}

Result<void> check_own_payload(const OwnType& type, const google::protobuf::Struct& payload,
                               const Limits& limits) {
  const std::string json = to_json(payload);
  if (json.size() > limits.payload_bytes_max) {
    return bad_payload(
        fmt::format("the payload has {} bytes as JSON; at most {}", json.size(), limits.payload_bytes_max));
  }
  std::vector<std::string> names;
  for (const auto& field : type.fields()) {
    names.push_back(field.name());
    const auto given = payload.fields().find(field.name());
    if (given == payload.fields().end()) {
      if (field.required())
        return bad_payload("field '" + field.name() + "' of " + type.type() + " is missing");
      continue;
    }
    const auto kind = kind_of(given->second);
    if (field.type() == "any" || kind == field.type()) continue;
    return bad_payload(
        fmt::format("field '{}' of {} is a {}, not a {}", field.name(), type.type(), field.type(), kind));
  }
  for (const auto& [key, value] : payload.fields()) {
    if (!is_one_of(key, names))
      return bad_payload("no field '" + key + "' in " + type.type() + did_you_mean(key, names));
  }
  return {};
}

Audience audience_of(const OwnType& type, const google::protobuf::Struct& payload) {
  if (type.audience() == "everybody") return Audience::everybody();
  if (type.audience() == "place") return Audience::at_place();
  if (type.audience() == "player") {
    const auto player = payload.fields().find("player");
    return Audience::one(player == payload.fields().end() ? "" : player->second.string_value());
  }
  return Audience::operators();
}

pb::EventsTypesReply::Type describe(const OwnType& type) {
  pb::EventsTypesReply::Type out;
  out.set_type(type.type());
  out.set_service("game");
  out.set_summary(type.summary());
  out.set_audience(type.audience().empty() ? "operators" : type.audience());
  out.set_players(out.audience() != "operators");
  out.set_live(type.live());
  out.set_own(true);
  for (const auto& field : type.fields()) out.add_fields(field.name() + ": " + field.type());
  return out;
}

}  // namespace troupe::events
