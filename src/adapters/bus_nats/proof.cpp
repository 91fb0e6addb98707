#include "adapters/bus_nats/proof.h"

#include <fmt/core.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

namespace troupe::bus {

namespace {

constexpr std::array<std::string_view, 5> kKinds = {"call", "answer", "error", "event", "cancel"};
constexpr std::size_t kParts = 5;

std::string_view name_of(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

// Exactly five parts, none checked yet.
std::optional<std::array<std::string_view, kParts>> parts_of(std::string_view proof) {
  std::array<std::string_view, kParts> parts;
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto dot = proof.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == kParts)) return std::nullopt;
    parts[i] = proof.substr(0, dot);
    if (i + 1 < kParts) proof.remove_prefix(dot + 1);
  }
  return parts;
}

bool parse_whole(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

}  // namespace

struct Signer::Mac {
  EVP_MAC_CTX* keyed = nullptr;  // only ever copied
};

Signer::Signer(const std::string& key) : mac_(std::make_unique<Mac>()) {
  TROUPE_CHECK(key.size() >= kKeyBytesMin, "a cluster's key has 32 bytes or more");
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  mac_->keyed = EVP_MAC_CTX_new(hmac);
  EVP_MAC_free(hmac);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  TROUPE_CHECK(
      mac_->keyed != nullptr && EVP_MAC_init(mac_->keyed, reinterpret_cast<const unsigned char*>(key.data()),
                                             key.size(), params) == 1,
      "OpenSSL has HMAC-SHA256");
}

Signer::~Signer() { EVP_MAC_CTX_free(mac_->keyed); }

std::string Signer::mac(const Message& message, std::string_view expires) const {
  const bool answers = message.kind == Kind::answer || message.kind == Kind::error;
  const std::string text =
      fmt::format("troupe-bus-1\n{}\n{}\n{}\n{}\n{}\n{}\n{}", name_of(message.kind), expires, message.nonce,
                  message.within_us, answers ? "" : message.subject, sha256_hex(message.header),
                  sha256_hex(message.body));
  unsigned char out[EVP_MAX_MD_SIZE];
  std::size_t size = 0;
  EVP_MAC_CTX* const context = EVP_MAC_CTX_dup(mac_->keyed);
  const bool good =
      context != nullptr &&
      EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1 &&
      EVP_MAC_final(context, out, &size, sizeof out) == 1;
  EVP_MAC_CTX_free(context);
  TROUPE_CHECK(good, "OpenSSL computes an HMAC");
  return hex({reinterpret_cast<const char*>(out), size});
}

std::string Signer::proof(const Message& message, std::int64_t wall_ms) const {
  const std::string expires = std::to_string(wall_ms + kProofLife.count());
  return fmt::format("{}.{}.{}.{}.{}", name_of(message.kind), expires, message.nonce, message.within_us,
                     mac(message, expires));
}

std::string Signer::check(std::string_view proof, Message& message, std::int64_t wall_ms) const {
  const auto parts = parts_of(proof);
  std::int64_t expires = 0;
  if (!parts || parts->at(0) != name_of(message.kind) || !parse_whole(parts->at(1), expires) ||
      parts->at(2).size() != kNonceDigits || !parse_whole(parts->at(3), message.within_us))
    return proof.empty() ? "has no proof" : "has a proof that cannot be read";
  const bool answers = message.kind == Kind::answer || message.kind == Kind::error;
  if (answers && !message.subject.ends_with(parts->at(2))) return "answers another call";
  message.nonce = parts->at(2);
  const std::string wanted = mac(message, parts->at(1));
  if (wanted.size() != parts->at(4).size() ||
      CRYPTO_memcmp(wanted.data(), parts->at(4).data(), wanted.size()) != 0)
    return "was signed by nobody who has our key (cluster.key_file)";
  if (expires < wall_ms) return "came too late, or clocks differ by more than some seconds";
  if (expires > wall_ms + 2 * kProofLife.count())
    return "is from the future: clocks differ by more than some seconds";
  return {};
}

std::string new_nonce(rt::IdSource& ids) { return fmt::format("{:016x}{:016x}", ids.bits(), ids.bits()); }

std::optional<Kind> claimed_kind(std::string_view proof) {
  const auto found = std::ranges::find(kKinds, proof.substr(0, proof.find('.')));
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<Kind>(found - kKinds.begin());
}

Seen::Verdict Seen::take(const std::string& nonce, std::int64_t wall_ms) {
  const std::lock_guard lock(mutex_);
  while (!by_age_.empty() && by_age_.front().first < wall_ms) {
    known_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  if (known_.contains(nonce)) return Verdict::again;
  if (known_.size() >= kNoncesMax) return Verdict::full;
  known_.insert(nonce);
  by_age_.emplace_back(wall_ms + 2 * kProofLife.count(), nonce);  // no proof counts longer
  return Verdict::fresh;
}

}  // namespace troupe::bus
