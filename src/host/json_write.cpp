// Messages as proto3 JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "host/json.h"

namespace troupe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t block = 0;
    for (std::size_t k = 0; k < 3; ++k)
      block = block << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kDigits[block >> (18 - 6 * k) & 63];
  }
  return out;
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}
  std::string take() { return std::move(out_); }

  void message(const Message& message) {
    const auto* type = message.GetDescriptor();
    if (type == google::protobuf::Value::descriptor()) {
      return json(json_of(static_cast<const google::protobuf::Value&>(message)));
    }
    if (type == google::protobuf::Struct::descriptor()) {
      return json(json_of(static_cast<const google::protobuf::Struct&>(message)));
    }
    if (type == google::protobuf::ListValue::descriptor()) {
      return list('[', ']', type->field(0), message, [&](int i) { element(type->field(0), message, i); });
    }
    const auto* reflection = message.GetReflection();
    begin('{');
    bool first = true;
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (field->has_presence() && !reflection->HasField(message, field)) continue;
      next(first);
      text(field->name());
      out_ += pretty_ ? ": " : ":";
      value(field, message);
    }
    end('}', first);
  }

 private:
  void value(const FieldDescriptor* field, const Message& message) {
    if (field->is_map()) return map(field, message);
    if (field->is_repeated()) {
      return list('[', ']', field, message, [&](int i) { element(field, message, i); });
    }
    scalar(field, message, -1);
  }

  void element(const FieldDescriptor* field, const Message& message, int index) {
    scalar(field, message, index);
  }

  template <class Each>
  void list(char open, char close, const FieldDescriptor* field, const Message& message, Each each) {
    begin(open);
    bool first = true;
    const int size = message.GetReflection()->FieldSize(message, field);
    for (int i = 0; i < size; ++i) {
      next(first);
      each(i);
    }
    end(close, first);
  }

  void map(const FieldDescriptor* field, const Message& message) {
    const auto* reflection = message.GetReflection();
    const auto* key = field->message_type()->map_key();
    const auto* value = field->message_type()->map_value();
    std::map<std::string, const Message*, std::less<>> entries;
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      const auto& entry = reflection->GetRepeatedMessage(message, field, i);
      Writer name(false);
      name.scalar(key, entry, -1);
      std::string text = name.take();
      if (!text.starts_with('"')) text = '"' + text + '"';
      entries.insert_or_assign(std::move(text), &entry);
    }
    begin('{');
    bool first = true;
    for (const auto& [text, entry] : entries) {
      next(first);
      out_ += text;
      out_ += pretty_ ? ": " : ":";
      scalar(value, *entry, -1);
    }
    end('}', first);
  }

  // `index` < 0: the field itself.
  void scalar(const FieldDescriptor* field, const Message& message, int index) {
    const auto* reflection = message.GetReflection();
    const auto get = [&](auto one, auto of_many) {
      return index < 0 ? (reflection->*one)(message, field) : (reflection->*of_many)(message, field, index);
    };
    using R = google::protobuf::Reflection;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return number(get(&R::GetInt32, &R::GetRepeatedInt32));
      case FieldDescriptor::CPPTYPE_UINT32:
        return number(get(&R::GetUInt32, &R::GetRepeatedUInt32));
      case FieldDescriptor::CPPTYPE_INT64:  // as text: JavaScript has no such numbers
        return quoted(fmt::to_string(get(&R::GetInt64, &R::GetRepeatedInt64)));
      case FieldDescriptor::CPPTYPE_UINT64:
        return quoted(fmt::to_string(get(&R::GetUInt64, &R::GetRepeatedUInt64)));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return real(get(&R::GetDouble, &R::GetRepeatedDouble));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return real(get(&R::GetFloat, &R::GetRepeatedFloat));
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ += get(&R::GetBool, &R::GetRepeatedBool) ? "true" : "false";
        return;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number_now = get(&R::GetEnumValue, &R::GetRepeatedEnumValue);
        const auto* known = field->enum_type()->FindValueByNumber(number_now);
        return known != nullptr ? quoted(known->name()) : number(number_now);
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string bytes = index < 0 ? reflection->GetString(message, field)
                                            : reflection->GetRepeatedString(message, field, index);
        return field->type() == FieldDescriptor::TYPE_BYTES ? quoted(base64(bytes)) : text(bytes);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return this->message(index < 0 ? reflection->GetMessage(message, field)
                                       : reflection->GetRepeatedMessage(message, field, index));
    }
  }

  template <class T>
  void number(T value) {
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  template <class T>
  void real(T value) {
    if (std::isnan(value)) return quoted("NaN");
    if (std::isinf(value)) return quoted(value > 0 ? "Infinity" : "-Infinity");
    number(value);
  }
  void quoted(std::string_view plain) {
    out_ += '"';
    out_ += plain;
    out_ += '"';
  }
  void text(std::string_view any) { is_plain(any) ? quoted(any) : void(out_ += json_string(any)); }
  void json(const nlohmann::json& value) {
    std::string made = value.dump(pretty_ ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace);
    for (const char c : made) {
      out_ += c;
      if (c == '\n') out_.append(depth_ * 2, ' ');
    }
  }

  void begin(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void next(bool& first) {
    if (!first) out_ += ',';
    first = false;
    line();
  }
  void end(char bracket, bool empty) {
    --depth_;
    if (!empty) line();
    out_ += bracket;
  }
  void line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  bool pretty_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string to_json(const Message& message, bool pretty) {
  Writer writer(pretty);
  writer.message(message);
  return writer.take();
}

}  // namespace troupe
