#include "edge/openai_schema.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "schema/schema.h"

namespace troupe::edge::openai {

Result<void> check_schema(const Json& schema, std::string_view where, std::int64_t& states_left) {
  if (!schema.is_object()) return bad_at(where, "must be a JSON schema: an object");
  const auto read = schema::Schema::read(dump(schema), {.pattern_states_max = states_left});
  if (read) {
    states_left -= read->pattern_states();
    return {};
  }
  const auto& error = read.error();
  if (error.reason == "schema.impossible") {
    return fail(Code::invalid_argument, "openai.impossible_schema",
                fmt::format("'{}' cannot be matched: {}", where, error.message));
  }
  if (error.reason == "schema.unsupported")
    return fail(Code::invalid_argument, "openai.unsupported", fmt::format("'{}': {}", where, error.message));
  return bad_at(where, "is no schema that can be used: " + error.message);
}

Result<void> check_schema(const Json& schema, std::string_view where) {
  auto states_left = schema::Limits().pattern_states_max;
  return check_schema(schema, where, states_left);
}

}  // namespace troupe::edge::openai
