#include "host/table_reference.h"

#include <fmt/format.h>

#include "base/text.h"
#include "host/registry.h"
#include "host/table_shape.h"

namespace troupe {

namespace {

constexpr const char* kHead =
    "# Tables\n\n"
    "Made from the protos (`option (table)`, `src/host/table.h`); a test says when it is not fresh. Fields are columns; those after\n"
    "\"parts\" stand together in the column of that name, as a message: lists, what has fields of its own, and what may be absent. The\n"
    "log, timers, clock and keys are the host's own, and the router's money stands beside the world's history.\n";

std::string mib(std::int64_t bytes) {
  return bytes < (1 << 20) ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} MiB", bytes >> 20);
}

// "troupe/v1/weather.proto" -> "weather"
std::string owner_of(const google::protobuf::Descriptor& record) {
  const auto& file = record.file()->name();
  const auto from = file.rfind('/') + 1;
  return file.substr(from, file.rfind('.') - from);
}

}  // namespace

std::string tables_reference() {
  std::string out = kHead;
  for (const auto* record : all_records()) {
    const TableShape shape(*record);
    const auto& info = shape.info();
    std::vector<std::string> fields, parts, cold;
    const std::vector<std::string> keys(info.key().begin(), info.key().end());
    for (int i = 0; i < record->field_count(); ++i) {
      const auto& field = *record->field(i);
      (shape.has_column(field.name()) ? fields : parts).push_back("`" + field.name() + "`");
      if (!field.options().GetExtension(pb::cold).empty()) cold.push_back("`" + field.name() + "`");
    }
    out += fmt::format(
        "\n## {}\n\nOf `{}`, a row a `{}`. Key: {}. At most {} rows and {}.\n\nColumns: {}{}{}.\n",
        shape.name(), owner_of(*record), record->name(), join(keys, ", "), info.rows_max(),
        mib(info.bytes_max()), join(fields, ", "), parts.empty() ? "" : "; parts: " + join(parts, ", "),
        cold.empty() ? "" : "; in the database alone: " + join(cold, ", "));
  }
  return out;
}

}  // namespace troupe
