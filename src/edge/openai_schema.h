#pragma once
// What is refused of a JSON schema before an engine sees it. Pure.
#include <string_view>

#include "edge/openai_fields.h"

namespace troupe::edge::openai {

// `where` is the field that holds it. `invalid_argument` openai.impossible_schema: no document matches it;
// openai.unsupported: a `strict` schema has a keyword that the answer would not be held to.
Result<void> check_schema(const Json& schema, std::string_view where, bool strict);

}  // namespace troupe::edge::openai
