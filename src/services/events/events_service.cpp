#include "services/events/events_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "troupe/v1/state.pb.h"

namespace troupe {

namespace {

// A page of the log as one caller may see it, built where it is read; goes on until `scan_max` were looked
// at.
Result<pb::EventsHistoryReply> read_page(db::Reader& reader, const Caller& caller, const std::string& world,
                                         HistoryQuery query, const events::Limits& limits) {
  pb::EventsHistoryReply page;
  page.set_last_sequence(query.after);  // where to go on
  const std::size_t limit = query.limit;
  std::size_t scanned = 0;
  std::size_t bytes = 0;
  query.for_players = !sees_everything(caller.role);
  // Only players have to look further than the first page: operators see everything.
  if (query.for_players) query.limit = std::min<std::size_t>(500, limits.scan_max);
  while (scanned < limits.scan_max) {
    query.after = page.last_sequence();
    TRY(const auto found, event_log::history(reader, query));
    for (const auto& event : found) {
      auto view = events::view_for(caller, event, world);
      if (view) {
        bytes += event.payload.size();
        if (page.events_size() > 0 && bytes > limits.page_bytes_max) return page;
      }
      page.set_last_sequence(event.sequence);
      if (!view) continue;
      *page.add_events() = *std::move(view);
      if (static_cast<std::size_t>(page.events_size()) == limit) return page;
    }
    scanned += found.size();
    if (found.size() < query.limit) break;
  }
  return page;
}

}  // namespace

EventsService::EventsService(const pack::Pack& pack, Host& host, const events::Limits& limits)
    : pack_(pack),
      host_(host),
      limits_(limits),
      consumers_(host.timeline(), limits),
      gate_(host.env(), 1, limits.reads_waiting_max),
      own_types_(host.timeline()) {}

void EventsService::mount() {
  host_.serve(&EventsService::publish, this);
  host_.serve(&EventsService::types, this);
  host_.serve(&EventsService::history, this);
  host_.serve(&EventsService::stats, this);
  host_.serve(&EventsService::register_type, this);
  host_.serve(&EventsService::unregister_type, this);
  mount_consumers();
}

std::vector<std::string> EventsService::own_names() const {
  std::vector<std::string> names;
  for (const auto& [key, own] : own_types_.rows()) names.push_back(own.type());
  return names;
}

std::unexpected<Error> EventsService::unknown_type(const std::string& type) const {
  auto names = own_names();
  for (const auto& known : all_event_types()) names.push_back(known.type);
  return fail(Code::invalid_argument, "events.unknown_type",
              "no event type '" + std::string(utf8_prefix(type, 60)) + "'" + near_or_all(type, names));
}

Result<void> EventsService::check_logged(const std::string& type) const {
  if (type.empty()) return {};
  const auto* own = own_types_.find(type);
  const auto found = find_event_type(type);
  if (own == nullptr && !found) return unknown_type(type);
  if (own != nullptr ? !own->live() : !(*found)->info.live()) return {};
  return fail(Code::invalid_argument, "events.live", type + " is live only: it is not kept in the log");
}

namespace {

// Where somebody or something is by its document; "" where there is none.
std::string place_of(Turn& turn, const google::protobuf::Struct& gone) {
  const auto text = [&](const char* key) {
    const auto field = gone.fields().find(key);
    return field == gone.fields().end() ? std::string() : field->second.string_value();
  };
  pb::StateGetRequest ask;
  ask.set_kind(text("kind"));
  ask.set_id(text("id"));
  const Caller self{.name = "events", .role = pb::ROLE_SERVICE, .world = turn.world()};
  const auto document = turn.call<pb::StateDocument>(self, ask);
  if (!document) return {};
  const auto place = document->document().fields().find("place");
  return place == document->document().fields().end() ? std::string() : place->second.string_value();
}

}  // namespace

Result<pb::EventsPublishReply> EventsService::publish(Turn& turn, const Caller& caller,
                                                      const pb::EventsPublishRequest& request) {
  const auto* own = own_types_.find(request.type());
  const EventType* type = nullptr;
  if (own == nullptr) {
    if (!find_event_type(request.type())) return unknown_type(request.type());
    TRY(type, events::publishable(request.type()));
  }
  if (caller.role != pb::ROLE_SERVICE && request.type() == pb::EntityGone::descriptor()->name()) {
    const auto said = [&](const char* name) {
      const auto field = request.payload().fields().find(name);
      return field == request.payload().fields().end() ? std::string() : field->second.string_value();
    };
    if (said("kind") == "npc" && pack_.npc(said("id")) != nullptr)
      return fail(Code::permission_denied, "events.not_yours",
                  "that somebody of the pack is gone is said by npc.Die, which tells everybody");
  }
  if (!request.place().empty() && pack_.place(request.place()) == nullptr) {
    return fail(
        Code::invalid_argument, "events.bad_place",
        "place '" + request.place() + "' is not known" + did_you_mean(request.place(), pack_.place_ids()));
  }
  EmitOptions options{.subject = request.subject(), .place = request.place()};
  options.priority = events::priority_of(request.priority());
  TRY(options.audience, events::wanted_audience(request));
  // Who is gone is missed where they were, and not by everybody.
  if (request.type() == pb::EntityGone::descriptor()->name() && options.place.empty() &&
      options.audience.kind == Audience::Kind::by_type) {
    options.place = place_of(turn, request.payload());
    if (options.place.empty()) options.audience = Audience::operators();
  }
  pb::EventsPublishReply reply;
  if (own != nullptr) {
    TRY_VOID(events::check_own_payload(*own, request.payload(), limits_));
    if (options.audience.kind == Audience::Kind::by_type)
      options.audience = events::audience_of(*own, request.payload());
    options.own_type = own->type();
    options.own_live = own->live();
    reply.set_sequence(turn.emit(request.payload(), std::move(options)));
  } else {
    TRY(const auto message, events::message_of(*type, request.payload(), limits_));
    reply.set_sequence(turn.emit(*message, std::move(options)));
  }
  if (reply.sequence() != 0) reply.set_id(event_log::event_id(turn.world(), reply.sequence()));
  return reply;
}

Result<pb::EventsRegisterReply> EventsService::register_type(Turn& turn, const Caller&,
                                                             const pb::EventsRegisterRequest& request) {
  TRY_VOID(events::check_own_type(request, limits_));
  pb::EventsRegisterReply reply;
  *reply.mutable_type() = events::describe(request);
  const auto* known = own_types_.find(request.type());
  if (known == nullptr && own_types_.size() >= limits_.own_types_max) {
    return fail(Code::exhausted, "events.types_full",
                fmt::format("the game has declared {} types already", limits_.own_types_max));
  }
  if (known == nullptr || stable_bytes(*known) != stable_bytes(request)) own_types_.put(turn, request);
  return reply;
}

Result<pb::EventsUnregisterReply> EventsService::unregister_type(Turn& turn, const Caller&,
                                                                 const pb::EventsUnregisterRequest& request) {
  if (own_types_.find(request.type()) == nullptr) {
    return fail(Code::not_found, "events.unknown_type",
                "the game has no type '" + std::string(utf8_prefix(request.type(), 60)) + "'" +
                    near_or_all(request.type(), own_names()));
  }
  own_types_.erase(turn, request.type());
  return pb::EventsUnregisterReply();
}

Result<pb::EventsTypesReply> EventsService::types(const Caller& caller, const pb::EventsTypesRequest&) const {
  const bool whole = sees_everything(caller.role);
  pb::EventsTypesReply reply;
  for (const auto& type : all_event_types()) {
    if (may_see_type(caller.role, &type)) *reply.add_types() = events::describe(type, whole);
  }
  for (const auto& [key, own] : own_types_.rows()) {
    auto described = events::describe(own);
    if (whole || described.players()) *reply.add_types() = std::move(described);
  }
  return reply;
}

Task<pb::EventsHistoryReply> EventsService::history(Caller caller, pb::EventsHistoryRequest request) {
  const auto limit = request.limit() == 0 ? limits_.page_default : static_cast<std::size_t>(request.limit());
  CO_TRY_VOID(check_logged(request.type()));
  CO_TRY(auto places, events::places_within(pack_, request.has_area() ? &request.area() : nullptr,
                                            request.places(), limits_));
  const HistoryQuery query{.type = request.type(),
                           .subject = request.subject(),
                           .after = request.after_sequence(),
                           .limit = limit,
                           .newest_first = request.newest_first(),
                           .places = std::move(places)};
  const std::string world = host_.timeline().config().world;
  co_return co_await read_log<pb::EventsHistoryReply>(
      caller, [caller, query, world, limits = limits_](db::Reader& reader) {
        return read_page(reader, caller, world, query, limits);
      });
}

Task<pb::EventsStatsReply> EventsService::stats(Caller caller, pb::EventsStatsRequest) {
  CO_TRY(auto reply, co_await read_log<pb::EventsStatsReply>(
                         caller, [](db::Reader& reader) -> Result<pb::EventsStatsReply> {
                           pb::EventsStatsReply counted;
                           TRY(const auto counts, event_log::counts(reader));
                           for (const auto& count : counts) {
                             auto& type = *counted.add_types();
                             type.set_type(count.type);
                             type.set_count(count.count);
                             type.set_last_sequence(count.last_sequence);
                             counted.set_sequence(std::max(counted.sequence(), count.last_sequence));
                           }
                           return counted;
                         }));
  for (const auto& [key, consumer] : consumers_.all().rows()) {
    auto& out = *reply.add_consumers();
    out.set_name(consumer.name());
    out.set_cursor(consumer.cursor());
    out.set_behind(reply.sequence() > consumer.cursor() ? reply.sequence() - consumer.cursor() : 0);
    out.set_dead_letters(consumers_.dead(consumer.name()));
  }
  co_return reply;
}

}  // namespace troupe
