#include "host/registry.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/text.h"
#include "host/caller.h"

#include "troupe/v1/all_files.h"

namespace troupe {

namespace {

const std::vector<const google::protobuf::FileDescriptor*>& proto_files() {
  static const auto files = [] {
    std::vector<const google::protobuf::FileDescriptor*> found;
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    for (const auto& [name, table] : kProtoFiles) {
      const auto* file = table == nullptr ? nullptr : pool->FindFileByName(name);
      TROUPE_CHECK(file != nullptr, name);
      found.push_back(file);
    }
    return found;
  }();
  return files;
}

struct Methods {
  std::vector<std::unique_ptr<MethodInfo>> all;
  std::vector<ServiceEntry> services;
  std::map<const google::protobuf::Descriptor*, const MethodInfo*> by_request;
  std::map<std::string, const MethodInfo*, std::less<>> by_name;
};

const Methods& methods() {
  static const Methods made = [] {
    Methods m;
    for (const auto* file : proto_files()) {
      for (int s = 0; s < file->service_count(); ++s) {
        const auto* service = file->service(s);
        const auto& info = service->options().GetExtension(pb::service);
        ServiceEntry entry{
            .name = info.name(), .summary = info.summary(), .shared = info.shared(), .methods = {}};
        for (int i = 0; i < service->method_count(); ++i) {
          const auto* rpc = service->method(i);
          auto method = std::make_unique<MethodInfo>();
          method->service = info.name();
          method->method = rpc->name();
          method->name = info.name() + "." + rpc->name();
          method->shared = info.shared();
          method->request = rpc->input_type();
          method->reply = rpc->output_type();
          method->access = rpc->options().GetExtension(pb::access);
          TROUPE_CHECK(m.by_request.emplace(method->request, method.get()).second,
                       "each RPC has a request message of its own");
          m.by_name.emplace(method->name, method.get());
          entry.methods.push_back(method.get());
          m.all.push_back(std::move(method));
        }
        m.services.push_back(std::move(entry));
      }
    }
    std::ranges::sort(m.services, {}, &ServiceEntry::name);
    return m;
  }();
  return made;
}

}  // namespace

bool MethodInfo::allows(pb::Role role) const {
  if (role == pb::ROLE_ADMIN || role == pb::ROLE_SERVICE) return true;
  return std::ranges::find(access.roles(), static_cast<int>(role)) != access.roles().end();
}

const std::vector<const google::protobuf::Descriptor*>& all_records() {
  static const auto made = [] {
    std::vector<const google::protobuf::Descriptor*> found;
    for (const auto* file : proto_files()) {
      for (int i = 0; i < file->message_type_count(); ++i) {
        const auto* message = file->message_type(i);
        if (message->options().HasExtension(pb::table)) found.push_back(message);
      }
    }
    return found;
  }();
  return made;
}

const std::vector<ServiceEntry>& all_services() { return methods().services; }

const std::vector<EventType>& all_event_types() {
  static const auto made = [] {
    std::vector<EventType> types;
    for (const auto* file : proto_files()) {
      for (int i = 0; i < file->message_type_count(); ++i) {
        const auto* message = file->message_type(i);
        if (!message->options().HasExtension(pb::event)) continue;
        types.push_back({message->name(), message, message->options().GetExtension(pb::event)});
      }
    }
    std::ranges::sort(types, {}, &EventType::type);
    return types;
  }();
  return made;
}

const MethodInfo* find_method(const google::protobuf::Descriptor* request) {
  const auto found = methods().by_request.find(request);
  return found == methods().by_request.end() ? nullptr : found->second;
}

Result<const MethodInfo*> find_method(std::string_view name) {
  if (const auto found = methods().by_name.find(name); found != methods().by_name.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, method] : methods().by_name) names.push_back(known);
  return fail(Code::not_found, "rpc.unknown",
              "no method '" + std::string(name) + "'" + did_you_mean(name, names));
}

Result<const EventType*> find_event_type(std::string_view type) {
  const auto& types = all_event_types();
  const auto found = std::ranges::lower_bound(types, type, {}, &EventType::type);
  if (found != types.end() && found->type == type) return &*found;
  std::vector<std::string> names;
  for (const auto& known : types) names.push_back(known.type);
  return fail(Code::invalid_argument, "events.unknown_type",
              "no event type '" + std::string(type) + "'" + near_or_all(type, names));
}

std::unique_ptr<google::protobuf::Message> new_message(const google::protobuf::Descriptor* descriptor) {
  const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor);
  return std::unique_ptr<google::protobuf::Message>(prototype->New());
}

std::string stable_bytes(const google::protobuf::Message& message) {
  std::string bytes;
  bytes.reserve(message.ByteSizeLong());
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

std::string stable_bytes(const std::string& type, const std::string& bytes) {
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) return bytes;
  const auto message = new_message(descriptor);
  return message->ParseFromString(bytes) ? stable_bytes(*message) : bytes;
}

Result<void> check_role(const Caller& caller) {
  if (pb::Role_IsValid(caller.role) && caller.role != pb::ROLE_UNSPECIFIED) return {};
  return fail(Code::permission_denied, "rpc.no_role", "the caller has no role: nobody may do this");
}

Error service_away(const std::string& service) {
  return {Code::unavailable, "service.away", "no '" + service + "' service runs here now", 1000};
}

std::string role_name(pb::Role role) { return lower_ascii(pb::Role_Name(role).substr(5)); }

pb::Role role_from_name(std::string_view name) {
  for (int value = pb::ROLE_PLAYER; value <= pb::ROLE_SERVICE; ++value) {
    if (role_name(static_cast<pb::Role>(value)) == name) return static_cast<pb::Role>(value);
  }
  return pb::ROLE_UNSPECIFIED;
}

}  // namespace troupe
