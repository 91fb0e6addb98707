// Durable consumers: the turns that change them, and the reads that serve them. Delivery is at least once:
// what was not acknowledged comes again, also after a restart.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/events/events_service.h"

namespace troupe {

namespace {

struct Wanted {
  std::vector<std::string> types;
  std::uint64_t after = 0;
  std::set<std::uint64_t> without;
  std::size_t limit = 0;
  events::Places places;
};

// The next events of some types, in the order of the log: the first of each type, merged.
Result<std::vector<EventRecord>> read_next(db::Reader& reader, const Wanted& wanted,
                                           const events::Limits& limits) {
  std::vector<EventRecord> found;
  const auto types = wanted.types.empty() ? std::vector<std::string>{""} : wanted.types;
  for (const auto& type : types) {
    HistoryQuery query{.type = type,
                       .after = wanted.after,
                       .limit = wanted.limit + wanted.without.size(),
                       .places = wanted.places};
    TRY(auto events, event_log::history(reader, query));
    std::ranges::move(events, std::back_inserter(found));
  }
  std::erase_if(found, [&](const EventRecord& event) { return wanted.without.contains(event.sequence); });
  std::ranges::sort(found, {}, &EventRecord::sequence);
  if (found.size() > wanted.limit) found.resize(wanted.limit);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    bytes += found[i].payload.size();
    if (i > 0 && bytes > limits.page_bytes_max) {
      found.resize(i);
      break;
    }
  }
  return found;
}

// The page as the caller may see it, built where it is read.
Result<pb::EventsConsumeReply> read_views(db::Reader& reader, const Caller& caller, const std::string& world,
                                          const Wanted& wanted, const events::Limits& limits) {
  TRY(const auto found, read_next(reader, wanted, limits));
  pb::EventsConsumeReply reply;
  for (const auto& event : found) {
    if (auto view = events::view_for(caller, event, world)) *reply.add_events() = *std::move(view);
  }
  return reply;
}

}  // namespace

Result<std::vector<std::string>> EventsService::checked_types(
    const google::protobuf::RepeatedPtrField<std::string>& given) const {
  for (const auto& type : given) {
    if (type.empty())
      return fail(Code::invalid_argument, "events.bad_types", "a type is empty; leave it out for every type");
    TRY_VOID(check_logged(type));
  }
  std::vector<std::string> types(given.begin(), given.end());
  std::ranges::sort(types);
  const auto repeated = std::ranges::unique(types);
  types.erase(repeated.begin(), repeated.end());
  return types;
}

void EventsService::mount_consumers() {
  host_.serve(&EventsService::consume, this);
  host_.serve(&EventsService::begin, this);
  host_.serve(&EventsService::ack, this);
  host_.serve(&EventsService::reject, this);
  host_.serve(&EventsService::redrive, this);
  host_.serve(&EventsService::drop, this);
  host_.serve(&EventsService::dead_letters, this);
}

std::uint64_t EventsService::log_end(const Turn&) const { return host_.timeline().tail().events; }

Task<pb::EventsConsumeReply> EventsService::consume(Caller caller, pb::EventsConsumeRequest request) {
  const auto limit = request.limit() == 0 ? limits_.page_default : static_cast<std::size_t>(request.limit());
  CO_TRY(const auto types, checked_types(request.types()));
  pb::EventsWithin within;
  if (request.has_area()) *within.mutable_area() = request.area();
  *within.mutable_places() = request.places();
  CO_TRY_VOID(consumers_.check_same(request.consumer(), types, within));
  if (consumers_.find(request.consumer()) == nullptr) {
    pb::EventsConsumerBegin begin_request;
    begin_request.set_consumer(request.consumer());
    for (const auto& type : types) begin_request.add_types(type);
    begin_request.set_from_sequence(request.from_sequence());
    *begin_request.mutable_within() = within;
    CO_TRY_VOID(
        co_await host_.submit<pb::EventsConsumerBegun>(Caller::server(caller.deadline), begin_request));
  }
  CO_TRY(const auto* consumer, consumers_.get(request.consumer()));
  const std::uint64_t cursor = consumer->cursor();
  CO_TRY(auto places, places_of(consumer->within()));
  Wanted wanted{{consumer->types().begin(), consumer->types().end()},
                cursor,
                consumers_.dead_after_cursor(*consumer),
                limit,
                std::move(places)};
  if (const auto again = consumers_.next_redriven(consumer->name())) wanted = {{}, again - 1, {}, 1, {}};
  const std::string world = host_.timeline().config().world;
  CO_TRY(auto reply, co_await read_log<pb::EventsConsumeReply>(
                         caller, [caller, wanted, world, limits = limits_](db::Reader& reader) {
                           return read_views(reader, caller, world, wanted, limits);
                         }));
  reply.set_cursor(cursor);
  co_return reply;
}

