#include "adapters/bus_nats/nkey.h"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace troupe::bus {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr unsigned kSeed = 18U << 3U;  // first letter S
constexpr unsigned kUser = 20U << 3U;  // first letter U
constexpr std::size_t kKeyBytes = 32;

std::string base32(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (held += 8; held >= 5; held -= 5)
      out.push_back(kAlphabet[(bits >> static_cast<unsigned>(held - 5)) & 31U]);
  }
  if (held > 0) out.push_back(kAlphabet[(bits << static_cast<unsigned>(5 - held)) & 31U]);
  return out;
}

std::optional<std::string> from_base32(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 5U) | static_cast<std::uint32_t>(value);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>((bits >> static_cast<unsigned>(held)) & 255U));
  }
  return out;
}

// CRC-16/XMODEM, low byte first.
std::string with_sum(std::string bytes) {
  unsigned sum = 0;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8U;
    for (int i = 0; i < 8; ++i) sum = ((sum & 0x8000U) != 0 ? (sum << 1U) ^ 0x1021U : sum << 1U) & 0xFFFFU;
  }
  bytes.push_back(static_cast<char>(sum & 255U));
  bytes.push_back(static_cast<char>(sum >> 8U));
  return bytes;
}

// A seed has two prefixes: that it is one, and whose, in 5 bits each.
std::string seed_prefix() {
  return {static_cast<char>(kSeed | (kUser >> 5U)), static_cast<char>((kUser & 31U) << 3U)};
}

}  // namespace

std::string nkey_seed(std::string_view bytes) { return base32(with_sum(seed_prefix() + std::string(bytes))); }

Result<std::string> nkey_public(std::string_view seed) {
  const auto bad = [] {
    return fail(Code::invalid_argument, "bus.bad_nkey",
                "an nkey is the seed of a user: 58 letters and digits, SU...");
  };
  const auto bytes = from_base32(seed);
  if (!bytes || bytes->size() != 2 + kKeyBytes + 2 || !bytes->starts_with(seed_prefix()) ||
      with_sum(bytes->substr(0, 2 + kKeyBytes)) != *bytes)
    return bad();
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                   reinterpret_cast<const unsigned char*>(bytes->data()) + 2, kKeyBytes),
      EVP_PKEY_free);
  std::string name(kKeyBytes, '\0');
  std::size_t size = name.size();
  if (!key ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(name.data()), &size) != 1)
    return bad();
  return base32(with_sum(static_cast<char>(kUser) + name));
}

}  // namespace troupe::bus
