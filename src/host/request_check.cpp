#include "host/request_check.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"
#include "troupe/v1/common.pb.h"

namespace troupe {

namespace pb = troupe::v1;

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Why one value is refused; null when it is fine.
struct Fault {
  const char* reason;
  const char* text;
};
constexpr Fault kText{"rpc.bad_text", "text holds no NUL character"};
constexpr Fault kNumber{"rpc.bad_number", "a number is finite"};
constexpr Fault kUnsigned{"rpc.bad_number", "a number is at most 9223372036854775807"};

const Fault* fault_of(const std::string& text) {
  return text.find('\0') == std::string::npos ? nullptr : &kText;
}
const Fault* fault_of(double number) { return std::isfinite(number) ? nullptr : &kNumber; }
const Fault* fault_of(std::uint64_t number) {
  return number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? &kUnsigned : nullptr;
}

// Element `index` of a repeated field, or the field itself where it is -1.
const Fault* fault_of(const Message& message, const FieldDescriptor* field, int index) {
  const auto* values = message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      if (field->type() == FieldDescriptor::TYPE_BYTES) return nullptr;
      std::string scratch;
      return fault_of(one ? values->GetStringReference(message, field, &scratch)
                          : values->GetRepeatedStringReference(message, field, index, &scratch));
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fault_of(one ? values->GetDouble(message, field)
                          : values->GetRepeatedDouble(message, field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return fault_of(
          double{one ? values->GetFloat(message, field) : values->GetRepeatedFloat(message, field, index)});
    case FieldDescriptor::CPPTYPE_UINT64:
      return fault_of(one ? values->GetUInt64(message, field)
                          : values->GetRepeatedUInt64(message, field, index));
    default:
      return nullptr;
  }
}

// Documents as they are: through reflection each of their maps would be copied first.
const Fault* walk(const google::protobuf::Struct& document);
const Fault* walk(const google::protobuf::Value& value) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kNumberValue:
      return fault_of(value.number_value());
    case google::protobuf::Value::kStringValue:
      return fault_of(value.string_value());
    case google::protobuf::Value::kStructValue:
      return walk(value.struct_value());
    case google::protobuf::Value::kListValue:
      for (const auto& element : value.list_value().values()) {
        if (const Fault* found = walk(element)) return found;
      }
      return nullptr;
    default:
      return nullptr;
  }
}
const Fault* walk(const google::protobuf::Struct& document) {
  for (const auto& [key, value] : document.fields()) {
    if (const Fault* found = fault_of(key)) return found;
    if (const Fault* found = walk(value)) return found;
  }
  return nullptr;
}

// ---- what the proto says of a field

std::string number_text(double number) { return fmt::format("{}", number); }

std::string range_text(const pb::Check& check) {
  if (check.has_min() && check.has_max())
    return fmt::format("{} to {}", number_text(check.min()), number_text(check.max()));
  if (check.has_min()) return "at least " + number_text(check.min());
  return check.has_max() ? "at most " + number_text(check.max()) : "";
}

std::string count_text(const pb::Check& check) {
  if (check.items_min() > 0 && check.items_max() > 0)
    return fmt::format("{} to {}", check.items_min(), check.items_max());
  return check.items_min() > 0 ? fmt::format("at least {}", check.items_min())
                               : fmt::format("at most {}", check.items_max());
}

// "npc or player", "low, normal or high".
std::string either(const std::vector<std::string>& names) {
  const auto all_but_last = std::span(names).first(names.size() - 1);
  return (all_but_last.empty() ? "" : join(all_but_last, ", ") + " or ") + names.back();
}

// Compiled once for each pattern of the protos.
const RE2& compiled(const std::string& pattern) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<RE2>> made;
  const std::lock_guard lock(mutex);
  auto& found = made[pattern];
  if (!found) found = std::make_unique<RE2>(pattern, RE2::Quiet);
  return *found;
}

// Why it is refused; nothing where it is fine.
std::optional<std::string> wrong(const pb::Check& check, double number) {
  if ((!check.has_min() || number >= check.min()) && (!check.has_max() || number <= check.max())) return {};
  return fmt::format("is {}, not {}", range_text(check), number_text(number));
}

