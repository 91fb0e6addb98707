#include "services/events/events_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace troupe {

namespace {

// Events of the log for one reader, at most `limit` of them; goes on until `scan_max` were looked at.
struct Page {
  std::vector<EventRecord> events;
  std::uint64_t last = 0;  // where to go on
};

Result<Page> read_page(db::Reader& reader, const Caller& caller, HistoryQuery query, std::size_t limit,
                       const events::Limits& limits) {
  Page page{.events = {}, .last = query.after};
  std::size_t scanned = 0;
  std::size_t bytes = 0;
  // Only players have to look further than the first page: the others see everything.
  query.limit = caller.role == pb::ROLE_PLAYER ? std::min<std::size_t>(500, limits.scan_max) : limit;
  while (scanned < limits.scan_max) {
    query.after = page.last;
    TRY(const auto found, event_log::history(reader, query));
    for (const auto& event : found) {
      const bool seen = events::visible(event, caller);
      if (seen && !page.events.empty() && bytes + event.payload.size() > limits.page_bytes_max) return page;
      page.last = event.sequence;
      if (!seen) continue;
      bytes += event.payload.size();
      page.events.push_back(event);
      if (page.events.size() == limit) return page;
    }
    scanned += found.size();
    if (found.size() < query.limit) break;
  }
  return page;
}

}  // namespace

EventsService::EventsService(const pack::Pack& pack, Host& host, const events::Limits& limits)
    : pack_(pack), host_(host), limits_(limits), consumers_(limits) {}

void EventsService::mount() {
  host_.serve(&EventsService::publish, this);
  host_.serve(&EventsService::types, this);
  host_.serve(&EventsService::history, this);
  host_.serve(&EventsService::stats, this);
  mount_consumers();
}

Result<pb::EventsPublishReply> EventsService::publish(Turn& turn, const Caller&,
                                                      const pb::EventsPublishRequest& request) {
  TRY(const EventType* type, events::publishable(request.type()));
  TRY_VOID(events::check_name("subject", request.subject(), limits_));
  if (!request.place().empty() && pack_.place(request.place()) == nullptr) {
    return fail(
        Code::invalid_argument, "events.bad_place",
        "place '" + request.place() + "' is not known" + did_you_mean(request.place(), pack_.place_ids()));
  }
  TRY(const pb::Priority priority, events::parse_priority(request.priority()));
  TRY(const auto message, events::message_of(*type, request.payload(), limits_));
  pb::EventsPublishReply reply;
  reply.set_sequence(
      turn.emit(*message, {.subject = request.subject(), .place = request.place(), .priority = priority}));
  reply.set_id(event_log::event_id(turn.world(), reply.sequence()));
  return reply;
}

Result<pb::EventsTypesReply> EventsService::types(const Caller& caller, const pb::EventsTypesRequest&) const {
  pb::EventsTypesReply reply;
  for (const auto& type : all_event_types()) {
    if (caller.role == pb::ROLE_PLAYER && !type.info.players()) continue;
    *reply.add_types() = events::describe(type);
  }
  return reply;
}

Task<pb::EventsHistoryReply> EventsService::history(Caller caller, pb::EventsHistoryRequest request) {
  CO_TRY(const std::size_t limit, events::check_limit(request.limit(), limits_));
  CO_TRY_VOID(events::check_logged(request.type()));
  CO_TRY_VOID(events::check_name("subject", request.subject(), limits_));
  const HistoryQuery query{.type = request.type(),
                           .subject = request.subject(),
                           .after = request.after_sequence(),
                           .limit = limit,
                           .newest_first = request.newest_first()};
  CO_TRY(const Page page,
         co_await read_log<Page>([caller, query, limit, limits = limits_](db::Reader& reader) {
           return read_page(reader, caller, query, limit, limits);
         }));
  pb::EventsHistoryReply reply;
  const std::string world = host_.timeline().config().world;
  for (const auto& event : page.events) *reply.add_events() = events::view_of(event, world);
  reply.set_last_sequence(page.last);
  co_return reply;
}

Task<pb::EventsStatsReply> EventsService::stats(Caller, pb::EventsStatsRequest) {
  CO_TRY(auto reply,
         co_await read_log<pb::EventsStatsReply>([](db::Reader& reader) -> Result<pb::EventsStatsReply> {
           pb::EventsStatsReply counted;
           TRY(const auto rows,
               reader.query("select type, count(*), max(sequence) from events group by type order by type"));
           for (const auto& row : rows) {
             auto& type = *counted.add_types();
             type.set_type(row.text(0));
             type.set_count(static_cast<std::uint64_t>(row.integer(1)));
             type.set_last_sequence(static_cast<std::uint64_t>(row.integer(2)));
             counted.set_sequence(std::max(counted.sequence(), type.last_sequence()));
           }
           return counted;
         }));
  for (const auto& [name, consumer] : consumers_.all()) {
    auto& out = *reply.add_consumers();
    out.set_name(name);
    out.set_cursor(consumer.cursor);
    out.set_behind(reply.sequence() > consumer.cursor ? reply.sequence() - consumer.cursor : 0);
    out.set_dead_letters(consumer.dead());
  }
  co_return reply;
}

}  // namespace troupe
