#pragma once
// A long text is looked at in slices, between which others have their turn. Pure.
#include <cstddef>
#include <string_view>
#include <utility>

namespace troupe::moderation {

// What is looked at in one go: some milliseconds.
inline constexpr std::size_t kSlice = 4096;

// From where to where the slice that begins at `at` goes. It reaches back a little, so that each word and each
// phrase is whole in one of them; the next begins at its end.
std::pair<std::size_t, std::size_t> slice_of(std::string_view text, std::size_t at);

}  // namespace troupe::moderation
