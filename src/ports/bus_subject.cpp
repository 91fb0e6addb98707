#include "ports/bus_subject.h"

#include <fmt/core.h>

#include <algorithm>

namespace troupe::bus {

namespace {

bool is_token(std::string_view token) {
  return !token.empty() &&
         std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f && c != '*' && c != '>'; });
}

bool is_valid(std::string_view text, std::size_t bytes_max, bool wildcards) {
  if (text.empty() || text.size() > bytes_max) return false;
  for (;;) {
    const auto end = text.find('.');
    const auto token = text.substr(0, end);
    const bool last = end == std::string_view::npos;
    const bool wildcard = wildcards && (token == "*" || (last && token == ">"));
    if (!wildcard && !is_token(token)) return false;
    if (last) return true;
    text.remove_prefix(end + 1);
  }
}

std::unexpected<Error> bad(std::string_view text, std::size_t bytes_max) {
  return fail(Code::invalid_argument, "bus.bad_subject",
              fmt::format("'{}' is not a subject of at most {} bytes", text.substr(0, 64), bytes_max));
}

}  // namespace

bool is_subject(std::string_view subject, std::size_t bytes_max) {
  return is_valid(subject, bytes_max, false);
}
bool is_pattern(std::string_view pattern, std::size_t bytes_max) {
  return is_valid(pattern, bytes_max, true);
}

Result<void> check_subject(std::string_view subject, std::size_t bytes_max) {
  if (!is_subject(subject, bytes_max)) return bad(subject, bytes_max);
  return {};
}

Result<void> check_pattern(std::string_view pattern, std::size_t bytes_max) {
  if (!is_pattern(pattern, bytes_max)) return bad(pattern, bytes_max);
  return {};
}

Result<void> check_size(std::size_t bytes, std::size_t bytes_max) {
  if (bytes > bytes_max) {
    return fail(Code::invalid_argument, "bus.too_large",
                fmt::format("{} bytes; at most {}", bytes, bytes_max));
  }
  return {};
}

}  // namespace troupe::bus
