#include "services/events/event_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/steady.h"
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

Result<std::unique_ptr<google::protobuf::Message>> message_of(const EventType& type,
                                                              const google::protobuf::Struct& payload,
                                                              const Limits& limits) {
  const auto json = json_of(payload);
  const std::size_t bytes = to_json(payload).size();
  if (bytes > limits.payload_bytes_max) {
    return fail(Code::invalid_argument, "events.bad_payload",
                fmt::format("the payload has {} bytes as JSON; at most {}", bytes, limits.payload_bytes_max));
  }
  TRY_VOID(check_fields(type, payload));
  auto message = new_message(type.message);
  if (const auto read = from_json_value(json, *message); !read) {
    return fail(Code::invalid_argument, "events.bad_payload", read.error().message);
  }
  return message;
}

pb::Priority priority_of(std::string_view name) {
  if (name == "low") return pb::PRIORITY_LOW;
  return name == "high" ? pb::PRIORITY_HIGH : pb::PRIORITY_NORMAL;
}

std::string priority_name(int priority) {
  if (priority == pb::PRIORITY_LOW) return "low";
  return priority == pb::PRIORITY_HIGH ? "high" : "normal";
}

Result<Audience> wanted_audience(const pb::EventsPublishRequest& request) {
  const auto bad = [](std::string message) {
    return fail(Code::invalid_argument, "events.bad_audience", std::move(message));
  };
  if (request.players_size() > 0) {
    if (!request.audience().empty()) return bad("audience and players are two ways to say who: give one");
    return Audience::only({request.players().begin(), request.players().end()});
  }
  const std::string& said = request.audience();
  if (said.empty()) return Audience::by_type();
  if (said == "operators") return Audience::operators();
  if (said == "everybody") return Audience::everybody();
  if (said != "place") return bad("audience is operators, everybody or place, not '" + said + "'");
  if (request.place().empty()) return bad("the audience 'place' needs a place");
  return Audience::at_place();
}

Result<Places> places_within(const pack::Pack& pack, const pb::EventsArea* area,
                             const google::protobuf::RepeatedPtrField<std::string>& names,
                             const Limits& limits) {
  const auto bad = [](std::string message) {
    return fail(Code::invalid_argument, "events.bad_area", std::move(message));
  };
  if (area == nullptr && names.empty()) return Places();
  if (static_cast<std::size_t>(names.size()) > limits.places_max)
    return bad(fmt::format("at most {} places", limits.places_max));
  std::set<std::string> within;
  for (const auto& name : names) {
    if (pack.place(name) == nullptr)
      return bad("place '" + name + "' is not known" + did_you_mean(name, pack.place_ids()));
    within.insert(name);
  }
  if (area != nullptr) {
    if (area->radius() == 0) return bad("an area has a radius above 0, in metres");
    for (const auto& place : pack.places) {
      if (steady_distance(place.x - area->x(), place.y - area->y()) <= area->radius())
        within.insert(place.id.str());
    }
  }
  return std::vector<std::string>(within.begin(), within.end());
}

pb::EventView view_of(const pb::Envelope& event) {
  pb::EventView view;
  view.set_id(event_log::event_id(event.world(), event.sequence()));
  view.set_sequence(event.sequence());
  view.set_type(event.type());
  view.set_subject(event.subject());
  view.set_place(event.place());
  view.set_at_ms(event.game_ms());
  view.set_wall_ms(event.wall_ms());
  if (event.cause() != 0) view.set_cause(event_log::event_id(event.world(), event.cause()));
  view.set_priority(priority_name(event.priority()));
  if (event.has_audience()) *view.mutable_audience() = event.audience();
  // A type that this build does not know is a game's own, or of another build: the log outlives builds.
  if (const auto type = find_event_type(event.type())) {
    const auto message = new_message((*type)->message);
    if (message->ParseFromString(event.payload()))
      (void)from_json(to_json(*message), *view.mutable_payload());
  } else if (google::protobuf::Struct own; own.ParseFromString(event.payload())) {
    *view.mutable_payload() = std::move(own);
  }
  return view;
}

std::optional<pb::EventView> view_for(const Caller& caller, const EventRecord& event,
                                      const std::string& world) {
  const Shown shown(event_log::to_envelope(event, world));
  const auto* seen = shown.to(caller.role, caller.name);
  if (seen == nullptr) return std::nullopt;
  return view_of(*seen);
}

pb::EventsTypesReply::Type describe(const EventType& type, bool whole) {
  pb::EventsTypesReply::Type out;
  out.set_type(type.type);
  out.set_service(type.info.service());
  out.set_summary(type.info.summary());
  out.set_players(type.info.players());
  out.set_live(type.info.live());
  const auto* player = type.message->FindFieldByName("player");
  const bool named = player != nullptr && !player->is_repeated();
  out.set_audience(!type.info.players() ? "operators" : named ? "player" : "place");
  for (int i = 0; i < type.message->field_count(); ++i) {
    const auto& field = *type.message->field(i);
    if (!whole && field.options().GetExtension(pb::hidden)) continue;
    out.add_fields(field.name() + ": " + type_of(field));
  }
  return out;
}

}  // namespace troupe::events
