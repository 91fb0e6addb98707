#include "host/request_check.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace troupe {

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

// As deep as the parser lets a message be (100). Paths are only put together for what is refused.
const Fault* walk(const Message& message, std::string& path) {
  if (const auto* document = dynamic_cast<const google::protobuf::Struct*>(&message)) return walk(*document);
  if (const auto* value = dynamic_cast<const google::protobuf::Value*>(&message)) return walk(*value);
  std::vector<const FieldDescriptor*> fields;
  const auto* values = message.GetReflection();
  values->ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? values->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      const Fault* found = nullptr;
      std::string below;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        found = walk(field->is_repeated() ? values->GetRepeatedMessage(message, field, i)
                                          : values->GetMessage(message, field),
                     below);
      } else {
        found = fault_of(message, field, index);
      }
      if (found == nullptr) continue;
      path = field->name() + (index < 0 ? "" : "[" + std::to_string(index) + "]") +
             (below.empty() ? "" : "." + below);
      return found;
    }
  }
  return nullptr;
}

}  // namespace

Result<void> check_request(const Message& request) {
  std::string path;
  const Fault* found = walk(request, path);
  if (found == nullptr) return {};
  return fail(Code::invalid_argument, found->reason, path + ": " + found->text);
}

}  // namespace troupe
