#include "edge/ws_codec.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "host/event_log.h"
#include "host/json.h"

namespace troupe::edge {

namespace {

// A JSON client may write the request's object as `payload`, as interfaces.md names it; proto3 JSON would
// want bytes there.
void move_payload(nlohmann::json& frame) {
  if (!frame.is_object()) return;
  const auto request = frame.find("request");
  if (request == frame.end() || !request->is_object() || request->contains("json")) return;
  const auto payload = request->find("payload");
  if (payload == request->end() || !payload->is_object()) return;
  nlohmann::json object = std::move(*payload);
  request->erase(payload);
  (*request)["json"] = std::move(object);
}

// The object of a serialised message, or "{}" where its bytes do not parse.
std::string message_json(const google::protobuf::Descriptor* type, const std::string& payload) {
  const auto message = new_message(type);
  if (!message->ParseFromString(payload)) return "{}";
  return to_json(*message);
}

}  // namespace

std::string_view wire_name(Wire wire) { return wire == Wire::binary ? "troupe.v1" : "troupe.v1.json"; }

Result<pb::Frame> decode_frame(Wire wire, std::string_view bytes) {
  pb::Frame frame;
  if (wire == Wire::binary) {
    if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return fail(Code::invalid_argument, "ws.bad_frame", "the bytes are not a Frame message");
    }
  } else {
    auto value = parse_json(bytes);
    if (!value) {
      return fail(Code::invalid_argument, "rpc.bad_json",
                  "the JSON is not well formed: " + value.error().message);
    }
    move_payload(*value);
    TRY_VOID(from_json_value(*value, frame));
  }
  if (frame.frame_case() == pb::Frame::FRAME_NOT_SET) {
    return fail(Code::invalid_argument, "ws.bad_frame",
                "an empty frame: hello, request, cancel, subscribe or input is missing");
  }
  return frame;
}

std::string encode_frame(Wire wire, const pb::Frame& frame) {
  return wire == Wire::binary ? frame.SerializeAsString() : to_json(frame);
}

Result<std::string> request_payload(const MethodInfo* method, const pb::Frame::Request& request) {
  if (request.body_case() != pb::Frame::Request::kJson) return request.payload();
  const auto message = new_message(method->request);
  TRY_VOID(from_json_value(json_of(request.json()), *message));
  return message->SerializeAsString();
}

std::string encode_reply(Wire wire, std::uint64_t id, const google::protobuf::Descriptor* reply,
                         const std::string& payload) {
  if (wire == Wire::json) {
    // Spliced rather than copied through a Struct: cheaper, and 64-bit numbers stay as they are.
    return fmt::format(R"({{"response":{{"id":"{}","json":{}}}}})", id,
                       reply ? message_json(reply, payload) : std::string("{}"));
  }
  pb::Frame frame;
  frame.mutable_response()->set_id(id);
  frame.mutable_response()->set_payload(payload);
  return frame.SerializeAsString();
}

std::string encode_error(Wire wire, std::uint64_t id, const Error& error) {
  pb::Frame frame;
  frame.mutable_response()->set_id(id);
  auto* problem = frame.mutable_response()->mutable_error();
  problem->set_code(std::string(code_name(error.code)));
  problem->set_reason(error.reason);
  problem->set_message(error.message);
  problem->set_retry_after_ms(error.retry_after_ms);
  if (error.current_version) problem->set_current_version(*error.current_version);
  return encode_frame(wire, frame);
}

std::string encode_snapshot(Wire wire, const MethodInfo& method, const std::string* reply, bool last) {
  if (wire == Wire::json) {
    return fmt::format(R"({{"snapshot":{{"method":"{}"{},"last":{}}}}})", method.name,
                       reply ? ",\"json\":" + message_json(method.reply, *reply) : std::string(), last);
  }
  pb::Frame frame;
  auto& snapshot = *frame.mutable_snapshot();
  snapshot.set_method(method.name);
  if (reply) snapshot.set_payload(*reply);
  snapshot.set_last(last);
  return frame.SerializeAsString();
}

std::string encode_event(Wire wire, const pb::Envelope& envelope, std::uint32_t coalesced,
                         std::uint32_t left_out) {
  if (wire == Wire::json) {
    pb::Envelope outside = envelope;
    outside.clear_payload();
    return fmt::format(R"({{"event":{{"envelope":{},"json":{},"coalesced":{},"left_out":{}}}}})",
                       to_json(outside), event_log::payload_json(envelope.type(), envelope.payload()),
                       coalesced, left_out);
  }
  pb::Frame frame;
  *frame.mutable_event()->mutable_envelope() = envelope;
  frame.mutable_event()->set_coalesced(coalesced);
  frame.mutable_event()->set_left_out(left_out);
  return frame.SerializeAsString();
}

}  // namespace troupe::edge
