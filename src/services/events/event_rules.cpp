#include "services/events/event_rules.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "base/text.h"
#include "host/json.h"

namespace troupe::events {

using google::protobuf::FieldDescriptor;

namespace {

constexpr const char* kOwnReport = "EventDeadLettered";

std::string type_of(const FieldDescriptor& field) {
  std::string name = field.cpp_type_name();
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) name = field.message_type()->name();
  if (field.type() == FieldDescriptor::TYPE_ENUM) name = field.enum_type()->name();
  if (field.is_map()) return "map";
  return field.is_repeated() ? name + "[]" : name;
}

// The player that a message is about, or "": a field `player`, by the contract's naming.
std::string player_of(const EventType& type, const std::string& payload) {
  const auto* field = type.message->FindFieldByName("player");
  if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) return {};
  const auto message = new_message(type.message);
  if (!message->ParseFromString(payload)) return {};
  return message->GetReflection()->GetString(*message, field);
}

// Both spellings of proto3 JSON; the nearest field is named for any other.
Result<void> check_fields(const EventType& type, const google::protobuf::Struct& payload) {
  std::vector<std::string> names;
  for (int i = 0; i < type.message->field_count(); ++i) names.push_back(type.message->field(i)->name());
  for (const auto& [key, value] : payload.fields()) {
    if (std::ranges::find(names, key) != names.end() ||
        type.message->FindFieldByCamelcaseName(key) != nullptr)
      continue;
    return fail(Code::invalid_argument, "events.bad_payload",
                "no field '" + key + "' in " + type.type + did_you_mean(key, names));
  }
  return {};
}

}  // namespace

Result<const EventType*> publishable(const std::string& type) {
  TRY(const EventType* found, find_event_type(type));
  if (found->info.service() == "events" && found->type != kOwnReport) return found;
  return fail(Code::permission_denied, "events.not_yours",
              fmt::format("{} is published by the {} service alone", type, found->info.service()));
}

Result<void> check_logged(const std::string& type) {
  if (type.empty()) return {};
  TRY(const EventType* found, find_event_type(type));
  if (!found->info.live()) return {};
  return fail(Code::invalid_argument, "events.live", type + " is live only: it is not kept in the log");
}

Result<std::unique_ptr<google::protobuf::Message>> message_of(const EventType& type,
                                                              const google::protobuf::Struct& payload,
                                                              const Limits& limits) {
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(payload, &json).ok()) {
    return fail(Code::invalid_argument, "events.bad_payload", "the payload has a number that is none");
  }
  if (json.size() > limits.payload_bytes_max) {
    return fail(
        Code::invalid_argument, "events.bad_payload",
        fmt::format("the payload has {} bytes as JSON; at most {}", json.size(), limits.payload_bytes_max));
  }
  TRY_VOID(check_fields(type, payload));
  auto message = new_message(type.message);
  if (const auto read = from_json(json, *message); !read) {
    return fail(Code::invalid_argument, "events.bad_payload", read.error().message);
  }
  return message;
}

Result<pb::Priority> parse_priority(const std::string& name) {
  if (name.empty() || name == "normal") return pb::PRIORITY_NORMAL;
  if (name == "low") return pb::PRIORITY_LOW;
  if (name == "high") return pb::PRIORITY_HIGH;
  return fail(Code::invalid_argument, "events.bad_priority",
              "priority is low, normal or high, not '" + name + "'");
}

std::string priority_name(int priority) {
  if (priority == pb::PRIORITY_LOW) return "low";
  return priority == pb::PRIORITY_HIGH ? "high" : "normal";
}

Result<void> check_name(const std::string& what, const std::string& name, const Limits& limits) {
  const bool control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.size() <= limits.name_bytes_max && !control && is_utf8(name)) return {};
  return fail(Code::invalid_argument, "events.bad_name",
              fmt::format("{} has at most {} bytes and no control characters", what, limits.name_bytes_max));
}

Result<std::size_t> check_limit(int limit, const Limits& limits) {
  if (limit == 0) return limits.page_default;
  if (limit > 0 && static_cast<std::size_t>(limit) <= limits.page_max) return static_cast<std::size_t>(limit);
  return fail(
      Code::invalid_argument, "events.bad_limit",
      fmt::format("limit is {}; expected 1 to {}, or 0 for {}", limit, limits.page_max, limits.page_default));
}

pb::EventView view_of(const EventRecord& event, const std::string& world) {
  pb::EventView view;
  view.set_id(event_log::event_id(world, event.sequence));
  view.set_sequence(event.sequence);
  view.set_type(event.type);
  view.set_subject(event.subject);
  view.set_place(event.place);
  view.set_at_ms(event.at.ms);
  view.set_wall_ms(event.wall_ms);
  if (event.cause != 0) view.set_cause(event_log::event_id(world, event.cause));
  view.set_priority(priority_name(event.priority));
  // A type that this build does not know (the log outlives builds) is shown without its fields.
  if (const auto type = find_event_type(event.type)) {
    const auto message = new_message((*type)->message);
    if (message->ParseFromString(event.payload)) {
      (void)google::protobuf::util::JsonStringToMessage(to_json(*message), view.mutable_payload());
    }
  }
  return view;
}

bool visible(const EventRecord& event, const Caller& caller) {
  if (caller.role != pb::ROLE_PLAYER) return true;
  const auto type = find_event_type(event.type);
  if (!type || !(*type)->info.players()) return false;
  const std::string player = player_of(**type, event.payload);
  return player.empty() || player == caller.name;
}

pb::EventsTypesReply::Type describe(const EventType& type) {
  pb::EventsTypesReply::Type out;
  out.set_type(type.type);
  out.set_service(type.info.service());
  out.set_summary(type.info.summary());
  out.set_players(type.info.players());
  out.set_live(type.info.live());
  for (int i = 0; i < type.message->field_count(); ++i) {
    const auto& field = *type.message->field(i);
    out.add_fields(field.name() + ": " + type_of(field));
  }
  return out;
}

}  // namespace troupe::events
