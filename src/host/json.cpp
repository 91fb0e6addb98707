#include "host/json.h"

#include <google/protobuf/util/json_util.h>

#include <regex>

#include "base/text.h"

namespace troupe {

namespace {

// protobuf says "(field): Cannot find field." or "x: Cannot find field."; the nearest name helps more.
std::string explain(const std::string& problem, const google::protobuf::Message& message) {
  static const std::regex kUnknown(R"((?:^|[^A-Za-z0-9_])([A-Za-z0-9_]+): Cannot find field)");
  std::smatch match;
  if (!std::regex_search(problem, match, kUnknown)) return problem;
  std::vector<std::string> names;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    names.push_back(message.GetDescriptor()->field(i)->name());
  }
  const std::string field = match[1];
  return "no field '" + field + "' in " + message.GetDescriptor()->name() + did_you_mean(field, names);
}

}  // namespace

std::string to_json(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string out;
  const auto status = google::protobuf::util::MessageToJsonString(message, &out, options);
  if (!status.ok()) return "{}";
  return out;
}

Result<void> from_json(std::string_view text, google::protobuf::Message& message) {
  if (!is_utf8(text)) return fail(Code::invalid_argument, "rpc.bad_utf8", "the JSON is not valid UTF-8");
  google::protobuf::util::JsonParseOptions options;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), static_cast<std::ptrdiff_t>(text.size())), &message,
      options);
  if (!status.ok()) {
    return fail(Code::invalid_argument, "rpc.bad_json", explain(std::string(status.message()), message));
  }
  return {};
}

}  // namespace troupe
