// JSON as every door reads it, and as proto3 JSON: what was read is written, and read again as the same.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "fuzz.h"
#include "host/json.h"
#include "host/registry.h"
#include "troupe/v1/npc.pb.h"
#include "troupe/v1/socket.pb.h"
#include "troupe/v1/state.pb.h"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const unsigned way = fuzz::pick(text);
  const auto read = parse_json(text);
  if (const auto ordered = parse_ordered_json(text)) {
    fuzz::must(read.has_value());
    const auto again = parse_ordered_json(ordered->dump());
    fuzz::must(again && *again == *ordered);
  }
  if (read) fuzz::must(parse_foreign_json(text).has_value() && nlohmann::json::accept(text));

  static const google::protobuf::Descriptor* const kTypes[] = {
      pb::StateBatchRequest::descriptor(), pb::NpcInputRequest::descriptor(), pb::Frame::descriptor(),
      pb::CapabilitiesExecuteRequest::descriptor(), google::protobuf::Value::descriptor()};
  const auto message = new_message(kTypes[way % std::size(kTypes)]);
  if (!from_json(text, *message)) return 0;
  fuzz::must(read.has_value());
  const auto again = new_message(message->GetDescriptor());
  fuzz::must(from_json(to_json(*message, way >= 128), *again).has_value());
  fuzz::must(stable_bytes(*again) == stable_bytes(*message));
  return 0;
}
