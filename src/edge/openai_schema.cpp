#include "edge/openai_schema.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "schema/schema.h"

namespace troupe::edge::openai {

Result<void> check_schema(const Json& schema, std::string_view where) {
  if (!schema.is_object()) return bad_at(where, "must be a JSON schema: an object");
  const auto read = schema::Schema::read(dump(schema));
  if (read) return {};
  const auto& error = read.error();
  if (error.reason == "schema.impossible") {
    return fail(Code::invalid_argument, "openai.impossible_schema",
                fmt::format("'{}' cannot be matched: {}", where, error.message));
  }
  if (error.reason == "schema.unsupported")
    return fail(Code::invalid_argument, "openai.unsupported", fmt::format("'{}': {}", where, error.message));
  return bad_at(where, "is no schema that can be used: " + error.message);
}

}  // namespace troupe::edge::openai
