// Documents: google.protobuf.Value and Struct, with whole numbers of 64 bits.
#include <google/protobuf/unknown_field_set.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "host/json.h"

namespace troupe {

namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using nlohmann::json;

// Fields of Value that protobuf does not use: the whole number beside `number_value`.
constexpr int kUnsignedField = 1001;
constexpr int kSignedField = 1002;
constexpr double kExactMax = 9'007'199'254'740'992.0;  // 2^53: up to here a double is each whole number

bool is_exact(std::int64_t number) { return std::abs(static_cast<double>(number)) <= kExactMax; }
bool is_exact(std::uint64_t number) { return static_cast<double>(number) <= kExactMax; }

void keep_beside(Value& value, int field, std::uint64_t bits) {
  auto* unknown = value.GetReflection()->MutableUnknownFields(&value);
  unknown->Clear();
  unknown->AddVarint(field, bits);
}

}  // namespace

void set_number(Value& value, Number number) {
  value.GetReflection()->MutableUnknownFields(&value)->Clear();
  if (const auto* whole = std::get_if<std::int64_t>(&number)) {
    value.set_number_value(static_cast<double>(*whole));
    if (!is_exact(*whole)) keep_beside(value, kSignedField, static_cast<std::uint64_t>(*whole));
  } else if (const auto* large = std::get_if<std::uint64_t>(&number)) {
    value.set_number_value(static_cast<double>(*large));
    if (!is_exact(*large)) keep_beside(value, kUnsignedField, *large);
  } else {
    value.set_number_value(std::get<double>(number) + 0.0);  // -0 is 0: JSON has one zero
  }
}

Number number_of(const Value& value) {
  const double number = value.number_value();
  const auto& unknown = value.GetReflection()->GetUnknownFields(value);
  // Counts only where both say the same: a client by hand may have changed one of them.
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& field = unknown.field(i);
    if (field.type() != google::protobuf::UnknownField::TYPE_VARINT) continue;
    const std::uint64_t bits = field.varint();
    const auto negative = static_cast<std::int64_t>(bits);
    if (field.number() == kUnsignedField && static_cast<double>(bits) == number) return bits;
    if (field.number() == kSignedField && static_cast<double>(negative) == number) return negative;
  }
  if (number == std::trunc(number) && std::abs(number) <= kExactMax) return static_cast<std::int64_t>(number);
  return number;
}

json json_of(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kNumberValue:
      return std::visit([](auto number) { return json(number); }, number_of(value));
    case Value::kStringValue:
      return value.string_value();
    case Value::kStructValue:
      return json_of(value.struct_value());
    case Value::kListValue: {
      json list = json::array();
      for (const auto& item : value.list_value().values()) list.push_back(json_of(item));
      return list;
    }
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

json json_of(const Struct& document) {
  json object = json::object();
  for (const auto& [key, value] : document.fields()) object[key] = json_of(value);
  return object;
}

void set_value(const json& from, Value& to) {
  switch (from.type()) {
    case json::value_t::boolean:
      to.set_bool_value(from.get<bool>());
      break;
    case json::value_t::number_integer:
      set_number(to, from.get<std::int64_t>());
      break;
    case json::value_t::number_unsigned:
      set_number(to, from.get<std::uint64_t>());
      break;
    case json::value_t::number_float:
      set_number(to, from.get<double>());
      break;
    case json::value_t::string:
      to.set_string_value(from.get_ref<const std::string&>());
      break;
    case json::value_t::array: {
      auto& list = *to.mutable_list_value();
      for (const auto& item : from) set_value(item, *list.add_values());
      break;
    }
    case json::value_t::object:
      set_document(from, *to.mutable_struct_value());
      break;
    default:
      to.set_null_value(google::protobuf::NULL_VALUE);
  }
}

void set_document(const json& object, Struct& to) {
  auto& fields = *to.mutable_fields();
  for (const auto& [key, value] : object.items()) set_value(value, fields[key]);
}

}  // namespace troupe