std::optional<std::string> wrong(const pb::Check& check, const std::string& text) {
  constexpr std::size_t kShown = 60;
  const auto said = [&] { return std::string(utf8_prefix(text, kShown)); };
  if (check.bytes_max() > 0 && std::cmp_greater(text.size(), check.bytes_max()))
    return fmt::format("has at most {} bytes, not {}", check.bytes_max(), text.size());
  if (check.one_of_size() > 0 && std::ranges::find(check.one_of(), text) == check.one_of().end()) {
    const std::vector<std::string> names(check.one_of().begin(), check.one_of().end());
    return fmt::format("is {}, not '{}'{}", either(names), said(), did_you_mean(text, names));
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (check.line() && std::ranges::any_of(text, is_control)) return "is one line without control characters";
  if (!check.pattern().empty() && !RE2::FullMatch(text, compiled(check.pattern())))
    return fmt::format("is made of {}, unlike '{}'", check.form(), said());
  return {};
}

bool is_text(const FieldDescriptor& field) { return field.type() == FieldDescriptor::TYPE_STRING; }

// One value of the field, which is there; of a list, the one at `index`.
std::optional<std::string> wrong(const pb::Check& check, const Message& message, const FieldDescriptor& field,
                                 int index) {
  const auto* values = message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return wrong(check, one ? values->GetStringReference(message, &field, &scratch)
                              : values->GetRepeatedStringReference(message, &field, index, &scratch));
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return wrong(check, double(one ? values->GetInt32(message, &field)
                                     : values->GetRepeatedInt32(message, &field, index)));
    case FieldDescriptor::CPPTYPE_INT64:
      return wrong(check, static_cast<double>(one ? values->GetInt64(message, &field)
                                                  : values->GetRepeatedInt64(message, &field, index)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return wrong(check, static_cast<double>(one ? values->GetUInt64(message, &field)
                                                  : values->GetRepeatedUInt64(message, &field, index)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return wrong(check, one ? values->GetDouble(message, &field)
                              : values->GetRepeatedDouble(message, &field, index));
    default:
      return {};
  }
}

// What is refused, and where.
struct Refusal {
  std::string path, reason, text;
  bool is_sentence = false;  // the text goes on from the path: "hours is 1 to 168, not 200"
};

Refusal refused(const pb::Check& check, std::string path, std::string text) {
  return {std::move(path), check.reason().empty() ? "rpc.bad_field" : check.reason(), std::move(text), true};
}

std::optional<Refusal> refusal_of(const Message& message, const FieldDescriptor& field,
                                  const pb::Check& check) {
  const auto* values = message.GetReflection();
  if (field.is_repeated()) {
    const int count = values->FieldSize(message, &field);
    if (count < check.items_min() || (check.items_max() > 0 && count > check.items_max()))
      return refused(check, field.name(), fmt::format("holds {}, not {}", count_text(check), count));
    for (int i = 0; i < count && !field.is_map(); ++i) {
      if (auto why = wrong(check, message, field, i))
        return refused(check, fmt::format("{}[{}]", field.name(), i), *std::move(why));
    }
    return {};
  }
  // Without presence, a number that is 0 and a text that is empty are not there.
  const bool there = values->HasField(message, &field);
  if (!there) {
    if (!check.required()) return {};
    if (is_text(field) || field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      return refused(check, field.name(), "is missing");
  }
  if (auto why = wrong(check, message, field, -1)) return refused(check, field.name(), *std::move(why));
  return {};
}

// The fields of a message that say (check): most messages have none.
using Checked = std::vector<std::pair<const FieldDescriptor*, const pb::Check*>>;
const Checked& checked(const google::protobuf::Descriptor* type) {
  static std::mutex mutex;
  static std::map<const google::protobuf::Descriptor*, Checked> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(type);
  if (found != known.end()) return found->second;
  auto& made = known[type];
  for (int i = 0; i < type->field_count(); ++i) {
    const auto& options = type->field(i)->options();
    if (options.HasExtension(pb::check)) made.emplace_back(type->field(i), &options.GetExtension(pb::check));
  }
  return made;
}

// As deep as the parser lets a message be (100). Paths are only put together for what is refused.
std::optional<Refusal> walk(const Message& message) {
  const auto plain = [](const Fault* fault) -> std::optional<Refusal> {
    if (fault == nullptr) return {};
    return Refusal{"", fault->reason, fault->text};
  };
  if (const auto* document = dynamic_cast<const google::protobuf::Struct*>(&message))
    return plain(walk(*document));
  if (const auto* value = dynamic_cast<const google::protobuf::Value*>(&message)) return plain(walk(*value));
  std::vector<const FieldDescriptor*> fields;
  const auto* values = message.GetReflection();
  values->ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? values->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      auto found = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                       ? walk(field->is_repeated() ? values->GetRepeatedMessage(message, field, i)
                                                   : values->GetMessage(message, field))
                       : plain(fault_of(message, field, index));
      if (!found) continue;
      found->path = field->name() + (index < 0 ? "" : "[" + std::to_string(index) + "]") +
                    (found->path.empty() ? "" : "." + found->path);
      return found;
    }
  }
  for (const auto& [field, check] : checked(message.GetDescriptor())) {
    if (auto found = refusal_of(message, *field, *check)) return found;
  }
  return {};
}

}  // namespace

Result<void> check_request(const Message& request) {
  const auto found = walk(request);
  if (!found) return {};
  return fail(Code::invalid_argument, found->reason,
              found->path + (found->is_sentence ? " " : ": ") + found->text);
}

}  // namespace troupe
