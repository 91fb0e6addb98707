#pragma once
// A vector of a text by its words alone: stands in for an embedding where no model is. Words, the beginnings
// of words and groups of letters are hashed into kWordDimensions numbers; words that carry no matter count
// less. Near are texts that share words or their stems; what only means the same is far. Pure and the same on
// any machine.
#include <cstddef>
#include <string_view>

#include "talk/vectors.h"
#include "talk/words.h"

namespace troupe::talk {

inline constexpr std::size_t kWordDimensions = 1024;
Vector by_words(const Words& words, std::string_view text);

}  // namespace troupe::talk
