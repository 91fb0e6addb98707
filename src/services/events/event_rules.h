#pragma once
// What may be published and who may read what. Pure: records in, views out.
#include <string>
#include <vector>

#include "host/audience.h"
#include "host/caller.h"
#include "host/event_log.h"
#include "host/registry.h"
#include "pack/pack.h"
#include "troupe/v1/events.pb.h"

namespace troupe::events {

struct Limits {
  std::size_t name_bytes_max = 128;        // of types and their fields
  std::size_t payload_bytes_max = 16'384;  // an event tells what happened, it carries no files
  std::size_t page_default = 100;
  std::size_t page_bytes_max = 512 * 1024;  // of payloads: a page must fit into one bus message
  std::size_t scan_max = 5000;         // events gone through for one page of a player, who may not see most
  std::size_t reads_waiting_max = 32;  // of one caller; they are let in by turns
  std::size_t places_max = 200;        // of an area by name
  std::size_t own_types_max = 200;     // declared by the game
  std::size_t own_fields_max = 64;     // of one of them
  std::size_t consumers_max = 100;
  std::size_t letters_max = 10'000;  // events that failed somewhere, dead ones included
  int attempts_max = 5;              // then it is a dead letter
};

// A type of the server that game servers may publish: those of the events service, but not what it says
// itself. `invalid_argument` events.unknown_type, `permission_denied` events.not_yours.
Result<const EventType*> publishable(const std::string& type);

// The message of `type` from its fields. `invalid_argument` events.bad_payload, naming field and nearest
// field.
Result<std::unique_ptr<google::protobuf::Message>> message_of(const EventType& type,
                                                              const google::protobuf::Struct& payload,
                                                              const Limits& limits);
// Who is to perceive what is published; by_type where the request does not say. `invalid_argument`
// events.bad_audience.
Result<Audience> wanted_audience(const pb::EventsPublishRequest& request);

pb::Priority priority_of(std::string_view name);  // "" = normal
std::string priority_name(int priority);

// The places of an area and of a list of names; none: everywhere. `invalid_argument` events.bad_area.
using Places = std::optional<std::vector<std::string>>;
Result<Places> places_within(const pack::Pack& pack, const pb::EventsArea* area,
                             const google::protobuf::RepeatedPtrField<std::string>& names,
                             const Limits& limits);

pb::EventView view_of(const pb::Envelope& event);
// As the caller may see it: none, where they may not.
std::optional<pb::EventView> view_for(const Caller& caller, const EventRecord& event,
                                      const std::string& world);

// Without hidden fields where players ask.
pb::EventsTypesReply::Type describe(const EventType& type, bool whole);

}  // namespace troupe::events
