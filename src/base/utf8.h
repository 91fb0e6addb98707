#pragma once
// UTF-8 one code point at a time, for texts that may be damaged. Pure.
#include <cstddef>
#include <string_view>

namespace troupe {

// The code point at `at`, which moves on behind it. Reads no further than the bytes that belong to it; a byte
// that begins none is its own code point.
char32_t next_code_point(std::string_view text, std::size_t& at);

}  // namespace troupe
