#include "moderation/slices.h"

#include <algorithm>

namespace troupe::moderation {

namespace {

constexpr std::size_t kOverlap = 256;

}  // namespace

std::pair<std::size_t, std::size_t> slice_of(std::string_view text, std::size_t at) {
  std::size_t end = text.size();
  if (end - at > kSlice) {
    end = at + kSlice;
    const auto space = text.rfind(' ', end);
    if (space != std::string_view::npos && space > at) end = space;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  }
  std::size_t from = at - std::min(at, kOverlap);
  if (from > 0) {
    const auto space = text.find(' ', from);
    from = space < at ? space : at;
  }
  return {from, end};
}

}  // namespace troupe::moderation
