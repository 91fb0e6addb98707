#include "host/event_log.h"

#include <google/protobuf/struct.pb.h>

#include <charconv>
#include <limits>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "host/json.h"
#include "host/registry.h"
#include "ports/db_batch.h"

namespace troupe::event_log {

namespace {

using db::Blob;
using db::Row;
using db::Values;

std::int64_t to_sql(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t from_sql(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::string seal(const std::string& chain, std::int64_t wall_ms, const std::string& trace) {
  Sha256 hash;
  hash.add(chain);
  hash.add_number(wall_ms);
  hash.add_field(trace);
  return hash.finish().substr(0, 8);
}

constexpr const char* kEventColumns =
    "sequence, input, cause, type, subject, place, priority, game_ms, payload, wall_trace, wall_ms, chain, "
    "wall_seal, audience, hearers";
constexpr const char* kInputColumns =
    "sequence, game_ms, type, caller, role, payload, wall_trace, wall_ms, chain, wall_seal";

// Names as a list, whatever stands in a name.
std::string hearers_of(const pb::Audience& audience) {
  pb::Audience names = audience;
  names.clear_kind();
  return names.SerializeAsString();
}

pb::Audience audience_from(std::int64_t kind, const std::string& hearers) {
  pb::Audience audience;
  if (!audience.ParseFromString(hearers)) audience.clear_players();  // damaged: nobody
  audience.set_kind(static_cast<pb::Audience::Kind>(kind));
  return audience;
}

EventRecord event_from(const Row& row) {
  return {.sequence = from_sql(row.integer(0)),
          .input = from_sql(row.integer(1)),
          .cause = from_sql(row.integer(2)),
          .type = row.text(3),
          .subject = row.text(4),
          .place = row.text(5),
          .priority = static_cast<int>(row.integer(6)),
          .audience = audience_from(row.integer(13), row.blob(14)),
          .at = {row.integer(7)},
          .payload = row.blob(8),
          .trace = row.blob(9),
          .wall_ms = row.integer(10),
          .chain = row.blob(11)};
}

InputRecord input_from(const Row& row) {
  return {.sequence = from_sql(row.integer(0)),
          .at = {row.integer(1)},
          .type = row.text(2),
          .caller = row.text(3),
          .role = static_cast<int>(row.integer(4)),
          .payload = row.blob(5),
          .trace = row.blob(6),
          .wall_ms = row.integer(7),
          .chain = row.blob(8)};
}

std::string describe(const InputRecord& input) {
  return "input " + std::to_string(input.sequence) + " (" + input.type + ")";
}
std::string describe(const EventRecord& event) {
  return "event " + std::to_string(event.sequence) + " (" + event.type + ")";
}

// Walks one table in pages and checks numbers, chain and seal of each entry.
template <class Record, class FromRow>
Result<std::pair<std::uint64_t, std::string>> verify_table(db::Reader& reader, const std::string& table,
                                                           const char* columns, std::size_t seal_column,
                                                           FromRow from_row) {
  constexpr std::int64_t kPage = 1000;
  std::uint64_t last = 0;
  std::string previous(32, '\0');
  for (;;) {
    TRY(const auto rows, reader.query("select " + std::string(columns) + " from " + table +
                                          " where sequence > $1 order by sequence limit $2",
                                      Values{to_sql(last), kPage}));
    for (const auto& row : rows) {
      const Record record = from_row(row);
      if (record.sequence != last + 1) {
        return fail(Code::conflict, "log.damaged",
                    table + ": entry " + std::to_string(last + 1) + " is missing before " + describe(record));
      }
      if (chain(previous, record) != record.chain) {
        return fail(Code::conflict, "log.damaged",
                    table + ": " + describe(record) + " does not match its hash");
      }
      if (seal(record.chain, record.wall_ms, record.trace) != row.blob(seal_column)) {
        return fail(Code::conflict, "log.damaged",
                    table + ": the wall time of " + describe(record) + " does not match its seal");
      }
      previous = record.chain;
      last = record.sequence;
    }
    if (rows.size() < static_cast<std::size_t>(kPage)) return std::pair{last, previous};
  }
}

}  // namespace

std::vector<db::Migration> migrations() {
  return {{"timeline", 1, R"sql(
    create table inputs (
      sequence bigint primary key,
      game_ms bigint not null,
      type text not null,
      caller text not null,
      role bigint not null,
      payload blob not null,
      wall_trace blob not null,
      wall_ms bigint not null,
      chain blob not null,
      wall_seal blob not null
    );
    create table events (
      sequence bigint primary key,
      input bigint not null,
      cause bigint not null,
      type text not null,
      subject text not null,
      place text not null,
      priority bigint not null,
      game_ms bigint not null,
      payload blob not null,
      wall_trace blob not null,
      wall_ms bigint not null,
      chain blob not null,
      wall_seal blob not null
    );
    create index events_by_type on events (type, sequence);
    create table timers (
      service text not null,
      key text not null,
      due_ms bigint not null,
      payload blob not null,
      primary key (service, key)
    );
    create table timeline (
      id bigint primary key,
      world text not null,
      seed bigint not null,
      pack_hash text not null,
      game_ms bigint not null,
      base_ms bigint not null,
      scale_milli bigint not null,
      paused bigint not null
    );
    create table idempotency (
      caller text not null,
      key text not null,
      input bigint not null,
      reply blob not null,
      primary key (caller, key)
    );
    create index idempotency_by_input on idempotency (input))sql"},
          // What was logged before audiences were stays with the operators.
          {"audience", 1, R"sql(
    alter table events add column audience bigint not null default 0;
    alter table events add column hearers blob not null default x'';
    create index events_for_players on events (sequence) where audience > 0)sql"},
          {"services", 1, R"sql(
    create table services (
      name text primary key,
      present bigint not null
    ))sql"}};
}

std::string chain(const std::string& previous, const InputRecord& input) {
  Sha256 hash;
  hash.add(previous);
  hash.add_number(to_sql(input.sequence));
  hash.add_number(input.at.ms);
  hash.add_field(input.type);
  hash.add_field(input.caller);
  hash.add_number(input.role);
  hash.add_field(input.payload);
  return hash.finish();
}

std::string chain(const std::string& previous, const EventRecord& event) {
  Sha256 hash;
  hash.add(previous);
  hash.add_number(to_sql(event.sequence));
  hash.add_number(to_sql(event.input));
  hash.add_number(to_sql(event.cause));
  hash.add_field(event.type);
  hash.add_field(event.subject);
  hash.add_field(event.place);
  hash.add_number(event.priority);
  hash.add_number(event.at.ms);
  hash.add_field(event.payload);
  // Left out for operators: so logs from before there were audiences keep their chain.
  if (event.audience.kind() != pb::Audience::OPERATORS) {
    hash.add_number(event.audience.kind());
    hash.add_field(hearers_of(event.audience));
  }
  return hash.finish();
}

Result<void> append(db::Tx& tx, const InputRecord& input) {
  TRY_VOID(tx.exec(
      "insert into inputs (" + std::string(kInputColumns) + ") values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
      Values{to_sql(input.sequence), input.at.ms, input.type, input.caller, std::int64_t{input.role},
             Blob{input.payload}, Blob{input.trace}, input.wall_ms, Blob{input.chain},
             Blob{seal(input.chain, input.wall_ms, input.trace)}}));
  return {};
}

Result<void> append(db::Tx& tx, const EventRecord& event) {
  TRY_VOID(tx.exec(
      "insert into events (" + std::string(kEventColumns) +
          ") values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)",
      Values{to_sql(event.sequence), to_sql(event.input), to_sql(event.cause), event.type, event.subject,
             event.place, std::int64_t{event.priority}, event.at.ms, Blob{event.payload}, Blob{event.trace},
             event.wall_ms, Blob{event.chain}, Blob{seal(event.chain, event.wall_ms, event.trace)},
             std::int64_t{event.audience.kind()}, Blob{hearers_of(event.audience)}}));
  return {};
}

Result<LogTail> tail(db::Reader& reader) {
  LogTail tail;
  TRY(const auto last_input,
      reader.query("select sequence, chain from inputs order by sequence desc limit 1"));
  if (!last_input.empty()) {
    tail.inputs = from_sql(last_input[0].integer(0));
    tail.input_chain = last_input[0].blob(1);
  }
  TRY(const auto last_event,
      reader.query("select sequence, chain from events order by sequence desc limit 1"));
  if (!last_event.empty()) {
    tail.events = from_sql(last_event[0].integer(0));
    tail.event_chain = last_event[0].blob(1);
  }
  return tail;
}

Result<std::vector<TypeCount>> counts(db::Reader& reader) {
  TRY(const auto rows,
      reader.query("select type, count(*), max(sequence) from events group by type order by type"));
  std::vector<TypeCount> out;
  for (const auto& row : rows) {
    out.push_back({row.text(0), static_cast<std::uint64_t>(row.integer(1)),
                   static_cast<std::uint64_t>(row.integer(2))});
  }
  return out;
}

Result<std::vector<EventRecord>> history(db::Reader& reader, const HistoryQuery& query) {
  if (!std::in_range<std::int64_t>(query.after)) {
    return fail(Code::invalid_argument, "events.bad_cursor",
                "a sequence is at most " + std::to_string(std::numeric_limits<std::int64_t>::max()));
  }
  std::string sql = "select " + std::string(kEventColumns) + " from events where sequence " +
                    (query.newest_first && query.after > 0 ? "< $1" : "> $1");
  Values values{to_sql(query.after)};
  if (!query.type.empty()) {
    values.emplace_back(query.type);
    sql += " and type = $" + std::to_string(values.size());
  }
  if (!query.subject.empty()) {
    values.emplace_back(query.subject);
    sql += " and subject = $" + std::to_string(values.size());
  }
  if (query.for_players) sql += " and audience > 0";
  if (query.places) {
    sql += " and (place = ''";
    for (const auto& place : *query.places) {
      values.emplace_back(place);
      sql += " or place = $" + std::to_string(values.size());
    }
    sql += ")";
  }
  values.emplace_back(static_cast<std::int64_t>(query.limit));
  sql += std::string(" order by sequence ") + (query.newest_first ? "desc" : "asc") + " limit $" +
         std::to_string(values.size());
  TRY(const auto rows, reader.query(sql, values));
  std::vector<EventRecord> events;
  events.reserve(rows.size());
  for (const auto& row : rows) events.push_back(event_from(row));
  return events;
}

Result<std::optional<EventRecord>> event(db::Reader& reader, std::uint64_t sequence) {
  if (!std::in_range<std::int64_t>(sequence)) return std::nullopt;
  TRY(const auto rows,
      reader.query("select " + std::string(kEventColumns) + " from events where sequence = $1",
                   Values{to_sql(sequence)}));
  if (rows.empty()) return std::nullopt;
  return event_from(rows[0]);
}

Result<std::optional<InputRecord>> input(db::Reader& reader, std::uint64_t sequence) {
  if (!std::in_range<std::int64_t>(sequence)) return std::nullopt;
  TRY(const auto rows,
      reader.query("select " + std::string(kInputColumns) + " from inputs where sequence = $1",
                   Values{to_sql(sequence)}));
  if (rows.empty()) return std::nullopt;
  return input_from(rows[0]);
}

Result<std::vector<InputRecord>> inputs(db::Reader& reader, std::uint64_t after, std::size_t limit) {
  TRY(const auto rows, reader.query("select " + std::string(kInputColumns) +
                                        " from inputs where sequence > $1 order by sequence limit $2",
                                    Values{to_sql(after), static_cast<std::int64_t>(limit)}));
  std::vector<InputRecord> records;
  records.reserve(rows.size());
  for (const auto& row : rows) records.push_back(input_from(row));
  return records;
}

Result<db::Rows> wall(db::Reader& reader, std::uint64_t after, std::size_t limit) {
  return reader.query(
      "select sequence, wall_trace, wall_ms, wall_seal from events where sequence > $1 order by sequence limit $2",
      db::Values{static_cast<std::int64_t>(after), static_cast<std::int64_t>(limit)});
}

Result<void> set_wall(db::Tx& tx, const db::Rows& wall) {
  std::vector<Values> parameters;
  std::vector<db::BoundStatement> statements;
  parameters.reserve(wall.size());
  for (const auto& row : wall) {
    const auto& of = row.values();
    const auto& values = parameters.emplace_back(Values{of[1], of[2], of[3], of[0]});
    statements.push_back(
        {"update events set wall_trace = $1, wall_ms = $2, wall_seal = $3 where sequence = $4", values});
  }
  std::size_t done = 0;
  return db::exec_all(tx, statements, done);
}

Result<LogTail> verify(db::Reader& reader) {
  LogTail tail;
  TRY(const auto inputs_end, verify_table<InputRecord>(reader, "inputs", kInputColumns, 9, input_from));
  std::tie(tail.inputs, tail.input_chain) = inputs_end;
  TRY(const auto events_end, verify_table<EventRecord>(reader, "events", kEventColumns, 12, event_from));
  std::tie(tail.events, tail.event_chain) = events_end;
  return tail;
}

pb::Envelope to_envelope(const EventRecord& event, const std::string& world) {
  pb::Envelope envelope;
  envelope.set_world(world);
  envelope.set_sequence(event.sequence);
  envelope.set_type(event.type);
  envelope.set_subject(event.subject);
  envelope.set_place(event.place);
  envelope.set_game_ms(event.at.ms);
  envelope.set_wall_ms(event.wall_ms);
  envelope.set_cause(event.cause);
  envelope.set_input(event.input);
  envelope.set_priority(static_cast<pb::Priority>(event.priority));
  envelope.set_trace(event.trace);
  envelope.set_payload(event.payload);
  *envelope.mutable_audience() = event.audience;
  return envelope;
}

std::string payload_json(const std::string& type, const std::string& payload) {
  const auto known = find_event_type(type);
  const auto message = new_message(known ? (*known)->message : google::protobuf::Struct::descriptor());
  return message->ParseFromString(payload) ? to_json(*message) : "{}";
}

std::string event_id(const std::string& world, std::uint64_t sequence) {
  return world + "-" + std::to_string(sequence);
}

Result<std::uint64_t> sequence_of(const std::string& world, const std::string& event_id) {
  std::string_view digits = event_id;
  if (digits.starts_with(world + "-")) digits.remove_prefix(world.size() + 1);
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  if (error != std::errc() || end != digits.data() + digits.size() || sequence == 0) {
    return fail(Code::invalid_argument, "events.bad_id",
                "'" + event_id + "' is not an event id; write it as '" + world + "-1042'");
  }
  return sequence;
}

}  // namespace troupe::event_log
