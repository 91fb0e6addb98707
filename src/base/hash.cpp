#include "base/hash.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "base/text.h"

namespace troupe {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  TROUPE_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "OpenSSL has SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

void Sha256::add_field(std::string_view bytes) {
  add_number(static_cast<std::int64_t>(bytes.size()));
  add(bytes);
}

void Sha256::add_number(std::int64_t value) {
  char little_endian[8];
  for (int i = 0; i < 8; ++i) {
    little_endian[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
  add({little_endian, sizeof little_endian});
}

std::string Sha256::finish() {
  std::string out(32, '\0');
  EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(out.data()), nullptr);
  return out;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

}  // namespace troupe
