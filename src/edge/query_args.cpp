#include "edge/query_args.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/text.h"

namespace troupe::edge {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <class T>
std::optional<T> number(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// libstdc++'s from_chars for doubles takes "inf" and "nan", which no field of ours means.
std::optional<double> real(const std::string& text) {
  const auto value = number<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::optional<bool> boolean(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

const FieldDescriptor* find_field(const Descriptor* type, const std::string& name) {
  if (const auto* field = type->FindFieldByName(name)) return field;
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->json_name() == name) return type->field(i);
  }
  return nullptr;
}

// Sets or appends; false when the text is no such value.
bool set_value(const FieldDescriptor* field, const std::string& text, Message& message) {
  const auto* reflection = message.GetReflection();
  const auto put = [&](const auto& value, auto set, auto add) {
    if (!value) return false;
    if (field->is_repeated()) {
      (reflection->*add)(&message, field, *value);
    } else {
      (reflection->*set)(&message, field, *value);
    }
    return true;
  };
  using R = google::protobuf::Reflection;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return put(number<std::int32_t>(text), &R::SetInt32, &R::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return put(number<std::int64_t>(text), &R::SetInt64, &R::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(number<std::uint32_t>(text), &R::SetUInt32, &R::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(number<std::uint64_t>(text), &R::SetUInt64, &R::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(real(text), &R::SetDouble, &R::AddDouble);
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(boolean(text), &R::SetBool, &R::AddBool);
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const auto value = real(text);
      return put(value ? std::optional(static_cast<float>(*value)) : std::nullopt, &R::SetFloat,
                 &R::AddFloat);
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = field->enum_type()->FindValueByName(text);
      if (const auto as_number = number<int>(text); value == nullptr && as_number) {
        value = field->enum_type()->FindValueByNumber(*as_number);
      }
      return put(value ? std::optional(value) : std::nullopt, &R::SetEnum, &R::AddEnum);
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->is_repeated()) {
        reflection->AddString(&message, field, text);
      } else {
        reflection->SetString(&message, field, text);
      }
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
  }
  return false;
}

const char* kind_of(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "one of the names of its type";
    default:
      return "a whole number in range";
  }
}

}  // namespace

Result<void> set_from_query(const NamedValues& query, Message& message) {
  const Descriptor* type = message.GetDescriptor();
  std::set<const FieldDescriptor*> seen;
  for (const auto& [name, value] : query) {
    const FieldDescriptor* field = find_field(type, name);
    if (field == nullptr) {
      std::vector<std::string> names;
      for (int i = 0; i < type->field_count(); ++i) names.push_back(type->field(i)->name());
      return fail(Code::invalid_argument, "rpc.unknown_field",
                  fmt::format("no field '{}' in {}{}", name, type->name(), did_you_mean(name, names)));
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ||
        field->type() == FieldDescriptor::TYPE_BYTES) {
      return fail(Code::invalid_argument, "rpc.bad_query",
                  fmt::format("'{}' cannot be given in a query; use POST with JSON", name));
    }
    if (!seen.insert(field).second && !field->is_repeated()) {
      return fail(Code::invalid_argument, "rpc.bad_query", fmt::format("'{}' is given twice", name));
    }
    if (!set_value(field, value, message)) {
      return fail(Code::invalid_argument, "rpc.bad_query",
                  fmt::format("'{}' must be {}, not '{}'", name, kind_of(field), utf8_prefix(value, 64)));
    }
  }
  return {};
}

}  // namespace troupe::edge
