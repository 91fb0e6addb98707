// Frames of game sockets, in both sub-protocols, and the requests in them.
#include "edge/ws_codec.h"
#include "fuzz.h"
#include "host/protobuf_log.h"

using namespace troupe;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  log_protobuf();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::text_of(data, size);
  const auto wire = fuzz::pick(bytes) % 2 == 0 ? edge::Wire::json : edge::Wire::binary;
  const auto frame = edge::decode_frame(wire, bytes);
  if (!frame) return 0;
  fuzz::must(
      edge::decode_frame(edge::Wire::binary, edge::encode_frame(edge::Wire::binary, *frame)).has_value());
  (void)edge::encode_frame(edge::Wire::json, *frame);
  if (!frame->has_request()) return 0;
  if (const auto method = find_method(frame->request().method())) {
    if (const auto payload = edge::request_payload(*method, frame->request()))
      (void)edge::encode_reply(wire, frame->request().id(), (*method)->request, *payload);
  }
  return 0;
}
