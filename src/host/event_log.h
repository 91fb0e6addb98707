#pragma once
// The log of one timeline: recorded inputs and the events that came of them, each chained to the one before
// by SHA-256, so that a changed byte is found and located. Plain SQL over ports/db; no state of its own.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "ports/db.h"
#include "troupe/v1/event.pb.h"

namespace troupe {

namespace pb = troupe::v1;

// One input: a command with who gave it, or an answer of a model, at the game time at which it took effect.
struct InputRecord {
  std::uint64_t sequence = 0;
  GameTime at;
  std::string type;  // full name of the message: "troupe.v1.TimeSetScaleRequest"
  std::string caller;
  int role = 0;
  std::string payload;
  std::string trace;
  std::int64_t wall_ms = 0;
  std::string chain;  // 32 bytes
};

struct EventRecord {
  std::uint64_t sequence = 0;
  std::uint64_t input = 0;
  std::uint64_t cause = 0;
  std::string type;
  std::string subject;
  std::string place;
  int priority = 0;
  pb::Audience audience = {};
  GameTime at;
  std::string payload;
  std::string trace;
  std::int64_t wall_ms = 0;
  std::string chain;  // 32 bytes
};

struct LogTail {
  std::uint64_t inputs = 0;
  std::uint64_t events = 0;
  std::string input_chain = std::string(32, '\0');
  std::string event_chain = std::string(32, '\0');
};

struct HistoryQuery {
  std::string type;     // "" = every type
  std::string subject;  // "" = every subject
  std::uint64_t after = 0;
  std::size_t limit = 100;
  bool newest_first = false;
  bool for_players = false;                        // without what only operators see
  std::optional<std::vector<std::string>> places;  // only events of these, and those without a place
};

namespace event_log {

std::vector<db::Migration> migrations();

// The chain covers what makes history: not the wall clock, so that the same seed gives the same chain. The
// wall clock and trace have a seal of their own, over the chain.
std::string chain(const std::string& previous, const InputRecord& input);
std::string chain(const std::string& previous, const EventRecord& event);

Result<void> append(db::Tx& tx, const InputRecord& input);
Result<void> append(db::Tx& tx, const EventRecord& event);

Result<LogTail> tail(db::Reader& reader);
Result<std::vector<EventRecord>> history(db::Reader& reader, const HistoryQuery& query);
// How many events of each type there are, and the last of each; by type.
struct TypeCount {
  std::string type;
  std::uint64_t count = 0;
  std::uint64_t last_sequence = 0;
};
Result<std::vector<TypeCount>> counts(db::Reader& reader);
Result<std::optional<EventRecord>> event(db::Reader& reader, std::uint64_t sequence);
Result<std::optional<InputRecord>> input(db::Reader& reader, std::uint64_t sequence);
Result<std::vector<InputRecord>> inputs(db::Reader& reader, std::uint64_t after, std::size_t limit);

// What stands beside the chain of events: when each was by the wall clock, and its trace, with their seal.
Result<db::Rows> wall(db::Reader& reader, std::uint64_t after, std::size_t limit);
// Of events that are there, with the same chain.
Result<void> set_wall(db::Tx& tx, const db::Rows& wall);

// `conflict` log.damaged naming the first entry whose hash does not fit, or that is missing.
Result<LogTail> verify(db::Reader& reader);

pb::Envelope to_envelope(const EventRecord& event, const std::string& world);
// The fields as a JSON object; "{}" where the bytes do not parse. A type that this build does not know is a
// game's own: a google.protobuf.Struct.
std::string payload_json(const std::string& type, const std::string& payload);
std::string event_id(const std::string& world, std::uint64_t sequence);  // "lanternfall-1042"
// `invalid_argument` events.bad_id.
Result<std::uint64_t> sequence_of(const std::string& world, const std::string& event_id);

}  // namespace event_log
}  // namespace troupe
