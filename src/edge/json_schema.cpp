#include "edge/json_schema.h"

#include <nlohmann/json.hpp>

#include "troupe/v1/common.pb.h"

namespace troupe::edge {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Json = nlohmann::ordered_json;

// Messages that proto3 JSON writes in a way of their own.
bool is_well_known(const Descriptor* type) { return type->full_name().starts_with("google.protobuf."); }

Json well_known(const Descriptor* type) {
  if (type->name() == "Struct") return {{"type", "object"}};
  if (type->name() == "ListValue") return {{"type", "array"}, {"items", Json::object()}};
  return Json::object();
}

Json single(const FieldDescriptor* field) {
  switch (field->type()) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FLOAT:
      return {{"type", "number"}};
    case FieldDescriptor::TYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::TYPE_STRING:
      return {{"type", "string"}};
    case FieldDescriptor::TYPE_BYTES:
      return {{"type", "string"}, {"contentEncoding", "base64"}};
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return {{"type", Json::array({"string", "integer"})}, {"format", "int64"}};
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return {{"type", Json::array({"string", "integer"})}, {"format", "uint64"}};
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return {{"type", "integer"}, {"minimum", 0}};
    case FieldDescriptor::TYPE_ENUM: {
      Json names = Json::array();
      for (int i = 0; i < field->enum_type()->value_count(); ++i)
        names.push_back(field->enum_type()->value(i)->name());
      return {{"type", "string"}, {"enum", std::move(names)}};
    }
    case FieldDescriptor::TYPE_MESSAGE:
      if (is_well_known(field->message_type())) return well_known(field->message_type());
      return {{"$ref", "#/components/schemas/" + schema_name(field->message_type())}};
    default:
      return {{"type", "integer"}, {"format", "int32"}};
  }
}

const troupe::v1::Check& check_of(const FieldDescriptor* field) {
  return field->options().GetExtension(troupe::v1::check);
}

// What the proto says of a value (option check), as JSON schema says it.
Json checked(const FieldDescriptor* field, Json schema) {
  const auto& check = check_of(field);
  // (A length here is of characters: never more than there are bytes.)
  if (check.bytes_max() > 0) schema["maxLength"] = check.bytes_max();
  if (!check.pattern().empty())
    schema["pattern"] =
        "^" + std::string(check.required() ? "" : "(|") + check.pattern() + (check.required() ? "$" : ")$");
  if (check.one_of_size() > 0) {
    schema["enum"] = Json(std::vector<std::string>(check.one_of().begin(), check.one_of().end()));
    if (!check.required()) schema["enum"].push_back("");
  }
  if (check.has_min()) schema["minimum"] = check.min();
  if (check.has_max()) schema["maximum"] = check.max();
  return schema;
}

}  // namespace

std::string schema_name(const Descriptor* type) {
  const std::string& package = type->file()->package();
  return package.empty() ? type->full_name() : type->full_name().substr(package.size() + 1);
}

Json field_schema(const FieldDescriptor* field) {
  if (field->is_map()) {
    return {{"type", "object"}, {"additionalProperties", single(field->message_type()->map_value())}};
  }
  if (!field->is_repeated()) return checked(field, single(field));
  Json schema = {{"type", "array"}, {"items", checked(field, single(field))}};
  const auto& check = check_of(field);
  if (check.items_min() > 0) schema["minItems"] = check.items_min();
  if (check.items_max() > 0) schema["maxItems"] = check.items_max();
  return schema;
}

void add_schemas(const Descriptor* type, Json& schemas) {
  if (is_well_known(type) || schemas.contains(schema_name(type))) return;
  Json properties = Json::object();
  for (int i = 0; i < type->field_count(); ++i)
    properties[type->field(i)->name()] = field_schema(type->field(i));
  auto& schema = schemas[schema_name(type)] = {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  for (int i = 0; i < type->field_count(); ++i) {
    if (check_of(type->field(i)).required()) schema["required"].push_back(type->field(i)->name());
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const Descriptor* inner =
        field->is_map() ? field->message_type()->map_value()->message_type() : field->message_type();
    if (inner != nullptr) add_schemas(inner, schemas);
  }
}

}  // namespace troupe::edge
