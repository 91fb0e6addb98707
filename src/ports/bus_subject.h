#pragma once
// What every bus adapter refuses before anything is sent: `invalid_argument` bus.bad_subject and
// bus.too_large. Pure.
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace troupe::bus {

// Tokens of visible ASCII parted by '.', none empty, no wildcards.
bool is_subject(std::string_view subject, std::size_t bytes_max);
// The same, where a token may be `*` and the last may be `>`.
bool is_pattern(std::string_view pattern, std::size_t bytes_max);

Result<void> check_subject(std::string_view subject, std::size_t bytes_max);
Result<void> check_pattern(std::string_view pattern, std::size_t bytes_max);
Result<void> check_size(std::size_t bytes, std::size_t bytes_max);

}  // namespace troupe::bus
