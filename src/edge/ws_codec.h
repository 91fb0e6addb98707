#pragma once
// Frames to bytes and back, in both sub-protocols. Pure.
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "host/registry.h"
#include "troupe/v1/event.pb.h"
#include "troupe/v1/socket.pb.h"

namespace troupe::edge {

enum class Wire { binary, json };

std::string_view wire_name(Wire wire);  // the sub-protocol: "troupe.v1", "troupe.v1.json"

// `invalid_argument` ws.bad_frame, or rpc.bad_json for JSON.
Result<pb::Frame> decode_frame(Wire wire, std::string_view bytes);
std::string encode_frame(Wire wire, const pb::Frame& frame);

// The serialised request of `method` from a request frame's payload or json.
Result<std::string> request_payload(const MethodInfo* method, const pb::Frame::Request& request);

// A call's answer: `payload` is the serialised reply. (`reply` null: confirmed, nothing to say.)
std::string encode_reply(Wire wire, std::uint64_t id, const google::protobuf::Descriptor* reply,
                         const std::string& payload);
std::string encode_error(Wire wire, std::uint64_t id, const Error& error);
// `reply` null: it could not be had.
std::string encode_snapshot(Wire wire, const MethodInfo& method, const std::string* reply, bool last);
std::string encode_event(Wire wire, const pb::Envelope& envelope, std::uint32_t coalesced,
                         std::uint32_t left_out = 0);

}  // namespace troupe::edge
