#pragma once
// Text from outside: is it UTF-8, what did they mean, what may go on.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

bool is_utf8(std::string_view text);

// Characters of UTF-8 that cannot be seen and turn around or break what stands beside them: marks of
// direction, spaces of no width. Not the two joiners (U+200C, U+200D), which scripts and pictures need.
std::span<const std::string_view> unseen_marks();
// Those, control characters, and whatever else is not seen: in a name, which must not look like another.
bool has_unseen(std::string_view text);

// The longest prefix of `text` of at most `bytes_max` bytes that does not split a UTF-8 sequence.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

// The candidate nearest to `word` by edit distance (transpositions count one, case ignored), or "" where
// nothing is near: at most a third of the letters may differ, and at least one edit is always allowed.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// "; did you mean 'marta'?" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);
// The same, and where none is near, what there is: " (a, b, c)", a dozen at most.
std::string near_or_all(std::string_view word, std::span<const std::string> candidates);

std::string lower_ascii(std::string_view text);
std::string trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

// Whether `words` stand in the text, in any case (of plain letters), with no letter before or behind them.
bool has_words(std::string_view text, std::string_view words);

std::string hex(std::string_view bytes);
std::string from_hex(std::string_view text);  // "" when malformed

}  // namespace troupe
