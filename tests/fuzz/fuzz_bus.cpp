// What strangers may put on a bus between processes: proofs, call headers, answers; and URLs and what a server says of itself.
#include "adapters/bus_nats/address.h"
#include "adapters/bus_nats/link.h"
#include "adapters/bus_nats/nkey.h"
#include "adapters/bus_nats/server_info.h"
#include "fuzz.h"

using namespace troupe;

namespace {

constexpr std::int64_t kNow = 1'790'000'000'000;

bus::Message message_of(std::string_view bytes) {
  const auto middle = bytes.size() / 2;
  return {.kind = static_cast<bus::Kind>(bytes.size() % 5),
          .subject = "svc.w.s.M." + std::string(bus::kNonceDigits, 'a'),
          .header = std::string(bytes.substr(0, middle)),
          .body = std::string(bytes.substr(middle)),
          .nonce = std::string(bus::kNonceDigits, 'a'),
          .within_us = static_cast<std::int64_t>(bytes.size())};
}

// What is signed is taken, and nothing else is.
void sign(std::string_view bytes) {
  static const bus::Signer signer(std::string(bus::kKeyBytesMin, 'k'));
  bus::Message message = message_of(bytes);
  const std::string proof = signer.proof(message, kNow);
  fuzz::must(signer.check(proof, message, kNow).empty() && bus::claimed_kind(proof) == message.kind);
  fuzz::must(!signer.check(bytes, message, kNow).empty());
  if (bytes.empty()) return;
  message.body += bytes;
  fuzz::must(!signer.check(proof, message, kNow).empty());
}

void base64(std::string_view bytes) {
  fuzz::must(bus::decode_base64(bus::encode_base64(bytes)) == bytes);
  if (const auto decoded = bus::decode_base64(bytes)) fuzz::must(decoded->size() <= bytes.size());
}

void url(std::string_view bytes) {
  const auto address = bus::parse_nats_url(std::string(bytes));
  if (!address) return;
  fuzz::must(address->servers.size() <= bus::kServersMax && address->text().find('@') == std::string::npos);
  fuzz::must(address->servers.size() > 1 || bus::parse_nats_url(address->text()).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::text_of(data, size);
  switch (fuzz::pick(bytes) % 5) {
    case 0:
      sign(bytes);
      break;
    case 1:
      base64(bytes);
      break;
    case 2:
      url(bytes);
      break;
    case 3:
      (void)bus::decode_error(std::string(bytes));
      break;
    default:
      (void)bus::is_recent(bus::version_in(bytes));
      (void)bus::nkey_public(bytes);
  }
  return 0;
}
