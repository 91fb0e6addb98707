// What stands in headers and bodies: base64, and errors as troupe.v1.Error.
#include <fmt/core.h>
#include <openssl/evp.h>

#include "adapters/bus_nats/link.h"
#include "troupe/v1/error.pb.h"

namespace troupe::bus {

Error bus_away() { return {Code::unavailable, "bus.away", "the bus (NATS) is away; try again", 1000}; }

Error no_server(std::string_view subject) {
  return {Code::unavailable, "bus.no_server", fmt::format("nobody serves {}", subject), 1000};
}

std::string encode_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out(3 * text.size() / 4 + 1, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::string encode_error(const Error& error) {
  v1::Error out;
  out.set_code(static_cast<v1::ErrorCode>(error.code));
  out.set_reason(error.reason);
  out.set_message(error.message);
  out.set_retry_after_ms(error.retry_after_ms);
  if (error.current_version) out.set_current_version(*error.current_version);
  return out.SerializeAsString();
}

Error decode_error(const std::string& bytes) {
  v1::Error in;
  const bool good =
      in.ParseFromString(bytes) && in.code() >= v1::INVALID_ARGUMENT && in.code() <= v1::DEADLINE_EXCEEDED;
  if (!good) return {Code::internal, "bus.bad_answer", "the answer is an error that cannot be read"};
  Error error{static_cast<Code>(in.code()), in.reason(), in.message(), in.retry_after_ms()};
  if (in.has_current_version()) error.current_version = in.current_version();
  return error;
}

}  // namespace troupe::bus
