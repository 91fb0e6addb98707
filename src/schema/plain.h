#pragma once
// A schema in its plain form: only keywords that are held, each written in one way. Private to this room.
//
// References point to "#/$defs/rN" only; a reference with keywords beside it stands in an allOf; tuples are
// lists under `items`; patterns and formats have names of their own, so that no library runs them by itself.
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "schema/patterns.h"
#include "schema/schema.h"

namespace troupe::schema {

using Json = nlohmann::ordered_json;

inline constexpr const char* kPattern = "troupe:pattern";
inline constexpr const char* kFormat = "troupe:format";
inline constexpr const char* kStep = "troupe:step";  // in every schema: a check counts them
inline constexpr const char* kDefs = "$defs";

using Patterns = std::map<std::string, Pattern>;  // by their text: each is made once

// Reasons as of Schema::read(). Leaves the patterns that it met in `patterns`.
Result<Json> to_plain(const Json& root, const Limits& limits, Patterns& patterns);

// Why nothing matches a plain schema, as far as this can be seen without solving it.
std::optional<std::string> why_nothing_matches(const Json& plain);

// Whether the brackets of a JSON text are nested deeper than `most`; looks at nothing else.
bool nested_deeper(std::string_view json, int most);

}  // namespace troupe::schema
