#pragma once
// What the protos say: every RPC with its access rule, every event type. Read from the compiled-in
// descriptors, so that the host, the edge and the documentation agree by construction.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "troupe/v1/common.pb.h"

namespace troupe {

namespace pb = troupe::v1;

inline const std::string kSharedRoom = "shared";

struct MethodInfo {
  std::string service;  // "weather"
  std::string method;   // "Forecast"
  std::string name;     // "weather.Forecast"
  bool shared = false;  // of a service that all worlds share
  const google::protobuf::Descriptor* request = nullptr;
  const google::protobuf::Descriptor* reply = nullptr;
  pb::Access access;

  bool allows(pb::Role role) const;
  // Whether an idempotency key is honoured; otherwise it is refused: where nothing changes, and where nothing
  // is kept that could remember an answer.
  bool takes_key() const { return !access.read_only() && !access.no_key(); }
  // Where it is answered for `world`: "svc.lanternfall.weather.Forecast", "svc.shared.settings.Get".
  std::string subject(const std::string& world) const {
    return "svc." + (shared ? kSharedRoom : world) + "." + name;
  }
};

struct ServiceEntry {
  std::string name;
  std::string summary;
  bool shared = false;
  std::vector<const MethodInfo*> methods;
};

struct EventType {
  std::string type;  // "WeatherChanged"
  const google::protobuf::Descriptor* message = nullptr;
  pb::EventInfo info;
};

// All of it is immutable and made on first use; any thread.
const std::vector<const google::protobuf::Descriptor*>& all_records();  // that say (table), by file and place
const std::vector<ServiceEntry>& all_services();
const std::vector<EventType>& all_event_types();
const MethodInfo* find_method(const google::protobuf::Descriptor* request);
Result<const MethodInfo*> find_method(std::string_view name);     // "weather.Forecast"; near misses are named
Result<const EventType*> find_event_type(std::string_view type);  // near misses are named
std::unique_ptr<google::protobuf::Message> new_message(const google::protobuf::Descriptor* descriptor);

// The message's bytes, maps in the order of their keys: the same message gives the same bytes in every run.
// What is kept (events, records) is written with this and never with SerializeAsString().
std::string stable_bytes(const google::protobuf::Message& message);
// The same of a message that is still bytes; the bytes as they are where they do not parse.
std::string stable_bytes(const std::string& type, const std::string& bytes);

Error service_away(const std::string& service);  // `unavailable` service.away

std::string role_name(pb::Role role);            // "player"
pb::Role role_from_name(std::string_view name);  // ROLE_UNSPECIFIED when unknown

}  // namespace troupe