// Of an area that was kept: places that the pack does not know any more are no reason to stop a consumer.
Result<events::Places> EventsService::places_of(const pb::EventsWithin& within) const {
  google::protobuf::RepeatedPtrField<std::string> known;
  for (const auto& name : within.places()) {
    if (pack_.place(name) != nullptr) *known.Add() = name;
  }
  TRY(auto places,
      events::places_within(pack_, within.has_area() ? &within.area() : nullptr, known, limits_));
  if (!places && within.places_size() > 0) places.emplace();
  return places;
}

Result<pb::EventsConsumerBegun> EventsService::begin(Turn& turn, const Caller&,
                                                     const pb::EventsConsumerBegin& request) {
  const std::string& name = request.consumer();
  TRY(auto types, checked_types(request.types()));
  TRY_VOID(events::places_within(pack_, request.within().has_area() ? &request.within().area() : nullptr,
                                 request.within().places(), limits_));
  TRY_VOID(consumers_.check_same(name, types, request.within()));
  pb::EventsConsumerBegun reply;
  if (const auto* known = consumers_.find(name)) {  // two came first
    reply.set_cursor(known->cursor());
    return reply;
  }
  // From `from_sequence` on, itself included; without it, what comes from now on.
  const std::uint64_t end = log_end(turn);
  const std::uint64_t cursor =
      request.from_sequence() == 0 ? end : std::min(request.from_sequence() - 1, end);
  pb::EventConsumer consumer;
  consumer.set_name(name);
  consumer.set_cursor(cursor);
  consumer.mutable_types()->Add(types.begin(), types.end());
  *consumer.mutable_within() = request.within();
  TRY_VOID(consumers_.begin(turn, std::move(consumer)));
  reply.set_cursor(cursor);
  return reply;
}

Result<pb::EventsAckReply> EventsService::ack(Turn& turn, const Caller&,
                                              const pb::EventsAckRequest& request) {
  pb::EventsAckReply reply;
  TRY(const auto cursor, consumers_.ack(turn, request.consumer(), request.sequence(), log_end(turn)));
  reply.set_cursor(cursor);
  return reply;
}

Result<pb::EventsRejectReply> EventsService::reject(Turn& turn, const Caller&,
                                                    const pb::EventsRejectRequest& request) {
  TRY(const auto letter,
      consumers_.reject(turn, request.consumer(), request.sequence(), request.reason(), log_end(turn)));
  pb::EventsRejectReply reply;
  reply.set_attempts(letter.attempts());
  reply.set_dead(letter.state() == pb::EventLetter::DEAD);
  if (reply.dead()) {
    pb::EventDeadLettered event;
    event.set_consumer(request.consumer());
    event.set_sequence(request.sequence());
    event.set_reason(letter.reason());
    turn.emit(event, {.subject = request.consumer(), .place = {}, .priority = pb::PRIORITY_HIGH});
  }
  return reply;
}

Result<pb::EventsDropReply> EventsService::drop(Turn& turn, const Caller&,
                                                const pb::EventsDropRequest& request) {
  TRY_VOID(consumers_.get(request.consumer()));
  consumers_.drop(turn, request.consumer());
  return pb::EventsDropReply();
}

Result<pb::EventsRedriveReply> EventsService::redrive(Turn& turn, const Caller&,
                                                      const pb::EventsRedriveRequest& request) {
  pb::EventsRedriveReply reply;
  TRY(const auto redriven, consumers_.redrive(turn, request.consumer(), request.sequence()));
  reply.set_redriven(redriven);
  return reply;
}

Task<pb::EventsDeadLettersReply> EventsService::dead_letters(Caller caller,
                                                             pb::EventsDeadLettersRequest request) {
  const auto limit = request.limit() == 0 ? limits_.page_default : static_cast<std::size_t>(request.limit());
  if (!request.consumer().empty()) CO_TRY_VOID(consumers_.get(request.consumer()));
  pb::EventsDeadLettersReply letters;
  std::vector<std::uint64_t> sequences;
  for (const auto& [key, letter] : consumers_.letters().rows()) {
    if (sequences.size() == limit) break;
    if (letter.state() != pb::EventLetter::DEAD) continue;
    if (!request.consumer().empty() && letter.consumer() != request.consumer()) continue;
    sequences.push_back(letter.sequence());
    auto& out = *letters.add_letters();
    out.set_consumer(letter.consumer());
    out.set_reason(letter.reason());
    out.set_attempts(letter.attempts());
  }
  const std::string world = host_.timeline().config().world;
  co_return co_await read_log<pb::EventsDeadLettersReply>(
      caller, [caller, letters, sequences, world](db::Reader& reader) -> Result<pb::EventsDeadLettersReply> {
        auto reply = letters;
        for (std::size_t i = 0; i < sequences.size(); ++i) {
          TRY(const auto event, event_log::event(reader, sequences[i]));
          auto view = events::view_for(caller, event.value_or(EventRecord{.sequence = sequences[i]}), world);
          if (view) *reply.mutable_letters(static_cast<int>(i))->mutable_event() = *std::move(view);
        }
        return reply;
      });
}

}  // namespace troupe
