#pragma once
// What is refused of a JSON schema before an engine sees it, in OpenAI's words. Pure.
#include <string_view>

#include "edge/openai_fields.h"

namespace troupe::edge::openai {

// `where` is the field that holds it. `invalid_argument` openai.impossible_schema: no document matches it;
// openai.unsupported: it has a keyword, format or pattern that an answer cannot be held to;
// openai.bad_request. `strict` changes nothing: every answer is held to every word.
//
// The patterns of several schemas in one request are counted together: `states_left` is what they may still
// come to.
Result<void> check_schema(const Json& schema, std::string_view where, std::int64_t& states_left);
Result<void> check_schema(const Json& schema, std::string_view where);

}  // namespace troupe::edge::openai
