#pragma once
// JSON schemas of proto3 messages, as proto3 JSON writes them. Pure.
#include <google/protobuf/descriptor.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace troupe::edge {

// "WorldInfo.Place": the full name without the package.
std::string schema_name(const google::protobuf::Descriptor* type);
nlohmann::ordered_json field_schema(const google::protobuf::FieldDescriptor* field);
// Adds `type` and every message within it to `schemas`, by schema_name.
void add_schemas(const google::protobuf::Descriptor* type, nlohmann::ordered_json& schemas);

}  // namespace troupe::edge
