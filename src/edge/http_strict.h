#pragma once
// What one unambiguous HTTP/1.1 request head is. Everything else is refused with 400 before the parser sees
// it: where two programs on the way could read a request in two ways, requests get smuggled. Pure.
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace troupe::edge {

inline constexpr std::size_t kHeadersMax = 100;

// The first byte in [from, bytes.size()) that no head may hold (NUL, control characters, LF without CR or CR
// without LF), or npos. Called as bytes arrive, so that nonsense is refused at once and not at the time-out.
std::size_t find_bad_byte(std::string_view bytes, std::size_t from);

// `head` ends with its empty line. `invalid_argument` http.malformed, saying what is wrong.
Result<void> check_head(std::string_view head);

}  // namespace troupe::edge
