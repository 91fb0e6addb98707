#pragma once
// The one reader of JSON from outside: RFC 8259 and nothing beside it. What is refused: comments, trailing
// commas, NaN, a byte order mark, invalid UTF-8, lone surrogates, NUL, two members of one name, whole numbers
// of more than 64 bits (they would lose digits), numbers that no double holds. Pure. Work and memory are
// linear in the text; depth is bounded, so that code that recurses over the result has a bottom.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace troupe {

inline constexpr std::size_t kJsonDepthMax = 64;
// Of one object whose order is kept: such an object is searched from its beginning.
inline constexpr std::size_t kJsonOrderedMembersMax = 1024;

// `invalid_argument` json.malformed: what is wrong, and at which line and column.
Result<nlohmann::json> parse_json(std::string_view text);
// Keeps the order of members, for schemas and for what is shown again.
Result<nlohmann::ordered_json> parse_ordered_json(std::string_view text);

// What an engine that we do not control answers: the same, but a name may come twice (the last one counts).
Result<nlohmann::json> parse_foreign_json(std::string_view text);

// One JSON string with its quotes; what is not UTF-8 in it is replaced.
std::string json_string(std::string_view text);

}  // namespace troupe
