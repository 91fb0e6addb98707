#pragma once
// What the targets share.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace troupe::fuzz {

// A rule that holds for every input: libFuzzer keeps the input that breaks it.
inline void must(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The first byte, which picks one of several ways; it is taken off.
inline unsigned pick(std::string_view& text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  return first;
}

}  // namespace troupe::fuzz
