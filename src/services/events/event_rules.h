#pragma once
// What may be published and who may read what. Pure: records in, views out.
#include <string>
#include <vector>

#include "host/caller.h"
#include "host/event_log.h"
#include "host/registry.h"
#include "troupe/v1/events.pb.h"

namespace troupe::events {

struct Limits {
  std::size_t name_bytes_max = 128;        // subjects and consumers: they become columns
  std::size_t payload_bytes_max = 16'384;  // an event tells what happened, it carries no files
  std::size_t reason_bytes_max = 500;
  std::size_t page_default = 100;
  std::size_t page_max = 1000;
  std::size_t page_bytes_max = 512 * 1024;  // of payloads: a page must fit into one bus message
  std::size_t scan_max = 5000;  // events gone through for one page of a player, who may not see most
  std::size_t consumers_max = 100;
  std::size_t types_max = 20;        // of one consumer: one index range each
  std::size_t letters_max = 10'000;  // events that failed somewhere, dead ones included
  int attempts_max = 5;              // then it is a dead letter
};

// A type that game servers may publish: those of the events service, but not what it says itself.
// `invalid_argument` events.unknown_type, `permission_denied` events.not_yours.
Result<const EventType*> publishable(const std::string& type);
// A type that is in the log; "" is every type. `invalid_argument` events.unknown_type or events.live.
Result<void> check_logged(const std::string& type);

// The message of `type` from its fields. `invalid_argument` events.bad_payload, naming field and nearest
// field.
Result<std::unique_ptr<google::protobuf::Message>> message_of(const EventType& type,
                                                              const google::protobuf::Struct& payload,
                                                              const Limits& limits);
Result<pb::Priority> parse_priority(const std::string& name);  // "" = normal
std::string priority_name(int priority);
// `invalid_argument` events.bad_name.
Result<void> check_name(const std::string& what, const std::string& name, const Limits& limits);
Result<std::size_t> check_limit(int limit, const Limits& limits);

pb::EventView view_of(const EventRecord& event, const std::string& world);

// A player sees what players see, and of what is one player's own (types with a field `player`) only their
// own.
bool visible(const EventRecord& event, const Caller& caller);

pb::EventsTypesReply::Type describe(const EventType& type);

}  // namespace troupe::events
