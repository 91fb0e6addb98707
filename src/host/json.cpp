// proto3 JSON as messages: a value is walked beside the message's descriptor, so that an error knows its
// field.
#include "host/json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace troupe {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

std::unexpected<Error> bad(std::string message) {
  return fail(Code::invalid_argument, "rpc.bad_json", std::move(message));
}

// As it was sent, short.
std::string shown(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= 64 ? text : std::string(utf8_prefix(text, 64)) + "...";
}

std::unexpected<Error> wanted(const std::string& path, std::string_view what, const json& value) {
  return bad(fmt::format("'{}' must be {}, not {}", path, what, shown(value)));
}

std::string below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, utf8_prefix(name, 64));
}

// Whole numbers are numbers, or texts as to_json writes those of 64 bits. 5.0 and 1e3 are whole.
template <class Int>
std::optional<Int> whole(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (std::in_range<Int>(number)) return static_cast<Int>(number);
  } else if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    if (std::in_range<Int>(number)) return static_cast<Int>(number);
  } else if (value.is_number_float()) {
    // Both bounds are doubles, or powers of two just outside.
    const double number = value.get<double>();
    constexpr double kBeyond = 2.0 * static_cast<double>(std::numeric_limits<Int>::max() / 2 + 1);
    if (number == std::trunc(number) && number < kBeyond &&
        number >= static_cast<double>(std::numeric_limits<Int>::min()))
      return static_cast<Int>(number);
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    Int number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
  }
  return std::nullopt;
}

