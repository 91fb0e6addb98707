// Durable consumers: the turns that change them, and the reads that serve them. Delivery is at least once:
// what was not acknowledged comes again, also after a restart.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/events/events_service.h"

namespace troupe {

using db::Values;
using events::Consumer;
using events::Letter;

namespace {

std::int64_t to_sql(std::uint64_t value) { return static_cast<std::int64_t>(value); }

struct Wanted {
  std::vector<std::string> types;
  std::uint64_t after = 0;
  std::set<std::uint64_t> without;
  std::size_t limit = 0;
};

// The next events of some types, in the order of the log: the first of each type, merged.
Result<std::vector<EventRecord>> read_next(db::Reader& reader, const Wanted& wanted,
                                           const events::Limits& limits) {
  std::vector<EventRecord> found;
  const auto types = wanted.types.empty() ? std::vector<std::string>{""} : wanted.types;
  for (const auto& type : types) {
    HistoryQuery query{
        .type = type, .subject = {}, .after = wanted.after, .limit = wanted.limit + wanted.without.size()};
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

Result<std::vector<std::string>> checked_types(const google::protobuf::RepeatedPtrField<std::string>& given,
                                               const events::Limits& limits) {
  if (static_cast<std::size_t>(given.size()) > limits.types_max) {
    return fail(Code::invalid_argument, "events.bad_types",
                fmt::format("a consumer has at most {} types", limits.types_max));
  }
  for (const auto& type : given) {
    if (type.empty())
      return fail(Code::invalid_argument, "events.bad_types", "a type is empty; leave it out for every type");
    TRY_VOID(events::check_logged(type));
  }
  std::vector<std::string> types(given.begin(), given.end());
  std::ranges::sort(types);
  const auto repeated = std::ranges::unique(types);
  types.erase(repeated.begin(), repeated.end());
  return types;
}

}  // namespace

void EventsService::mount_consumers() {
  auto& timeline = host_.timeline();
  timeline.add_migrations({{"events", 1, R"sql(
    create table events_consumers (
      name text not null primary key,
      types text not null,
      position bigint not null
    );
    create table events_letters (
      consumer text not null,
      sequence bigint not null,
      state bigint not null,
      attempts bigint not null,
      reason text not null,
      primary key (consumer, sequence)
    ))sql"}});
  timeline.add_table("events_consumers", "name");
  timeline.add_table("events_letters", "consumer, sequence");
  timeline.add_loader([this](db::Reader& reader) { return load(reader); });
  host_.serve(&EventsService::consume, this);
  host_.serve(&EventsService::begin, this);
  host_.serve(&EventsService::ack, this);
  host_.serve(&EventsService::reject, this);
  host_.serve(&EventsService::redrive, this);
  host_.serve(&EventsService::dead_letters, this);
}

Result<void> EventsService::load(db::Reader& reader) {
  consumers_.clear();
  TRY(const auto rows, reader.query("select name, types, position from events_consumers"));
  for (const auto& row : rows) {
    Consumer consumer{.types = {}, .cursor = static_cast<std::uint64_t>(row.integer(2)), .letters = {}};
    if (!row.text(1).empty()) consumer.types = split(row.text(1), ',');
    consumers_.put(row.text(0), std::move(consumer));
  }
  TRY(const auto letters,
      reader.query("select consumer, sequence, state, attempts, reason from events_letters"));
  for (const auto& row : letters) {
    if (consumers_.find(row.text(0)) == nullptr) continue;
    consumers_.put_letter(row.text(0), static_cast<std::uint64_t>(row.integer(1)),
                          {.state = static_cast<Letter::State>(row.integer(2)),
                           .attempts = static_cast<int>(row.integer(3)),
                           .reason = row.text(4)});
  }
  return {};
}

std::uint64_t EventsService::log_end(const Turn&) const { return host_.timeline().tail().events; }

void EventsService::write(Turn& turn, const std::string& name,
                          const events::Consumers::Change& change) const {
  const Consumer& consumer = *consumers_.find(name);
  if (change.cursor) {
    turn.write(
        "insert into events_consumers (name, types, position) values ($1, $2, $3) "
        "on conflict (name) do update set position = excluded.position",
        Values{name, join(consumer.types, ","), to_sql(consumer.cursor)});
  }
  for (const auto sequence : change.erased) {
    turn.write("delete from events_letters where consumer = $1 and sequence = $2",
               Values{name, to_sql(sequence)});
  }
  for (const auto sequence : change.written) {
    const Letter& letter = consumer.letters.at(sequence);
    turn.write(
        "insert into events_letters (consumer, sequence, state, attempts, reason) values ($1, $2, $3, $4, "
        "$5) "
        "on conflict (consumer, sequence) do update set state = excluded.state, attempts = "
        "excluded.attempts, "
        "reason = excluded.reason",
        Values{name, to_sql(sequence), static_cast<std::int64_t>(letter.state), std::int64_t{letter.attempts},
               letter.reason});
  }
}

Task<pb::EventsConsumeReply> EventsService::consume(Caller caller, pb::EventsConsumeRequest request) {
  CO_TRY(const std::size_t limit, events::check_limit(request.limit(), limits_));
  CO_TRY(const auto types, checked_types(request.types(), limits_));
  CO_TRY_VOID(consumers_.check_types(request.consumer(), types));
  if (consumers_.find(request.consumer()) == nullptr) {
    pb::EventsConsumerBegin begin_request;
    begin_request.set_consumer(request.consumer());
    for (const auto& type : types) begin_request.add_types(type);
    begin_request.set_from_sequence(request.from_sequence());
    Caller maker = caller;
    maker.idempotency_key.clear();  // the key is Consume's; its answer is another
    CO_TRY_VOID(co_await host_.submit<pb::EventsConsumerBegun>(maker, begin_request));
  }
  CO_TRY(const Consumer* consumer, consumers_.get(request.consumer()));
  Wanted wanted{consumer->types, consumer->cursor, consumer->dead_after_cursor(), limit};
  if (const auto again = consumer->next_redriven()) wanted = {{}, again - 1, {}, 1};
  pb::EventsConsumeReply reply;
  reply.set_cursor(consumer->cursor);
  CO_TRY(const auto found,
         co_await read_log<std::vector<EventRecord>>(
             [wanted, limits = limits_](db::Reader& reader) { return read_next(reader, wanted, limits); }));
  const std::string world = host_.timeline().config().world;
  for (const auto& event : found) *reply.add_events() = events::view_of(event, world);
  co_return reply;
}

Result<pb::EventsConsumerBegun> EventsService::begin(Turn& turn, const Caller&,
                                                     const pb::EventsConsumerBegin& request) {
  const std::string& name = request.consumer();
  if (name.empty()) return fail(Code::invalid_argument, "events.bad_name", "a consumer has a name");
  TRY_VOID(events::check_name("consumer", name, limits_));
  TRY(auto types, checked_types(request.types(), limits_));
  TRY_VOID(consumers_.check_types(name, types));
  TRY_VOID(consumers_.check_new(name));
  pb::EventsConsumerBegun reply;
  if (const auto* known = consumers_.find(name)) {  // two came first
    reply.set_cursor(known->cursor);
    return reply;
  }
  // From `from_sequence` on, itself included; without it, what comes from now on.
  const std::uint64_t end = log_end(turn);
  const std::uint64_t cursor =
      request.from_sequence() == 0 ? end : std::min(request.from_sequence() - 1, end);
  consumers_.put(name, {.types = std::move(types), .cursor = cursor, .letters = {}});
  write(turn, name, {.cursor = true, .written = {}, .erased = {}});
  reply.set_cursor(cursor);
  return reply;
}

Result<pb::EventsAckReply> EventsService::ack(Turn& turn, const Caller&,
                                              const pb::EventsAckRequest& request) {
  TRY(const auto change, consumers_.ack(request.consumer(), request.sequence(), log_end(turn)));
  write(turn, request.consumer(), change);
  pb::EventsAckReply reply;
  reply.set_cursor(consumers_.find(request.consumer())->cursor);
  return reply;
}

Result<pb::EventsRejectReply> EventsService::reject(Turn& turn, const Caller&,
                                                    const pb::EventsRejectRequest& request) {
  if (request.reason().size() > limits_.reason_bytes_max || request.reason().contains('\0')) {
    return fail(Code::invalid_argument, "events.bad_name",
                fmt::format("reason has at most {} bytes and no NUL", limits_.reason_bytes_max));
  }
  TRY(const auto change,
      consumers_.reject(request.consumer(), request.sequence(), request.reason(), log_end(turn)));
  write(turn, request.consumer(), change);
  const Letter& letter = consumers_.find(request.consumer())->letters.at(request.sequence());
  pb::EventsRejectReply reply;
  reply.set_attempts(letter.attempts);
  reply.set_dead(letter.state == Letter::State::dead);
  if (reply.dead()) {
    pb::EventDeadLettered event;
    event.set_consumer(request.consumer());
    event.set_sequence(request.sequence());
    event.set_reason(letter.reason);
    turn.emit(event, {.subject = request.consumer(), .place = {}, .priority = pb::PRIORITY_HIGH});
  }
  return reply;
}

Result<pb::EventsRedriveReply> EventsService::redrive(Turn& turn, const Caller&,
                                                      const pb::EventsRedriveRequest& request) {
  TRY(const auto change, consumers_.redrive(request.consumer(), request.sequence()));
  write(turn, request.consumer(), change);
  pb::EventsRedriveReply reply;
  reply.set_redriven(static_cast<int>(change.written.size() + change.erased.size()));
  return reply;
}

Task<pb::EventsDeadLettersReply> EventsService::dead_letters(Caller, pb::EventsDeadLettersRequest request) {
  CO_TRY(const std::size_t limit, events::check_limit(request.limit(), limits_));
  if (!request.consumer().empty()) CO_TRY_VOID(consumers_.get(request.consumer()));
  pb::EventsDeadLettersReply reply;
  std::vector<std::uint64_t> sequences;
  for (const auto& [name, consumer] : consumers_.all()) {
    if (!request.consumer().empty() && name != request.consumer()) continue;
    for (const auto& [sequence, letter] : consumer.letters) {
      if (letter.state != Letter::State::dead || sequences.size() == limit) continue;
      sequences.push_back(sequence);
      auto& out = *reply.add_letters();
      out.set_consumer(name);
      out.set_reason(letter.reason);
      out.set_attempts(letter.attempts);
    }
  }
  CO_TRY(const auto events,
         co_await read_log<std::vector<EventRecord>>(
             [sequences](db::Reader& reader) -> Result<std::vector<EventRecord>> {
               std::vector<EventRecord> found;
               for (const auto sequence : sequences) {
                 TRY(auto event, event_log::event(reader, sequence));
                 found.push_back(event ? *std::move(event) : EventRecord{.sequence = sequence});
               }
               return found;
             }));
  const std::string world = host_.timeline().config().world;
  for (std::size_t i = 0; i < events.size(); ++i) {
    *reply.mutable_letters(static_cast<int>(i))->mutable_event() = events::view_of(events[i], world);
  }
  co_return reply;
}

}  // namespace troupe
