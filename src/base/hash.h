#pragma once
// SHA-256: for content (weights, prompts), for the chain of the event log and for state digests.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  // Length-prefixed, so that ("ab","c") and ("a","bc") differ.
  void add_field(std::string_view bytes);
  void add_number(std::int64_t value);
  std::string finish();  // 32 bytes; the object is spent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);      // 32 bytes
std::string sha256_hex(std::string_view bytes);  // 64 hex digits

}  // namespace troupe