template <class Real>
std::optional<Real> real(const json& value) {
  double number = std::numeric_limits<double>::quiet_NaN();
  if (value.is_number()) {
    number = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  const auto made = static_cast<Real>(number + 0.0);  // -0 is 0: JSON has one zero
  return std::isfinite(made) ? std::optional(made) : std::nullopt;
}

// Either alphabet, with or without padding.
std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t digit = 0;
    if (c >= 'A' && c <= 'Z') {
      digit = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '-') {
      digit = 62;
    } else if (c == '/' || c == '_') {
      digit = 63;
    } else {
      return std::nullopt;
    }
    bits = bits << 6 | digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

const FieldDescriptor* find_field(const Descriptor* type, const std::string& name) {
  if (const auto* field = type->FindFieldByName(name)) return field;
  return type->FindFieldByCamelcaseName(name);
}

std::unexpected<Error> no_field(const Descriptor* type, const std::string& name, const std::string& path) {
  std::vector<std::string> names;
  for (int i = 0; i < type->field_count(); ++i) names.push_back(type->field(i)->name());
  return bad(fmt::format("no field '{}' in {}{}", below(path, utf8_prefix(name, 64)), type->name(),
                         did_you_mean(name, names)));
}

template <class T>
std::string range_text() {
  return fmt::format("a whole number from {} to {}", std::numeric_limits<T>::min(),
                     std::numeric_limits<T>::max());
}

class Reader {
 public:
  static Result<void> message(const json& value, Message& out, const std::string& path) {
    const auto* type = out.GetDescriptor();
    if (type == google::protobuf::Value::descriptor()) {
      set_value(value, static_cast<google::protobuf::Value&>(out));
      return {};
    }
    if (type == google::protobuf::ListValue::descriptor()) {
      if (!value.is_array()) return wanted(path, "a list", value);
      for (const auto& item : value)
        set_value(item, *static_cast<google::protobuf::ListValue&>(out).add_values());
      return {};
    }
    if (!value.is_object()) {
      if (path.empty()) return bad(fmt::format("{} is an object, not {}", type->name(), shown(value)));
      return wanted(path, "an object", value);
    }
    if (type == google::protobuf::Struct::descriptor()) {
      set_document(value, static_cast<google::protobuf::Struct&>(out));
      return {};
    }
    std::set<const FieldDescriptor*> seen;
    for (const auto& [name, member] : value.items()) {
      const auto* field = find_field(type, name);
      if (field == nullptr) return no_field(type, name, path);
      const std::string at = below(path, field->name());
      if (!seen.insert(field).second)
        return bad(fmt::format("'{}' is there twice, under both its names", at));
      // Null is a value of documents only; elsewhere it says nothing.
      if (member.is_null() && field->message_type() != google::protobuf::Value::descriptor()) continue;
      if (const auto* group = field->real_containing_oneof(); group != nullptr) {
        const auto* other = out.GetReflection()->GetOneofFieldDescriptor(out, group);
        if (other != nullptr)
          return bad(fmt::format("'{}' and '{}' exclude each other", below(path, other->name()), at));
      }
      TRY_VOID(set_field(field, member, out, at));
    }
    return {};
  }

 private:
  static Result<void> set_field(const FieldDescriptor* field, const json& value, Message& out,
                                const std::string& path) {
    if (field->is_map()) return map(field, value, out, path);
    if (!field->is_repeated()) return set_one(field, value, out, path);
    if (!value.is_array()) return wanted(path, "a list", value);
    std::size_t index = 0;
    for (const auto& item : value) TRY_VOID(set_one(field, item, out, fmt::format("{}[{}]", path, index++)));
    return {};
  }

  static Result<void> map(const FieldDescriptor* field, const json& value, Message& out,
                          const std::string& path) {
    if (!value.is_object()) return wanted(path, "an object", value);
    const auto* type = field->message_type();
    for (const auto& [name, member] : value.items()) {
      const std::string at = below(path, name);
      auto* entry = out.GetReflection()->AddMessage(&out, field);
      TRY_VOID(set_one(type->map_key(), json(name), *entry, at));
      if (member.is_null() && type->map_value()->message_type() != google::protobuf::Value::descriptor())
        return wanted(at, "a value", member);
      TRY_VOID(set_one(type->map_value(), member, *entry, at));
    }
    return {};
  }

  // Sets, or appends where the field is repeated.
  static Result<void> set_one(const FieldDescriptor* field, const json& value, Message& out,
                              const std::string& path) {
    const auto* reflection = out.GetReflection();
    const auto put = [&](const auto& made, auto set, auto add, std::string_view what) -> Result<void> {
      if (!made) return wanted(path, what, value);
      if (field->is_repeated()) {
        (reflection->*add)(&out, field, *made);
      } else {
        (reflection->*set)(&out, field, *made);
      }
      return {};
    };
    using R = google::protobuf::Reflection;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return put(whole<std::int32_t>(value), &R::SetInt32, &R::AddInt32, range_text<std::int32_t>());
      case FieldDescriptor::CPPTYPE_INT64:
        return put(whole<std::int64_t>(value), &R::SetInt64, &R::AddInt64, range_text<std::int64_t>());
      case FieldDescriptor::CPPTYPE_UINT32:
        return put(whole<std::uint32_t>(value), &R::SetUInt32, &R::AddUInt32, range_text<std::uint32_t>());
      case FieldDescriptor::CPPTYPE_UINT64:
        return put(whole<std::uint64_t>(value), &R::SetUInt64, &R::AddUInt64, range_text<std::uint64_t>());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return put(real<double>(value), &R::SetDouble, &R::AddDouble, "a finite number");
      case FieldDescriptor::CPPTYPE_FLOAT:
        return put(real<float>(value), &R::SetFloat, &R::AddFloat, "a finite number");
      case FieldDescriptor::CPPTYPE_BOOL:
        return put(boolean(field, value), &R::SetBool, &R::AddBool, "true or false");
      case FieldDescriptor::CPPTYPE_ENUM:
        return put(enum_value(field, value), &R::SetEnum, &R::AddEnum, names_of(field));
      case FieldDescriptor::CPPTYPE_STRING:
        return text(field, value, out, path);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return message(value,
                       field->is_repeated() ? *reflection->AddMessage(&out, field)
                                            : *reflection->MutableMessage(&out, field),
                       path);
    }
    return {};
  }

  static Result<void> text(const FieldDescriptor* field, const json& value, Message& out,
                           const std::string& path) {
    if (!value.is_string()) return wanted(path, "a text", value);
    std::string bytes = value.get<std::string>();
    if (field->type() == FieldDescriptor::TYPE_BYTES) {
      auto decoded = from_base64(bytes);
      if (!decoded) return wanted(path, "bytes in base64", value);
      bytes = *std::move(decoded);
    }
    if (field->is_repeated()) {
      out.GetReflection()->AddString(&out, field, std::move(bytes));
    } else {
      out.GetReflection()->SetString(&out, field, std::move(bytes));
    }
    return {};
  }

  // Keys of maps are texts.
  static std::optional<bool> boolean(const FieldDescriptor* field, const json& value) {
    if (value.is_boolean()) return value.get<bool>();
    const auto* entry = field->containing_type();
    const bool is_key = field == entry->map_key();  // null where it is no map's entry
    if (is_key && value == "true") return true;
    if (is_key && value == "false") return false;
    return std::nullopt;
  }

  static std::optional<const google::protobuf::EnumValueDescriptor*> enum_value(const FieldDescriptor* field,
                                                                                const json& value) {
    const google::protobuf::EnumValueDescriptor* found = nullptr;
    if (value.is_string()) found = field->enum_type()->FindValueByName(value.get_ref<const std::string&>());
    if (value.is_number()) {
      if (const auto number = whole<std::int32_t>(value))
        found = field->enum_type()->FindValueByNumber(*number);
    }
    return found == nullptr ? std::nullopt : std::optional(found);
  }
  static std::string names_of(const FieldDescriptor* field) {
    std::vector<std::string> names;
    for (int i = 0; i < field->enum_type()->value_count(); ++i)
      names.push_back(field->enum_type()->value(i)->name());
    return names.size() > 16 ? "one of the names of its type" : "one of " + join(names, ", ");
  }
};

}  // namespace

Result<void> from_json_value(const nlohmann::json& value, Message& message) {
  message.Clear();
  return Reader::message(value, message, "");
}

Result<void> from_json(std::string_view text, Message& message) {
  auto value = parse_json(text);
  if (!value) return bad("the JSON is not well formed: " + value.error().message);
  return from_json_value(*value, message);
}

}  // namespace troupe
